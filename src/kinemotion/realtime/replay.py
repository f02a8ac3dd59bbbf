"""The lossless jump path: the frames of a jump, dropped ones included, once more and more thoroughly.

The live path drops frames under load, and does not see the edges of the shoes. So each session keeps its last seconds
of frames, compressed, in a `Ring`. When the live path sees a landing, the frames around that jump go into a `Replay`;
workers take them from the `ReplayDesk` one by one, in their order, and then the jump is final.

How high a jump was shows in the flight and the contacts beside it, which are looked at anew. Of the rest the poses that
the live path found are as good, and for the height five a second do. So where time is short, or nobody knows yet
whether there was a jump, a replay begins with few frames, and goes back for those of the flights that show in them, or
may.
"""

from bisect import bisect
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from time import monotonic
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps import Jump, JumpTracker
from kinemotion.jumps.quality import steadier, without
from kinemotion.pose.graph import Pose
from kinemotion.pose.jpeg import decode_grey
from kinemotion.pose.stabiliser import NEEDS_PX, Stabiliser, Watch
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
_CONTACT_S: Final = 0.1  # of that, what the height needs,
_NEXT_S: Final = 0.07  # and what it needs every frame of
_EVERY_S: Final = 0.004  # no camera is faster, only the clock of who wants more than others
_PRESSED_S: Final = 0.09  # in a flight, while others wait
_SPARSE_S: Final = 0.18  # far from a flight; less than a fifth of a second, which frames hardly ever meet exactly
_COARSE_S: Final = 0.6  # outside the doubt that a search looks into first
_ALL_SHARE: Final = 0.5  # of the frames beside a flight has a live pose: then all others are looked at, too,
_PUSH_OFF_SHARE: Final = 0.25  # or those of the push-off
_ROUNDS: Final = 4
_JUDGED_AT_ONCE: Final = 20  # frames: no worker is kept longer than by the pose of one
_US_PER_S: Final = 1_000_000

Jumps = tuple[Jump, ...]
Stretch = tuple[float, float]
"""When it begins and when it ends, seconds."""
Apart = tuple[Sequence[Stretch], float]
"""Some stretches, and how far apart frames in them may lie, seconds."""
Poses = Mapping[int, Pose]
"""Poses by the time of their frame, `Frame.elapsed_us`."""
NO_POSES: Final[Poses] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a session, seconds.

    Attributes:
        from_s: the first frame that matters,
        until_s: and the last.
        earliest_s: when the take-off is expected at the earliest,
        latest_s: and at the latest.
        closely: the flight with its contacts, which is looked at closely; none where nobody knows of one,
        push_off: nor of what comes before it, from the onset on.
        doubt: where there may be a flight, which is looked into first; none where one was seen.
        whole: whether of the flight every frame is needed whoever waits: a drop jump is easily lost otherwise.
    """

    from_s: float
    until_s: float
    earliest_s: float
    latest_s: float
    closely: tuple[Stretch, ...] = ()
    push_off: tuple[Stretch, ...] = ()
    doubt: Stretch | None = None
    whole: bool = False

    @classmethod
    def of(cls, jump: Jump) -> "Span":
        """Around a jump that was seen."""
        takeoff_s, landing_s = _flight(jump)
        first_s, last_s = min(jump.events_s.values()) - BEFORE_ONSET_S, landing_s + AFTER_LANDING_S
        closely = _widened((jump.events_s.get("contact", takeoff_s), landing_s))
        push_off = min(jump.events_s.values()) - _BESIDE_S, takeoff_s
        whole = "contact" in jump.events_s
        return cls(first_s, last_s, takeoff_s, takeoff_s, (closely,), (push_off,), whole=whole)

    @classmethod
    def around(cls, first_s: float, last_s: float) -> "Span":
        """Around a stretch in which there may be a flight."""
        from_s, until_s = first_s - _BEFORE_DOUBT_S, last_s + AFTER_DOUBT_S
        return cls(from_s, until_s, first_s - SAME_JUMP_S, last_s, doubt=(first_s, last_s))

    @property
    def urgent_until_s(self) -> float:
        """Until when frames are wanted at once; what comes later waits for what the live path finds in it."""
        return max((last_s for _, last_s in self.closely), default=self.until_s)

    def concerns(self, first_s: float, last_s: float) -> bool:
        """Whether what is unclear of a stretch matters here; what lies before or after is some other jump's."""
        if self.doubt is None:
            return self.earliest_s - SAME_JUMP_S <= last_s and first_s <= self.latest_s + SAME_JUMP_S
        from_s, until_s = self.doubt
        earlier = last_s <= from_s and first_s < from_s
        return not earlier and first_s <= until_s

    def distance(self, jump: Jump) -> float:
        """How far outside the stretch in which it is expected a jump's take-off lies, seconds."""
        takeoff_s = jump.events_s["takeoff"]
        return max(self.earliest_s - takeoff_s, takeoff_s - self.latest_s, 0.0)


