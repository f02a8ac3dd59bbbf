"""Motions that are not jumps, and motion followed from a measurement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.check import feasible
from kinemotion.synthetic.footwork import OnTheSpot
from kinemotion.synthetic.path import Knot, Path
from kinemotion.synthetic.performance import Contact, Performance
from kinemotion.synthetic.posture import HANGING, Arms, Stances, Touch
from kinemotion.synthetic.skeleton import Array
from kinemotion.synthetic.truth import JumpTruth
from kinemotion.synthetic.upward import ARMS_AHEAD, ARMS_BACK, ARMS_UP, within

_BACK_BEFORE_LOWEST_S: Final = 0.15
_ARMS_TAKE_S: Final = 0.4
_TOUCH_KNEE: Final = np.radians(16.0)


def _arms(stances: Stances, *keys: tuple[float, float, float]) -> tuple[Path, Path] | None:
    """Arm paths through times, shoulder and elbow angles; none for hands on the hips."""
    if np.isnan(stances.rest[0]):
        return None
    return Path([Knot(time, upper) for time, upper, _ in keys]), Path([Knot(time, lower) for time, _, lower in keys])


def _repeated(count: int, period_s: float) -> None:
    within("how often", count, 1, 1000, "times")
    within("how long each takes", period_s, 0.2, 60.0, "s")


@dataclass(frozen=True)
class Standing:
    """Standing still."""

    duration_s: float = 2.0
    arms: Arms = "hips"

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError for no duration."""
        within("standing", self.duration_s, 0.01, 3600.0, "s")
        stances = Stances(body, self.arms)
        height = Path([Knot(0.0, 0.0), Knot(self.duration_s, 0.0)])
        arms = _arms(stances, (0.0, *HANGING), (self.duration_s, *HANGING))
        return Performance(stances, height, (Contact(0.0, self.duration_s),), arms=arms)


@dataclass(frozen=True)
class Squats:
    """Body-weight squats, `period_s` each."""

    depth_m: float = 0.32
    period_s: float = 2.4
    count: int = 3
    arms: Arms = "hips"

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done."""
        _repeated(self.count, self.period_s)
        stances = Stances(body, self.arms)
        turns = np.arange(2 * self.count + 1) * 0.5 * self.period_s
        height = Path([Knot(float(time), -self.depth_m * (number % 2)) for number, time in enumerate(turns)])
        ahead = (np.radians(80.0), 0.1)
        arms = _arms(stances, *((float(time), *(ahead if n % 2 else HANGING)) for n, time in enumerate(turns)))
        return feasible(Performance(stances, height, (Contact(0.0, height.end_s),), arms=arms))


@dataclass(frozen=True)
class WalkingOnTheSpot:
    """Knees lifted in turn, `step_s` each."""

    steps: int = 6
    step_s: float = 0.55
    arms: Arms = "hips"

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done."""
        _repeated(self.steps, self.step_s)
        stances = Stances(body, self.arms)
        rise = 0.004 * body.height_m
        halves = np.arange(2 * self.steps + 1) * 0.5 * self.step_s
        height = Path([Knot(float(time), rise * (number % 2)) for number, time in enumerate(halves)])
        feet = OnTheSpot(0.0, self.step_s, self.steps)
        arms = _arms(stances, (0.0, *HANGING), (height.end_s, *HANGING))
        return feasible(Performance(stances, height, (Contact(0.0, height.end_s, footwork=feet),), arms=arms))


@dataclass(frozen=True)
class RaisingArms:
    """Both arms up in front and down again, the legs still."""

    count: int = 2
    period_s: float = 2.0

    @property
    def arms(self) -> Arms:
        """How the arms are held at rest."""
        return "swing"

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done."""
        _repeated(self.count, self.period_s)
        stances = Stances(body, self.arms)
        halves = np.arange(2 * self.count + 1) * 0.5 * self.period_s
        up = (np.radians(165.0), 0.1)
        arms = _arms(stances, *((float(time), *(up if n % 2 else HANGING)) for n, time in enumerate(halves)))
        times = np.linspace(0.0, halves[-1], int(200 * halves[-1]) + 2)
        raised = np.stack([path(times) for path in arms or ()], axis=1)
        height = Path.sampled(times, stances.lift(raised))
        return feasible(Performance(stances, height, (Contact(0.0, height.end_s),), arms=arms))


@dataclass(frozen=True)
class FollowedMotion:
    """Any vertical motion of the centre of mass, as a force plate gives it.

    Args:
        time_s: Sample times, increasing, (N,) seconds; the motion's time 0 is the first of them.
        com_height_m: Centre of mass over standing, (N,) metres, smooth and in free fall outside the contacts.
        contacts_s: When the feet are on the ground: (start, end) pairs in order, on the samples' clock. The last
            one lasts to the end; if the first one begins late, the body comes falling.
        arms: Hands on the hips, or swinging up with each take-off.
        truth: What is known of the jump, if anything, on the samples' clock.
    """

    time_s: ArrayLike
    com_height_m: ArrayLike
    contacts_s: Sequence[tuple[float, float]]
    arms: Arms = "hips"
    truth: JumpTruth | None = None

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done or the arrays don't fit."""
        time, height = self._samples()
        stances = Stances(body, self.arms)
        start, path = float(time[0]), Path.sampled(time - time[0], height)
        spans = [(max(begin - start, 0.0), min(end - start, path.end_s)) for begin, end in self.contacts_s]
        arms = _arms(stances, *_swings(path, spans))

        def touch(time: float) -> Touch:
            arm = (float(arms[0](time)), float(arms[1](time))) if arms else stances.rest
            return stances.touch_at(float(path(time)), _TOUCH_KNEE, arm)

        contacts = []
        for number, (begin, end) in enumerate(spans):
            landing = touch(begin) if begin > 0 else None
            takeoff = touch(end) if number + 1 < len(spans) else None
            contacts.append(Contact(begin, end, landing, takeoff))
        truth = self.truth.shifted(-start) if self.truth else None
        return feasible(Performance(stances, path, tuple(contacts), arms=arms, truth=truth))

    def _samples(self) -> tuple[Array, Array]:
        time, height = np.asarray(self.time_s, dtype=np.float64), np.asarray(self.com_height_m, dtype=np.float64)
        if time.ndim != 1 or time.shape != height.shape or len(time) < 3 or (np.diff(time) <= 0).any():
            raise ValueError("time_s must increase and have as many samples as com_height_m, at least 3")
        edges = [edge for contact in self.contacts_s for edge in contact]
        if not edges or (np.diff(edges) <= 0).any() or edges[-1] < time[-1] - 1e-9:
            raise ValueError("contacts_s must be (start, end) pairs in order, the last one lasting to the end")
        return time, height


def _swings(path: Path, spans: list[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """Times, shoulder and elbow angles of arms that swing up before each flight and come down after it."""
    keys = [(0.0, *HANGING)]
    for number, (begin, end) in enumerate(spans):
        if begin > 0:
            keys += [(begin, *ARMS_AHEAD)]
        if number + 1 < len(spans):
            lowest = path.lowest(begin, end)
            back = max(lowest - _BACK_BEFORE_LOWEST_S, 0.5 * (begin + lowest))
            ready = back - _ARMS_TAKE_S
            keys += [(ready, *HANGING)] if ready > keys[-1][0] + _ARMS_TAKE_S else []
            keys += [(back, *ARMS_BACK), (end, *ARMS_UP)]
        else:
            keys += [(min(max(begin, keys[-1][0]) + 2 * _ARMS_TAKE_S, end), *HANGING)]
    return keys
