"""The ASGI application: the socket, the page, health, metrics. `app` runs under any ASGI server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

import cv2
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from kinemotion import __version__
from kinemotion.errors import KinemotionError
from kinemotion.jumps import Movement
from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import ModelStore
from kinemotion.realtime import capacity, memory
from kinemotion.realtime.access import Admission
from kinemotion.realtime.capacity import Capacity
from kinemotion.realtime.demo_clip import DemoClip
from kinemotion.realtime.graphs import GraphSupply
from kinemotion.realtime.json_mode import JsonMode
from kinemotion.realtime.messages import Limits
from kinemotion.realtime.metrics import Metrics
from kinemotion.realtime.protocol import SUBPROTOCOL, V1, Protocol
from kinemotion.realtime.replay import ReplayDesk
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.realtime.session import Services, Session
from kinemotion.realtime.sessions import Sessions
from kinemotion.realtime.watchdog import Watchdog
from kinemotion.settings import Settings

RUNTIME: Final = "runtime"
"""What a server finds the `Runtime` by, in the state of the lifespan."""

_WEB: Final = Path(__file__).parents[1] / "web"
_FRESH: Final = {"Cache-Control": "no-cache"}
_RETRY_AFTER_S: Final = 5
_RELEASE_S: Final = 5.0

Dialect = Callable[[Limits, float], Protocol]


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a running server consists of."""

    limits: Limits
    capacity: Capacity
    admission: Admission
    sessions: Sessions
    services: Services
    started_s: float = field(default_factory=monotonic)
    demos: dict[Movement, DemoClip] = field(default_factory=dict)


def create_app(settings: Settings | None = None) -> ASGIApp:
    """Builds the application; what it needs is opened when it starts, and closed when it stops.

    Args:
        settings: read from the environment when the application starts, unless they are given.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Runtime]]:
        async with _running(settings or Settings.from_environment()) as app.state.runtime:
            yield {RUNTIME: app.state.runtime}

    routes = [
        Route("/", _page),
        Mount("/static", _PageParts(directory=_WEB)),
        Route("/demo/clip", _demo_clip),
        Route("/health", _alive),
        Route("/health/ready", _ready),
        Route("/health/detailed", _detailed),
        Route("/metrics", _metrics),
        WebSocketRoute("/ws/analyze", _analyze),
    ]
    return _PlainStartupErrors(Starlette(routes=routes, lifespan=lifespan))


@contextlib.asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[Runtime]:
    memory.be_thrifty()
    cv2.setNumThreads(1)  # the workers share the cores already
    models = ModelStore(settings.model_dir)
    models.verify_installed()
    room = await asyncio.to_thread(capacity.find, settings, models.path(models.models[0]))
    sessions = Sessions(settings.drain_s)
    scheduler = Scheduler(settings.workers, partial(asyncio.get_running_loop().call_soon_threadsafe, sessions.overload))
    still_graphs = await asyncio.to_thread(_stateless_graphs, models, settings.workers)
    services = Services(
        models=models,
        graphs=GraphSupply(models, settings.spare_graphs),
        scheduler=scheduler,
        replays=ReplayDesk(still_graphs, scheduler.invite, make=partial(_stateless_graph, models)),
        metrics=Metrics(),
        send_s=settings.send_s,
        stale_s=settings.slo_s,
        ring_s=settings.ring_s,
        ring_bytes=settings.ring_bytes,
    )
    scheduler.attend(services.replays.take)
    limits = Limits(
        max_frame_bytes=settings.max_frame_bytes,
        max_pixels=settings.max_pixels,
        max_fps=settings.max_fps,
        start_s=settings.start_s,
        idle_s=settings.idle_s,
        session_s=settings.session_s,
    )
    runtime = Runtime(limits, room, Admission(room.sessions), sessions, services)
    with Watchdog(scheduler.look, settings.watchdog_s):
        try:
            yield runtime
        finally:
            await _release(runtime)


async def _release(runtime: Runtime) -> None:
    """Waits for what is under way, but not for ever: a native call may hang."""
    services = runtime.services
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(runtime.admission.empty(), _RELEASE_S)
    for close in (services.scheduler.close, services.replays.close, services.graphs.close):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(close), _RELEASE_S)


def _stateless_graphs(models: ModelStore, count: int) -> list[PoseGraph]:
    return [_stateless_graph(models) for _ in range(count)]


def _stateless_graph(models: ModelStore) -> PoseGraph:
    return PoseGraph(models.path(models.models[0]), Mode.STATELESS)


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


# The socket


async def _analyze(socket: WebSocket) -> None:
    runtime = _runtime(socket)
    dialect = _dialect(socket)
    if dialect is None:
        await socket.send_denial_response(
            PlainTextResponse(f"offer the subprotocol {SUBPROTOCOL}, or none and ?sport=cmj, sj, dj or auto", 400)
        )
        return
    hindrance = _hindrance(runtime) or (None if runtime.admission.enter() else "full")
    if hindrance is not None:
        denial = PlainTextResponse(f"no place: {hindrance}", 503, headers={"Retry-After": str(_RETRY_AFTER_S)})
        await socket.send_denial_response(denial)
        return
    metrics = runtime.services.metrics
    try:
        with metrics.sessions.track_inprogress():
            await socket.accept(SUBPROTOCOL if dialect is V1 else None)
            session = Session(socket, dialect(runtime.limits, monotonic()), runtime.services)
            with runtime.sessions.having(session):
                await session.run()
    finally:
        runtime.admission.leave()


def _dialect(socket: WebSocket) -> Dialect | None:
    offered = socket.scope["subprotocols"]
    if SUBPROTOCOL in offered:
        return V1
    if offered:
        return None
    try:
        return partial(JsonMode, movement=Movement(socket.query_params.get("sport", Movement.AUTO)))
    except ValueError:
        return None


# The page


class _PageParts(StaticFiles):
    """Files of the page; a browser asks each time whether it has the newest, so that no old part meets a new one."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers.update(_FRESH)
        return response