class Replay:
    """One jump, or what may be one, on its way through the desk.

    Args:
        span: what to look at, and where the take-off is expected.
        tracker: makes a tracker.
        done: called once, from any thread, with the final jumps that were expected, the likeliest first; none
            where there is none, or no time.
        since_s: when the landing was received; now, where that is not known.
    """

    def __init__(
        self,
        span: Span,
        tracker: Callable[[], JumpTracker],
        done: Callable[[Jumps], None],
        since_s: float | None = None,
    ) -> None:
        self.span = span
        self.since_s = monotonic() if since_s is None else since_s
        self.waiting: deque[Frame] = deque()
        self.held_bytes = 0
        self.complete = False
        self.working = False
        self.over = False
        self.round = 1
        self.taken = 0
        self._tracker = tracker
        self._done = done
        self._chosen_us: list[int] = []
        self._closely = list(span.closely)
        self._left_out: list[Frame] = []
        self._seen: dict[int, tuple[Frame, Pose | None]] = {}
        self._judging: Iterator[None] | None = None
        self._shaken: bool | None = None
        self._jumps: Jumps = ()
        self._plain: Jumps = ()
        self._doubts: list[Stretch] = []

    @property
    def ready(self) -> bool:
        """Whether there is something to do: a frame, or the last word."""
        return not self.over and (bool(self.waiting) or self.complete)

    def add(self, frames: list[Frame], live: Poses, *, pressed: bool) -> None:
        """Takes frames, in the order of their times; the desk calls this.

        Args:
            frames: later than all before.
            live: the poses that the live path found.
            pressed: whether a third of the flight's have to do, at 30 a second, since others wait for theirs.
        """
        self.held_bytes += sum(len(frame.jpeg) for frame in frames)
        far = [frame for frame in frames if not _within(frame, self.span.closely)]
        known = {frame.elapsed_us: (frame, live[frame.elapsed_us]) for frame in far if frame.elapsed_us in live}
        self._seen |= known
        self._chosen_us += known
        missed = [frame for frame in frames if frame.elapsed_us not in known]
        share = len(known) / max(len(far), 1)
        far_s = _EVERY_S if share > _ALL_SHARE else _COARSE_S if self.span.doubt else _SPARSE_S
        apart_s: list[Apart] = [(self.span.closely, self._flight_s(pressed=pressed))]
        if self.span.doubt is not None:
            apart_s.append(([_widened(self.span.doubt)], min(far_s, _SPARSE_S)))
        if share > _PUSH_OFF_SHARE:
            apart_s.append((self.span.push_off, _EVERY_S))
        self._choose(missed, apart_s, far_s)

    def look_closer(self, *, pressed: bool) -> bool:
        """Whether there are frames to be looked at besides, for what was judged last; the desk calls this.

        First the flights that show, or may, in even steps: what was looked at there from afar is looked at again, live
        poses included, which lack the soles. Then what was left out of their contacts. Where nothing shows, nothing.
        """
        if self.round < _ROUNDS:
            closely = [_widened(doubt) for doubt in self._doubts if not self._covered(*doubt)]
            contacts: list[Stretch] = []
            for jump in self._jumps:
                if self._covered(*_flight(jump)):
                    contacts += _contacts(jump)
                else:
                    closely += Span.of(jump).closely
            if closely or contacts:
                self._return_to(closely, [(contacts, _EVERY_S), (closely, self._flight_s(pressed=pressed))])
        self.round += 1
        return bool(self.waiting)

    def found(self, frame: Frame, pose: Pose | None) -> None:
        """Takes a frame's pose; the desk calls this."""
        self._seen[frame.elapsed_us] = frame, pose

    def judge(self) -> bool:
        """Follows the body some way through all that was found so far; says whether there is more of it."""
        judging = self._judging = self._judging or self._judge()
        more = next(judging, self) is not self
        if not more:
            self._judging = None
        return more

    def _judge(self) -> Iterator[None]:
        """Finds the jumps that were expected, and where it is unclear whether there are more; pauses now and then."""
        jumps, doubts = yield from self._follow(None)
        self._plain = jumps
        if self._shaken is None and (jumps or doubts or self.span.closely):
            self._shaken = yield from self._watch()
        if self._shaken:
            steadied, other_doubts = yield from self._follow(Stabiliser())
            if steadier(jumps, steadied):
                jumps, doubts = steadied, other_doubts
        self._jumps = jumps
        self._doubts = [doubt for doubt in doubts if not self._settled(*doubt)]

    def _watch(self) -> Generator[None, None, bool]:
        """Whether the camera moved; pauses now and then."""
        watch = Watch()
        for time_us, (frame, pose) in sorted(self._seen.items()):
            if pose is not None and watch.due(time_us / _US_PER_S):
                watch.look(time_us / _US_PER_S, _grey(frame), pose.landmarks)
                yield
        return watch.moved

    def _follow(self, stabiliser: Stabiliser | None) -> Generator[None, None, tuple[Jumps, list[Stretch]]]:
        """The jumps that were expected, the likeliest first, and what is unclear; pauses now and then."""
        tracker, jumps, doubts = self._tracker(), dict[int, Jump](), list[Stretch | None]()
        at_once = _JUDGED_AT_ONCE if stabiliser is None else 1  # which is decoded again, too
        for number, (_, (frame, pose)) in enumerate(sorted(self._seen.items()), start=1):
            if number % at_once == 0:
                yield
            shift = None if stabiliser is None else _shift(stabiliser, frame, pose)
            update = follow(tracker, frame, pose, shift)
            jumps |= {jump.index: jump for jump in update.jumps}
            doubts.append(update.unclear)
        jumps |= {jump.index: jump for jump in tracker.finish()}
        doubts.append(tracker.unclear)
        near = [replace(jump, final=True) for jump in jumps.values() if self.span.distance(jump) <= SAME_JUMP_S]
        if self._left_out:  # by the desk: the camera is not to blame
            near = [without(jump, "irregular_frames") for jump in near]
        return tuple(sorted(near, key=self.span.distance)), [doubt for doubt in doubts if doubt is not None]

    def tell(self) -> None:
        """Makes what was judged last final."""
        self._tell(self._jumps)

    def give_up(self) -> None:
        """Leaves the jump to the live path, unless all that is left is to take the camera's motion off it."""
        self._tell(() if self.waiting else self._plain)

    def forget(self) -> None:
        """Lets go of its frames and of its session: a graph remembers whose jump it followed last."""
        self._done, self._tracker = _nobody, JumpTracker
        self.waiting.clear()
        self._left_out, self._seen, self._judging = [], {}, None  # somebody may be at them

    def _tell(self, final: Jumps) -> None:
        done = self._done
        self.forget()
        done(final)

    def _flight_s(self, *, pressed: bool) -> float:
        """How far apart frames of a flight may lie."""
        return _PRESSED_S if pressed and not self.span.whole else _EVERY_S

    def _return_to(self, closely: list[Stretch], apart_s: list[Apart]) -> None:
        """Has more looked at, and anew what was seen of some stretches from afar only."""
        seen = (frame for frame, _ in self._seen.values() if not _within(frame, self._closely))
        again = [frame for frame in seen if _within(frame, closely)]
        for frame in again:
            del self._seen[frame.elapsed_us]
        self._closely += closely
        self._chosen_us = sorted(self._seen)
        frames, self._left_out = sorted(self._left_out + again, key=lambda frame: frame.elapsed_us), []
        self._choose(frames, apart_s, _SPARSE_S)

    def _choose(self, frames: list[Frame], apart_s: list[Apart], far_s: float) -> None:
        """Has those frames looked at that lie far enough apart from those that are."""
        for frame in frames:
            least_s = next((least_s for stretches, least_s in apart_s if _within(frame, stretches)), far_s)
            place = bisect(self._chosen_us, frame.elapsed_us)
            gaps_us = (abs(frame.elapsed_us - other_us) for other_us in self._chosen_us[max(place - 1, 0) : place + 1])
            if min(gaps_us, default=inf) >= least_s * _US_PER_S:
                self._chosen_us.insert(place, frame.elapsed_us)
                self.waiting.append(frame)
                self.taken += 1
            else:
                self._left_out.append(frame)

    def _covered(self, first_s: float, last_s: float) -> bool:
        """Whether what may be a flight was looked at closely, with its contacts."""
        return any(
            from_s <= first_s - _CONTACT_S and last_s + _CONTACT_S <= until_s for from_s, until_s in self._closely
        )

    def _settled(self, first_s: float, last_s: float) -> bool:
        """Whether a stretch in doubt is none that matters, or is explained by a jump."""
        if not self.span.concerns(first_s, last_s):
            return True
        takeoffs_s = (jump.events_s["takeoff"] for jump in self._jumps)
        return any(first_s - SAME_JUMP_S < takeoff_s < last_s + SAME_JUMP_S for takeoff_s in takeoffs_s)


