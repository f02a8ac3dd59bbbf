"""Whatever goes wrong within, clients are told the protocol's own words and never an exception's."""

import asyncio
import contextlib
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tests.faults.parts import Opened, opened
from tests.realtime.test_server import PATIENCE_S, START, STOP, Frames, camera, get, until_idle
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from kinemotion.jumps import JumpTracker
from kinemotion.pose import jpeg
from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.models import ModelStore
from kinemotion.realtime import health, page
from kinemotion.realtime.access import Access
from kinemotion.realtime.client import socket_url
from kinemotion.realtime.fields import Fields
from kinemotion.realtime.graphs import GraphSupply
from kinemotion.realtime.jump_path import JumpPath
from kinemotion.realtime.outbox import Outbox
from kinemotion.realtime.protocol import V1, encode_frame

SECRET = "/srv/secret at 0x7f00"
WITHIN: list[tuple[Any, str]] = [
    (V1, "receive"),
    (Fields, "parse"),
    (ModelStore, "best"),
    (GraphSupply, "acquire"),
    (V1, "started"),
    (JumpPath, "frame"),
    (jpeg, "decode"),
    (PoseGraph, "detect"),
    (JumpTracker, "update"),
    (V1, "answer"),
    (Outbox, "replace"),
    (JumpTracker, "finish"),
    (JumpPath, "finish"),
    (V1, "summary"),
]


def burst(*_: Any, **__: Any) -> Any:
    raise RuntimeError(SECRET)


async def heard(server: Opened, jpeg: bytes) -> tuple[list[str], int | None, str]:
    """All that a client is told until the connection closes."""
    told: list[str] = []
    async with camera(server.address) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send(START)
            await socket.send(encode_frame(1, 1, jpeg))
            told.append(str(await asyncio.wait_for(socket.recv(), PATIENCE_S)))
            told.append(str(await asyncio.wait_for(socket.recv(), PATIENCE_S)))
            await socket.send(STOP)
            while True:
                told.append(str(await asyncio.wait_for(socket.recv(), PATIENCE_S)))
        await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
        return told, socket.close_code, socket.close_reason or ""


@pytest.mark.parametrize(("owner", "name"), WITHIN, ids=lambda one: getattr(one, "__name__", one).rpartition(".")[2])
async def test_a_fault_within_is_an_internal_error_without_its_text(
    monkeypatch: pytest.MonkeyPatch, drawn_frames: Frames, owner: Any, name: str, faulty: Opened
) -> None:
    monkeypatch.setattr(owner, name, burst)
    told, code, reason = await heard(faulty, drawn_frames[0][1])
    monkeypatch.undo()
    assert SECRET not in "".join([*told, reason])
    assert (code, reason) == (1011, "internal")
    assert '"code":"internal"' in told[-1]


async def test_after_all_these_faults_the_next_client_notices_nothing(faulty: Opened, drawn_frames: Frames) -> None:
    told, code, _ = await heard(faulty, drawn_frames[0][1])
    assert (code, [one for one in told if "error" in one]) == (1000, [])
    await until_idle(faulty.address)


@pytest.fixture(scope="module")
def faulty() -> Any:
    with pytest.MonkeyPatch.context() as patch, opened(patch) as server:
        yield server


async def test_a_fault_within_the_json_dialect_keeps_its_text_too(
    monkeypatch: pytest.MonkeyPatch, faulty: Opened
) -> None:
    monkeypatch.setattr(Fields, "parse", burst)
    async with connect(socket_url(faulty.address)) as socket:
        await socket.send("{}")
        told = str(await asyncio.wait_for(socket.recv(), PATIENCE_S))
    assert told == '{"frame_index":null,"error":"internal: a message could not be handled"}'


@pytest.mark.parametrize(
    ("path", "owner", "name"),
    [
        ("/metrics", CollectorRegistry, "collect"),
        ("/health/ready", ModelStore, "installed"),
        ("/health/detailed", ModelStore, "installed"),
        ("/health", health, "runtime_of"),
        ("/demo/clip", page, "DemoClip"),
        ("/", page, "FileResponse"),
    ],
)
async def test_a_fault_of_a_page_is_a_bare_500(
    monkeypatch: pytest.MonkeyPatch, faulty: Opened, path: str, owner: Any, name: str
) -> None:
    monkeypatch.setattr(owner, name, burst)
    status, text = await asyncio.to_thread(get, faulty.address + path)
    assert (status, text) == (500, "Internal Server Error")


async def test_a_fault_in_a_handshake_is_a_bare_500_too(monkeypatch: pytest.MonkeyPatch, faulty: Opened) -> None:
    monkeypatch.setattr(Access, "greet", burst)
    with pytest.raises(InvalidStatus) as refusal:
        await connect(socket_url(faulty.address), subprotocols=[Subprotocol("kinemotion.v1")])
    response = refusal.value.response
    assert (response.status_code, response.body) == (500, b"Internal Server Error")
    assert "Content-Security-Policy" in response.headers
