"""The lossless jump path: every frame of a jump, dropped ones included, once more through graphs without memory.

The live path drops frames under load, and does not see the edges of the shoes. So each session keeps its last seconds
of frames, compressed, in a `Ring`. When the live path sees a landing, the frames around that jump go into a `Replay`;
workers take them from the `ReplayDesk` one by one, the newest jump's first, and the worker that does the last one makes
the jump final. A desk that cannot keep up gives the oldest jumps up: then the live result has to do.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from kinemotion.errors import ClientError
from kinemotion.jumps import Jump, JumpTracker
from kinemotion.pose import jpeg
from kinemotion.pose.graph import Pose, PoseGraph
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.scheduler import Piece

LIVE_ONLY: Final = "live_frames_only"
"""The warning of a jump that is final without a replay."""

BEFORE_ONSET_S: Final = 0.5
AFTER_LANDING_S: Final = 0.7
AFTER_DOUBT_S: Final = 0.9
"""After what may have been a flight: the landing is somewhere in it, and some standing."""

_BEFORE_DOUBT_S: Final = 1.8
_BESIDE_S: Final = 0.2
_MAX_WAITING: Final = 600
_BUSY: Final = 45  # frames waiting, from which on replays are thinned
_THINNED: Final = 3  # far from the flight, every so many
_SAME_JUMP_S: Final = 0.25
_US_PER_S: Final = 1_000_000

_log: Final = logging.getLogger(__name__)


class Ring:
    """A session's last frames, bounded in seconds and in bytes.

    Args:
        seconds: how far back it reaches, on the camera's clock.
        max_bytes: how much it holds.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._span_us = round(seconds * _US_PER_S)
        self._max_bytes = max_bytes
        self._bytes = 0
        self._frames: deque[Frame] = deque()

    def append(self, frame: Frame) -> None:
        """Keeps a frame, and lets go of those that are too old or too many."""
        self._frames.append(frame)
        self._bytes += len(frame.jpeg)
        oldest_us = frame.elapsed_us - self._span_us
        while self._frames and (self._bytes > self._max_bytes or self._frames[0].elapsed_us < oldest_us):
            self._bytes -= len(self._frames.popleft().jpeg)

    def since(self, elapsed_us: float) -> list[Frame]:
        """The frames from a time on, oldest first."""
        return [frame for frame in self._frames if frame.elapsed_us >= elapsed_us]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a session, seconds.

    Attributes:
        from_s: the first frame that matters,
        until_s: and the last.
        earliest_s: when the take-off is expected at the earliest,
        latest_s: and at the latest.
        landing_s: when the landing is.
    """

    from_s: float
    until_s: float
    earliest_s: float
    latest_s: float
    landing_s: float

    @classmethod
    def of(cls, jump: Jump) -> "Span":
        """Around a jump that the live path saw."""
        takeoff_s, landing_s = jump.events_s["takeoff"], jump.events_s["landing"]
        first_s = min(jump.events_s.values())
        return cls(first_s - BEFORE_ONSET_S, landing_s + AFTER_LANDING_S, takeoff_s, takeoff_s, landing_s)

    @classmethod
    def around(cls, first_s: float, last_s: float) -> "Span":
        """Around a stretch in which there may be a flight."""
        return cls(first_s - _BEFORE_DOUBT_S, last_s + AFTER_DOUBT_S, first_s - _SAME_JUMP_S, last_s, last_s)

    def flies(self, frame: Frame) -> bool:
        """Whether a frame may show the flight, or a contact with the floor beside it."""
        return self.earliest_s - _BESIDE_S < frame.elapsed_us / _US_PER_S < self.landing_s + _BESIDE_S


class Replay:
    """One jump, or what may be one, on its way through the desk.

    Args:
        span: what to look at, and where the take-off is expected.
        tracker: a fresh one.
        done: called once, from any thread, with the final jump, or None where there is none.
    """

    def __init__(self, span: Span, tracker: JumpTracker, done: Callable[[Jump | None], None]) -> None:
        self.span = span
        self.from_us = span.from_s * _US_PER_S
        self.until_us = span.until_s * _US_PER_S
        self.waiting: deque[Frame] = deque()
        self.complete = False
        self.over = False
        self._tracker = tracker
        self._done = done
        self._poses: dict[int, tuple[Frame, Pose | None]] = {}
        self._left = 0

    def add(self, frames: list[Frame], *, thin: bool) -> int:
        """Adds frames, later than all before; the desk calls this.

        Args:
            frames: the frames.
            thin: whether those far from the flight may be left out but for every third.

        Returns:
            How many were added.
        """
        if thin:
            frames = [frame for frame in frames if frame.seq % _THINNED == 0 or self.span.flies(frame)]
        self.waiting.extend(frames)
        self._left += len(frames)
        return len(frames)

    def found(self, frame: Frame, pose: Pose | None) -> bool:
        """Takes a frame's pose, in any order; says whether it was the last one. The desk calls this."""
        self._poses[frame.seq] = frame, pose
        self._left -= 1
        return self.finished

    @property
    def finished(self) -> bool:
        """Whether every frame of the jump has its pose."""
        return self.complete and self._left == 0

    def conclude(self) -> None:
        """Makes the jump final from the poses; for one caller, once it is finished."""
        try:
            final = self._analyse()
        except Exception:
            _log.exception("a jump could not be replayed")
            final = None
        self._done(final)

    def give_up(self) -> None:
        """Leaves the jump to the live path."""
        self._done(None)

    def _analyse(self) -> Jump | None:
        jumps: dict[int, Jump] = {}
        for _, (frame, pose) in sorted(self._poses.items()):
            update = self._tracker.update(
                frame.elapsed_us / _US_PER_S,
                None if pose is None else pose.landmarks,
                aspect=frame.header.width / frame.header.height,
                world=None if pose is None else pose.world,
                soles=None if pose is None else pose.soles,
            )
            jumps |= {jump.index: jump for jump in update.jumps}
        jumps |= {jump.index: jump for jump in self._tracker.finish()}
        nearest = min(jumps.values(), key=self._distance, default=None)
        if nearest is None or self._distance(nearest) > _SAME_JUMP_S:
            return None
        return replace(nearest, final=True)

    def _distance(self, jump: Jump) -> float:
        """How far outside the stretch in which it is expected a jump's take-off lies, seconds."""
        takeoff_s = jump.events_s["takeoff"]
        return max(self.span.earliest_s - takeoff_s, takeoff_s - self.span.latest_s, 0.0)


