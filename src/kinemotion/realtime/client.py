"""A camera in software: streams pictures to a server at their own pace and collects what comes back."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame

_MAX_ANSWER_BYTES: Final = 1 << 20
_US_PER_S: Final = 1_000_000


@dataclass(slots=True)
class Report:
    """What a stream brought.

    `latency_s` holds, for each answered frame by its number, the time from frame sent to answer received, in seconds;
    `jumps_s`, for each of `jumps`, when it was received, in seconds on the clock of the frames' times.
    """

    started: dict[str, Any] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    jumps: list[dict[str, Any]] = field(default_factory=list)
    jumps_s: list[float] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    latency_s: dict[int, float] = field(default_factory=dict)
    close_code: int | None = None

    @property
    def final_jumps(self) -> list[dict[str, Any]]:
        """The jumps that are final, in the order in which they became so."""
        return [jump for jump in self.jumps if jump["final"]]


def socket_url(address: str) -> str:
    """The WebSocket address of a server, from its `http` or `https` one."""
    return "ws" + address.removeprefix("http").rstrip("/") + "/ws/analyze"


async def stream(
    address: str,
    frames: Sequence[tuple[float, bytes]],
    start: Mapping[str, object] | None = None,
    *,
    token: str | None = None,
    sent: Callable[[], object] = lambda: None,
) -> Report:
    """Streams pictures to a server, each at its time, and stops.

    Args:
        address: the server's, such as `http://127.0.0.1:8000`.
        frames: (time in seconds, JPEG), in the order of their times.
        start: fields of the `start` message, besides its type.
        token: for a server that wants one.
        sent: called after each frame.

    Returns:
        All that came back until the server closed the connection.

    Raises:
        OSError: the server cannot be reached.
        websockets.exceptions.InvalidStatus: the server refused the connection.
    """
    report = Report()
    async with connect(
        socket_url(address),
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        additional_headers=None if token is None else {"Authorization": f"Bearer {token}"},
        compression=None,
        max_size=_MAX_ANSWER_BYTES,
    ) as socket:
        await socket.send(orjson.dumps({"type": "start"} | dict(start or {})).decode())
        report.started = orjson.loads(await socket.recv())
        sent_s: dict[int, float] = {}
        began_s = monotonic() - frames[0][0] if frames else 0.0
        with contextlib.suppress(ConnectionClosed):  # the report says why
            await asyncio.gather(
                _send(socket, frames, began_s, sent_s, sent), _collect(socket, began_s, sent_s, report)
            )
        report.close_code = socket.close_code
    return report


async def _send(
    socket: ClientConnection,
    frames: Sequence[tuple[float, bytes]],
    began_s: float,
    sent_s: dict[int, float],
    sent: Callable[[], object],
) -> None:
    for seq, (time_s, jpeg) in enumerate(frames, 1):
        await asyncio.sleep(began_s + time_s - monotonic())
        sent_s[seq] = monotonic()
        await socket.send(encode_frame(seq, round(time_s * _US_PER_S), jpeg))
        sent()
    await socket.send('{"type":"stop"}')


async def _collect(socket: ClientConnection, began_s: float, sent_s: Mapping[int, float], report: Report) -> None:
    lists = {"frame": report.answers, "jump": report.jumps, "error": report.errors}
    async for text in socket:
        message = orjson.loads(text)
        kind = message["type"]
        if kind == "summary":
            report.summary = message
            continue
        lists[kind].append(message)
        if kind == "jump":
            report.jumps_s.append(monotonic() - began_s)
        elif kind == "frame":
            report.latency_s[message["seq"]] = monotonic() - sent_s[message["seq"]]
