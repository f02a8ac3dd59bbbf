"""Whose turn it is: how the sources of work share the time of the workers.

A worker is given work of the source that had least of the workers' time for its share of it. One that has nothing to do
saves nothing up, and one that waits behind its limit saves up a second at most. After start-time fair queueing (Goyal,
Vin and Cheng, 1996), which is for one server: with several, each share is kept to within a piece for each worker, but
where a limit is less than the share, or pieces take longer than a second.

No lock, no thread, no clock.
"""

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

FRAMES: Final = 1.0
REPLAYS: Final = 1.0
"""As much as all frames: frames that find no turn are looked at in a replay, if they matter to a jump, and that is to
be final within 4 s of the landing."""
GRAPHS: Final = 2 / 3
"""Making graphs gets less than the frames of those who have one, however many clients come."""

MOST_S: Final = 1.0
"""What a piece is charged at most, and what a source is owed at most, over its share: a process that was stopped, or a
library that stalled, spoke of nobody's needs."""

Worker = TypeVar("Worker", bound=Hashable)
Piece = TypeVar("Piece")


class _Source(Generic[Piece]):
    """A source of work, and what it had."""

    def __init__(self, take: Callable[[], Piece | None], share: float, at_once: int) -> None:
        self.take = take
        self.share = share
        self.at_once = at_once
        self.had_s = 0.0
        """Seconds of the workers, over its share."""


class Shares(Generic[Worker, Piece]):
    """The sources of work, and which worker is at whose."""

    def __init__(self) -> None:
        self._sources: list[_Source[Piece]] = []
        self._at_work: dict[Worker, _Source[Piece]] = {}

    def attend(self, take: Callable[[], Piece | None], share: float, at_once: int) -> None:
        """Adds a source.

        Args:
            take: gives a piece of its work, if there is one.
            share: how much of the workers' time it may have, beside the shares of those that want it, too.
            at_once: how many workers may be at its work.
        """
        source = _Source(take, share, at_once)
        source.had_s = min((other.had_s for other in self._sources), default=0.0)
        self._sources.append(source)

    def next(self, worker: Worker) -> Piece | None:
        """Gives a worker something to do, if there is anything."""
        busy, idle = tuple(self._at_work.values()), list[_Source[Piece]]()
        for source in sorted(self._sources, key=lambda source: source.had_s):
            if busy.count(source) >= source.at_once:
                continue
            piece = source.take()
            if piece is None:
                idle.append(source)
                continue
            self._at_work[worker] = source
            for other in self._sources:
                other.had_s = max(other.had_s, source.had_s if other in idle else source.had_s - MOST_S)
            return piece
        return None

    def done(self, worker: Worker, spent_s: float) -> None:
        """Charges what a worker spent, in seconds, to the source that it works for, if that was not done yet."""
        source = self._at_work.pop(worker, None)
        if source is not None:
            source.had_s += min(spent_s, MOST_S) / source.share
