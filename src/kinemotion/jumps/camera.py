"""Whether the camera stood still: feet on the floor do not move, and no force acts sideways in flight."""

from itertools import pairwise
from typing import Final

import numpy as np

from kinemotion.jumps.flight import Flight
from kinemotion.jumps.signal import Array, Samples
from kinemotion.jumps.stance import shared_step

# Lengths are statures.
_SHIFT: Final = 0.005  # in `_LAG_S`; landmarks of a still camera stay under 0.001, 1 cm of trembling gives 0.007
_CURVED: Final = 0.010  # deviation of the sideways way in flight from a straight line; a still camera's is under 0.004
_BENT: Final = 0.013  # deviation of the height in flight from a parabola; a still camera's is under 0.009
_STEP: Final = 0.04  # of the floor over the jump; feet that are flexed differently feign up to 0.032, and a jumper
_NEARER: Final = 1.0  # who lands nearer makes it lower by up to this share of what the body grows

_LAG_S: Final = 0.13
_WINDOW_S: Final = 0.3  # short, so that a step into place fills one or two of the windows only
_WINDOWS: Final = 4
_FEWEST: Final = 4  # frames in a window, and in a flight
_RISING_S: Final = 0.1  # before take-off, when the feet roll
_ROLLING_S: Final = 0.15  # after landing
_SETTLED_S: Final = 0.5
_STANDING_S: Final = 1.0
_EXTENDED_S: Final = 0.15  # after take-off and before landing
_EDGE_S: Final = 0.02
_SHORTEST_S: Final = 0.05  # of a flight that says anything

# The speed at which the legs stretch before take-off, over the speed of the flight: 0.57 to 1.46 in jumps.
_SLOWEST: Final = 0.3
_FASTEST: Final = 1.7
_STRETCHING_S: Final = (0.2, 0.03)  # before and after take-off
_STRIDE_S: Final = 0.06


def moved(samples: Samples, flight: Flight, rest_s: float, landed_s: float, *, dropped: bool) -> bool:
    """Whether the camera moved around a jump.

    A moving camera carries everything that it sees along: both toes, both heels and the centre of mass. Someone who
    sways, steps or lifts the heels leaves some of them in place. After a single knock the floor is elsewhere.

    Args:
        samples: motion from before the jump to after it.
        flight: its flight.
        rest_s: when standing or squatting still ended.
        landed_s: when the jump before this one landed; minus infinity if there was none.
        dropped: whether the feet rested on another floor than the one that they left and met.
    """
    if _off_the_curve(samples, flight) or (not dropped and _knocked(samples, flight, rest_s, landed_s + _SETTLED_S)):
        return True
    shifts = _shifts_on_the_floor(samples, flight, rest_s, landed_s + _SETTLED_S)
    return len(shifts) > 1 and float(np.median(shifts)) > _SHIFT * flight.stature


def bumped(samples: Samples, flight: Flight) -> bool:
    """Whether it was the camera that rose: the legs did not stretch as fast as the body then flew."""
    early_s, late_s = _STRETCHING_S
    window = samples.between(flight.takeoff_s - early_s, flight.takeoff_s + late_s)
    later = np.searchsorted(window.time, window.time + _STRIDE_S)
    earlier = np.flatnonzero(later < len(window))
    if len(window) < _FEWEST or not len(earlier):
        return False
    length, later = window.com - window.toes.mean(1), later[earlier]
    speeds = (length[later] - length[earlier]) / (window.time[later] - window.time[earlier])
    share = float(speeds.max()) / (0.5 * flight.gravity * flight.duration_s)
    return not _SLOWEST < share < _FASTEST


def _shifts_on_the_floor(samples: Samples, flight: Flight, rest_s: float, since_s: float) -> list[float]:
    """How far everything moved together within the lag, in each window in which the feet were planted."""
    ends = rest_s - _WINDOW_S * np.arange(_WINDOWS)
    found = [_common_shift(samples, end - _WINDOW_S, end) for end in ends if end - _WINDOW_S - _LAG_S > since_s]
    pushing = np.arange(rest_s, flight.takeoff_s - _RISING_S, _WINDOW_S + _LAG_S)
    # The pose model lowers the toes as the knees bend, so that only the way across the picture tells.
    found += [_common_shift(samples, start + _LAG_S, end, vertical=False) for start, end in pairwise(pushing)]
    found.append(_common_shift(samples, flight.landing_s + _ROLLING_S + _LAG_S, flight.landing_s + _SETTLED_S))
    return [shift for shift in found if shift is not None]


def _common_shift(samples: Samples, start_s: float, end_s: float, *, vertical: bool = True) -> float | None:
    """Root mean square of the movement within the lag that all points share, picture heights; None for few frames."""
    window = samples.between(start_s, end_s)
    if len(window) < _FEWEST or start_s - _LAG_S < samples.time[0]:
        return None
    near = samples.between(start_s - 2 * _LAG_S, end_s)
    shared = _shared(near, window, [near.x, *near.feet_x.T])
    if vertical:
        shared += _shared(near, window, [near.com, *near.feet.T])
    return float(np.sqrt(shared))


def _shared(near: Samples, window: Samples, tracks: list[Array]) -> float:
    """The least mean product of two tracks' movements: what they share, without the noise that each has alone."""
    time = window.time
    moves = np.stack([np.interp(time, near.time, one) - np.interp(time - _LAG_S, near.time, one) for one in tracks])
    products = moves @ moves.T / len(time)
    return max(float(products[~np.eye(len(tracks), dtype=bool)].min()), 0.0)


def _knocked(samples: Samples, flight: Flight, rest_s: float, since_s: float) -> bool:
    """Whether the floor was elsewhere after the jump, by more than a step towards the camera or away from it explains.

    The size that tells of such a step is taken from the flight's beginning and end, where the body is extended.
    """
    before = samples.between(max(rest_s - _STANDING_S, since_s), rest_s)
    after = samples.between(flight.landing_s + _ROLLING_S, flight.landing_s + _STANDING_S)
    early = samples.between(flight.takeoff_s, flight.takeoff_s + _EXTENDED_S)
    late = samples.between(flight.landing_s - _EXTENDED_S, flight.landing_s)
    if min(len(before), len(after)) < _FEWEST or min(len(early), len(late)) == 0:
        return False
    sunk = -shared_step(np.median(before.feet, axis=0), np.median(after.feet, axis=0))
    grown = float(np.median(late.stature) - np.median(early.stature))
    least, most = sorted((0.0, _NEARER * grown))
    return not least - _STEP * flight.stature < sunk < most + _STEP * flight.stature


def _off_the_curve(samples: Samples, flight: Flight) -> bool:
    """Whether the centre of mass left the straight line across the picture that it keeps in flight, or its parabola."""
    air = samples.between(flight.takeoff_s + _EDGE_S, flight.landing_s - _EDGE_S)
    if len(air) < _FEWEST or air.time[-1] - air.time[0] < _SHORTEST_S:
        return False
    time = air.time - air.time.mean()
    design = np.stack([np.ones_like(time), time, time**2], axis=1)
    sideways = _deviation(design[:, :2], air.x)
    return sideways > _CURVED * flight.stature or _deviation(design, air.com) > _BENT * flight.stature


def _deviation(design: Array, values: Array) -> float:
    """Standard deviation of values from the best fit of the design's columns."""
    error = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(np.sqrt(error @ error / (len(values) - design.shape[1])))
