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
_RIDE: Final = 0.006  # MediaPipe's toes rise this much on the turning foot while the toes still touch
_SMOOTHING_SD_S: Final = 0.010  # of a contact, by the smoothing of live landmarks,
_SMOOTHING_SHARE: Final = 0.3  # which has its effect over frames: this share of their interval besides
_STRAY_S: Final = 0.12  # how far an event may lie from where it was seen live


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
    fallen = parabola.apex - parabola.at(float(time[air])) + max(float(lift[air]) - _RIDE * stature, 0.0)
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
