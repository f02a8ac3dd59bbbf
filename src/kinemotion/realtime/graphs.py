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
            future.add_done_callback(self._retire_result)
            raise

    def retire(self, graph: PoseGraph) -> None:
        """Closes a graph that a session is done with, off the event loop."""
        self._makers.submit(graph.close)

    def close(self) -> None:
        """Closes the spares, and waits until every graph that was made or retired is dealt with."""
        while self._spares:
            self._spares.popleft().add_done_callback(self._close_result)
        self._makers.shutdown(wait=True)

    def _refill(self) -> None:
        while len(self._spares) < self._wanted:
            self._spares.append(self._order(self._store.models[0]))

    def _order(self, model: PoseModel) -> Future[PoseGraph]:
        return self._makers.submit(PoseGraph, self._store.path(model))

    def _retire_result(self, future: Future[PoseGraph]) -> None:
        if future.exception() is None:
            self.retire(future.result())

    @staticmethod
    def _close_result(future: Future[PoseGraph]) -> None:
        if future.exception() is None:
            future.result().close()
