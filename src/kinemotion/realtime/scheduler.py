"""Worker threads, the lanes that sessions wait in, and what else the workers' time is shared with.

A session owns a `Lane`: a mailbox with one slot. A lane that has something to do stands in one queue, once, however
much was put into it; a worker takes the lane at the head of the queue, and only then its newest item. So every
session waits its turn behind every other one at most once, and nothing stale is worked on. The first time it stands
before all that had a turn: who came and waited for a graph gets the first answer at once. Workers sleep until they are
called; no lock is held while they work.

Beside the lanes there are sources of other work; `shares.py` says whose turn it is.

    HELD ──release──> IDLE ──offer──> QUEUED ──worker──> WORKING ──> IDLE, or QUEUED again, or CLOSED
                                                            └──the worker is stuck──> LOST

A worker whose piece of work does not return is stuck (`Scheduler.look`): the work is given up, and the thread is left
to itself, since nothing can end it. Another thread takes its place, as often as there are workers; from then on there
are fewer of them, until none is left. A thread that comes back after all serves again, or ends if it is not needed.
"""

import logging
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from math import inf
from threading import Condition, Lock, Thread
from time import monotonic
from typing import Any, Final, Generic, Protocol, TypeVar

from kinemotion.realtime import shares
from kinemotion.realtime.shares import Shares

Item = TypeVar("Item")

LOOKS: Final = 5
"""A worker that is at the same piece of work at so many looks in a row is stuck. Several, since all of a process that
was stopped for a while, or of a machine, is late at once."""

_log: Final = logging.getLogger(__name__)


class Piece(Protocol):
    """One piece of work, for one worker."""

    def run(self) -> None:
        """Does it."""

    def abandon(self) -> None:
        """Gives it up since its worker is stuck: called from another thread, once; must not wait.

        The worker may come back all the same, at any time, also while this is called.
        """


class Stuck(Exception):
    """What work failed with whose worker is stuck."""


class _State(Enum):
    HELD = auto()
    IDLE = auto()
    QUEUED = auto()
    WORKING = auto()
    LOST = auto()
    CLOSED = auto()


class Lane(Generic[Item]):
    """One session's place in the schedule. Every method may be called from any thread.

    Args:
        scheduler: who works.
        work: what a worker does with an item; called from one worker at a time.
        failed: called with what `work` raised, from the worker; or with `Stuck`, from another thread, where it does not
            return. Then the lane is lost: it takes nothing more, and closes at once.
        recovered: called, from the worker, where the work of a lost lane has returned after all.

    A new lane is held: items are kept, the newest only, until it is released.
    """

    def __init__(
        self,
        scheduler: "Scheduler",
        work: Callable[[Item], None],
        failed: Callable[[Exception], None],
        recovered: Callable[[], None] = lambda: None,
    ) -> None:
        self._scheduler = scheduler
        self._newcomer = True
        self._work = work
        self._failed = failed
        self._recovered = recovered
        self._lock = Lock()
        self._state = _State.HELD
        self._slot: Item | None = None
        self._closed: Callable[[], None] | None = None

    @property
    def lost(self) -> bool:
        """Whether the worker that has an item of it is stuck; what the work uses must be left to it."""
        return self._state is _State.LOST

    def offer(self, item: Item, *, only_replacing: bool = False) -> Item | None:
        """Puts an item into the slot.

        Args:
            item: the newest.
            only_replacing: whether that is done only where another one waits in it.

        Returns:
            The item that it took the place of, which nobody will work on; the item itself where it was not taken, or
            the lane is closing.
        """
        with self._lock:
            refused = only_replacing and self._slot is None
            if refused or self._closed is not None or self._state is _State.LOST:
                return item
            replaced, self._slot = self._slot, item
            idle = self._state is _State.IDLE
            if idle:
                self._state = _State.QUEUED
        if idle:
            self._stand_in_line()
        return replaced

    def release(self) -> None:
        """Lets workers have what was put into a held lane."""
        with self._lock:
            if self._state is not _State.HELD:
                return
            waiting = self._slot is not None
            self._state = _State.QUEUED if waiting else _State.IDLE
        if waiting:
            self._stand_in_line()

    def close(self, closed: Callable[[], None], *, discard: bool) -> Item | None:
        """Takes no more items, and calls back, from any thread, once nothing is in work.

        Args:
            closed: what to call; a later call to `close` puts another in its place.
            discard: whether an item in the slot is given back, rather than worked on first.

        Returns:
            The item that nobody will work on.
        """
        discarded = None
        with self._lock:
            if discard:
                discarded, self._slot = self._slot, None
            self._closed = closed
            in_work = self._state is _State.WORKING or (self._state is _State.QUEUED and self._slot is not None)
            if not in_work and self._state is not _State.LOST:
                self._state = _State.CLOSED
        if not in_work:
            closed()
        return discarded

    def run(self) -> None:
        """Takes the newest item and works on it: a worker's turn with this lane."""
        with self._lock:
            if self._state is not _State.QUEUED:  # closed while it waited
                return
            item, self._slot = self._slot, None
            self._state = _State.WORKING
        try:
            if item is not None:
                self._work(item)
        except Exception as error:
            if not self.lost:
                self._failed(error)
        finally:
            self._rest()

    def abandon(self) -> None:
        """Gives up what is in work, whose worker is stuck."""
        with self._lock:
            if self._state is not _State.WORKING:  # it came back at the last moment
                return
            self._state = _State.LOST
            closed = self._closed
        self._failed(Stuck())
        if closed is not None:
            closed()

    def _stand_in_line(self) -> None:
        newcomer, self._newcomer = self._newcomer, False
        self._scheduler.queue(self, newcomer=newcomer)

    def _rest(self) -> None:
        with self._lock:
            lost = self._state is _State.LOST
            again = self._slot is not None
            closed = None if again or lost else self._closed
            if not lost:
                self._state = _State.QUEUED if again else _State.IDLE if closed is None else _State.CLOSED
        if lost:
            self._recovered()
        elif again:
            self._scheduler.queue(self, newcomer=False)
        elif closed is not None:
            closed()