def _shift(stabiliser: Stabiliser, frame: Frame, pose: Pose | None) -> NDArray[np.float64] | None:
    """How far the camera's motion had moved a frame; None for one without a body, of which nothing is followed."""
    return None if pose is None else stabiliser.shift(_grey(frame), pose.landmarks)


def _grey(frame: Frame) -> NDArray[np.uint8]:
    return decode_grey(frame.jpeg, frame.header, NEEDS_PX)


def _flight(jump: Jump) -> Stretch:
    return jump.events_s["takeoff"], jump.events_s["landing"]


def _contacts(jump: Jump) -> list[Stretch]:
    """What lies next to the contacts with the floor that say how long the flight was and, of a drop jump, its start."""
    at_s = (jump.events_s[name] for name in ("contact", "takeoff", "landing") if name in jump.events_s)
    return [(time_s - _NEXT_S, time_s + _NEXT_S) for time_s in at_s]


def _within(frame: Frame, stretches: Iterable[Stretch]) -> bool:
    """Whether a frame lies in one of some stretches."""
    return any(first_s < frame.elapsed_us / _US_PER_S < last_s for first_s, last_s in stretches)


def _widened(stretch: Stretch) -> Stretch:
    """A flight with the contacts with the floor beside it."""
    first_s, last_s = stretch
    return first_s - _BESIDE_S, last_s + _BESIDE_S


def _nobody(final: Jumps) -> None:
    """Is told where nobody is left."""
