"""Native calls that do not return; the watchdog's looks are taken by the tests, so that no time decides."""

import asyncio
import json
from pathlib import Path
from threading import Event

import pytest
from tests.faults.parts import Opened, Wedge, opened
from tests.realtime.test_server import (
    PATIENCE_S,
    START,
    Frames,
    camera,
    close_code,
    get,
    receive,
    receive_until,
    until_idle,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from kinemotion.pose.graph import PoseGraph
from kinemotion.realtime import graphs, session
from kinemotion.realtime.client import socket_url
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from kinemotion.realtime.scheduler import LOOKS


async def hang(server: Opened, socket: ClientConnection, wedge: Wedge, jpeg: bytes) -> None:
    """Has a camera's first frame hang until the watchdog has noticed it."""
    await socket.send(START)
    await socket.send(encode_frame(1, 1, jpeg))
    await wedge.caught()
    for _ in range(LOOKS):
        server.runtime.services.scheduler.look()


async def test_only_the_camera_whose_frame_hangs_is_lost_and_its_graph_left_alone(
    monkeypatch: pytest.MonkeyPatch, drawn_frames: Frames
) -> None:
    wedge, jpeg = Wedge(monkeypatch), drawn_frames[0][1]
    closed: list[PoseGraph] = []
    close = PoseGraph.close

    def closing(graph: PoseGraph) -> None:
        closed.append(graph)
        close(graph)

    monkeypatch.setattr(PoseGraph, "close", closing)
    with opened(monkeypatch) as server:
        async with camera(server.address) as socket:
            await hang(server, socket, wedge, jpeg)
            error = (await receive_until(socket, "error"))[-1]
            assert (error["code"], error["fatal"]) == ("internal", True)
            assert await close_code(socket) == 1011
        await until_idle(server.address)
        detailed = json.loads((await asyncio.to_thread(get, server.address + "/health/detailed"))[1])
        assert (detailed["status"], detailed["workers"]) == ("ready", {"threads": 1, "busy": 0, "stuck": 1})
        (graph,) = wedge.hanging
        assert graph not in closed
        wedge.let_go()
        async with camera(server.address) as socket:
            await socket.send(START)
            await socket.send(encode_frame(1, 1, jpeg))
            assert (await receive_until(socket, "frame"))[-1]["seq"] == 1
    assert graph in closed  # once the call had returned after all


async def test_a_server_without_workers_is_not_alive_and_sends_everybody_away(
    monkeypatch: pytest.MonkeyPatch, drawn_frames: Frames
) -> None:
    wedge, jpeg = Wedge(monkeypatch), drawn_frames[0][1]
    with opened(monkeypatch) as server:
        async with camera(server.address) as first, camera(server.address) as second, camera(server.address) as third:
            await third.send(START)
            await receive(third)
            await hang(server, first, wedge, jpeg)
            assert (await asyncio.to_thread(get, server.address + "/health"))[0] == 200
            await hang(server, second, wedge, jpeg)  # the worker that took the first one's place
            assert await asyncio.to_thread(get, server.address + "/health") == (503, '{"status":"stuck"}')
            assert await asyncio.to_thread(get, server.address + "/health/ready") == (503, '{"status":"stuck"}')
            error = await receive(third)
            assert (error["code"], error["fatal"]) == ("overloaded", True)
            assert await close_code(third) == 1013
            with pytest.raises(InvalidStatus) as refusal:
                await connect(socket_url(server.address), subprotocols=[Subprotocol(SUBPROTOCOL)])
            assert refusal.value.response.status_code == 503
        wedge.let_go()


async def test_a_client_whose_graph_is_never_there_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    go = Event()

    def hang(model: Path) -> PoseGraph:
        go.wait()
        return PoseGraph(model)

    with opened(monkeypatch, spare_graphs=0) as server:
        monkeypatch.setattr(graphs, "PoseGraph", hang)
        monkeypatch.setattr(session, "HANGS_S", 0.05)
        async with camera(server.address) as socket:
            await socket.send(START)
            error = await receive(socket)
            assert (error["code"], error["fatal"]) == ("overloaded", True)
            assert await close_code(socket) == 1013
        go.set()
        await until_idle(server.address)


async def test_a_client_that_waits_for_its_graph_is_not_sent_away_for_its_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go = Event()

    def wait(model: Path) -> PoseGraph:
        go.wait()
        return PoseGraph(model)

    with opened(monkeypatch, spare_graphs=0, idle_s=0.1) as server:
        monkeypatch.setattr(graphs, "PoseGraph", wait)
        async with camera(server.address) as socket:
            try:
                await socket.send(START)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(socket.recv(), 0.3)
            finally:
                go.set()
            assert (await receive(socket))["type"] == "started"
            assert (await receive(socket))["code"] == "idle_timeout"


async def test_a_client_whose_graph_hangs_in_the_making_is_sent_away_and_the_next_is_served(
    monkeypatch: pytest.MonkeyPatch, drawn_frames: Frames
) -> None:
    begun, go = Event(), Event()

    def hang(model: Path) -> PoseGraph:
        begun.set()
        go.wait()
        return PoseGraph(model)

    with opened(monkeypatch, spare_graphs=0) as server:
        async with camera(server.address) as socket:
            with monkeypatch.context() as patch:
                patch.setattr(graphs, "PoseGraph", hang)
                await socket.send(START)
                assert await asyncio.to_thread(begun.wait, PATIENCE_S)
                for _ in range(LOOKS):
                    server.runtime.services.scheduler.look()
            error = await receive(socket)
            assert (error["code"], error["fatal"]) == ("overloaded", True)
            assert await close_code(socket) == 1013
        async with camera(server.address) as socket:
            await socket.send(START)
            await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
            assert (await receive_until(socket, "frame"))[-1]["seq"] == 1
        go.set()


async def test_a_server_that_can_close_no_graph_takes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(monkeypatch) as server:
        monkeypatch.setattr(graphs.GraphSupply, "stuck", True)
        for path in ("/health", "/health/ready"):
            assert await asyncio.to_thread(get, server.address + path) == (503, '{"status":"stuck"}')
