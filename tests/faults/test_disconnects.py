"""A session's connection breaks: at each of its receives and sends in turn, and while its jump is replayed."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket
from tests.faults.parts import Census, Wedge, complaints, film, opened
from tests.realtime.test_server import (
    PATIENCE_S,
    START,
    STOP,
    Frames,
    camera,
    close_code,
    get,
    receive_until,
)
from websockets.asyncio.client import ClientConnection

from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS, ModelStore, PoseModel
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.graphs import GraphSupply
from kinemotion.realtime.messages import Limits
from kinemotion.realtime.metrics import Metrics
from kinemotion.realtime.protocol import V1, encode_frame
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.realtime.session import Services, Session
from kinemotion.synthetic import Clip

LIMITS = Limits(max_frame_bytes=1_000_000, max_pixels=1_000_000, max_fps=120, start_s=60, idle_s=60, session_s=900)
SCOPE = {"type": "websocket", "path": "/", "headers": [], "subprotocols": []}
STEPS = 16
"""Receives and sends of the session below, connect and accept left out, and a few more."""


class OneGraph(GraphSupply):
    """Lends the same real graph to one session after another, and counts."""

    def __init__(self, graph: PoseGraph) -> None:
        self.graph = graph
        self.lent = self.returned = 0

    async def acquire(self, model: PoseModel) -> PoseGraph:
        await asyncio.sleep(0)
        self.lent += 1
        return self.graph

    def retire(self, graph: PoseGraph) -> None:
        self.returned += 1


class Peer:
    """A client with a script, whose connection does something else at one step.

    Attributes:
        steps: how many receives and sends there were.
        sent: what the server sent.
    """

    def __init__(self, script: list[Message], fault: str, step: int) -> None:
        self.steps = 0
        self.sent: list[Message] = []
        self.task: asyncio.Task[None] | None = None
        self._script = iter([{"type": "websocket.connect"}, *script])
        self._fault = fault
        self._step = step
        self._answered = asyncio.Event()
        self._broken = False

    async def receive(self) -> Message:
        await self._pass()
        message = None if self._broken else next(self._script, None)
        if message is None and not self._broken:
            await asyncio.Event().wait()
        return message or {"type": "websocket.disconnect", "code": 1006}

    async def send(self, message: Message) -> None:
        await self._pass()
        if self._broken:
            raise OSError("the client has gone")
        self.sent.append(message)

    async def _pass(self) -> None:
        self.steps += 1
        if self.steps != self._step:
            await asyncio.sleep(0)
            return
        if self._fault == "cancelled":
            assert self.task is not None
            self.task.cancel()
            await asyncio.sleep(0)
        self._broken = True


@pytest.fixture(scope="module")
def graph() -> Iterator[PoseGraph]:
    with PoseGraph(BUNDLED_FOLDER / MODELS[0].filename, Mode.LIVE) as graph:
        yield graph


def no_graph() -> PoseGraph:
    raise RuntimeError("nobody jumps here")


@contextmanager
def services(graphs: OneGraph, models: ModelStore) -> Iterator[Services]:
    scheduler = Scheduler(1)
    desk = ReplayDesk([], no_graph, scheduler.invite)
    yield Services(
        models=models,
        graphs=graphs,
        scheduler=scheduler,
        replays=desk,
        metrics=Metrics(),
        send_s=5.0,
        stale_s=60.0,
        final_s=60.0,
        ring_s=6.0,
        ring_bytes=1_000_000,
    )
    scheduler.close()


async def connected(peer: Peer, shared: Services) -> "weakref.ref[Session]":
    """Serves a client until its session ends, however it does."""
    socket = WebSocket(SCOPE, peer.receive, peer.send)
    await socket.accept("kinemotion.v1")
    session = Session(socket, V1(LIMITS, monotonic()), shared)
    peer.task = asyncio.create_task(session.run())
    seen = weakref.ref(session)
    del session
    await asyncio.wait([peer.task], timeout=PATIENCE_S)
    assert peer.task.done()
    assert peer.task.cancelled() or peer.task.exception() is None
    return seen


async def until(reached: Callable[[], bool], otherwise: str) -> None:
    """Asks until it is so; workers may take a moment to let go of what they had."""
    for _ in range(PATIENCE_S * 50):
        gc.collect()
        if reached():
            return
        await asyncio.sleep(0.02)
    pytest.fail(otherwise)


@pytest.mark.parametrize("fault", ["disconnected", "cancelled"])
async def test_whenever_the_connection_breaks_nothing_is_left_of_the_session(
    fault: str, graph: PoseGraph, drawn_frames: Frames, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    script: list[Message] = [{"type": "websocket.receive", "text": START}]
    script += [
        {"type": "websocket.receive", "bytes": encode_frame(seq, seq * 33_000, jpeg)}
        for seq, (_, jpeg) in enumerate(drawn_frames[:4])
    ]
    script += [{"type": "websocket.receive", "text": STOP}]
    graphs = OneGraph(graph)
    complete = 0
    with services(graphs, ModelStore(tmp_path)) as shared:
        for step in range(3, 3 + STEPS):
            peer = Peer(script, fault, step)
            session = await connected(peer, shared)
            peer.task = None
            await until(lambda session=session: session() is None, "the session is held")  # type: ignore[misc]
            assert graphs.returned == graphs.lent
            complete += peer.sent[-1] == {"type": "websocket.close", "code": 1000, "reason": "done"}
    assert complete > 0, "the last steps are beyond the session's own"
    assert graphs.lent > STEPS / 2
    assert complaints(caplog) == []


async def jump(socket: ClientConnection, frames: Frames, until_s: float) -> list[Any]:
    """All that comes back until a jump is over, of which every frame was received."""
    messages = await film(socket, frames, until_s)
    assert [message["final"] for message in messages if message["type"] == "jump"] == [False]
    return messages


def replays(metrics: str, end: str) -> float:
    """How many ended so."""
    line = f'kinemotion_replays_total{{outcome="{end}"}} '
    return next(float(text.removeprefix(line)) for text in metrics.splitlines() if text.startswith(line))


def noted(monkeypatch: pytest.MonkeyPatch) -> "list[weakref.ref[Session]]":
    """The sessions from now on; nothing is held by the list."""
    sessions: list[weakref.ref[Session]] = []
    begin = Session.__init__

    def note(session: Session, *arguments: Any) -> None:
        sessions.append(weakref.ref(session))
        begin(session, *arguments)

    monkeypatch.setattr(Session, "__init__", note)
    return sessions


@pytest.mark.parametrize("vanished", ["in work", "in line"])
async def test_a_client_that_vanishes_during_its_replay_leaves_nothing_and_costs_no_other_its_jump(
    vanished: str,
    drawn_clip: Clip,
    drawn_frames: Frames,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    truth = drawn_clip.truth[0]
    until_s = truth.events_s["landing"] + 1.0
    graphs, hold, sessions = Census(monkeypatch), Wedge(monkeypatch, Mode.FINAL), noted(monkeypatch)
    async with AsyncExitStack() as stack:
        server = stack.enter_context(opened(monkeypatch, workers=2, spare_graphs=0, idle_s=600.0, final_s=600.0))
        stack.enter_context(hold)
        first = await stack.enter_async_context(camera(server.address))
        await jump(first, drawn_frames, until_s)
        await hold.caught()  # half of the workers, one of two, are for replays
        second = await stack.enter_async_context(camera(server.address))
        await jump(second, drawn_frames, until_s)
        assert len(sessions) == graphs.open[Mode.LIVE] == 2
        leaves, stays = (first, second) if vanished == "in work" else (second, first)
        leaves.transport.abort()
        await until(lambda: sum(one() is not None for one in sessions) == 1, "the session is held")
        await until(lambda: graphs.open[Mode.LIVE] == 1, "its graph is open")
        metrics = (await asyncio.to_thread(get, server.address + "/metrics"))[1]
        assert (replays(metrics, "cancelled"), replays(metrics, "done")) == (1, 0)
        hold.let_go()
        final = (await receive_until(stays, "jump"))[-1]
        assert final["final"]
        assert "live_frames_only" not in final["quality"]["warnings"]
        assert final["metrics"]["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.04)
        await stays.send(STOP)
        await receive_until(stays, "summary")
        assert await close_code(stays) == 1000
        await until(lambda: not any(one() for one in sessions), "the session is held")
        await until(lambda: graphs.open[Mode.LIVE] == 0, "its graph is open")
        metrics = (await asyncio.to_thread(get, server.address + "/metrics"))[1]
        assert [replays(metrics, end) for end in ("cancelled", "done", "failed", "shed")] == [1, 1, 0, 0]
        assert server.runtime.services.replays.waiting == 0
        assert graphs.open[Mode.FINAL] == 2
    assert graphs.open.total() == 0
    assert complaints(caplog) == []
