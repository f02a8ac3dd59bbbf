"""What the body is measured against: the floor under the feet, the stature, the height of quiet standing."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps.body import Body
from kinemotion.jumps.signal import mean

# How fast each reference follows what is seen, in statures a second. A rate limit makes a running median of sorts:
# outliers, however far, move it no more than any other frame. Nothing sinks into a floor, so lower feet are believed
# sooner than higher ones; foreshortened limbs look short, never long.
_FLOOR_UP: Final = 0.10
_FLOOR_DOWN: Final = 0.30
_STATURE_UP: Final = 0.30
_STATURE_DOWN: Final = 0.05
_STANDING: Final = 0.20

BLIND_S: Final = 0.4
"""Between two frames farther apart there can have been a flight, and nobody knows whether the body was at rest."""
_LONGEST_STEP_S: Final = 0.2  # so that a gap teaches no more than a few frames would,
_BLIND_STEP_S: Final = 0.05  # and one that long hardly more than one


class Reference:
    """Slowly adapting references, learnt from frames on the ground.

    Attributes:
        floor: (4,) height of each foot point on the floor, picture heights, in the order of `Body.feet`.
        stature: apparent stature in picture heights.
        standing: height of the centre of mass over the floor in quiet standing, in statures; None until seen.
    """

    def __init__(self, body: Body) -> None:
        self.floor: NDArray[np.float64] = body.feet.copy()
        self.stature = body.stature
        self.standing: float | None = None

    def clearance(self, body: Body) -> float:
        """Height of the lowest foot point over the floor, in statures."""
        return float((body.feet - self.floor).min()) / self.stature

    def lift(self, body: Body) -> float:
        """Mean height of the foot points over the floor, in statures."""
        return mean(body.feet - self.floor) / self.stature

    def height(self, body: Body) -> float:
        """Height of the centre of mass over the floor, in statures."""
        return (body.com - mean(self.floor)) / self.stature

    def learn(self, body: Body, elapsed_s: float, *, upright: bool) -> None:
        """Follow a frame on the ground; `upright` if it shows quiet standing."""
        step = min(elapsed_s, _LONGEST_STEP_S) if elapsed_s < BLIND_S else _BLIND_STEP_S
        self.stature += _limited(body.stature - self.stature, _STATURE_DOWN * step, _STATURE_UP * step) * self.stature
        reach = step * self.stature
        self.floor += np.clip(body.feet - self.floor, -_FLOOR_DOWN * reach, _FLOOR_UP * reach)
        if upright:
            height = self.height(body)
            if self.standing is None:
                self.standing = height
            self.standing += _limited(height - self.standing, _STANDING * step, _STANDING * step)

    def step_to(self, body: Body) -> None:
        """Take the floor to be where the feet are now."""
        self.floor = body.feet.copy()


def _limited(change: float, down: float, up: float) -> float:
    return min(max(change, -down), up)