class _Worker:
    """A thread that works, and what others may know of it."""

    def __init__(self, serve: Callable[["_Worker"], None], number: int) -> None:
        self._lock = Lock()
        self._piece: Piece | None = None
        self._pieces = self._seen = self._looks = 0
        self._stuck = False
        self._thread = Thread(target=serve, args=(self,), name=f"kinemotion-worker-{number}", daemon=True)

    @property
    def busy(self) -> bool:
        """Whether it has something in work."""
        return self._piece is not None

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def join(self) -> None:
        """Waits until the thread has ended."""
        self._thread.join()

    def work(self, piece: Piece) -> bool:
        """Does a piece of work; says whether the worker is in step still, and was not taken for stuck meanwhile."""
        self._pieces += 1
        self._piece = piece
        try:
            piece.run()
        except Exception:
            _log.exception("a piece of work failed")
        with self._lock:
            self._piece = None
            in_step, self._stuck = not self._stuck, False
        return in_step

    def look(self, replace: Callable[["_Worker"], None]) -> None:
        """Notes whether it is still at what it was at; too often, and it is replaced, and the piece given up."""
        with self._lock:
            same = self._piece is not None and self._pieces == self._seen
            self._looks = self._looks + 1 if same else 1
            self._seen = self._pieces
            if self._looks >= LOOKS and self._piece is not None:
                self._stuck = True
                try:
                    self._piece.abandon()
                finally:
                    replace(self)


