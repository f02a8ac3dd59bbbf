"""What the tests of access share: servers with tokens, handshakes written by hand, and everything that is logged."""

import asyncio
import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from kinemotion.realtime.client import socket_url
from kinemotion.realtime.protocol import SUBPROTOCOL
from kinemotion.settings import Settings

PATIENCE_S = 20
SERVER_LOGGERS = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


def small(**settings: Any) -> Settings:
    """Settings of a server that starts quickly."""
    return Settings(**({"port": 0, "workers": 1, "max_sessions": 64, "spare_graphs": 0} | settings))


@dataclass(frozen=True)
class Answer:
    """What a request was answered with; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


def ask(address: str, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
    """One request, with just these headers besides `Host`, unless that is among them."""
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    try:
        connection.putrequest(method, path, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        body = "" if response.status == 101 else response.read().decode()
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)
    finally:
        connection.close()


def knock(address: str, headers: Mapping[str, str] | None = None, protocols: str = SUBPROTOCOL) -> Answer:
    """A handshake, and no session: 101 where it is accepted."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    offer = {"Sec-WebSocket-Protocol": protocols} if protocols else {}
    return ask(address, "/ws/analyze", upgrade | offer | dict(headers or {}))


def header(token: str) -> dict[str, str]:
    """A token as a program sends it."""
    return {"Authorization": f"Bearer {token}"}


def subprotocol(token: str) -> str:
    """A token as a page sends it."""
    return "kinemotion.bearer." + urlsafe_b64encode(token.encode()).decode().rstrip("=")


@asynccontextmanager
async def session(
    address: str, token: str | None = None, *, origin: str | None = None, protocols: tuple[str, ...] = (SUBPROTOCOL,)
) -> AsyncIterator[ClientConnection]:
    """A session over the client that programs use."""
    async with connect(
        socket_url(address),
        subprotocols=[Subprotocol(name) for name in protocols],
        origin=None if origin is None else Origin(origin),
        additional_headers=None if token is None else header(token),
        compression=None,
        proxy=None,
    ) as socket:
        yield socket


async def receive(socket: ClientConnection) -> Any:
    """The next message."""
    return json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))


async def until_idle(address: str, token: str | None = None) -> None:
    """Waits until every session is gone."""
    for _ in range(PATIENCE_S * 50):
        detailed = await asyncio.to_thread(ask, address, "/health/detailed", header(token) if token else None)
        if json.loads(detailed.body)["sessions"]["now"] == 0:
            return
        await asyncio.sleep(0.02)
    pytest.fail("a session was left behind")


class _Records(logging.Handler):
    """Keeps what is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "websockets.client":  # the tests' own, which logs what it sends
            return
        self.lines.append(f"{record.name} {self.format(record)} {record.args!r}")


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """What every logger writes at its finest level. To be entered once the servers run, which set levels too."""
    records = _Records()
    loggers = [logging.getLogger(name) for name in SERVER_LOGGERS]
    before = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(records)
    try:
        yield records.lines
    finally:
        for logger, level in before:
            logger.setLevel(level)
            logger.removeHandler(records)
