"""Pose graphs for sessions: made ahead and off the event loop, closed behind them."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from time import monotonic
from typing import Final

from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.models import ModelStore, PoseModel
from kinemotion.realtime import memory

MADE_AT_ONCE: Final = 2
REFILL_AFTER_S: Final = 0.1
"""A session's first frame, the longest to analyse, need not share the processor with the making of the next spare."""

HANGS_S: Final = 30.0
"""Making or closing a graph takes a few tenths of a second on the slowest machine; after this it will not return."""

_log: Final = logging.getLogger(__name__)


class GraphSupply:
    """Makes a graph for each session and keeps a few ready; close it at the end.

    Args:
        store: the models.
        spares: how many graphs of the quickest model are kept ready.

    Making a graph takes about 100 ms and 70 MB. None serves twice: a graph that forgets one body keeps a trace of it in
    the visibilities of the next.
    """

    def __init__(self, store: ModelStore, spares: int) -> None:
        self._store = store
        self._wanted = spares
        self._filling = Lock()
        self._makers = ThreadPoolExecutor(MADE_AT_ONCE, thread_name_prefix="kinemotion-graphs")
        self._spares: deque[Future[PoseGraph]] = deque()
        self._retired: deque[PoseGraph] = deque()
        self._at_work_since_s: dict[object, float] = {}
        self._refill()

    @property
    def stuck(self) -> bool:
        """Whether every thread that makes and closes graphs hangs, so that nobody will get one any more."""
        now = monotonic()
        return sum(now - since_s > HANGS_S for since_s in tuple(self._at_work_since_s.values())) >= MADE_AT_ONCE

    @property
    def ready(self) -> int:
        """How many spare graphs could be handed out at once."""
        spares = tuple(self._spares)  # asked from any thread
        return sum(spare.done() and not _failed(spare) for spare in spares)

    async def acquire(self, model: PoseModel) -> PoseGraph:
        """Hands out a graph, a spare one if there is one that could be made.

        Raises:
            Exception: whatever MediaPipe raised while it made the graph.
        """
        future = (self._take_spare() if model == self._store.models[0] else None) or self._order(model)
        asyncio.get_running_loop().call_later(REFILL_AFTER_S if future.done() else 0, self._refill)
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.CancelledError:
            self._abandon(future)
            raise

    def retire(self, graph: PoseGraph) -> None:
        """Closes a graph that a session is done with, off the event loop while there is one."""
        self._retired.append(graph)
        try:
            self._makers.submit(self._close_retired)
        except RuntimeError:  # the supply is closed
            self._close_retired()

    def close(self) -> None:
        """Closes the spares, and waits until every graph that was made or retired is dealt with."""
        with self._filling:  # the event loop may be about to refill
            self._wanted = 0
        while self._spares:
            self._abandon(self._spares.popleft())
        self._makers.shutdown(wait=True)

    def _take_spare(self) -> Future[PoseGraph] | None:
        """A spare graph that is ready or being made; those that could not be made are no client's trouble."""
        while self._spares:
            spare = self._spares.popleft()
            if not _failed(spare):
                return spare
            _log.warning("a spare pose graph could not be made", exc_info=spare.exception())
        return None

    def _refill(self) -> None:
        with self._filling:
            while len(self._spares) < self._wanted:
                self._spares.append(self._order(self._store.models[0]))

    def _abandon(self, order: Future[PoseGraph]) -> None:
        """Takes an order back, or retires what comes of it."""
        if not order.cancel():
            order.add_done_callback(self._retire_result)

    def _retire_result(self, order: Future[PoseGraph]) -> None:
        if order.exception() is None:
            self.retire(order.result())

    def _close_retired(self) -> None:
        """Closes whatever graphs wait for it, however many were retired at once, and gives their memory back."""
        closed = False
        with contextlib.suppress(IndexError):
            while True:
                graph = self._retired.popleft()
                with self._at_work():
                    graph.close()
                closed = True
        if closed:
            memory.give_back()

    def _order(self, model: PoseModel) -> Future[PoseGraph]:
        return self._makers.submit(self._make, model)

    def _make(self, model: PoseModel) -> PoseGraph:
        with self._at_work():
            return PoseGraph(self._store.path(model))

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        work = object()
        self._at_work_since_s[work] = monotonic()
        try:
            yield
        finally:
            del self._at_work_since_s[work]


def _failed(order: Future[PoseGraph]) -> bool:
    return order.done() and order.exception() is not None
