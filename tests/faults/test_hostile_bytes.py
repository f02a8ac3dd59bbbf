"""Bytes that mean harm, over a real socket: pictures, messages, and what is no WebSocket at all."""

import asyncio
import contextlib
import json
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from tests.faults.parts import complaints
from tests.realtime.test_server import PATIENCE_S, START, Frames, camera, close_code, get, receive_until, until_idle
from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from kinemotion.realtime.client import socket_url
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame

IMAGE = np.zeros((480, 640, 3), np.uint8)
PLAIN = cv2.imencode(".jpg", IMAGE)[1].tobytes()


def with_size(width: int, height: int) -> bytes:
    place = PLAIN.index(b"\xff\xc0") + 5
    return PLAIN[:place] + struct.pack(">HH", height, width) + PLAIN[place + 4 :]


def scan_bomb() -> bytes:
    """A small progressive file that has the decoder go over the picture five thousand times."""
    progressive = cv2.imencode(".jpg", IMAGE, (cv2.IMWRITE_JPEG_PROGRESSIVE, 1))[1].tobytes()
    last = progressive.rindex(b"\xff\xda")
    return progressive[:-2] + progressive[last:-2] * 5000 + progressive[-2:]


BOMBS = {
    "giant": (with_size(20_000, 20_000), "unsupported_image"),
    "largest": (with_size(65_500, 65_500), "unsupported_image"),
    "scans": (scan_bomb(), "unsupported_image"),
    **{kind: (cv2.imencode(kind, IMAGE)[1].tobytes(), "bad_frame") for kind in (".png", ".tiff", ".webp", ".gif")},
    "cut short": (PLAIN[: len(PLAIN) // 2], "bad_frame"),
    "empty": (b"", "bad_frame"),
    "garbage": (bytes(range(256)) * 40, "bad_frame"),
}


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_no_bomb_reaches_the_decoder(server: str, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch) -> None:
    async with camera(server) as socket:
        await socket.send(START)
        await socket.send(encode_frame(0, 0, drawn_frames[0][1]))
        await receive_until(socket, "frame")
        before = resident_bytes()
        decoded: list[object] = []
        with monkeypatch.context() as patch:
            patch.setattr(cv2, "imdecode", lambda *data: decoded.append(data))
            for seq, (data, code) in enumerate(BOMBS.values(), 1):
                await socket.send(encode_frame(seq, seq, data))
                error = (await receive_until(socket, "error"))[-1]
                assert (error["code"], error["seq"], error["fatal"]) == (code, seq, False)
        assert decoded == []
        assert resident_bytes() - before < 50_000_000  # decoding the first one would take 1.9 GB
        await socket.send(encode_frame(99, 99, drawn_frames[0][1]))
        assert (await receive_until(socket, "frame"))[-1]["seq"] == 99


async def test_flipped_bits_are_a_bad_frame_or_some_picture(server: str, drawn_frames: Frames) -> None:
    random = np.random.default_rng(7)
    jpeg = drawn_frames[0][1]
    async with camera(server) as socket:
        await socket.send(START)
        for seq in range(40):
            broken = bytearray(jpeg)
            for place in random.integers(20, len(jpeg) - 2, 5):
                broken[place] ^= 1 << int(random.integers(8))
            await socket.send(encode_frame(2 * seq, 2 * seq, bytes(broken)))
            await socket.send(encode_frame(2 * seq + 1, 2 * seq + 1, jpeg))
            messages = await receive_until(socket, "frame")
            while messages[-1]["seq"] < 2 * seq + 1:
                messages += await receive_until(socket, "frame")
            errors = {message["code"] for message in messages if message["type"] == "error"}
            assert errors <= {"bad_frame", "unsupported_image"}


async def test_a_compression_bomb_finds_no_compression(server: str) -> None:
    async with connect(socket_url(server), subprotocols=[Subprotocol(SUBPROTOCOL)], compression="deflate") as socket:
        assert socket.protocol.extensions == []


async def far_too_large(socket: ClientConnection) -> None:
    await socket.send(b"\0" * 3_000_000)


async def in_pieces(socket: ClientConnection) -> None:
    await socket.send([b"\0" * 100_000] * 30)


def ended(address: str, *reasons: str) -> float:
    """How many connections the server has ended for these reasons."""
    starts = [f'kinemotion_sessions_closed_total{{reason="{reason}"}} ' for reason in reasons]
    lines = get(address + "/metrics")[1].splitlines()
    return sum(float(line.removeprefix(start)) for line in lines for start in starts if line.startswith(start))


@pytest.mark.parametrize("send", [far_too_large, in_pieces])
async def test_a_message_without_end_is_not_kept(server: str, send: Any) -> None:
    before = await asyncio.to_thread(ended, server, "frame_too_large")
    async with camera(server) as socket:
        await socket.send(START)
        sending = asyncio.create_task(send(socket))
        code = await close_code(socket)
        await asyncio.gather(sending, return_exceptions=True)
    await until_idle(server)
    # to a client that still sends, TCP may reset the connection before it has read why
    assert code in (CloseCode.MESSAGE_TOO_BIG, CloseCode.ABNORMAL_CLOSURE)
    assert await asyncio.to_thread(ended, server, "frame_too_large") == before + 1


def frame(first: int, payload: bytes = b"", *, masked: bool = True, length: bytes | None = None) -> bytes:
    """A WebSocket frame, as wrong as it is asked for; the mask is zero, which leaves the payload as it is."""
    mask = b"\0\0\0\0" if masked else b""
    if length is None:
        length = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + struct.pack(">H", len(payload))
    return bytes([first, length[0] | 0x80 * masked]) + length[1:] + mask + payload


MALFORMED = {
    "reserved bit": (frame(0xC1, b"x"), 1002),
    "unknown opcode": (frame(0x83, b"x"), 1002),
    "unknown control opcode": (frame(0x8B), 1002),
    "not masked": (frame(0x81, b"{}", masked=False), 1002),
    "long ping": (frame(0x89, b"x" * 126), 1002),
    "ping in pieces": (frame(0x09, b"x"), 1002),
    "continuation of nothing": (frame(0x80, b"x"), 1002),
    "two messages at once": (frame(0x01, b"x") + frame(0x81, b"y"), 1002),
    "no UTF-8": (frame(0x81, b"\xff\xfe"), 1007),
    "no UTF-8 in pieces": (frame(0x01, b"\xe2\x82") + frame(0x80, b"\x28"), 1007),
    "close of one byte": (frame(0x88, b"\x03"), 1002),
    "close with a code of nobody": (frame(0x88, struct.pack(">H", 1005)), 1002),
    "close with words that are no UTF-8": (frame(0x88, struct.pack(">H", 1000) + b"\xff"), 1007),
    "a length of 2^63": (frame(0x82, length=b"\x7f" + b"\xff" * 8), 1009),
    "a length of 2^40": (frame(0x82, length=b"\x7f" + struct.pack(">Q", 1 << 40)), 1009),
}
HANDSHAKE = (
    "GET /ws/analyze HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
)


@asynccontextmanager
async def wire(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection."""
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_no_websocket_frame_closes_the_connection(
    server: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    data, code = MALFORMED[name]
    async with wire(server) as (reader, writer):
        writer.write(HANDSHAKE.encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    assert answer[0] == 0x88
    assert struct.unpack(">H", answer[2:4])[0] == code
    await until_idle(server)
    assert complaints(caplog) == []


FLOODS = {
    "pings": (b"", frame(0x89, b"x" * 125)),
    "pongs": (b"", frame(0x8A)),
    "empty pieces": (frame(0x02), frame(0x00)),
    "empty messages": (b"", frame(0x82)),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_of_frames_is_cut_off_and_the_others_notice_nothing(
    server: str, name: str, drawn_frames: Frames, caplog: pytest.LogCaptureFixture
) -> None:
    first, again = FLOODS[name]
    reasons = ("rate_limited", "bad_message")  # empty messages are both: whichever is seen first
    async with camera(server) as honest:
        await honest.send(START)
        await honest.send(encode_frame(0, 0, drawn_frames[0][1]))
        await receive_until(honest, "frame")
        await spare_graph(server)  # which takes memory, too
        before, closed = resident_bytes(), await asyncio.to_thread(ended, server, *reasons)
        flooding = asyncio.create_task(floods(3, server, first, again * 1000))
        for seq in count(1):
            await honest.send(encode_frame(seq, seq * 33_000, drawn_frames[0][1]))
            assert (await receive_until(honest, "frame"))[-1]["seq"] == seq
            if flooding.done():
                break
        await flooding
        assert resident_bytes() - before < 60_000_000
        await honest.close()
    await until_idle(server)
    assert await asyncio.to_thread(ended, server, *reasons) == closed + 3
    assert complaints(caplog) == []


async def floods(times: int, *how: Any) -> None:
    """One after another."""
    for _ in range(times):
        await pour(*how)


async def pour(address: str, first: bytes, again: bytes) -> None:
    """Sends without ever reading until the connection is cut; a million frames at most, which the server would keep."""
    async with wire(address) as (reader, writer):
        writer.write(HANDSHAKE.encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            writer.write(first)
            for _ in range(1000):
                writer.write(again)
                await writer.drain()
                await asyncio.sleep(0)
            pytest.fail("it was never cut off")


async def spare_graph(address: str) -> None:
    """Waits until the graph for the next session is there."""
    for _ in range(PATIENCE_S * 50):
        if json.loads((await asyncio.to_thread(get, address + "/health/detailed"))[1])["graphs"]["spare"]:
            return
        await asyncio.sleep(0.02)
    pytest.fail("there is no spare graph")


@pytest.mark.parametrize("part", range(1, 7))
async def test_a_frame_that_stops_half_way_leaves_nothing_behind(server: str, part: int) -> None:
    whole = frame(0x82, encode_frame(1, 1, b"x" * 100))
    async with wire(server) as (reader, writer):
        writer.write(HANDSHAKE.encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(frame(0x81, START.encode()) + whole[: len(whole) * part // 7])
        assert b"started" in await asyncio.wait_for(reader.readuntil(b"}"), PATIENCE_S)
    await until_idle(server)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\0" * 1000,
        b"GET " + b"/" * 200_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
        HANDSHAKE.replace("Version: 13", "Version: 7").encode(),
        HANDSHAKE.replace("AAAAAAAAAAAAAAAAAAAAAA==", "short").encode(),
        b"POST /ws/analyze HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
    ],
    ids=["zeros", "long path", "long header", "old websocket", "bad key", "post"],
)
async def test_what_is_no_handshake_is_refused(server: str, request_bytes: bytes) -> None:
    async with wire(server) as (reader, writer):
        writer.write(request_bytes)
        answer = await asyncio.wait_for(reader.readline(), PATIENCE_S)
        assert answer.startswith(b"HTTP/1.1 4")
    assert (await asyncio.to_thread(get, server + "/health"))[0] == 200
    await until_idle(server)
