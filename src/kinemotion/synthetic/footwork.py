"""Where the feet are while at least one of them carries the body."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.path import Knot, Path
from kinemotion.synthetic.posture import balls_at_home
from kinemotion.synthetic.skeleton import Array


class Footwork(Protocol):
    """Feet over time."""

    def __call__(self, body: Body, times: Array) -> tuple[Array, Array, Array]:
        """Balls of the feet (N, 2, 3) in metres, heels raised and toes pointing down (N, 2) in radians."""


@dataclass(frozen=True)
class Planted:
    """Both feet flat at home."""

    def __call__(self, body: Body, times: Array) -> tuple[Array, Array, Array]:
        """See `Footwork`."""
        flat = np.zeros((len(times), 2))
        return np.tile(balls_at_home(body), (len(times), 1, 1)), flat, flat


@dataclass(frozen=True)
class OnTheSpot:
    """Feet lifted in turn, `step_s` each, from `start_s` on.

    Attributes:
        start_s: When the left foot leaves the floor.
        step_s: How long each step takes.
        steps: How many.
        lift: How high, in statures.
    """

    start_s: float
    step_s: float
    steps: int
    lift: float = 0.075

    def raised(self, times: Array) -> Array:
        """How far each foot is up: 0 to 1, (N, 2)."""
        phase = (times - self.start_s) / self.step_s
        step = np.floor(phase)
        wave = np.where((step >= 0) & (step < self.steps), np.sin(np.pi * (phase - step)) ** 2, 0.0)
        return np.stack([np.where(step % 2 == 0, wave, 0.0), np.where(step % 2 == 1, wave, 0.0)], axis=1)

    def __call__(self, body: Body, times: Array) -> tuple[Array, Array, Array]:
        """See `Footwork`."""
        balls, _, flat = Planted()(body, times)
        raised = self.raised(times)
        balls[:, :, 2] += self.lift * body.height_m * raised
        balls[:, :, 0] += 0.02 * body.height_m * raised
        return balls, 0.45 * raised, flat + 0.35 * raised


@dataclass(frozen=True)
class StepOff:
    """On a box behind home: the right foot steps forward into the air, the left one rolls over its ball.

    Attributes:
        box_m: Height of the box.
        back: How far behind home the feet stand, in statures.
        start_s: When the right foot lifts.
        end_s: When the left foot leaves the box.
        heel: The left heel's final rise, radians.
    """

    box_m: float
    back: float
    start_s: float
    end_s: float
    heel: float
    ahead: float = field(default=0.17)

    def __call__(self, body: Body, times: Array) -> tuple[Array, Array, Array]:
        """See `Footwork`."""
        balls, heel, toe = Planted()(body, times)
        span = self.end_s - self.start_s
        lifted = Path([Knot(self.start_s, 0.0), Knot(self.start_s + 0.45 * span, 0.045), Knot(self.end_s, 0.03)])
        reached = Path([Knot(self.start_s, 0.0), Knot(self.end_s, self.ahead)])(times)
        balls[:, :, 0] -= self.back * body.height_m
        balls[:, :, 2] += self.box_m
        balls[:, 1, 0] += reached * body.height_m
        balls[:, 1, 2] += lifted(times) * body.height_m
        rolled = Path([Knot(self.start_s + 0.1 * span, 0.0), Knot(self.end_s, self.heel)])(times)
        dangling = Path([Knot(self.start_s, 0.0), Knot(self.end_s, 0.30)])(times)
        return (
            balls,
            heel + np.stack([rolled, dangling], axis=1),
            toe + np.stack([0.0 * rolled, 0.7 * dangling], axis=1),
        )
