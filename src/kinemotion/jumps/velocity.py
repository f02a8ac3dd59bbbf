"""How fast the centre of mass moves before take-off, from frames at any times."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps.flight import Flight
from kinemotion.jumps.parabola import NOISE
from kinemotion.jumps.signal import Array, Samples

_REACH_S: Final = 0.12  # a slope is taken from the frames this near
_FEWEST: Final = 5  # frames that a curve may be laid through
_MOMENTS: Final = 24  # at which the way down is looked at
_PUSH_S: Final = 0.25
_FADING_S: Final = 0.05  # no push falls below body weight earlier than this before take-off
_FALL_S: Final = 0.16
_STEPS: Final = 100
_HIGHEST_OVERSHOOT: Final = 1.5

# Standard deviation of a velocity for noise of 1 in every frame, times the reach: frames that cluster exceed it.
_SINKING_SD: Final = 3.0
_OVERSHOOT_SD: Final = 5.0
_RIDGE: Final = 1e-9  # so that frames at a single instant can be inverted, to a huge deviation


def sinking(before: Samples, start_s: float, end_s: float) -> float | None:
    """Fastest fall between two times, in picture heights a second; None where the frames around it do not show it.

    Local cubics follow a short dip that a straight line or a parabola flattens.
    """
    moments = before.between(start_s, end_s).time
    moments = moments[:: max(1, len(moments) // _MOMENTS)]
    near = before.between(start_s - _REACH_S, end_s + _REACH_S)
    if not len(moments):
        return None
    slopes, known = _slopes(near, moments)
    fastest = int(np.where(known, slopes, np.inf).argmin())
    start, end = np.interp((start_s, end_s), before.time, before.com)
    mean = (start - end) / max(end_s - start_s, _REACH_S)
    if not known[max(fastest - 1, 0) : fastest + 2].all() or -slopes[fastest] <= max(mean, 0.0):
        return None
    return -float(slopes[fastest])


def _slopes(samples: Samples, moments: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Rates of the centre of mass by cubics through the frames around each moment, and whether these suffice."""
    away = (samples.time - moments[:, None]) / _REACH_S
    inside = np.abs(away) <= 1
    design = away[..., None] ** np.arange(4) * inside[..., None]
    across = design.transpose(0, 2, 1)
    inverse = np.linalg.inv(across @ design + _RIDGE * np.eye(4))
    level = float(samples.com.mean())
    slopes = (inverse @ (across @ (samples.com - level)[:, None]))[:, 1, 0] / _REACH_S
    return slopes, (inside.sum(1) >= _FEWEST) & (inverse[:, 1, 1] <= _SINKING_SD**2)


def overshoot(before: Samples, start_s: float, flight: Flight) -> float | None:
    """Peak velocity of the push-off over the velocity at take-off; None where the frames do not show it.

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
    inverse = np.linalg.inv(design.T @ design + _RIDGE * np.eye(3))
    free = push.com + speed * ahead + 0.5 * flight.gravity * ahead**2
    fitted = inverse @ (design.T @ (free - free.mean()))
    moments = np.linspace(0.0, min(_FADING_S, float(ahead[0])), _STEPS)
    share = moments / _PUSH_S
    shape = np.stack([np.zeros_like(share), -(share**2), share**3], axis=1)
    velocity: Array = speed + flight.gravity * moments + shape @ fitted / _PUSH_S
    ratio = float(velocity.max()) / speed
    variance = float(((shape @ inverse) * shape).sum(1).max())
    return ratio if variance <= _OVERSHOOT_SD**2 and ratio <= _HIGHEST_OVERSHOOT else None


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