class _Look:
    """One frame of a replay to be looked at, with a graph of the desk's."""

    def __init__(self, desk: "ReplayDesk", replay: Replay, frame: Frame) -> None:
        self._desk = desk
        self._replay = replay
        self._frame = frame
        self._lock = Lock()
        self._over = False

    def run(self) -> None:
        graph = self._desk.lend()
        pose = None if graph is None else _pose(graph, self._frame)
        if self._end():
            self._desk.take_back(graph)
            self._desk.found(self._replay, self._frame, pose)
        elif graph is not None:
            graph.close()  # it came back when nobody waited any more

    def abandon(self) -> None:
        if self._end():
            self._desk.miss(self._replay, self._frame)

    def _end(self) -> bool:
        with self._lock:
            first, self._over = not self._over, True
        return first


class _Conclusion:
    """A replay to be concluded."""

    def __init__(self, desk: "ReplayDesk", replay: Replay) -> None:
        self._desk = desk
        self._replay = replay

    def run(self) -> None:
        self._desk.conclude(self._replay)

    def abandon(self) -> None:
        self._replay.give_up()


class ReplayDesk:
    """Hands out the frames of all replays, and has them worked on. Every method may be called from any thread.

    Args:
        graphs: stateless graphs, as many as there are workers; the desk closes them.
        invite: called whenever there is one more frame to take.
        make: makes another graph, in place of one that a stuck worker has.
    """

    def __init__(
        self,
        graphs: list[PoseGraph],
        invite: Callable[[], None],
        *,
        make: Callable[[], PoseGraph | None] = lambda: None,
    ) -> None:
        self._graphs = deque(graphs)
        self._invite = invite
        self._make = make
        self._lock = Lock()
        self._replays: list[Replay] = []
        self._finished: list[Replay] = []

    def add(self, replay: Replay, frames: list[Frame], *, complete: bool) -> None:
        """Adds frames to a replay, a new one or one that is not complete.

        Args:
            replay: whose frames they are.
            frames: in the order of their times.
            complete: whether these are the last ones.
        """
        with self._lock:
            if replay.over:
                return
            if replay not in self._replays:
                self._replays.append(replay)
            added = replay.add(frames, thin=self._waiting() > _BUSY)
            replay.complete = complete
            if replay.finished:
                self._finished.append(replay)
                self._invite()
            shed = self._shed()
        for one in shed:
            one.give_up()
        for _ in range(added):
            self._invite()

    def take(self) -> Piece | None:
        """A replay to conclude, or one frame's work: of the newest replay that has one waiting."""
        with self._lock:
            if self._finished:
                return _Conclusion(self, self._finished.pop())
            for replay in reversed(self._replays):
                if replay.waiting:
                    return _Look(self, replay, replay.waiting.popleft())
        return None

    def cancel(self, replay: Replay) -> None:
        """Forgets a replay; nobody is told."""
        with self._lock:
            replay.over = True
            if replay in self._replays:
                self._replays.remove(replay)

    def close(self) -> None:
        """Closes the graphs; nothing may be in work, but for what is stuck."""
        while self._graphs:
            self._graphs.pop().close()

    def lend(self) -> PoseGraph | None:
        """A graph, to be given back or closed: one is made where a stuck worker has it; None if that fails."""
        try:
            return self._graphs.pop()
        except IndexError:
            pass
        try:
            return self._make()
        except Exception:
            _log.exception("no graph for replays could be made")
            return None

    def take_back(self, graph: PoseGraph | None) -> None:
        """Takes a graph for others to use."""
        if graph is not None:
            self._graphs.append(graph)

    def found(self, replay: Replay, frame: Frame, pose: Pose | None) -> None:
        """Takes what was found in a frame."""
        with self._lock:
            last = replay.found(frame, pose)
        if last:
            self.conclude(replay)

    def miss(self, replay: Replay, frame: Frame) -> None:
        """Gives up a frame; does nothing that takes long."""
        with self._lock:
            if replay.found(frame, None):
                self._finished.append(replay)
                self._invite()

    def conclude(self, replay: Replay) -> None:
        """Makes a finished replay's jump final, once."""
        with self._lock:
            if replay not in self._replays:
                return
            self._replays.remove(replay)
            replay.over = True
        replay.conclude()

    def _shed(self) -> list[Replay]:
        """Takes out the oldest replays until what waits can be done in time."""
        shed = []
        while self._waiting() > _MAX_WAITING:
            shed.append(self._replays.pop(0))
            shed[-1].over = True
        return shed

    def _waiting(self) -> int:
        return sum(len(replay.waiting) for replay in self._replays)


def _pose(graph: PoseGraph, frame: Frame) -> Pose | None:
    try:
        return graph.detect(jpeg.decode(frame.jpeg, frame.header))
    except ClientError:
        return None
    except Exception:
        _log.exception("a frame could not be replayed")
        return None
