"""The ASGI application: the socket, the page, health, metrics. `app` runs under any ASGI server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic, time
from typing import Any, Final

import cv2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from kinemotion import __version__
from kinemotion.errors import KinemotionError, Refusal
from kinemotion.jumps import Movement
from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import ModelStore
from kinemotion.realtime import capacity, logs, memory, metrics_server
from kinemotion.realtime.access import Access, Admission
from kinemotion.realtime.capacity import Capacity
from kinemotion.realtime.demo_clip import DemoClip
from kinemotion.realtime.graphs import GraphSupply
from kinemotion.realtime.headers import SecurityHeaders, SharedReading
from kinemotion.realtime.json_mode import JsonMode
from kinemotion.realtime.messages import Limits
from kinemotion.realtime.metrics import Handshake, Metrics
from kinemotion.realtime.protocol import SUBPROTOCOL, V1, Protocol
from kinemotion.realtime.redaction import keep_tokens_out_of_logs
from kinemotion.realtime.replay import ReplayDesk
from kinemotion.realtime.request_ids import RequestIds
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.realtime.session import Services, Session
from kinemotion.realtime.sessions import Sessions
from kinemotion.realtime.tokens import Guest, without_bearer
from kinemotion.realtime.watchdog import Watchdog
from kinemotion.settings import Settings

RUNTIME: Final = "runtime"
"""What a server finds the `Runtime` by, in the state of the lifespan."""

_WEB: Final = Path(__file__).parents[1] / "web"
_FRESH: Final = {"Cache-Control": "no-cache"}
_RETRY_AFTER_S: Final = 5
_OUTCOMES: Final[dict[int, Handshake]] = {
    401: "unauthorized",
    403: "forbidden_origin",
    429: "limited",
    503: "unauthorized",  # it cannot be told whether the token is one
}
_RELEASE_S: Final = 5.0

Dialect = Callable[[Limits, float], Protocol]
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a running server consists of."""

    limits: Limits
    capacity: Capacity
    access: Access
    admission: Admission
    sessions: Sessions
    services: Services
    metrics_beside: bool
    started_s: float = field(default_factory=monotonic)
    demos: dict[Movement, DemoClip] = field(default_factory=dict)


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
        async with _running(chosen, door or Access.from_settings(chosen)) as app.state.runtime:
            yield {RUNTIME: app.state.runtime}

    routes = [
        Route("/", _page),
        Mount("/static", _PageParts(directory=_WEB)),
        Route("/access", _for_guests(_welcome)),
        Route("/demo/clip", _for_guests(_demo_clip)),
        Route("/health", _alive),
        Route("/health/ready", _ready),
        Route("/health/detailed", _for_guests(_detailed)),
        Route("/metrics", _for_guests(_metrics)),
        WebSocketRoute("/ws/analyze", _analyze),
    ]
    shared = Middleware(SharedReading, origins=lambda scope: scope["app"].state.runtime.access.origins)
    app = Starlette(routes=routes, middleware=[shared], lifespan=lifespan)
    return RequestIds(SecurityHeaders(_PlainStartupErrors(app)))


