"""The parabola of the centre of mass in flight: gravity as the ruler."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.jumps.signal import Samples

GRAVITY: Final = 9.80665  # m/s², standard

NOISE: Final = 0.006  # standard deviation of the centre of mass, statures
_USUAL_STATURE_M: Final = 1.70
_USUAL_SPREAD: Final = 0.12  # relative, of adults and of the apparent stature's own error
_STATED_SPREAD: Final = 0.08  # relative, of the apparent stature's own error
_SHORTEST_S: Final = 0.03  # between the first and the last frame of a fit


@dataclass(frozen=True, slots=True)
class Parabola:
    """A flight of the centre of mass, in seconds and picture heights.

    Attributes:
        apex_s: when it is highest.
        apex: how high that is.
        gravity: what g appears as, picture heights a second squared.
        apex_sd_s: standard deviation of the time of the apex.
        gravity_sd: relative standard deviation of g.
    """

    apex_s: float
    apex: float
    gravity: float
    apex_sd_s: float
    gravity_sd: float

    def at(self, time_s: float) -> float:
        """Height at a time."""
        return self.apex - 0.5 * self.gravity * (time_s - self.apex_s) ** 2


def _prior(stature: float, stature_m: float | None) -> tuple[float, float]:
    """What g should appear as, in picture heights a second squared, and its relative standard deviation."""
    if stature_m is None:
        return GRAVITY * stature / _USUAL_STATURE_M, _USUAL_SPREAD
    return GRAVITY * stature / stature_m, _STATED_SPREAD


def fit(air: Samples, stature: float, stature_m: float | None) -> Parabola | None:
    """Least squares over the airborne frames, the stature weighed in as one more observation of g.

    Args:
        air: the frames off the floor.
        stature: apparent stature in picture heights.
        stature_m: the athlete's stated stature, if known.

    Returns:
        The parabola, or None if the frames are too few or do not fall.
    """
    if len(air) < 2 or air.time[-1] - air.time[0] < _SHORTEST_S:
        return None
    middle, base = float(air.time.mean()), float(air.com.mean())
    time, com, noise = air.time - middle, air.com - base, NOISE * stature
    expected, spread = _prior(stature, stature_m)
    weight = (noise / (spread * expected)) ** 2
    design = np.stack([np.ones_like(time), time, -0.5 * time * time], axis=1)
    normal, moment = design.T @ design, design.T @ com
    normal[2, 2] += weight
    covariance = np.linalg.inv(normal) * noise**2
    level, rate, gravity = np.linalg.solve(normal, moment + np.array([0.0, 0.0, weight * expected]))
    if gravity <= 0.2 * expected:
        return None
    apex = rate / gravity
    gradient = np.array([0.0, 1.0, -apex]) / gravity
    return Parabola(
        apex_s=float(middle + apex),
        apex=float(base + level + 0.5 * rate * apex),
        gravity=float(gravity),
        apex_sd_s=float(np.sqrt(gradient @ covariance @ gradient)),
        gravity_sd=float(np.sqrt(covariance[2, 2]) / gravity),
    )


def guess(samples: Samples, first: int, last: int, stature: float, stature_m: float | None) -> Parabola:
    """A symmetric flight about the middle of the airborne frames, where they are too few to fit one.

    Args:
        samples: motion around the flight.
        first: the first airborne frame.
        last: the last one.
        stature: apparent stature in picture heights.
        stature_m: the athlete's stated stature, if known.
    """
    gravity, spread = _prior(stature, stature_m)
    time = samples.time
    return Parabola(
        apex_s=float(time[first] + time[last]) / 2,
        apex=float(samples.com[first : last + 1].max()),
        gravity=gravity,
        apex_sd_s=float(time[last + 1] - time[first - 1]) / 6,
        gravity_sd=spread,
    )
