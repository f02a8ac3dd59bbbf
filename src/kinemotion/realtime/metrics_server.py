"""`/metrics` on a port of its own, which only those who watch the server need to reach."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kinemotion.errors import SettingsError
from kinemotion.realtime.headers import SecurityHeaders
from kinemotion.realtime.metrics import Metrics

_BACKLOG: Final = 16

_log: Final = logging.getLogger(__name__)


async def answer(request: Request, metrics: Metrics) -> Response:
    """What Prometheus reads, written off the event loop."""
    text, content_type = await asyncio.to_thread(metrics.exposition, request.headers.get("Accept", ""))
    return Response(text, headers={"Content-Type": content_type})


@contextlib.asynccontextmanager
async def metrics_server(metrics: Metrics, host: str, port: int) -> AsyncIterator[None]:
    """Serves `/metrics`, and nothing else, for as long as the context lasts.

    Args:
        metrics: the instruments.
        host: address to listen on.
        port: 0 takes a free one; the log tells which.

    Raises:
        SettingsError: the address cannot be had.
    """

    async def read(request: Request) -> Response:
        return await answer(request, metrics)

    app = SecurityHeaders(Starlette(routes=[Route("/metrics", read)]))
    with _listen(host, port) as listener:
        config = uvicorn.Config(
            app,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = _Beside(config)
        serving = asyncio.create_task(server.serve([listener]))
        _log.info("metrics are served on %s port %d", *listener.getsockname()[:2])
        try:
            yield
        finally:
            server.should_exit = True
            await serving


class _Beside(uvicorn.Server):
    """A server that leaves the process's signals to the one that it runs beside."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=_BACKLOG
        )
    except OSError as error:
        cause = (error.strerror or str(error)).partition(" (")[0]
        raise SettingsError(
            f"cannot serve metrics on {host} port {port} ({cause}): choose another with KINEMOTION_METRICS_HOST and "
            "KINEMOTION_METRICS_PORT"
        ) from None
