"""The connection below messages, with a transport of its own and no socket."""

import asyncio
import struct
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from kinemotion.realtime import connection
from kinemotion.realtime.connection import FRAMES_A_SECOND, FRAMES_AT_ONCE, Connection

HANDSHAKE = (
    b"GET /ws/analyze HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PING = b"\x89\x80\0\0\0\0"
PONG = b"\x8a\0"
PIECE = b"\x00\x80\0\0\0\0"
BEGIN = b"\x02\x80\0\0\0\0"
MESSAGE = b"\x82\x80\0\0\0\0"
TOO_MUCH = b"\x88\x0e" + struct.pack(">H", 1008) + b"rate_limited"


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = self.aborted = False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Peer:
    """A client of an application that takes whoever comes, and then listens."""

    def __init__(self) -> None:
        self.wire = Wire()
        self._heard: asyncio.Queue[Any] = asyncio.Queue()
        self._let_in = asyncio.Event()
        config = uvicorn.Config(self._serve, interface="asgi3", log_config=None, ws=Connection, ws_max_size=1_000_000)
        config.load()
        self.connection = Connection(config=config, server_state=ServerState(), app_state={})
        self.connection.connection_made(self.wire)
        self.connection.data_received(HANDSHAKE)

    async def let_in(self) -> None:
        """Waits for the handshake, and forgets it."""
        await self._let_in.wait()
        self.wire.written = b""

    async def told(self, kind: str) -> Any:
        """What the application is told next of a kind."""
        while (message := await self._heard.get())["type"] != kind:
            pass
        return message

    def leave(self) -> None:
        """Ends the connection."""
        self.connection.connection_lost(None)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self._let_in.set()
        while (message := await receive())["type"] != "websocket.disconnect":
            self._heard.put_nowait(message)
        self._heard.put_nowait(message)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(connection, "monotonic", clock)
    return clock


@pytest.mark.parametrize(("first", "again"), [(PING, PING), (BEGIN, PIECE), (MESSAGE, MESSAGE)])
async def test_a_flood_ends_the_connection_and_says_why(first: bytes, again: bytes) -> None:
    peer = Peer()
    await peer.let_in()
    peer.connection.data_received(first + again * 100_000)
    assert peer.wire.written.endswith(TOO_MUCH)
    assert peer.wire.closed
    assert len(peer.wire.written) <= len(PONG) * 2 * FRAMES_AT_ONCE + len(TOO_MUCH)
    told = await peer.told("websocket.disconnect")
    assert (told["code"], told["reason"]) == (1008, "rate_limited")
    peer.leave()


async def test_as_many_frames_as_are_allowed_do_no_harm(clock: Clock) -> None:
    peer = Peer()
    await peer.let_in()
    peer.connection.data_received(PING * (FRAMES_AT_ONCE - 1))  # the handshake counts, too
    for _ in range(10):
        clock.now_s += 1
        peer.connection.data_received(PING * FRAMES_A_SECOND)
    assert peer.wire.written == PONG * (FRAMES_AT_ONCE - 1 + 10 * FRAMES_A_SECOND)
    peer.connection.data_received(PING)
    assert peer.wire.written.endswith(TOO_MUCH)
    peer.leave()


async def test_pings_are_not_answered_while_answers_wait_to_be_read() -> None:
    peer = Peer()
    await peer.let_in()
    peer.connection.pause_writing()
    peer.connection.data_received(PING * 1000)
    assert peer.wire.written == b""
    assert not peer.wire.aborted
    peer.connection.resume_writing()
    peer.connection.data_received(PING)
    assert peer.wire.written == PONG
    peer.leave()


async def test_a_flood_of_one_who_does_not_read_is_not_waited_for() -> None:
    peer = Peer()
    await peer.let_in()
    peer.connection.pause_writing()
    peer.connection.data_received(PING * 100_000)
    assert peer.wire.aborted
    assert (await peer.told("websocket.disconnect"))["code"] == 1008
    peer.leave()


async def test_a_flood_of_one_who_has_not_been_let_in_just_ends() -> None:
    peer = Peer()
    peer.connection.data_received(PING * 100_000)
    assert peer.wire.closed
    peer.leave()


@pytest.mark.parametrize(("code", "told"), [(1000, 1000), (1001, 1005), (1008, 1005), (1009, 1005), (1012, 1005)])
async def test_what_a_client_closes_with_is_not_told_for_a_reason_of_the_servers(code: int, told: int) -> None:
    peer = Peer()
    await peer.let_in()
    peer.connection.data_received(b"\x88\x8e\0\0\0\0" + struct.pack(">H", code) + b"rate_limited")
    assert (await peer.told("websocket.disconnect"))["code"] == told
    assert peer.wire.written == b"\x88\x0e" + struct.pack(">H", code) + b"rate_limited"
    peer.leave()


async def test_a_long_message_in_one_read_arrives_whole() -> None:
    peer, data = Peer(), bytes(range(256)) * 1000
    await peer.let_in()
    peer.connection.data_received(b"\x82\xff" + struct.pack(">Q", len(data)) + b"\0\0\0\0" + data)
    assert (await peer.told("websocket.receive"))["bytes"] == data
    peer.leave()
