"""The door of everything but the socket: who may read an address."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from kinemotion.errors import Refusal
from kinemotion.realtime.runtime import runtime_of

Endpoint = Callable[[Request], Awaitable[Response]]

AGAIN_AFTER_S: Final = range(5, 15)
"""When a client that was turned away may ask again."""

_random: Final = Random()


def for_guests(endpoint: Endpoint) -> Endpoint:
    """Keeps an address to those who would be let in."""

    async def guarded(request: Request) -> Response:
        try:
            request.state.guest = await runtime_of(request).access.greet(request)
        except Refusal as refusal:
            return refused(refusal)
        return await endpoint(request)

    return guarded


async def welcome(request: Request) -> Response:
    """Tells what a handshake would be answered with, which a page is not told."""
    try:
        runtime_of(request).access.check_places(request.state.guest, request)
    except Refusal as refusal:
        return refused(refusal)
    return Response(status_code=204)


def refused(refusal: Refusal) -> Response:
    """The answer to a client that is not let in."""
    headers = {**refusal.headers, **(come_again() if refusal.passing else {})}
    return PlainTextResponse(refusal.message, refusal.status, headers=headers)


def come_again(random: Random = _random) -> dict[str, str]:
    """The header that says when to ask again: by chance, or all who were refused at once would come back at once."""
    return {"Retry-After": str(random.choice(AGAIN_AFTER_S))}
