"""A server that is told to stop: what was under way is brought to its end, within the time there is."""

import asyncio
import contextlib
import json
import signal
from contextlib import AsyncExitStack
from itertools import count, cycle
from typing import Any

import pytest
from tests.faults.parts import Wedge, film, opened, served
from tests.realtime.test_server import PATIENCE_S, START, Frames, camera, close_code, get, receive, receive_until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from kinemotion.realtime.client import socket_url
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from kinemotion.synthetic import Clip

HANGS = """
from threading import Event
from kinemotion.pose.graph import Mode, PoseGraph
detect = PoseGraph.detect
PoseGraph.detect = lambda graph, image: Event().wait() if graph.mode is Mode.LIVE else detect(graph, image)
from kinemotion.cli import main
main()
"""

HOLDS = """
from time import sleep
from kinemotion.pose.graph import Mode, PoseGraph
detect = PoseGraph.detect
PoseGraph.detect = lambda graph, image: (graph.mode is Mode.FINAL and sleep(2)) or detect(graph, image)
from kinemotion.cli import main
main()
"""


async def until(address: str, answer: tuple[int, str]) -> None:
    """Asks whether the server is ready until it answers so."""
    for _ in range(PATIENCE_S * 50):
        if await asyncio.to_thread(get, address + "/health/ready") == answer:
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never did")


async def test_sigterm_makes_jumps_final_and_ends_each_session_with_its_summary(
    drawn_clip: Clip, drawn_frames: Frames
) -> None:
    landed_s = drawn_clip.truth[0].events_s["landing"] + 0.3
    async with served(KINEMOTION_DRAIN_S=60, KINEMOTION_FINAL_S=60) as server, camera(server.address) as socket:
        messages = await film(socket, drawn_frames, landed_s)
        sent = sum(message["type"] == "frame" for message in messages)
        server.signal(signal.SIGTERM)
        messages += await receive_until(socket, "error")
        assert await close_code(socket) == 1012
        assert await server.ended() == -signal.SIGTERM
    assert [message["type"] for message in messages[-2:]] == ["summary", "error"]
    summary, error = messages[-2:]
    assert (error["code"], error["fatal"]) == ("draining", True)
    assert summary["frames"]["received"] == sent
    (jump,) = summary["jumps"]
    assert jump["final"]
    assert "live_frames_only" not in jump["quality"]["warnings"]
    assert jump["metrics"]["jump_height_m"] == pytest.approx(0.30, abs=0.06)
    assert await server.complaints() == []


class Bystander:
    """A camera that films somebody who stands, at its own pace, until the server closes.

    Attributes:
        answered: whether a frame was.
        messages: all that came back.
        close_code: what the server closed with.
    """

    def __init__(self, pictures: list[bytes]) -> None:
        self.answered = asyncio.Event()
        self.messages: list[Any] = []
        self.close_code: int | None = None
        self._pictures = pictures

    async def film(self, address: str) -> None:
        async with camera(address) as socket:
            await socket.send(START)
            with contextlib.suppress(ConnectionClosed):
                await asyncio.gather(self._send(socket), self._listen(socket))
            self.close_code = socket.close_code

    async def _send(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):  # there may be something left to read
            for seq, jpeg in zip(count(1), cycle(self._pictures), strict=False):
                await socket.send(encode_frame(seq, seq * 33_333, jpeg))
                await asyncio.sleep(1 / 30)

    async def _listen(self, socket: ClientConnection) -> None:
        while True:
            self.messages.append(json.loads(await socket.recv()))
            if self.messages[-1]["type"] == "frame":
                self.answered.set()


async def test_sigterm_under_load_ends_every_camera_with_its_summary_and_takes_no_other(
    drawn_clip: Clip, drawn_frames: Frames
) -> None:
    landed_s = drawn_clip.truth[0].events_s["landing"] + 0.3
    drain_s = 60
    bystanders = [Bystander([jpeg for _, jpeg in drawn_frames[:20]]) for _ in range(5)]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(served(KINEMOTION_DRAIN_S=drain_s, KINEMOTION_FINAL_S=drain_s))
        socket = await stack.enter_async_context(camera(server.address))
        filming = asyncio.gather(*(one.film(server.address) for one in bystanders))
        await asyncio.wait_for(asyncio.gather(*(one.answered.wait() for one in bystanders)), drain_s)
        messages = await film(socket, drawn_frames, landed_s)
        server.signal(signal.SIGTERM)
        async with asyncio.timeout(drain_s):
            await filming
            with pytest.raises((InvalidStatus, OSError)) as refusal:  # 503, or nobody listens any more
                await connect(socket_url(server.address), subprotocols=[Subprotocol(SUBPROTOCOL)])
            messages += await receive_until(socket, "error")
            await socket.wait_closed()
            assert await server.ended() == -signal.SIGTERM
    assert not isinstance(refusal.value, InvalidStatus) or refusal.value.response.status_code == 503
    (jump,) = (message for message in messages if message["type"] == "jump" and message["final"])
    assert "live_frames_only" not in jump["quality"]["warnings"]
    assert messages.index(jump) < len(messages) - 2
    assert messages[-2]["jumps"] == [{key: value for key, value in jump.items() if key != "type"}]
    farewells = [(messages, socket.close_code), *((one.messages, one.close_code) for one in bystanders)]
    for heard, code in farewells:
        assert [message["type"] for message in heard[-2:]] == ["summary", "error"]
        assert heard[-1]["code"] == "draining"
        frames = heard[-2]["frames"]
        assert frames["received"] == frames["analysed"] + frames["dropped"] > 0
        assert code == 1012
    assert await server.complaints() == []


