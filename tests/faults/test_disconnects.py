"""A session's connection breaks, or its task is cancelled, at each of its receives and sends in turn."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket
from tests.faults.parts import complaints
from tests.realtime.test_server import PATIENCE_S, START, STOP, Frames

from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS, ModelStore, PoseModel
from kinemotion.realtime.graphs import GraphSupply
from kinemotion.realtime.messages import Limits
from kinemotion.realtime.metrics import Metrics
from kinemotion.realtime.protocol import V1, encode_frame
from kinemotion.realtime.replay import ReplayDesk
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.realtime.session import Services, Session

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


async def gone(session: "weakref.ref[Session]") -> None:
    """Waits until nothing holds a session any more; the worker that had its frame may take a moment to let go."""
    for _ in range(PATIENCE_S * 50):
        gc.collect()
        if session() is None:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"held by {gc.get_referrers(session())}")


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
            await gone(session)
            assert graphs.returned == graphs.lent
            complete += peer.sent[-1] == {"type": "websocket.close", "code": 1000, "reason": "done"}
    assert complete > 0, "the last steps are beyond the session's own"
    assert graphs.lent > STEPS / 2
    assert complaints(caplog) == []
