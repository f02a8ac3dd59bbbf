"""Clients that stall, vanish and storm, and a server that is killed under them."""

import asyncio
import contextlib
import signal
import socket as socketlib
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit

import pytest
from tests.faults.parts import served
from tests.realtime.test_server import START, Frames, camera, close_code, get, receive, receive_until, until_idle
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from kinemotion.realtime.client import Report, socket_url, stream
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from kinemotion.realtime.serving import background, listen
from kinemotion.settings import Settings

CAMERA = """
import sys, time
from websockets.sync.client import connect
from kinemotion.realtime.protocol import encode_frame
jpeg = sys.stdin.buffer.read()
with connect(sys.argv[1], subprotocols=["kinemotion.v1"], compression=None) as socket:
    socket.send('{"type":"start"}')
    print(socket.recv(), flush=True)
    for seq in range(10**6):
        socket.send(encode_frame(seq, seq * 1000, jpeg))
        socket.recv()
        if seq == 5:
            print("streaming", flush=True)
"""


@pytest.fixture(scope="module")
def impatient() -> Iterator[str]:
    settings = Settings(port=0, workers=1, max_sessions=8, idle_s=3.0, slo_s=10.0)
    with background(settings) as address:
        yield address


def test_connections_are_told_by_the_kernel_when_a_peer_is_gone_and_hold_little() -> None:
    with listen(Settings(port=0)) as listener, socketlib.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socketlib.IPPROTO_TCP, socketlib.TCP_USER_TIMEOUT) == 20_000
            assert accepted.getsockopt(socketlib.SOL_SOCKET, socketlib.SO_SNDBUF) <= 2 * 65_536


async def test_a_client_that_is_stopped_half_way_is_let_go(impatient: str, drawn_frames: Frames) -> None:
    command = (sys.executable, "-c", CAMERA, socket_url(impatient))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(drawn_frames[0][1])
        process.stdin.close()
        assert b"started" in await process.stdout.readline()
        assert await process.stdout.readline() == b"streaming\n"
        process.send_signal(signal.SIGSTOP)
        await until_idle(impatient)
    finally:
        process.kill()
        await process.wait()


class Swallower:
    """A proxy that stops passing anything on, in either direction, and keeps both connections open."""

    def __init__(self, address: str) -> None:
        self.swallowing = False
        self._target = urlsplit(address)
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Gives its address."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._tasks.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            for one in (far_writer, writer):
                one.transport.abort()

    async def _pass(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not self.swallowing:
                    writer.write(data)


async def test_a_client_behind_a_dead_network_is_let_go(impatient: str, drawn_frames: Frames) -> None:
    proxy = Swallower(impatient)
    async with proxy.open() as address, camera(address) as socket:
        await socket.send(START)
        await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
        await receive_until(socket, "frame")
        proxy.swallowing = True
        await until_idle(impatient)
        socket.transport.abort()


async def test_one_that_reads_nothing_leaves_the_others_their_answers(server: str, drawn_frames: Frames) -> None:
    jpeg, address = drawn_frames[0][1], urlsplit(server)
    narrow = socketlib.socket()
    narrow.setsockopt(socketlib.SOL_SOCKET, socketlib.SO_RCVBUF, 4096)
    narrow.connect((address.hostname, address.port))
    protocols = [Subprotocol(SUBPROTOCOL)]
    async with (
        connect(socket_url(server), subprotocols=protocols, max_queue=1, close_timeout=0.1, sock=narrow) as deaf,
        camera(server) as honest,
    ):
        await asyncio.gather(deaf.send(START), honest.send(START))
        await receive_until(honest, "started")
        shouting = asyncio.create_task(shout(deaf, jpeg))
        for seq in range(8):
            await honest.send(encode_frame(seq, seq * 33_000, jpeg))
            assert (await receive_until(honest, "frame"))[-1]["seq"] == seq
        shouting.cancel()
        deaf.transport.abort()
        await honest.close()
        await until_idle(server)


async def shout(socket: ClientConnection, jpeg: bytes) -> None:
    """Sends frames, good and bad, without ever reading."""
    for seq in count(1):
        try:
            await socket.send(encode_frame(seq, seq, jpeg))  # a good message makes up for a fault
            await socket.send("{")
            await asyncio.sleep(0.01)
        except ConnectionClosed:
            return


async def test_clients_of_a_server_that_is_killed_come_back_to_the_next_one(drawn_frames: Frames) -> None:
    begun = asyncio.Event()
    async with served() as server:
        streaming = asyncio.create_task(stream(server.address, drawn_frames[:20], sent=begun.set))
        await begun.wait()
        server.signal(signal.SIGKILL)
        assert await server.ended() == -signal.SIGKILL
        report = await streaming
        assert report.close_code == 1006
        port = urlsplit(server.address).port
        assert port is not None
        coming_back = asyncio.create_task(until_served(server.address, drawn_frames[:20]))
        async with served(port=port):
            assert (await coming_back).summary["frames"]["received"] == 20


async def until_served(address: str, frames: Frames) -> Report:
    """What a client does whose connection broke: it tries again after a while."""
    while True:
        try:
            return await stream(address, frames)
        except OSError:
            await asyncio.sleep(0.1)


async def test_a_hundred_clients_at_once_get_a_place_or_503_and_those_inside_notice_nothing(
    drawn_frames: Frames,
) -> None:
    jpeg = drawn_frames[0][1]
    async with served(KINEMOTION_MAX_SESSIONS=4, KINEMOTION_DRAIN_S=60) as server, camera(server.address) as inside:
        await inside.send(START)
        await receive_until(inside, "started")
        storm = asyncio.gather(*(knock(server.address) for _ in range(100)), return_exceptions=True)
        for seq in range(20):
            await inside.send(encode_frame(seq, seq * 33_000, jpeg))
            assert (await receive_until(inside, "frame"))[-1]["seq"] == seq
        outcomes = await storm
        places = [outcome for outcome in outcomes if isinstance(outcome, ClientConnection)]
        refused = [outcome.response for outcome in outcomes if isinstance(outcome, InvalidStatus)]
        assert (len(places), len(refused)) == (3, 97)
        assert {one.status_code for one in refused} == {503}
        assert len({one.headers["Retry-After"] for one in refused}) > 1  # or they would all come back at once again
        for place in places:
            await place.send(START)
            assert (await receive(place))["type"] == "started"
        await asyncio.gather(*(place.close() for place in places))
        await inside.send('{"type":"stop"}')
        assert await close_code(inside) == 1000
        await until_idle(server.address)
        assert (await asyncio.to_thread(get, server.address + "/health/ready"))[0] == 200
        server.signal(signal.SIGTERM)
        await server.ended()
    assert await server.complaints() == []


async def knock(address: str) -> ClientConnection:
    """One handshake."""
    return await connect(socket_url(address), subprotocols=[Subprotocol(SUBPROTOCOL)], open_timeout=60)
