"""The lossless jump path: every frame of a jump, dropped ones included, once more and more thoroughly.

The live path drops frames under load, and does not see the edges of the shoes. So each session keeps its last seconds
of frames, compressed, in a `Ring`. When the live path sees a landing, the frames around that jump go into a `Replay`;
workers take them from the `ReplayDesk` one by one, in their order, and then the jump is final.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from kinemotion.jumps import Jump, JumpTracker
from kinemotion.pose.graph import Pose
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.pipeline import follow

LIVE_ONLY: Final = "live_frames_only"
"""The warning of a jump that is final without a replay."""

BEFORE_ONSET_S: Final = 0.5
AFTER_LANDING_S: Final = 0.7
AFTER_DOUBT_S: Final = 0.9
"""After what may have been a flight: the landing is somewhere in it, and some standing."""
SAME_JUMP_S: Final = 0.3
"""Take-offs that lie no farther apart are the same one, seen twice."""

_BEFORE_DOUBT_S: Final = 1.8
_BESIDE_S: Final = 0.2
_THINNED: Final = 3  # far from the flight, every so many
_US_PER_S: Final = 1_000_000

Jumps = tuple[Jump, ...]


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
        return cls(first_s - _BEFORE_DOUBT_S, last_s + AFTER_DOUBT_S, first_s - SAME_JUMP_S, last_s, last_s)

    def flies(self, frame: Frame) -> bool:
        """Whether a frame may show the flight, or a contact with the floor beside it."""
        return self.earliest_s - _BESIDE_S < frame.elapsed_us / _US_PER_S < self.landing_s + _BESIDE_S


class Replay:
    """One jump, or what may be one, on its way through the desk.

    Args:
        span: what to look at, and where the take-off is expected.
        tracker: a fresh one.
        done: called once, from any thread, with the final jumps that were expected, the likeliest first; none
            where there is none, or no time.
        since_s: when the landing was received; now, where that is not known.
    """

    def __init__(
        self, span: Span, tracker: JumpTracker, done: Callable[[Jumps], None], since_s: float | None = None
    ) -> None:
        self.span = span
        self.since_s = monotonic() if since_s is None else since_s
        self.from_us = span.from_s * _US_PER_S
        self.until_us = span.until_s * _US_PER_S
        self.waiting: deque[Frame] = deque()
        self.waiting_bytes = 0
        self.complete = False
        self.working = False
        self.over = False
        self._tracker = tracker
        self._done = done
        self._jumps: dict[int, Jump] = {}
        self._left_out = 0

    @property
    def ready(self) -> bool:
        """Whether there is something to do: a frame, or the last word."""
        return not self.over and (bool(self.waiting) or self.complete)

    def add(self, frames: list[Frame]) -> None:
        """Takes frames, later than all before; the desk calls this."""
        self.waiting.extend(frames)
        self.waiting_bytes += sum(len(frame.jpeg) for frame in frames)

    def next(self, *, thin: bool) -> Frame | None:
        """Takes the next frame to work on; the desk calls this.

        Args:
            thin: whether frames far from the flight are left out but for every third.
        """
        while self.waiting:
            frame = self.waiting.popleft()
            self.waiting_bytes -= len(frame.jpeg)
            if not thin or self.span.flies(frame) or self._left_out == _THINNED - 1:
                self._left_out = 0
                return frame
            self._left_out += 1
        return None

    def found(self, frame: Frame, pose: Pose | None) -> None:
        """Takes the next frame's pose; the desk calls this."""
        self._jumps |= {jump.index: jump for jump in follow(self._tracker, frame, pose).jumps}

    def conclude(self) -> None:
        """Makes the jump final; for one caller, once every frame is done."""
        self._tell(self._expected())

    def give_up(self) -> None:
        """Leaves the jump to the live path."""
        self._tell(())

    def forget(self) -> None:
        """Lets go of its frames and of whom to tell: a graph remembers whose jump it followed last."""
        self._done = _nobody
        self.waiting.clear()

    def _tell(self, final: Jumps) -> None:
        done = self._done
        self.forget()
        done(final)

    def _expected(self) -> Jumps:
        """The jumps that were expected, if they were there."""
        jumps = self._jumps | {jump.index: jump for jump in self._tracker.finish()}
        near = [replace(jump, final=True) for jump in jumps.values() if self._distance(jump) <= SAME_JUMP_S]
        return tuple(sorted(near, key=self._distance))

    def _distance(self, jump: Jump) -> float:
        """How far outside the stretch in which it is expected a jump's take-off lies, seconds."""
        takeoff_s = jump.events_s["takeoff"]
        return max(self.span.earliest_s - takeoff_s, takeoff_s - self.span.latest_s, 0.0)


def _nobody(final: Jumps) -> None:
    """Is told where nobody is left."""
