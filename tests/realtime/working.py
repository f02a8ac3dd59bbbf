"""What tests of the scheduler share: work that waits to be let go."""

from queue import SimpleQueue

from kinemotion.realtime.scheduler import Lane, Scheduler

PATIENCE_S = 10


class Work:
    """Work that waits to be let go, one item after another, and tells what it was given."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.begun: SimpleQueue[str] = SimpleQueue()
        self.errors: SimpleQueue[Exception] = SimpleQueue()
        self.go: SimpleQueue[Exception | None] = SimpleQueue()
        self.lane: Lane[str] = Lane(scheduler, self.work, self.errors.put)
        self.lane.release()

    def work(self, item: str) -> None:
        self.begun.put(item)
        error = self.go.get(timeout=PATIENCE_S)
        if error is not None:
            raise error

    def next(self) -> str:
        return self.begun.get(timeout=PATIENCE_S)


class Piece:
    """A piece of other work, which waits to be let go."""

    def __init__(self, source: "Source", number: int) -> None:
        self._source = source
        self._number = number

    def run(self) -> None:
        self._source.begun.put(self._number)
        self._source.go.get(timeout=PATIENCE_S)

    def abandon(self) -> None:
        self._source.abandoned.put(self._number)


class Source:
    """Other work than that of lanes."""

    def __init__(self, scheduler: Scheduler, pieces: int) -> None:
        self.begun: SimpleQueue[int] = SimpleQueue()
        self.go: SimpleQueue[None] = SimpleQueue()
        self.abandoned: SimpleQueue[int] = SimpleQueue()
        self._left: SimpleQueue[int] = SimpleQueue()
        scheduler.attend(self.take, 1.0)
        for number in range(pieces):
            self._left.put(number)
            scheduler.invite()

    def take(self) -> Piece | None:
        return None if self._left.empty() else Piece(self, self._left.get())
