"""How the centre of mass goes down and up: natural durations and the knots of a path."""

from typing import Final

import numpy as np

from kinemotion.synthetic.path import GRAVITY, Knot

_FROM_REST: Final = 0.47  # mean over final velocity when pushing off from a held squat
_UNHURRIED: Final = 1.2  # times the duration of a push that is steady until it falls off
_RISE_S: Final = 0.9
_LEAST_ABSORPTION_M: Final = 0.13


def push_duration(distance: float, speed: float) -> float:
    """Seconds of a natural push-off over `distance` (m) to `speed` (m/s), after a countermovement.

    With constant acceleration that falls to -g with the cube of time, distance = 0.6 v T + 0.1 g T².
    """
    steady = (np.sqrt(0.36 * speed**2 + 0.4 * GRAVITY * distance) - 0.6 * speed) / (0.2 * GRAVITY)
    return float(_UNHURRIED * steady)


def push_acceleration(distance: float, speed: float) -> float:
    """Acceleration at the lowest point, from which the push-off starts, m/s²."""
    return 1.4 * speed**2 / (2.0 * distance)


def squat_push_duration(distance: float, speed: float) -> float:
    """Seconds of a natural push-off from rest, the force rising from body weight."""
    return distance / (_FROM_REST * speed)


def lowering(depth: float, duration: float, acceleration: float) -> list[Knot]:
    """Knots from standing at time 0 to `depth` below it, arriving with an upward `acceleration`.

    Two pieces meet where the body sinks fastest; braking takes the time that lets both be smooth.
    """
    if acceleration <= 0:
        return [Knot(0.0, 0.0), Knot(duration, -depth)]
    # depth = v (fall/2 + 2 brake/3) with v = acceleration brake/2 and fall = duration - brake
    quarter, twelfth = acceleration * duration / 4.0, acceleration / 12.0
    brake = (np.sqrt(quarter**2 + 4.0 * twelfth * depth) - quarter) / (2.0 * twelfth)
    brake = float(min(brake, 0.6 * duration))
    speed = depth / (0.5 * (duration - brake) + 2.0 * brake / 3.0)
    sunk = 0.5 * speed * (duration - brake)
    return [Knot(0.0, 0.0), Knot(duration - brake, -sunk, -speed), Knot(duration, -depth, 0.0, acceleration)]


def absorption(landing_s: float, height: float, speed: float, depth: float | None) -> list[Knot]:
    """Knots from landing with downward `speed` at `height` over standing, through the lowest point, to standing."""
    depth = _LEAST_ABSORPTION_M + 0.018 * speed**2 if depth is None else depth
    lowest_s = landing_s + (height + depth) / (_FROM_REST * speed)
    return [
        Knot(landing_s, height, -speed, -GRAVITY),
        Knot(lowest_s, -depth, 0.0, 4.0 * depth / _RISE_S**2),
        Knot(lowest_s + _RISE_S, 0.0),
    ]


def flight_duration(speed: float, fall: float) -> float:
    """Seconds from take-off with upward `speed` until `fall` metres below the take-off height."""
    return float((speed + np.sqrt(speed**2 + 2.0 * GRAVITY * fall)) / GRAVITY)
