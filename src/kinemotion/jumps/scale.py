"""Metres in a picture height: from gravity in flight, from the stated stature, and whether the two agree."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.jumps.flight import Flight
from kinemotion.jumps.parabola import GRAVITY, NOISE
from kinemotion.jumps.signal import Samples
from kinemotion.jumps.value import Value

_FEWEST: Final = 5  # frames in flight
_SOUND: Final = 0.10  # relative standard deviation up to which the curve of the flight is a scale by itself
_POSE_SD: Final = 0.10  # relative, of what gravity implies, by the pose model's error on limbs that move in flight
_STATED_SD: Final = 0.08  # relative, of metres from a stated stature
_BEYOND: Final = 2.0  # standard deviations apart
_EDGE_S: Final = 0.008
_SHORTEST_S: Final = 0.05  # between the first and the last frame of a fall


@dataclass(frozen=True, slots=True)
class Scale:
    """What is known of the scale: metres in a picture height.

    Attributes:
        gravity: from the flight, the stated or usual stature weighed in, or from the fall alone where the stated one
            contradicts it; None where the fall is not sound.
        stated: from the stated stature; None without one, or where the fall contradicts it.
        agree: whether the two agree as well as their uncertainties let expect; true where one is missing.
    """

    gravity: Value | None
    stated: Value | None
    agree: bool = True


def judge(samples: Samples, flight: Flight, stature_m: float | None, *, still: bool) -> Scale:
    """Which scales are sound.

    Args:
        samples: motion around the flight.
        flight: the flight.
        stature_m: the athlete's stated stature, if known.
        still: whether the camera stood still; the fall that a moving one sees is no measure.
    """
    fall = _fall(samples, flight)
    sound = still and fall is not None and fall.sd <= _SOUND * fall.value
    weighed = GRAVITY / flight.gravity
    gravity = Value(weighed, weighed * flight.gravity_sd) if sound else None
    if stature_m is None:
        return Scale(gravity, None)
    stated = Value(stature_m / flight.stature, _STATED_SD * stature_m / flight.stature)
    if fall is None or not still or _agree(fall, stated):
        return Scale(gravity, stated)
    alone = Value(fall.value, float(np.hypot(fall.sd, _POSE_SD * fall.value)))
    return Scale(alone if sound else None, None, agree=False)


def _agree(fall: Value, stated: Value) -> bool:
    """Whether the fall curves as it should by the stated stature: noise is normal in the curve, not in its inverse."""
    seen, expected = 1 / fall.value, 1 / stated.value
    spread = np.hypot(seen * np.hypot(fall.sd / fall.value, _POSE_SD), _STATED_SD * expected)
    return bool(abs(seen - expected) <= _BEYOND * spread)


def _fall(samples: Samples, flight: Flight) -> Value | None:
    """Metres in a picture height by the curve of the flight alone; None for few frames, or if they do not fall."""
    air = samples.between(flight.takeoff_s + _EDGE_S, flight.landing_s - _EDGE_S)
    if len(air) < _FEWEST or air.time[-1] - air.time[0] < _SHORTEST_S:
        return None
    time, com = air.time - air.time.mean(), air.com - air.com.mean()
    design = np.stack([np.ones_like(time), time, -0.5 * time * time], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    fitted = inverse @ design.T @ com
    if fitted[2] <= 0:
        return None
    error = com - design @ fitted
    noise = max(NOISE * flight.stature, float(np.sqrt(error @ error / (len(air) - 3))))
    value = GRAVITY / float(fitted[2])
    return Value(value, value * noise * float(np.sqrt(inverse[2, 2]) / fitted[2]))