@contextlib.asynccontextmanager
async def _running(settings: Settings, access: Access) -> AsyncIterator[Runtime]:
    keep_tokens_out_of_logs()
    memory.be_thrifty()
    cv2.setNumThreads(1)  # the workers share the cores already
    models = ModelStore(settings.model_dir)
    models.verify_installed()
    room = await asyncio.to_thread(capacity.find, settings, models.path(models.models[0]))
    sessions = Sessions(settings.drain_s)
    scheduler = Scheduler(settings.workers, partial(asyncio.get_running_loop().call_soon_threadsafe, sessions.overload))
    final_graphs = await asyncio.to_thread(_final_graphs, models, settings.workers)
    metrics = Metrics(models.models[0].name)
    services = Services(
        models=models,
        graphs=GraphSupply(models, settings.spare_graphs),
        scheduler=scheduler,
        replays=ReplayDesk(final_graphs, partial(_final_graph, models), scheduler.invite, metrics.replay),
        metrics=metrics,
        send_s=settings.send_s,
        stale_s=settings.slo_s,
        final_s=settings.final_s,
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
    beside = settings.metrics_port is not None
    runtime = Runtime(limits, room, access, Admission(room.sessions), sessions, services, beside)
    _watch(runtime)
    sampling = asyncio.create_task(metrics.sample_loop_lag())
    with Watchdog(scheduler.look, settings.watchdog_s):
        try:
            async with _metrics_beside(settings, metrics):
                yield runtime
        finally:
            sampling.cancel()
            await _release(runtime)


async def _release(runtime: Runtime) -> None:
    """Waits for what is under way, but not for ever: a native call may hang."""
    services = runtime.services
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(runtime.admission.empty(), _RELEASE_S)
    for close in (services.scheduler.close, services.replays.close, services.graphs.close):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(close), _RELEASE_S)


@contextlib.asynccontextmanager
async def _metrics_beside(settings: Settings, metrics: Metrics) -> AsyncIterator[None]:
    if settings.metrics_port is None:
        yield
        return
    async with metrics_server.metrics_server(metrics, settings.metrics_host, settings.metrics_port):
        yield


def _watch(runtime: Runtime) -> None:
    """Has each scrape read how things stand."""
    services = runtime.services
    metrics = services.metrics
    metrics.session_capacity.set(runtime.capacity.sessions)
    metrics.pose_workers.set(services.scheduler.workers)
    metrics.pose_workers_busy.set_function(lambda: services.scheduler.busy)
    metrics.replay_queue_frames.set_function(lambda: services.replays.waiting)
    metrics.spare_graphs.set_function(lambda: services.graphs.ready)
    metrics.draining.set_function(lambda: runtime.sessions.draining)
    metrics.ready.set_function(lambda: _hindrance(runtime) is None)


def _final_graphs(models: ModelStore, count: int) -> list[PoseGraph]:
    return [_final_graph(models) for _ in range(count)]


def _final_graph(models: ModelStore) -> PoseGraph:
    return PoseGraph(models.path(models.models[0]), Mode.FINAL)


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
        await socket.send_denial_response(_refused(refusal))


async def _serve(socket: WebSocket, dialect: Dialect, guest: Guest) -> None:
    runtime = _runtime(socket)
    metrics = runtime.services.metrics
    hindrance = _hindrance(runtime) or (None if runtime.admission.enter() else "full")
    if hindrance is not None:
        metrics.handshake("draining" if runtime.sessions.draining else "full")
        denial = PlainTextResponse(f"no place: {hindrance}", 503, headers={"Retry-After": str(_RETRY_AFTER_S)})
        await socket.send_denial_response(denial)
        return
    try:
        with metrics.sessions.track_inprogress():
            await socket.accept(SUBPROTOCOL if dialect is V1 else None)
            metrics.handshake("accepted")
            session = Session(socket, dialect(_limits_of(guest, runtime.limits), monotonic()), runtime.services)
            with runtime.sessions.having(session):
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


# The door, for everything but the socket


def _for_guests(endpoint: Endpoint) -> Endpoint:
    """Keeps an address to those who would be let in."""

    async def guarded(request: Request) -> Response:
        try:
            request.state.guest = await _runtime(request).access.greet(request)
        except Refusal as refusal:
            return _refused(refusal)
        return await endpoint(request)

    return guarded


async def _welcome(request: Request) -> Response:
    """Tells what a handshake would be answered with, which a page is not told."""
    try:
        _runtime(request).access.check_places(request.state.guest, request)
    except Refusal as refusal:
        return _refused(refusal)
    return Response(status_code=204)


def _refused(refusal: Refusal) -> Response:
    return PlainTextResponse(refusal.message, refusal.status, headers=dict(refusal.headers))


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
    runtime = _runtime(request)
    if runtime.metrics_beside:
        raise HTTPException(404)
    return await metrics_server.answer(request, runtime.services.metrics)


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
