"""The ASGI application. `app` runs under any ASGI server."""

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kinemotion.errors import KinemotionError
from kinemotion.realtime import health, logs, page
from kinemotion.realtime.access import Access
from kinemotion.realtime.door import for_guests, welcome
from kinemotion.realtime.handshake import analyze
from kinemotion.realtime.headers import SecurityHeaders, SharedReading
from kinemotion.realtime.request_ids import RequestIds
from kinemotion.realtime.runtime import RUNTIME, Runtime, running
from kinemotion.settings import Settings

_BARE: Final = "this server neither counts WebSocket frames nor drains when it stops: `kinemotion serve` does both"

_log: Final = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> ASGIApp:
    """Builds the application; what it needs is opened when it starts, and closed when it stops.

    Args:
        settings: read from the environment when the application starts, unless they are given.

    Raises:
        SettingsError: the settings given leave the server open to other machines, or a token, key or origin is none.
    """
    door = None if settings is None else Access.from_settings(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Runtime]]:
        chosen = settings or Settings.from_environment()
        if settings is None:
            logs.set_up_ours(chosen.log_format, chosen.log_level)
            _log.warning(_BARE)
        async with running(chosen, door or Access.from_settings(chosen)) as app.state.runtime:
            yield {RUNTIME: app.state.runtime}

    routes = [
        Route("/", page.page),
        Mount("/static", page.PageParts(directory=page.WEB)),
        Route("/access", for_guests(welcome)),
        Route("/demo/clip", for_guests(page.demo_clip)),
        Route("/health", health.alive),
        Route("/health/ready", health.ready),
        Route("/health/detailed", for_guests(health.detailed)),
        Route("/metrics", for_guests(health.metrics)),
        WebSocketRoute("/ws/analyze", analyze),
    ]
    shared = Middleware(SharedReading, origins=lambda scope: scope["app"].state.runtime.access.origins)
    app = Starlette(routes=routes, middleware=[shared], lifespan=lifespan)
    return RequestIds(SecurityHeaders(_PlainStartupErrors(app)))


class _PlainStartupErrors:
    """Makes a start that is refused on purpose fail with one line, where Starlette would send a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})  # not every ASGI server has one
        failure: list[Message] = []

        async def hold_failure(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failure.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_failure)
        except KinemotionError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        except BaseException:
            for message in failure:
                await send(message)
            raise


app: Final = create_app()
