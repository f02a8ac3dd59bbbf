"""How high the lower foot is over its floor: from the edges of the shoes where they are seen, else from landmarks."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.jumps.signal import Array

# Lengths are statures.
_SOLE_LEVEL_SD: Final = 0.002
_SOLE_FLOOR_SD: Final = 0.004
_SOLE_AIR_SD: Final = 0.004
_SOLE_SHARE: Final = 0.08
_SOLE_MODEL_SD_S: Final = 0.003
_SUNK: Final = 0.012  # no shoe goes so far into its floor: that edge was the other foot's
_FEWEST_ON_FLOOR: Final = 2  # frames
_FLOOR_SHARE: Final = 0.15  # of the frames; a short contact is no more
_RESTING: Final = 0.02  # soles on the floor are seen this much alike

_PITCH_S: Final = 0.13
_BEFORE_S: Final = 0.15  # a take-off, where the foot shows how high its floor is
_ROLLING_S: Final = 0.03  # before take-off and after landing, when the foot is pointed on the floor
_POINTED: Final = 0.079  # height of the heels over the toes at take-off
_LACKING: Final = 0.055  # what drawn feet lack (the median of 191 jumps is 0.054); what looks flatter is flatter
_TURNED_SHARE: Final = 0.2  # of what the foot lacks, by which its toes look too high
_TOE_LEVEL_SD: Final = 0.001
_TOE_FLOOR_SD: Final = 0.0105
_TOE_AIR_SD: Final = 0.004
_TOE_SHARE: Final = 0.11
_TOE_LAG_SHARE: Final = 0.12
_OUTSIDE: Final = 3.0  # times as uncertain, where the floor lies outside the picture
_TOE_MODEL_SD_S: Final = 0.007  # what is left of the pose model's bias on feet that move


@dataclass(frozen=True, slots=True)
class Lift:
    """Height of the lower foot over its floor, and how well it is known; lengths are picture heights.

    Attributes:
        height: (N,) NaN where it was not seen.
        level_sd: standard deviation of the floor's height.
        floor_sd: standard deviation of a frame on the floor.
        air_sd: standard deviation just off it.
        air_share: of the way of the centre of mass since the contact, by which the foot may have moved on the body.
        lag_share: of a frame interval, by which a frame may show the foot where it was or will be.
        model_sd_s: standard deviation of a contact that no number of frames makes smaller.
    """

    height: Array
    level_sd: float
    floor_sd: float
    air_sd: float
    air_share: float
    lag_share: float
    model_sd_s: float


def sole_lift(soles: Array, floor: Array, stature: float) -> Lift:
    """Lift from the shoes' lowest edges.

    Args:
        soles: (N, 2) heights of the edges, NaN where unseen.
        floor: (2,) their heights on the floor.
        stature: apparent stature in picture heights.
    """
    lift = np.fmin.reduce(soles - floor, axis=1)
    lift = np.where(lift > -_SUNK * stature, lift, np.nan)
    sds = _SOLE_LEVEL_SD * stature, _SOLE_FLOOR_SD * stature, _SOLE_AIR_SD * stature
    return Lift(lift, *sds, _SOLE_SHARE, 0.0, _SOLE_MODEL_SD_S)


def floor_of(soles: Array, stature: float) -> Array | None:
    """(2,) heights of the soles (N, 2) on the floor, the lowest place where both rest; None if they hardly do."""
    seen = soles[np.isfinite(soles).all(1)]
    if len(seen) < _FEWEST_ON_FLOOR:
        return None
    lowest = np.quantile(seen, 0.1, axis=0)
    resting = seen[(seen < lowest + _RESTING * stature).all(1)]
    return np.median(resting, axis=0) if len(resting) >= max(_FEWEST_ON_FLOOR, _FLOOR_SHARE * len(seen)) else None


def toe_lift(time: Array, feet: Array, near_s: float, direction: int, stature: float, *, outside: bool) -> Lift:
    """Lift from the landmarks of the toes.

    The pose model turns a pointed foot too little, so that its toes look too high and its heels too low: the toes are
    lowered by a share of what the foot lacks to the usual angle of a foot that leaves the floor, though of no more than
    a pointed foot is seen to lack.

    Args:
        time: (N,) seconds.
        feet: (N, 4) heights of the toes and the heels over where they are when the foot is flat, picture heights.
        near_s: where the contact is about.
        direction: -1 for a take-off, 1 for a landing.
        stature: apparent stature in picture heights.
        outside: whether the picture ends above the floor, where the pose model only guesses.
    """
    toes, pitch = feet[:, :2].min(1), feet[:, 2:].mean(1) - feet[:, :2].mean(1)
    flown_s = -direction * (time - near_s)
    if direction < 0:
        toes = toes - _step_up(toes[(flown_s > -_BEFORE_S) & (flown_s < -_ROLLING_S)])
    airborne = pitch[(flown_s > 0) & (flown_s < _PITCH_S)]
    seen = float(np.median(airborne)) if len(airborne) else 0.0
    lacking = float(np.clip(_POINTED * stature - seen, 0.0, _LACKING * stature))
    lift = toes - np.where(flown_s > -_ROLLING_S, _TURNED_SHARE * lacking, 0.0)
    doubt = _OUTSIDE if outside else 1.0
    size = doubt * stature
    sds = _TOE_LEVEL_SD * size, _TOE_FLOOR_SD * size, _TOE_AIR_SD * size
    return Lift(lift, *sds, _TOE_SHARE, _TOE_LAG_SHARE, doubt * _TOE_MODEL_SD_S)


def _step_up(toes: Array) -> float:
    """How much higher than where it landed a foot stood before it left, from its toes (N,) then."""
    return max(float(np.median(toes)), 0.0) if len(toes) else 0.0
