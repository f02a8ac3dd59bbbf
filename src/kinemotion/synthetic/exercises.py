"""Motions that are not jumps."""

from dataclasses import dataclass

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.check import feasible
from kinemotion.synthetic.footwork import OnTheSpot
from kinemotion.synthetic.path import Knot, Path
from kinemotion.synthetic.performance import Contact, Performance
from kinemotion.synthetic.posture import HANGING, Arms, Stances
from kinemotion.synthetic.upward import within


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