async def _page(request: Request) -> Response:
    return FileResponse(_WEB / "index.html", headers=_FRESH)


async def _demo_clip(request: Request) -> Response:
    movement = request.query_params.get("movement", Movement.CMJ)
    if movement not in (Movement.CMJ, Movement.SJ, Movement.DJ):
        raise HTTPException(400, "movement is one of cmj, sj, dj")
    demos = _runtime(request).demos
    demo = demos.setdefault(Movement(movement), demos.get(Movement(movement)) or DemoClip(Movement(movement)))
    return StreamingResponse(demo.records(), media_type="application/octet-stream")


# Health and metrics


async def _alive(request: Request) -> Response:
    services = _runtime(request).services
    if services.scheduler.working == 0 or services.graphs.stuck:  # nothing but a new process helps
        return JSONResponse({"status": "stuck"}, 503)
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> Response:
    hindrance = _hindrance(_runtime(request))
    if hindrance is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": hindrance}, 503, headers={"Retry-After": str(_RETRY_AFTER_S)})


async def _detailed(request: Request) -> Response:
    runtime = _runtime(request)
    services, admission = runtime.services, runtime.admission
    scheduler = services.scheduler
    return JSONResponse(
        {
            "status": _hindrance(runtime) or "ready",
            "version": __version__,
            "uptime_s": round(monotonic() - runtime.started_s, 1),
            "sessions": {"now": admission.taken} | runtime.capacity.facts(),
            "workers": {"threads": scheduler.working, "busy": scheduler.busy, "stuck": scheduler.stuck},
            "graphs": {"spare": services.graphs.ready},
            "models": {
                model.name: "installed" if services.models.installed(model) else "not installed"
                for model in services.models.models
            },
        }
    )


async def _metrics(request: Request) -> Response:
    registry = _runtime(request).services.metrics.registry
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _hindrance(runtime: Runtime) -> str | None:
    """Why a new client would be turned away, if it would."""
    services = runtime.services
    models, scheduler = services.models, services.scheduler
    if runtime.sessions.draining:
        return "draining"
    if scheduler.working < scheduler.workers or services.graphs.stuck:
        return "stuck"
    if not models.installed(models.models[0]):
        return "model missing"
    return "full" if runtime.admission.full else None


def _runtime(connection: HTTPConnection) -> Runtime:
    runtime: Runtime = connection.app.state.runtime
    return runtime


app: Final = create_app()
