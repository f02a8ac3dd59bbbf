"""The posture in the air, between the one at take-off and the one at landing.

A posture is a row of angles and widths here, so that two can be mixed: its columns are those of `Part`.
"""

from typing import Final

import numpy as np

from kinemotion.synthetic.path import Knot, Path
from kinemotion.synthetic.skeleton import ANKLES, HIPS, Angles, Array, Joint, Lengths, knee_flexion, pose

KNEE: Final = slice(0, 2)
SWING: Final = slice(2, 4)
"""Hip to ankle, forward of straight down."""
ASIDE: Final = slice(4, 6)
"""Ankles to the left of the hips' middle, metres."""
HEEL: Final = slice(6, 8)
TOE: Final = slice(8, 10)
LEAN: Final = 10
COLUMNS: Final = 11

_FADE_S: Final = 0.02  # the push-off's angular velocities die out in the air with this time constant
_LEAST_KNEE: Final = np.radians(3.0)
_MOST_HEEL: Final = np.radians(66.0)
_TOES_FOLLOW: Final = 0.7  # of the foot's slope
_TOES_TAKE_S: Final = 0.11
_TOES_READY_S: Final = 0.012  # before landing


def postures_of(joints: Array, angles: Angles, lengths: Lengths) -> Array:
    """The posture rows (N, 11) of poses (N, J, 3)."""
    hips, ankles = joints[:, HIPS], joints[:, ANKLES]
    gap = ankles - hips
    lean = angles.lean[:, None]
    knee = knee_flexion(hips, ankles, lengths)
    swing = np.arctan2(gap[..., 0], -gap[..., 2])
    aside = ankles[..., 1] - joints[:, None, Joint.PELVIS, 1]
    return np.concatenate([knee, swing, aside, angles.heel, angles.toe, lean], axis=1)


def flown(takeoff: Array, rate: Array, landing: Array, since: Array, span: float) -> Array:
    """Postures in the air.

    Args:
        takeoff: The posture at take-off (11,).
        rate: Its time derivative there (11,), which fades within some 20 ms.
        landing: The posture at landing (11,).
        since: Times since take-off (N,) in s.
        span: The flight's duration in s.

    Returns:
        Postures (N, 11).
    """
    fade = np.full(COLUMNS, _FADE_S)
    with np.errstate(divide="ignore", invalid="ignore"):
        fade[KNEE] = np.where(rate[KNEE] < 0, (_LEAST_KNEE - takeoff[KNEE]) / rate[KNEE], _FADE_S)
        fade[HEEL] = np.where(rate[HEEL] > 0, (_MOST_HEEL - takeoff[HEEL]) / rate[HEEL], _FADE_S)
    fade = np.clip(fade, 1e-4, _FADE_S)
    after = takeoff + rate * fade * (1.0 - np.exp(-since[:, None] / fade))
    mixed = Path([Knot(0.0, 0.0), Knot(span, 1.0)])(since)[:, None]
    postures = (1.0 - mixed) * after + mixed * landing
    postures[:, TOE] = _toes(takeoff[TOE], landing[TOE], postures[:, HEEL], since, span)
    return np.asarray(postures, dtype=np.float64)


def _toes(takeoff: Array, landing: Array, heel: Array, since: Array, span: float) -> Array:
    taken = Path([Knot(0.0, 0.0), Knot(min(_TOES_TAKE_S, 0.5 * span), 1.0)])(since)[:, None]
    ready = span - _TOES_READY_S
    given = Path([Knot(max(ready - _TOES_TAKE_S, 0.5 * span), 0.0), Knot(ready, 1.0)])(since)[:, None]
    hanging = (1.0 - taken) * takeoff + taken * _TOES_FOLLOW * heel
    return np.asarray((1.0 - given) * hanging + given * landing, dtype=np.float64)


def afloat(postures: Array, arm: Array, lengths: Lengths) -> Array:
    """Poses (N, J, 3) of postures (N, 11), the pelvis at the origin."""
    flexion, swing, aside = postures[:, KNEE], postures[:, SWING], postures[:, ASIDE]
    reach2 = lengths.thigh**2 + lengths.shank**2 + 2.0 * lengths.thigh * lengths.shank * np.cos(flexion)
    from_hip = aside - lengths.hip_half_width * np.array([1.0, -1.0])
    down = np.sqrt(reach2 - from_hip**2)
    ankles = np.stack([down * np.sin(swing), aside, -down * np.cos(swing)], axis=-1)
    angles = Angles(postures[:, LEAN], postures[:, HEEL], postures[:, TOE], arm)
    return pose(np.zeros((len(postures), 3)), ankles, angles, lengths)
