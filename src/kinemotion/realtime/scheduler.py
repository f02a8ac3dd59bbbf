"""Worker threads, and the lanes that sessions wait in: fair, latest-wins, one item of a session in work at a time.

A session owns a `Lane`: a mailbox with one slot. A lane that has something to do stands in one queue, once, however
much was put into it; a worker takes the lane at the head of the queue, and only then its newest item. So every
session waits its turn behind every other one at most once, and nothing stale is worked on. Workers sleep until
they are called; no lock is held while they work.

    HELD ──release──> IDLE ──offer──> QUEUED ──worker──> WORKING ──> IDLE, or QUEUED again, or CLOSED
"""

import logging
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Final, Generic, TypeVar

Item = TypeVar("Item")

_log: Final = logging.getLogger(__name__)


class _State(Enum):
    HELD = auto()
    IDLE = auto()
    QUEUED = auto()
    WORKING = auto()
    CLOSED = auto()


class Lane(Generic[Item]):
    """One session's place in the schedule. Every method may be called from any thread.

    Args:
        scheduler: who works.
        work: what a worker does with an item; called from one worker at a time.
        failed: called, from the worker, with what `work` raised.

    A new lane is held: items are kept, the newest only, until it is released.
    """

    def __init__(
        self, scheduler: "Scheduler", work: Callable[[Item], None], failed: Callable[[Exception], None]
    ) -> None:
        self._scheduler = scheduler
        self._work = work
        self._failed = failed
        self._lock = Lock()
        self._state = _State.HELD
        self._slot: Item | None = None
        self._closed: Callable[[], None] | None = None

    def offer(self, item: Item) -> Item | None:
        """Puts an item into the slot.

        Returns:
            The item that it took the place of, which nobody will work on; the item itself where the lane is closing.
        """
        with self._lock:
            if self._closed is not None:
                return item
            replaced, self._slot = self._slot, item
            idle = self._state is _State.IDLE
            if idle:
                self._state = _State.QUEUED
        if idle:
            self._scheduler.queue(self)
        return replaced

    def release(self) -> None:
        """Lets workers have what was put into a held lane."""
        with self._lock:
            if self._state is not _State.HELD:
                return
            waiting = self._slot is not None
            self._state = _State.QUEUED if waiting else _State.IDLE
        if waiting:
            self._scheduler.queue(self)

    def close(self, closed: Callable[[], None], *, discard: bool) -> None:
        """Takes no more items, and calls back, from any thread, once nothing is in work.

        Args:
            closed: what to call; a later call to `close` puts another in its place.
            discard: whether an item in the slot is forgotten, rather than worked on first.
        """
        with self._lock:
            if discard:
                self._slot = None
            self._closed = closed
            at_rest = self._state not in (_State.QUEUED, _State.WORKING)
            if at_rest:
                self._state = _State.CLOSED
        if at_rest:
            closed()

    def run(self) -> None:
        """Takes the newest item and works on it: a worker's turn with this lane."""
        with self._lock:
            item, self._slot = self._slot, None
            self._state = _State.WORKING
        try:
            if item is not None:
                self._work(item)
        except Exception as error:
            _log.exception("a frame could not be analysed")
            self._failed(error)
        finally:
            self._rest()

    def _rest(self) -> None:
        with self._lock:
            again = self._slot is not None
            closed = None if again else self._closed
            self._state = _State.QUEUED if again else _State.IDLE if closed is None else _State.CLOSED
        if again:
            self._scheduler.queue(self)
        elif closed is not None:
            closed()


class Scheduler:
    """A fixed set of worker threads over all lanes; close it when every lane is closed.

    Args:
        workers: how many items are in work at once.

    Beside the lanes there may be one source of work aside. Where both have something to do, half of the workers are
    left to the lanes; a single worker takes turns. So nothing in a lane waits for more than one piece of it.
    """

    def __init__(self, workers: int) -> None:
        self._calls: SimpleQueue[bool] = SimpleQueue()
        self._lanes: deque[Lane[Any]] = deque()
        self._aside: Callable[[], Callable[[], None] | None] = lambda: None
        self._aside_next = False
        self._aside_places = max(workers // 2, 1)
        self._owed = 0
        self._choosing = Lock()
        self._lock = Lock()
        self._working = [False] * workers
        self._threads = [
            Thread(target=self._serve, args=(number,), name=f"kinemotion-worker-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def workers(self) -> int:
        """How many items are in work at once."""
        return len(self._threads)

    @property
    def busy(self) -> int:
        """How many workers have something in work now."""
        return sum(self._working)

    def queue(self, lane: Lane[Any]) -> None:
        """Puts a lane at the end of the queue; only lanes call this."""
        self._lanes.append(lane)
        self._calls.put(True)

    def attend(self, aside: Callable[[], Callable[[], None] | None]) -> None:
        """Sets the source of work aside: it is asked for a piece of work each time `invite` was called."""
        self._aside = aside

    def invite(self) -> None:
        """Tells that the source has one more piece of work."""
        self._calls.put(True)

    def close(self) -> None:
        """Lets the workers finish what is queued, and waits for them."""
        for _ in self._threads:
            self._calls.put(False)
        for thread in self._threads:
            thread.join()

    def _serve(self, number: int) -> None:
        while self._calls.get():
            work = self._choose()
            if work is not None:
                self._working[number] = True
                work()
                self._working[number] = False
            work = None  # a worker that waits keeps no session alive

    def _choose(self) -> Callable[[], None] | None:
        """The next piece of work; there is one for each call, unless the source has given some up."""
        with self._choosing:  # looking at both is one step, so that no call is spent while there is work
            self._aside_next = not self._aside_next or len(self._threads) > 1
            first = self._next_aside() if self._aside_next else None
            return first or self._next_lane() or self._next_aside(last_resort=True)

    def _next_aside(self, *, last_resort: bool = False) -> Callable[[], None] | None:
        """A piece of work aside; where there is no place for it now, the last resort puts the call off."""
        with self._lock:
            if not self._aside_places:
                self._owed += last_resort
                return None
            self._aside_places -= 1
        work = self._aside()
        if work is None:
            self._give_place_back()
            return None
        return partial(self._do_aside, work)

    def _do_aside(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._give_place_back()

    def _give_place_back(self) -> None:
        with self._lock:
            self._aside_places += 1
            owed, self._owed = self._owed, 0
        for _ in range(owed):
            self._calls.put(True)

    def _next_lane(self) -> Callable[[], None] | None:
        try:
            return self._lanes.popleft().run
        except IndexError:
            return None
