"""A session without a server and without a network: the client's end of its socket, and what sessions share."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
from starlette.types import Message
from starlette.websockets import WebSocket

from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.models import ModelStore, PoseModel
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.graphs import GraphSupply
from kinemotion.realtime.messages import Limits
from kinemotion.realtime.metrics import Metrics
from kinemotion.realtime.protocol import V1
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.realtime.session import Services, Session

LIMITS = Limits(max_frame_bytes=1 << 20, max_pixels=1 << 22, max_fps=1e9, start_s=60, idle_s=60, session_s=3600)

_SCOPE = {"type": "websocket", "path": "/", "headers": [], "subprotocols": []}


class Client:
    """Sends to a session and hears from it; lives on the event loop.

    Args:
        max_fps: how many frames a second are taken.

    Attributes:
        heard: every message that came, in order.
    """

    def __init__(self, max_fps: float = LIMITS.max_fps) -> None:
        self._limits = replace(LIMITS, max_fps=max_fps)
        self.heard: list[dict[str, Any]] = []
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})

    def send(self, message: str | bytes) -> None:
        """Has the session receive a message."""
        kind = "text" if isinstance(message, str) else "bytes"
        self._incoming.put_nowait({"type": "websocket.receive", kind: message})

    def leave(self) -> None:
        """Has the connection break."""
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def hear(self, kind: str) -> dict[str, Any]:
        """Waits for the next message of a kind."""
        while (message := await self._outgoing.get())["type"] != kind:
            pass
        return message

    async def session(self, shared: Services) -> Session:
        """Connects; the session is yet to be run."""
        socket = WebSocket(_SCOPE, self._incoming.get, self._take)
        await socket.accept("kinemotion.v1")
        return Session(socket, V1(self._limits, monotonic()), shared)

    async def _take(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            self.heard.append(orjson.loads(message["text"]))
            self._outgoing.put_nowait(self.heard[-1])


class OneGraph(GraphSupply):
    """Lends the same graph, a real one or what stands in for it, to every session."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    async def acquire(self, model: PoseModel) -> PoseGraph:
        graph: PoseGraph = self._graph
        return graph

    def retire(self, graph: PoseGraph) -> None: ...


def no_graph() -> PoseGraph:
    raise RuntimeError("no other graph is made here")


@contextmanager
def services(
    graph: object, models: Path, final: Sequence[PoseGraph] = (), make: Callable[[], PoseGraph] = no_graph
) -> Iterator[Services]:
    """What sessions share, with one worker.

    Args:
        graph: the live graph of whoever comes.
        models: the folder of fetched models.
        final: new graphs for replays, which the caller closes.
        make: makes another of these.
    """
    scheduler = Scheduler(1)
    desk = ReplayDesk(list(final), make, scheduler.invite)
    scheduler.attend(desk.take, 1.0)
    try:
        yield Services(
            models=ModelStore(models),
            graphs=OneGraph(graph),
            scheduler=scheduler,
            replays=desk,
            metrics=Metrics(),
            send_s=60.0,
            stale_s=3600.0,
            final_s=3600.0,
            ring_s=6.0,
            ring_bytes=32_000_000,
        )
    finally:
        scheduler.close()