class Scheduler:
    """A set of worker threads over all lanes; close it when every lane is closed.

    Args:
        workers: how many items are in work at once.
        exhausted: called, from the thread that looks, when the last worker is stuck and nothing will be done any more.

    Each source of other work has its share of the workers' time, where all of it is asked for, and half of the workers
    at most at once, or the only one, even where others have nothing to do: lanes need not wait for long pieces of one.
    So it makes a lane's turns rarer, but what a lane does at its turn no later than by one piece of work, since it
    takes its newest item only then.
    """

    def __init__(self, workers: int, exhausted: Callable[[], object] = lambda: None) -> None:
        self.workers = workers
        self._exhausted = exhausted
        self._lock = Lock()
        self._there_is_work = Condition(self._lock)
        self._lanes: deque[Lane[Any]] = deque()
        self._newcomers: deque[Lane[Any]] = deque()
        self._shares: Shares[_Worker, Piece] = Shares()
        self._shares.attend(self._next_lane, shares.FRAMES, workers)
        self._left = Condition(self._lock)
        self._closing = False
        self._active: list[_Worker] = []
        self._stuck: list[_Worker] = []
        self._hired = 0
        with self._lock:
            for _ in range(workers):
                self._hire()

    @property
    def working(self) -> int:
        """How many workers are not stuck; fewer than `workers` once too many were to be replaced."""
        return len(self._active)

    @property
    def busy(self) -> int:
        """How many of these have something in work now."""
        return sum(worker.busy for worker in tuple(self._active))

    @property
    def stuck(self) -> int:
        """How many threads are at work that does not return."""
        return len(self._stuck)

    def queue(self, lane: Lane[Any], *, newcomer: bool) -> None:
        """Puts a lane at the end of the queue, or of that of the newcomers, who go first; only lanes call this."""
        with self._lock:
            (self._newcomers if newcomer else self._lanes).append(lane)
            self._there_is_work.notify()

    def attend(self, take: Callable[[], Piece | None], share: float) -> None:
        """Adds a source of other work.

        Args:
            take: gives a piece of it, if there is one; asked whenever a worker may do such work, and must not wait for
                work that is under way.
            share: how much of the workers' time it may have: one of those in `shares.py`.
        """
        with self._lock:
            self._shares.attend(take, share, max(self.workers // 2, 1))

    def invite(self) -> None:
        """Tells that a source has work again."""
        with self._lock:
            self._there_is_work.notify()

    def look(self) -> None:
        """Looks after the workers: one that is at the same piece at `LOOKS` looks in a row is stuck."""
        for worker in tuple(self._active):
            worker.look(self._replace)

    def close(self) -> None:
        """Lets the workers finish what is queued, and waits for them, but for those that are stuck."""
        with self._lock:
            self._closing = True
            workers = tuple(self._active)
            self._there_is_work.notify_all()
            while self._active:
                self._left.wait()
            ended = [worker for worker in workers if worker not in self._stuck]
        for worker in ended:
            worker.join()

    def _serve(self, worker: _Worker) -> None:
        spent_s = 0.0
        while (piece := self._next(worker, spent_s)) is not None:
            began_s = monotonic()
            if not worker.work(piece) and not self._readmit(worker):
                return
            spent_s = monotonic() - began_s
            piece = None  # a worker that waits keeps no session alive
        with self._lock:
            self._active.remove(worker)
            self._left.notify_all()

    def _hire(self) -> None:
        worker = _Worker(self._serve, self._hired)
        self._hired += 1
        worker.start()
        self._active.append(worker)

    def _replace(self, worker: _Worker) -> None:
        """Leaves a stuck worker to itself, and takes another on unless that was done too often."""
        _log.error("a worker is stuck: its work does not return")
        with self._lock:
            self._active.remove(worker)
            self._stuck.append(worker)
            self._shares.done(worker, inf)
            if len(self._stuck) <= self.workers and not self._closing:
                try:
                    self._hire()
                except RuntimeError:
                    _log.exception("no thread can be started in its place")
            exhausted = not self._active and not self._closing
            self._there_is_work.notify()  # where nobody takes its place, others may have more of what it was at
            self._left.notify_all()
        if exhausted:
            self._exhausted()

    def _readmit(self, worker: _Worker) -> bool:
        """Takes back a worker that was stuck, if it is needed."""
        with self._lock:
            self._stuck.remove(worker)
            needed = len(self._active) < self.workers and not self._closing
            if needed:
                self._active.append(worker)
        return needed

    def _next(self, worker: _Worker, spent_s: float) -> Piece | None:
        """Takes back what was in work, and waits for more; None when the scheduler closes and there is none left."""
        with self._lock:
            self._shares.done(worker, spent_s)
            while (piece := self._shares.next(worker)) is None and not self._closing:
                self._there_is_work.wait()
            return piece

    def _next_lane(self) -> Piece | None:
        queue = self._newcomers or self._lanes
        return queue.popleft() if queue else None