async def test_a_draining_server_finishes_the_frame_in_work_and_takes_no_clients(
    monkeypatch: pytest.MonkeyPatch, drawn_frames: Frames
) -> None:
    wedge = Wedge(monkeypatch)
    with opened(monkeypatch, drain_s=600.0) as server:
        async with camera(server.address) as socket, camera(server.address) as silent:
            await socket.send(START)
            await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
            await wedge.caught()
            server.stop()
            await until(server.address, (503, '{"status":"draining"}'))
            assert (await receive(silent))["code"] == "draining"
            assert await close_code(silent) == 1012
            assert (await asyncio.to_thread(get, server.address + "/health"))[0] == 200
            with pytest.raises(InvalidStatus) as refusal:
                await connect(socket_url(server.address), subprotocols=[Subprotocol(SUBPROTOCOL)])
            assert refusal.value.response.status_code == 503
            assert int(refusal.value.response.headers["Retry-After"]) > 0
            await socket.send(encode_frame(2, 2, drawn_frames[1][1]))  # nobody takes it
            wedge.let_go()
            messages = await receive_until(socket, "error")
            assert await close_code(socket) == 1012
    assert [message["type"] for message in messages] == ["started", "frame", "summary", "error"]
    assert messages[2]["frames"] == {"received": 1, "analysed": 1, "dropped": 0}


async def test_what_is_not_done_in_time_is_left_undone(monkeypatch: pytest.MonkeyPatch, drawn_frames: Frames) -> None:
    wedge = Wedge(monkeypatch)
    with opened(monkeypatch, drain_s=0.2) as server:
        async with camera(server.address) as socket:
            await socket.send(START)
            await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
            await wedge.caught()
            server.stop()
            messages = await receive_until(socket, "error")
            assert await close_code(socket) == 1012
        wedge.let_go()
    assert [message["type"] for message in messages] == ["started", "summary", "error"]
    assert messages[1]["frames"] == {"received": 1, "analysed": 0, "dropped": 0}


async def test_a_jump_whose_replay_is_not_done_in_time_is_told_as_it_was_seen_live(
    drawn_clip: Clip, drawn_frames: Frames
) -> None:
    landed_s = drawn_clip.truth[0].events_s["landing"] + 1.0
    waits = {"KINEMOTION_DRAIN_S": 1, "KINEMOTION_FINAL_S": 600, "KINEMOTION_WATCHDOG_S": 600}
    async with served(HOLDS, KINEMOTION_WORKERS=2, **waits) as server, camera(server.address) as socket:
        messages = await film(socket, drawn_frames, landed_s)
        assert [message["final"] for message in messages if message["type"] == "jump"] == [False]
        server.signal(signal.SIGTERM)
        messages = await receive_until(socket, "error")
        assert await close_code(socket) == 1012
        assert await server.ended() == -signal.SIGTERM
    assert [message["type"] for message in messages] == ["jump", "summary", "error"]
    final, summary, error = messages
    assert final["final"]
    assert "live_frames_only" in final["quality"]["warnings"]
    assert final["metrics"]["jump_height_m"] == pytest.approx(0.30, abs=0.06)
    assert summary["jumps"] == [{key: value for key, value in final.items() if key != "type"}]
    assert (error["code"], error["fatal"]) == ("draining", True)
    assert await server.complaints() == []


async def test_a_second_signal_ends_the_process_at_once(drawn_frames: Frames) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(served(HANGS, KINEMOTION_DRAIN_S=600, KINEMOTION_WATCHDOG_S=600))
        socket = await stack.enter_async_context(camera(server.address))
        await socket.send(START)
        await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
        await receive_until(socket, "started")
        server.signal(signal.SIGTERM)
        await until(server.address, (503, '{"status":"draining"}'))
        server.signal(signal.SIGTERM)
        assert await server.ended() == -signal.SIGTERM
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_a_server_with_a_stuck_worker_ends_when_it_is_told(drawn_frames: Frames) -> None:
    async with served(HANGS, KINEMOTION_DRAIN_S=1, KINEMOTION_WATCHDOG_S=0.5) as server:
        async with camera(server.address) as socket:
            await socket.send(START)
            await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
            assert (await receive_until(socket, "error"))[-1]["code"] == "internal"
        server.signal(signal.SIGINT)
        assert await server.ended() == -signal.SIGINT
