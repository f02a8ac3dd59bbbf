"""Why sessions end, as Prometheus reads it."""

import asyncio
import contextlib
import json
import socket as socketlib
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from tests.realtime.watching import PATIENCE_S, START, camera, empty_picture, eventually, idle, scrape, until
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from kinemotion.realtime.client import socket_url
from kinemotion.realtime.metrics import SESSION_ENDS
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings
from kinemotion.synthetic import Clip, CountermovementJump


async def just_leave(address: str) -> None:
    async with camera(address) as socket:
        await socket.send(START)
        await until(socket, "started")
        socket.transport.abort()


async def close_without_stop(address: str) -> None:
    async with camera(address) as socket:
        await socket.send(START)
        await until(socket, "started")


async def close_json_mode(address: str) -> None:
    async with connect(socket_url(address) + "?sport=cmj") as socket:
        picture = b64encode(empty_picture()).decode()
        await socket.send(json.dumps({"frame": picture, "frame_index": 1}))
        await asyncio.wait_for(socket.recv(), PATIENCE_S)


async def say_nothing(address: str) -> None:
    async with camera(address) as socket:
        await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)


async def send_without_end(address: str) -> None:
    async with camera(address) as socket:
        await socket.send(START)
        with contextlib.suppress(ConnectionClosed):
            for seq in range(1, 10_000):
                await socket.send(encode_frame(seq, seq, empty_picture()))
                await asyncio.sleep(0.1)


async def send_too_much_at_once(address: str) -> None:
    async with camera(address) as socket:
        await socket.send(START)
        with contextlib.suppress(ConnectionClosed):
            await socket.send(b"\x01" * 1_000_000)
            await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)


async def speak_too_early(address: str) -> None:
    async with camera(address) as socket:
        await socket.send(encode_frame(1, 1, b"too early"))
        await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)


def insist(fault: Callable[[int], str | bytes]) -> Callable[[str], Awaitable[None]]:
    """Sends one fault after the other until the server has had enough."""

    async def send(address: str) -> None:
        async with camera(address) as socket:
            await socket.send(START)
            await until(socket, "started")
            with contextlib.suppress(ConnectionClosed):
                for number in range(1, 41):
                    await socket.send(fault(number))
                async for _ in socket:
                    pass

    return send


def picture(data: bytes) -> Callable[[int], bytes]:
    return lambda number: encode_frame(number, number, data)


async def read_nothing(address: str) -> None:
    _, athlete = next(iter(Clip([CountermovementJump()], fps=30).jpegs()))  # each answer has 33 points
    where = urlsplit(address)
    narrow = socketlib.socket()
    narrow.setsockopt(socketlib.SOL_SOCKET, socketlib.SO_RCVBUF, 4096)
    narrow.connect((where.hostname, where.port))
    protocols = [Subprotocol(SUBPROTOCOL)]
    options: dict[str, Any] = {"compression": None, "max_queue": 1, "close_timeout": 0.1, "sock": narrow}
    async with connect(socket_url(address), subprotocols=protocols, **options) as socket:
        await socket.send(START)
        with contextlib.suppress(ConnectionClosed):
            for number in range(1, 6000):
                await socket.send(encode_frame(number, number, athlete))
                await asyncio.sleep(0.01)
                if number % 50 == 0 and (await scrape(address)).sum("sessions") == 0:
                    return  # who does not read does not hear of it for a while


PROGRESSIVE = bytes(
    cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
)


@pytest.mark.parametrize(
    ("reason", "client"),
    [
        ("client_gone", just_leave),
        ("client_gone", close_without_stop),
        ("done", close_json_mode),
        ("frame_too_large", send_too_much_at_once),
        ("frame_too_large", insist(picture(b"\xff\xd8\xff" + b"x" * 65_536))),
        ("slow_consumer", read_nothing),
        ("bad_message", insist(lambda number: "{")),
        ("bad_message", speak_too_early),
        ("bad_frame", insist(picture(b"no picture"))),
        ("out_of_order", insist(lambda number: encode_frame(0, 1, b"no picture"))),
        ("unsupported_image", insist(picture(PROGRESSIVE))),
    ],
)
async def test_sessions_are_counted_by_why_they_ended(
    strict: str, reason: str, client: Callable[[str], Awaitable[None]]
) -> None:
    assert await ends(strict, client) == {reason: 1}


@pytest.mark.parametrize(
    ("reason", "client", "settings"),
    [
        ("idle_timeout", say_nothing, Settings(port=0, max_sessions=1, spare_graphs=0, workers=1, start_s=0.1)),
        ("session_expired", send_without_end, Settings(port=0, max_sessions=1, workers=1, session_s=1.0)),
    ],
)
async def test_sessions_whose_time_is_over_are_counted(
    reason: str, client: Callable[[str], Awaitable[None]], settings: Settings
) -> None:
    with background(settings) as address:
        assert await ends(address, client) == {reason: 1}


@pytest.mark.parametrize("code", [1008, 1009, 1012])
async def test_a_client_that_leaves_with_a_code_of_the_servers_is_gone_all_the_same(watched: str, code: int) -> None:
    async def leave(address: str) -> None:
        async with camera(address) as socket:
            await socket.send(START)
            await until(socket, "started")
            await socket.close(code, "rate_limited")

    assert await ends(watched, leave) == {"client_gone": 1}


async def ends(address: str, client: Callable[[str], Awaitable[None]]) -> dict[str, float]:
    """How many sessions ended for which reason, while a client did what it does."""
    before = await idle(address)
    await client(address)
    after = await eventually(
        address, lambda now: now.sum("sessions_closed_total") > before.sum("sessions_closed_total")
    )
    moved = {
        reason: after("sessions_closed_total", reason=reason) - before("sessions_closed_total", reason=reason)
        for reason in SESSION_ENDS
    }
    return {reason: count for reason, count in moved.items() if count}
