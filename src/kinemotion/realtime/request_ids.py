"""A name for each request: the one its proxy gave it, if that is sane, or a new one. Log lines and answers carry it."""

import re
from contextvars import ContextVar
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "X-Request-ID"
_SANE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ANSWERS: Final = ("http.response.start", "websocket.accept", "websocket.http.response.start")

current: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The request that is being answered; empty outside of any."""


class RequestIds:
    """ASGI middleware, for requests and for sockets' handshakes.

    Args:
        app: what answers.

    The name stays set when the application is through: the server, which calls this in a context of the request's own,
    may have something to log about it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names the request, and has its answer carry the name."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        name = _name(Headers(scope=scope).get(HEADER, ""))
        current.set(name)

        async def send_named(message: Message) -> None:
            if message["type"] in _ANSWERS:
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        await self._app(scope, receive, send_named)


def _name(given: str) -> str:
    return given if _SANE.fullmatch(given) else uuid4().hex
