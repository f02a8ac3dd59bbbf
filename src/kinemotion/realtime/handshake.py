"""From a socket that knocks to a session, or to a refusal."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic, time
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketState

from kinemotion.errors import Refusal
from kinemotion.jumps import Movement
from kinemotion.realtime.door import come_again, refused
from kinemotion.realtime.json_mode import JsonMode
from kinemotion.realtime.messages import Limits
from kinemotion.realtime.metrics import Handshake
from kinemotion.realtime.protocol import SUBPROTOCOL, V1, Protocol
from kinemotion.realtime.runtime import runtime_of
from kinemotion.realtime.session import Session
from kinemotion.realtime.tokens import Guest, without_bearer

_OUTCOMES: Final[dict[int, Handshake]] = {
    401: "unauthorized",
    403: "forbidden_origin",
    429: "limited",
    503: "unauthorized",  # it cannot be told whether the token is one
}

Dialect = Callable[[Limits, float], Protocol]

_log: Final = logging.getLogger(__name__)


async def analyze(socket: WebSocket) -> None:
    """Serves a camera, or says why not."""
    runtime = runtime_of(socket)
    metrics = runtime.services.metrics
    dialect = _dialect(socket)
    if dialect is None:
        metrics.handshake("bad_protocol")
        await socket.send_denial_response(
            PlainTextResponse(f"offer the subprotocol {SUBPROTOCOL}, or none and ?sport=cmj, sj, dj or auto", 400)
        )
        return
    try:
        guest = await runtime.access.greet(socket)
        with runtime.access.places(guest, socket):
            await _serve(socket, dialect, guest)
    except Refusal as refusal:
        metrics.handshake(_OUTCOMES[refusal.status])
        await socket.send_denial_response(refused(refusal))
    except Exception:
        _log.exception("a client could not be served")
        if socket.application_state is WebSocketState.CONNECTING:  # or the server would answer, without our headers
            await socket.send_denial_response(PlainTextResponse("Internal Server Error", 500))


async def _serve(socket: WebSocket, dialect: Dialect, guest: Guest) -> None:
    runtime = runtime_of(socket)
    metrics = runtime.services.metrics
    hindrance = runtime.hindrance or (None if runtime.admission.enter() else "full")
    if hindrance is not None:
        metrics.handshake("draining" if runtime.sessions.draining else "full")
        denial = PlainTextResponse(f"no place: {hindrance}", 503, headers=come_again())
        await socket.send_denial_response(denial)
        return
    try:
        with metrics.sessions.track_inprogress():
            await socket.accept(SUBPROTOCOL if dialect is V1 else None)
            metrics.handshake("accepted")
            session = Session(socket, dialect(_limits_of(guest, runtime.limits), monotonic()), runtime.services)
            with runtime.sessions.having(session):
                if runtime.stuck:  # since it was accepted: the sessions that were here have been told
                    session.overload()
                await session.run()
    finally:
        runtime.admission.leave()


def _limits_of(guest: Guest, limits: Limits) -> Limits:
    """A session ends with its token, if it has not ended before."""
    if guest.expires_s is None:
        return limits
    return replace(limits, session_s=min(limits.session_s, max(0.0, round(guest.expires_s - time(), 3))))


def _dialect(socket: WebSocket) -> Dialect | None:
    offered = without_bearer(socket.scope["subprotocols"])
    if SUBPROTOCOL in offered:
        return V1
    if offered:
        return None
    try:
        return partial(JsonMode, movement=Movement(socket.query_params.get("sport", Movement.AUTO)))
    except ValueError:
        return None
