"""Pose graphs for sessions: made ahead and off the event loop, closed behind them."""

import asyncio
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.models import ModelStore, PoseModel

MADE_AT_ONCE: Final = 2


class GraphSupply:
    """Makes a graph for each session and keeps a few ready; close it at the end.

    Args:
        store: the models.
        spares: how many graphs of the quickest model are kept ready.

    Making a graph takes about 100 ms and 70 MB, and its memory of a session cannot be reset: none serves twice.
    """

    def __init__(self, store: ModelStore, spares: int) -> None:
        self._store = store
        self._wanted = spares
        self._makers = ThreadPoolExecutor(MADE_AT_ONCE, thread_name_prefix="kinemotion-graphs")
        self._spares: deque[Future[PoseGraph]] = deque()
        self._refill()

    @property
    def ready(self) -> int:
        """How many spare graphs could be handed out at once."""
        return sum(spare.done() for spare in self._spares)

    async def acquire(self, model: PoseModel) -> PoseGraph:
        """Hands out a graph, a spare one if there is one.

        Raises:
            Exception: whatever MediaPipe raised while it made the graph.
        """
        spare = self._spares and model == self._store.models[0]
        future = self._spares.popleft() if spare else self._order(model)
        self._refill()
        try:
            return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.CancelledError:
            _abandon(future)
            raise

    def retire(self, graph: PoseGraph) -> None:
        """Closes a graph that a session is done with, off the event loop while there is one."""
        try:
            self._makers.submit(graph.close)
        except RuntimeError:  # the supply is closed
            graph.close()

    def close(self) -> None:
        """Closes the spares, and waits until every graph that was made or retired is dealt with."""
        while self._spares:
            _abandon(self._spares.popleft())
        self._makers.shutdown(wait=True)

    def _refill(self) -> None:
        while len(self._spares) < self._wanted:
            self._spares.append(self._order(self._store.models[0]))

    def _order(self, model: PoseModel) -> Future[PoseGraph]:
        return self._makers.submit(PoseGraph, self._store.path(model))


def _abandon(order: Future[PoseGraph]) -> None:
    """Takes an order back, or closes what comes of it."""
    if not order.cancel():
        order.add_done_callback(_close_result)


def _close_result(order: Future[PoseGraph]) -> None:
    if order.exception() is None:
        order.result().close()
