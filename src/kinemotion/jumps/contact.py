"""Feet and floor: when the toes left it, and when they met it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.jumps.parabola import Parabola
from kinemotion.jumps.signal import Array, Samples

# Lengths are statures.
_TOE_NOISE: Final = 0.010  # standard deviation of the toes
_TOE_SHARE: Final = 0.15  # of its lift, by which the foot moves on the body
_TOUCH: Final = 0.010  # lift of the toes that counts as contact
_CLEAR: Final = 0.025  # lift that does not
_SMOOTHING_SD_S: Final = 0.010  # of a contact, by the smoothing of live landmarks,
_SMOOTHING_SHARE: Final = 0.3  # which has its effect over frames: this share of their interval besides
_STRAY_S: Final = 0.12  # how far an event may lie from where it was seen live

# A contact refined by the frames around it.
_WINDOW_S: Final = 0.06
_FEWEST: Final = 3  # frames
_SEARCH_S: Final = 0.05
_STEP_S: Final = 0.001
_PITCH_S: Final = 0.13
_ROLLING_S: Final = 0.03  # before take-off and after landing, when the foot is pointed on the floor
_POINTED: Final = 0.079  # height of the heels over the toes at take-off
_TURNED_SHARE: Final = 0.2  # of what the foot lacks, by which its toes look too high
_LIFT_NOISE: Final = 0.004
_LIFT_SHARE: Final = 0.11
_FLOOR_NOISE: Final = 0.0105
_OUTLIER: Final = 10.0  # no frame counts for more than this, in squared standard deviations
_MODEL_SD_S: Final = 0.007  # what is left of the pose model's bias on feet that move


@dataclass(frozen=True, slots=True)
class Contact:
    """The time of a take-off or a landing, and its standard deviation, in seconds."""

    time_s: float
    sd_s: float


def toe_contact(time: Array, lift: Array, start: int, direction: int, parabola: Parabola, stature: float) -> Contact:
    """When the toes left (direction -1) or met (1) the floor, from an airborne frame outwards.

    From the last clear frame on, the toes fall as the centre of mass does until they have lost their lift; between
    that frame and the next one on the floor the truth must lie.

    Args:
        time: (N,) seconds.
        lift: (N,) height of the lower toes over the floor, picture heights.
        start: a frame in the air.
        direction: -1 for the take-off, 1 for the landing.
        parabola: the flight of the centre of mass.
        stature: apparent stature in picture heights.
    """
    air = start
    while 0 <= air + direction < len(time) and lift[air + direction] > _CLEAR * stature:
        air += direction
        if abs(time[air] - time[start]) > _STRAY_S:
            air = start  # the floor is no longer where it was: keep to what was seen live
            break
    ground = air + direction
    while 0 < ground < len(time) - 1 and lift[ground] > _TOUCH * stature and abs(time[ground] - time[air]) < _STRAY_S:
        ground += direction
    fallen = parabola.apex - parabola.at(float(time[air])) + max(float(lift[air]), 0.0)
    moment = parabola.apex_s + direction * np.sqrt(2 * fallen / parabola.gravity)
    speed = max(np.sqrt(2 * fallen * parabola.gravity), 1e-3 * stature)
    slack = direction * _TOUCH * stature / speed
    ground = min(max(ground, 0), len(time) - 1)
    if ground in (0, len(time) - 1) and lift[ground] > _TOUCH * stature:
        slack = direction * _STRAY_S  # the record ends before the toes touch
    earliest, latest = sorted((float(time[air]), float(time[ground] + slack)))
    reach = np.hypot(np.hypot(_TOE_NOISE * stature, _TOE_SHARE * float(lift[air])) / speed, parabola.apex_sd_s)
    interval = (latest - earliest) / np.sqrt(12.0)
    beside = min(max(air + direction, 0), len(time) - 1)
    smoothing = np.hypot(_SMOOTHING_SD_S, _SMOOTHING_SHARE * (time[air] - time[beside]))
    sd_s = np.hypot(1 / np.hypot(1 / max(interval, 1e-4), 1 / reach), smoothing)
    return Contact(float(min(max(moment, earliest), latest)), float(sd_s))


def refined(
    time: Array, toes: Array, pitch: Array, rough: Contact, direction: int, parabola: Parabola, stature: float
) -> Contact:
    """A contact sharpened by every frame around it: on the floor before, as the centre of mass flies after.

    The pose model turns a pointed foot too little, so that its toes look too high and its heels too low: the toes are
    lowered by a share of what the foot lacks to the usual angle of a foot that leaves the floor.

    Args:
        time: (N,) seconds.
        toes: (N,) height of the lower toes over the floor, picture heights.
        pitch: (N,) height of the heels over the toes, relative to a flat foot, picture heights.
        rough: where the contact is about.
        direction: -1 for the take-off, 1 for the landing.
        parabola: the flight of the centre of mass.
        stature: apparent stature in picture heights.
    """
    after_s = -direction * (time - rough.time_s)
    airborne = pitch[(after_s > 0) & (after_s < _PITCH_S)]
    seen = float(np.median(airborne)) if len(airborne) else 0.0
    lacking = max(_POINTED * stature - seen, 0.0)
    near = np.abs(after_s) < _WINDOW_S
    if near.sum() < _FEWEST or not ((after_s[near] > 0).any() and (after_s[near] < 0).any()):
        return rough
    lift = toes[near] - np.where(after_s[near] > -_ROLLING_S, _TURNED_SHARE * lacking, 0.0)
    moments = rough.time_s + np.arange(-_SEARCH_S, _SEARCH_S, _STEP_S)
    flown = -direction * (time[near][None, :] - moments[:, None])
    speed = parabola.gravity * np.abs(parabola.apex_s - moments)[:, None]
    flight = np.where(flown > 0, speed * flown - 0.5 * parabola.gravity * flown**2, 0.0)
    noise = np.where(flown > 0, np.hypot(_LIFT_NOISE * stature, _LIFT_SHARE * flight), _FLOOR_NOISE * stature)
    cost = np.minimum(((lift - flight) / noise) ** 2, _OUTLIER).sum(1)
    weight = np.exp(-0.5 * (cost - cost.min()))
    weight /= weight.sum()
    moment = float(weight @ moments)
    sd_s = float(np.hypot(np.sqrt(weight @ (moments - moment) ** 2), _MODEL_SD_S))
    return Contact(moment, sd_s)


def touch_down(samples: Samples, near_s: float, takeoff_s: float, gravity: float, stature: float) -> float:
    """When the feet came down before a take-off, after a drop or another flight.

    Args:
        samples: motion around the contact.
        near_s: the touch-down as seen live.
        takeoff_s: the take-off that followed.
        gravity: what g appears as, picture heights a second squared.
        stature: apparent stature in picture heights.
    """
    contact = samples.between(near_s, takeoff_s)
    around = samples.between(near_s - 2 * _STRAY_S, takeoff_s)
    if len(contact) < 1 or len(around) < 3:
        return near_s
    lift = (around.toes - np.median(contact.toes, axis=0)).min(1)
    down = int(np.searchsorted(around.time, near_s))
    clear = np.flatnonzero(lift[: down + 1] > 2 * _CLEAR * stature)
    if not len(clear) or clear[-1] < 1:
        return float(around.time[min(down, len(around) - 1)])
    air = int(clear[-1])
    touching = air + int((lift[air:] <= _TOUCH * stature).argmax())
    elapsed = around.time[air] - around.time[air - 1]
    speed = max((lift[air - 1] - lift[air]) / elapsed + gravity * elapsed / 2, 0.0)
    wait = (np.sqrt(speed**2 + 2 * gravity * lift[air]) - speed) / gravity
    return float(min(around.time[air] + wait, around.time[touching]))
