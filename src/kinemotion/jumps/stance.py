"""Where the feet of a body at rest are: on the floor that it took off from, and on the one that it landed on."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps.contact import Contact
from kinemotion.jumps.signal import Array, Samples, known_median

STANDING_S: Final = 2.5  # before take-off and after landing, within which rest is looked for
_PUSH_OFF_S: Final = 0.2
_REST_S: Final = 0.1
_FLAT_S: Final = 0.15  # after landing
_FEWEST: Final = 4  # frames

# Lengths are statures.
_LEVEL: Final = 0.04
_UPRIGHT: Final = 0.03
_RESTING: Final = 0.35  # statures a second

# The pose model sees the toes and the ankles of bent legs too low: measured on drawn athletes in squats, against the
# same feet of the standing body.
_BENDING_DEG: Final = (135.0, 115.0)  # knees with none and with all of it
_TOES_SUNK: Final = 0.0075
_ANKLE_SUNK: Final = 0.0035


class Stance(NamedTuple):
    """Heights of the feet (4,) of the upright body on a floor, and of its ankles where they are known."""

    feet: Array
    ankle: float | None

    def moved(self, up: float) -> "Stance":
        """The same on a floor that is this much higher."""
        return Stance(self.feet + up, None if self.ankle is None else self.ankle + up)


def shared_step(before: Array, after: Array) -> float:
    """How much higher all four feet (4,) are than before, by the one that changed least; 0 if they disagree."""
    steps = after - before
    least = steps[np.abs(steps).argmin()]
    return float(least) if (steps * least > 0).all() else 0.0


def stances(
    samples: Samples, takeoff: Contact, landing: Contact, floor: Array, landed: Array, stature: float
) -> tuple[Stance, Stance]:
    """The upright body on the floor that it left, and on the one that it met.

    Nobody lands quite where they took off, and who lands nearer to the camera lands lower in the picture. Where rest
    was seen on one of the floors only, the other one is as far from it as all feet moved.

    Args:
        samples: motion from before the take-off to after the landing.
        takeoff: about when the feet left the floor.
        landing: about when they met it.
        floor: (4,) heights of the feet shortly before the flight.
        landed: (4,) heights of the feet shortly after it; they, and flat feet's ankles, stand in for rest on both.
        stature: apparent stature in picture heights.
    """
    left = _stance(samples, takeoff.time_s - samples.time, floor, stature)
    met = _stance(samples, samples.time - landing.time_s, landed, stature)
    step = shared_step(floor, landed)
    if met is None:
        met = Stance(landed, _landed_ankle(samples, landing)) if left is None else left.moved(step)
    return left or met.moved(-step), met


def _stance(samples: Samples, away_s: Array, floor: Array, stature: float) -> Stance | None:
    """The stance on one floor by the most upright frames of rest there, as if the knees were straight.

    Args:
        samples: motion.
        away_s: (N,) how long before the take-off or after the landing.
        floor: (4,) heights of the feet next to it.
        stature: apparent stature in picture heights.
    """
    rest = (away_s > _PUSH_OFF_S) & (away_s < STANDING_S) & _resting(samples, stature)
    rest &= np.abs(samples.toes.mean(1) - floor[:2].mean()) < _LEVEL * stature
    if not rest.any():
        return None
    length = samples.com - samples.toes.mean(1)
    upright = Samples(samples.rows[rest & (length > np.quantile(length[rest], 0.9) - _UPRIGHT * stature)])
    if len(upright) < _FEWEST:
        return None
    knee = known_median(upright.knee)  # straight where it was not seen
    bent = 0.0 if np.isnan(knee) else float(np.interp(-knee, -np.array(_BENDING_DEG), (0.0, 1.0))) * stature
    feet, ankle = np.median(upright.feet, axis=0), float(np.median(upright.ankle))
    feet[:2] += _TOES_SUNK * bent
    return Stance(feet, ankle + _ANKLE_SUNK * bent)


def _resting(samples: Samples, stature: float) -> NDArray[np.bool_]:
    """(N,) whether the centre of mass hardly moves."""
    time, com = samples.time, samples.com
    later, earlier = (np.interp(time + step_s, time, com) for step_s in (_REST_S, -_REST_S))
    return np.abs(later - earlier) < 2 * _REST_S * _RESTING * stature


def _landed_ankle(samples: Samples, landing: Contact) -> float | None:
    """Height of the ankles once the feet are flat after a landing; None if that was not seen."""
    after = samples.between(landing.time_s + _FLAT_S, landing.time_s + STANDING_S)
    return float(np.quantile(after.ankle, 0.25)) if len(after) else None
