"""What a body can't do."""

from typing import TYPE_CHECKING, Final

import numpy as np

from kinemotion.synthetic.path import GRAVITY
from kinemotion.synthetic.skeleton import ANKLES, HIPS, SOLES, Array, Joint, knee_flexion

if TYPE_CHECKING:
    from kinemotion.synthetic.performance import Performance

_RATE: Final = 200.0
_KNEE_DEG: Final = (2.0, 142.0)
_DORSIFLEXION_DEG: Final = 48.0
_PULL: Final = 0.3  # m/s² by which rounding may exceed free fall


def feasible(performance: "Performance") -> "Performance":
    """The performance itself, if the body can do it.

    Raises:
        ValueError: If a leg doesn't reach, a joint bends too far, the floor would have to pull, or a foot is below it.
    """
    count = int(performance.duration_s * _RATE) + 2
    times = np.linspace(0.0, performance.duration_s, count)
    with np.errstate(invalid="ignore"):
        joints = performance.joints(times)
    _check_knees(performance, joints, times)
    _check_ankles(joints, times)
    _check_force(performance, times)
    _check_floor(joints, times)
    return performance


def _check_knees(performance: "Performance", joints: Array, times: Array) -> None:
    lengths = performance.body.lengths
    flexion = np.degrees(knee_flexion(joints[:, HIPS], joints[:, ANKLES], lengths))
    least, most = _KNEE_DEG
    short = ~(flexion >= least).all(axis=1)
    if short.any():
        raise ValueError(f"the legs are too short for this motion at {times[short][0]:.2f} s: they would overstretch")
    if flexion.max() > most:
        deepest = times[np.argmax(flexion.max(axis=1))]
        raise ValueError(
            f"the knees would bend by {flexion.max():.0f} degrees at {deepest:.2f} s, more than {most:.0f}: "
            "the countermovement or the landing is too deep"
        )


def _check_ankles(joints: Array, times: Array) -> None:
    shank = joints[:, Joint.LEFT_KNEE] - joints[:, Joint.LEFT_ANKLE]
    foot = joints[:, Joint.LEFT_BALL] - joints[:, Joint.LEFT_HEEL]
    slope = np.arctan2(shank[:, 0], shank[:, 2]) - np.arctan2(-foot[:, 2], foot[:, 0])
    worst = int(np.argmax(slope))
    if np.degrees(slope[worst]) > _DORSIFLEXION_DEG:
        raise ValueError(
            f"the ankles would bend by {np.degrees(slope[worst]):.0f} degrees at {times[worst]:.2f} s, "
            f"more than {_DORSIFLEXION_DEG:.0f}: the motion is too deep"
        )


def _check_force(performance: "Performance", times: Array) -> None:
    pull = performance.height(times, 2) < -GRAVITY - _PULL
    if pull.any():
        raise ValueError(
            f"the floor would have to pull the body down at {times[pull][0]:.2f} s: "
            "the durations don't fit the distances"
        )


def _check_floor(joints: Array, times: Array) -> None:
    lowest = joints[:, SOLES, 2].min(axis=1)
    if lowest.min() < -1e-3:
        raise ValueError(
            f"a foot would go {-1000 * lowest.min():.0f} mm below the floor at {times[np.argmin(lowest)]:.2f} s"
        )
