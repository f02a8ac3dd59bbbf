"""What a running server consists of: opened when the application starts, closed when it stops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final

import cv2
from starlette.requests import HTTPConnection

from kinemotion.jumps import Movement
from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import ModelStore
from kinemotion.realtime import capacity, memory, metrics_server, shares
from kinemotion.realtime.access import Access, Admission
from kinemotion.realtime.capacity import Capacity
from kinemotion.realtime.demo_clip import DemoClip
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.graphs import GraphSupply
from kinemotion.realtime.messages import Limits
from kinemotion.realtime.metrics import Metrics
from kinemotion.realtime.redaction import keep_tokens_out_of_logs
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.realtime.session import Services
from kinemotion.realtime.sessions import Sessions
from kinemotion.realtime.watchdog import Watchdog
from kinemotion.settings import Settings

RUNTIME: Final = "runtime"
"""What a server finds the `Runtime` by, in the state of the lifespan."""

_RELEASE_S: Final = 5.0


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

    @property
    def hindrance(self) -> str | None:
        """Why a new client would be turned away, if it would."""
        services = self.services
        if self.sessions.draining:
            return "draining"
        if self.stuck:
            return "stuck"
        if not services.models.installed(services.models.models[0]):
            return "model missing"
        return "full" if self.admission.full else None

    @property
    def stuck(self) -> bool:
        """Whether nobody is left to work for any client, or to close the graphs of those that left."""
        return not self.services.scheduler.working or self.services.graphs.stuck


def runtime_of(connection: HTTPConnection) -> Runtime:
    """The runtime of the application that a request or a socket came to."""
    runtime: Runtime = connection.app.state.runtime
    return runtime


@contextlib.asynccontextmanager
async def running(settings: Settings, access: Access) -> AsyncIterator[Runtime]:
    """Opens everything that serving needs, and closes it behind.

    Raises:
        KinemotionError: the start is refused; the message says why.
    """
    keep_tokens_out_of_logs()
    memory.be_thrifty()
    cv2.setNumThreads(1)  # the workers share the cores already
    models = ModelStore(settings.model_dir)
    models.verify_installed()
    final_graphs = await asyncio.to_thread(_final_graphs, models, settings.workers)  # before free memory is measured
    room = await asyncio.to_thread(capacity.find, settings, models.path(models.models[0]))
    sessions = Sessions(settings.drain_s)
    scheduler = Scheduler(settings.workers, partial(asyncio.get_running_loop().call_soon_threadsafe, sessions.overload))
    metrics = Metrics(models.models[0].name)
    services = Services(
        models=models,
        graphs=GraphSupply(models, scheduler, settings.spare_graphs),
        scheduler=scheduler,
        replays=ReplayDesk(final_graphs, partial(_final_graph, models), scheduler.invite, metrics.replay),
        metrics=metrics,
        send_s=settings.send_s,
        stale_s=settings.slo_s,
        final_s=settings.final_s,
        ring_s=settings.ring_s,
        ring_bytes=settings.ring_bytes,
    )
    scheduler.attend(services.replays.take, shares.REPLAYS)
    limits = Limits(
        max_frame_bytes=settings.max_frame_bytes,
        max_pixels=settings.max_pixels,
        max_fps=settings.max_fps,
        start_s=settings.start_s,
        idle_s=settings.idle_s,
        session_s=settings.session_s,
    )
    beside = settings.metrics_port is not None
    admission = Admission(lambda: room.sessions * scheduler.working // scheduler.workers)
    runtime = Runtime(limits, room, access, admission, sessions, services, beside)
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
    for close in (services.graphs.close, services.scheduler.close, services.replays.close):
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
    metrics.session_capacity.set_function(runtime.admission.room)
    metrics.pose_workers.set_function(lambda: services.scheduler.working)
    metrics.pose_workers_busy.set_function(lambda: services.scheduler.busy)
    metrics.pose_workers_stuck.set_function(lambda: services.scheduler.stuck)
    metrics.replay_queue_frames.set_function(lambda: services.replays.waiting)
    metrics.spare_graphs.set_function(lambda: services.graphs.ready)
    metrics.draining.set_function(lambda: runtime.sessions.draining)
    metrics.ready.set_function(lambda: runtime.hindrance is None)


def _final_graphs(models: ModelStore, count: int) -> list[PoseGraph]:
    return [_final_graph(models) for _ in range(count)]


def _final_graph(models: ModelStore) -> PoseGraph:
    return PoseGraph(models.path(models.models[0]), Mode.FINAL)
