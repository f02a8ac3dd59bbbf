"""How fast the centre of mass moves before take-off, from frames at any times."""

from typing import Final

import numpy as np

from kinemotion.jumps.flight import Flight
from kinemotion.jumps.parabola import NOISE
from kinemotion.jumps.signal import Array, Samples

_REACH_S: Final = 0.12  # a slope is taken from the frames this near
_FEWEST: Final = 5  # frames that a curve may be laid through
_PUSH_S: Final = 0.25
_FADING_S: Final = 0.05  # no push falls below body weight earlier than this before take-off
_FALL_S: Final = 0.16
_STEPS: Final = 100


def sinking(before: Samples, start_s: float, end_s: float) -> float | None:
    """Fastest fall between two times, in picture heights a second; None without enough frames.

    Local cubics follow a short dip that a straight line or a parabola flattens.
    """
    slopes = [_slope(before, float(time_s)) for time_s in before.between(start_s, end_s).time]
    known = [slope for slope in slopes if slope is not None]
    return max(-min(known), 0.0) if known else None


def _slope(samples: Samples, time_s: float) -> float | None:
    """Rate of the centre of mass, by a cubic through the frames around a time."""
    near = samples.between(time_s - _REACH_S, time_s + _REACH_S)
    if len(near) < _FEWEST:
        return None
    design = np.vander((near.time - time_s) / _REACH_S, 4, increasing=True)
    return float(np.linalg.lstsq(design, near.com, rcond=None)[0][1]) / _REACH_S


def overshoot(before: Samples, start_s: float, flight: Flight) -> float | None:
    """Peak velocity of the push-off over the velocity at take-off; None without enough frames.

    The push falls below body weight a moment before the toes leave, so that the body is fastest then. A smooth path is
    laid through the last frames; at its end it has the velocity of the flight, and gravity alone to slow it.

    Args:
        before: motion up to take-off.
        start_s: when the body began to rise.
        flight: the flight that followed.
    """
    push = before.between(max(start_s, flight.takeoff_s - _PUSH_S), flight.takeoff_s)
    ahead = flight.takeoff_s - push.time
    speed = flight.gravity * (flight.apex_s - flight.takeoff_s)
    if len(push) < _FEWEST or speed <= 0:
        return None
    scaled = ahead / _PUSH_S
    design = np.stack([np.ones_like(ahead), scaled**3 / 3, -(scaled**4) / 4], axis=1)
    free = push.com + speed * ahead + 0.5 * flight.gravity * ahead**2
    _, square, cube = np.linalg.lstsq(design, free, rcond=None)[0] / _PUSH_S
    moments = np.linspace(0.0, min(_FADING_S, float(ahead[0])), _STEPS)
    share = moments / _PUSH_S
    velocity: Array = speed + flight.gravity * moments - square * share**2 + cube * share**3
    return float(velocity.max()) / speed


def touching(samples: Samples, contact_s: float, flight: Flight) -> tuple[float, float] | None:
    """How fast the body fell when its feet came down: the mean over the fall's last frames, carried on by gravity.

    Args:
        samples: motion around the touch-down.
        contact_s: the touch-down.
        flight: the flight that followed.

    Returns:
        Picture heights a second, downwards, with the standard deviation that noise gives it; None if no fall was seen.
    """
    fall = samples.between(contact_s - _FALL_S, contact_s)
    if len(fall) < 2:
        return None
    middle_s = float(fall.time.mean())
    centred = fall.time - middle_s
    spread = float(centred @ centred)
    bent = fall.com + 0.5 * flight.gravity * centred**2
    speed = flight.gravity * (contact_s - middle_s) - float(centred @ bent) / spread
    return (speed, NOISE * flight.stature / float(np.sqrt(spread))) if speed > 0 else None
