"""Pose graphs for sessions: made ahead, by the workers; closed behind them."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from functools import partial
from threading import RLock
from time import monotonic
from typing import Final

from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.models import ModelStore, PoseModel
from kinemotion.realtime import memory, shares
from kinemotion.realtime.scheduler import Scheduler, Stuck

MADE_AT_ONCE: Final = 2
"""Of the spares; where there are more workers, the others are left to frames."""

REFILL_AFTER_S: Final = 0.1
"""A session's first frame, the longest to analyse, need not share the processor with the making of the next spare."""

HANGS_S: Final = 30.0
"""Making or closing a graph takes a few tenths of a second on the slowest machine; after this it will not return, or so
many others wait for theirs that who waits had better come again."""

_KEPT_BESIDES: Final = 3
"""So many more than are wanted are kept of the graphs that come back unused."""

_log: Final = logging.getLogger(__name__)


class _Order:
    """A graph to be made: a piece of work."""

    def __init__(self, make: Callable[[Future[PoseGraph]], None], fail: Callable[[Future[PoseGraph]], None]) -> None:
        self.graph: Future[PoseGraph] = Future()
        self._make = make
        self._fail = fail

    def run(self) -> None:
        self._make(self.graph)

    def abandon(self) -> None:
        self._fail(self.graph)


class GraphSupply:
    """Makes a graph for each session and keeps a few ready; close it at the end, before the scheduler.

    Args:
        store: the models.
        scheduler: whose workers make the graphs.
        spares: how many graphs of the quickest model are kept ready.

    Making a graph takes about 100 ms and 70 MB. Workers do it, for a share of their time, so that clients that come and
    go slow down nobody's frame in work. None serves twice that has seen a body: a graph that forgets one keeps a
    trace of it in the visibilities of the next.
    """

    def __init__(self, store: ModelStore, scheduler: Scheduler, spares: int) -> None:
        self._store = store
        self._scheduler = scheduler
        self._wanted = spares
        self._filling = RLock()
        """Held by whoever changes the spares."""
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="kinemotion-graphs")
        self._closing_since_s: float | None = None
        self._hung = False
        self._spares: deque[Future[PoseGraph]] = deque()
        self._retired: deque[PoseGraph] = deque()
        self._orders: deque[_Order] = deque()
        scheduler.attend(self._take_order, shares.GRAPHS)
        self._refill()

    @property
    def stuck(self) -> bool:
        """Whether the thread that closes graphs hangs, so that they pile up."""
        since_s = self._closing_since_s
        return since_s is not None and monotonic() - since_s > HANGS_S

    @property
    def ready(self) -> int:
        """How many spare graphs could be handed out at once."""
        spares = tuple(self._spares)  # asked from any thread
        return sum(spare.done() and not _failed(spare) for spare in spares)

    @property
    def _being_made(self) -> int:
        return sum(not spare.done() for spare in tuple(self._spares))

    async def acquire(self, model: PoseModel) -> PoseGraph:
        """Hands out a graph, a spare one if there is one that could be made.

        Raises:
            Stuck: making it does not return.
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
        """Takes back a graph: one that has seen nothing serves another session, the others are closed."""
        if graph.unused and self._keep(graph):
            return
        self._retired.append(graph)
        try:
            self._closer.submit(self._close_retired)
        except RuntimeError:  # the supply is closed
            self._close_retired()

    def close(self) -> None:
        """Closes the spares and what was retired, and waits for it; what workers still make is closed behind them."""
        with self._filling:  # the event loop may be about to refill
            self._wanted = 0
            spares, self._spares = self._spares, deque()
        for spare in spares:
            self._abandon(spare)
        with contextlib.suppress(IndexError):
            while True:
                self._fail(self._orders.popleft().graph, RuntimeError("the server is going down"))
        self._closer.shutdown(wait=True)

    def _take_spare(self) -> Future[PoseGraph] | None:
        """A spare graph that is ready or being made; those that could not be made are no client's trouble."""
        with self._filling:
            while self._spares:
                spare = self._spares.popleft()
                if not _failed(spare):
                    return spare
                _log.warning("a spare pose graph could not be made", exc_info=spare.exception())
        return None

    def _refill(self) -> None:
        with self._filling:
            while not self._hung and len(self._spares) < self._wanted and self._being_made < MADE_AT_ONCE:
                spare = self._order(self._store.models[0])
                self._spares.append(spare)
                spare.add_done_callback(lambda _: self._refill())

    def _keep(self, graph: PoseGraph) -> bool:
        """Puts a graph among the spares, if it is of their kind and there is room for it."""
        with self._filling:
            model = self._store.path(self._store.models[0])
            room = self._wanted + _KEPT_BESIDES - len(self._spares) if self._wanted else 0
            if graph.model != model or room <= 0:
                return False
            spare: Future[PoseGraph] = Future()
            spare.set_result(graph)
            self._spares.appendleft(spare)
        return True

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
                self._closing_since_s = monotonic()
                try:
                    graph.close()
                finally:
                    self._closing_since_s = None
                closed = True
        if closed:
            memory.give_back()

    def _order(self, model: PoseModel) -> Future[PoseGraph]:
        """Has a worker make a graph when its turn comes."""
        order = _Order(partial(self._make, model), self._give_up)
        self._orders.append(order)
        self._scheduler.invite()
        return order.graph

    def _take_order(self) -> _Order | None:
        """The oldest order that somebody waits for."""
        with contextlib.suppress(IndexError):
            while True:
                order = self._orders.popleft()
                if order.graph.set_running_or_notify_cancel():
                    return order
        return None

    def _make(self, model: PoseModel, order: Future[PoseGraph]) -> None:
        try:
            graph = PoseGraph(self._store.path(model))
        except Exception as error:
            self._fail(order, error)
            return
        finally:
            self._went_on()
        try:
            order.set_result(graph)
        except InvalidStateError:  # its worker was taken for stuck
            self.retire(graph)

    def _give_up(self, order: Future[PoseGraph]) -> None:
        """Tells who ordered a graph that making it hangs; no worker is lost to spares before one was made again."""
        if order.done():  # it came back at the last moment
            return
        self._hung = True
        self._fail(order, Stuck())
        with self._filling:
            self._spares = deque([spare for spare in self._spares if spare is not order and not spare.cancel()])

    def _went_on(self) -> None:
        """Making a graph has returned."""
        if self._hung:
            self._hung = False
            self._refill()

    def _fail(self, order: Future[PoseGraph], error: Exception) -> None:
        with contextlib.suppress(InvalidStateError):  # it was given up, or made at the last moment
            order.set_exception(error)


def _failed(order: Future[PoseGraph]) -> bool:
    return order.cancelled() or (order.done() and order.exception() is not None)
