"""Feet and floor: when the toes left it, and when they met it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.jumps.lift import Lift, floor_of, sole_lift
from kinemotion.jumps.parabola import Parabola
from kinemotion.jumps.signal import Array, Samples, slope

EDGE_S: Final = 0.03  # this near to a contact, the feet may not be on the floor

# Lengths are statures.
_TOE_NOISE: Final = 0.010  # standard deviation of the toes
_TOE_SHARE: Final = 0.15  # of its lift, by which the foot moves on the body
_TOUCH: Final = 0.010  # lift of the toes that counts as contact
_CLEAR: Final = 0.025  # lift that does not
_ROUGH_SD_S: Final = 0.010  # of a contact by the landmarks of a few frames,
_ROUGH_SHARE: Final = 0.3  # and this share of their interval besides
_STRAY_S: Final = 0.12  # how far an event may lie from where it was seen live

# A contact refined by the frames around it.
_WINDOW_S: Final = 0.06
_WINDOW_FRAMES: Final = 2.2  # frame intervals, where frames are few
_SEARCH_S: Final = 0.05
_SEARCH_FRAMES: Final = 1.0
_STEP_S: Final = 0.001
_OUTLIER: Final = 10.0  # no frame counts for more than this, in squared standard deviations
_ANKLE_RISE: Final = 0.047  # of the ankles over a flat foot's, when the toes leave the floor or meet it
_ANKLE_SD: Final = 0.013

_FALL_S: Final = 0.2
_APART: Final = 3.0  # standard deviations by which shoes and landmarks may disagree
_LATE_S: Final = 0.004  # by so much the edge of a shoe that comes down from a drop meets the floor too late, or
_LATE_SD_S: Final = 0.004  # seems to
_TOLD_S: Final = 0.5  # a touch-down is told live within this
_BRIEF_S: Final = 0.01  # no speed is taken over less


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
    rough = np.hypot(_ROUGH_SD_S, _ROUGH_SHARE * (time[air] - time[beside]))
    sd_s = np.hypot(1 / np.hypot(1 / max(interval, 1e-4), 1 / reach), rough)
    return Contact(float(min(max(moment, earliest), latest)), float(sd_s))


def ankle_contact(flown: Samples, ankle: float, direction: int, parabola: Parabola, stature: float) -> Contact | None:
    """When the ankles were as high as they usually are at a contact, from how the centre of mass flew over them.

    Args:
        flown: the airborne frames next to the contact.
        ankle: height of the ankles of a flat foot on the floor, picture heights.
        direction: -1 for the take-off, 1 for the landing.
        parabola: the flight of the centre of mass.
        stature: apparent stature in picture heights.
    """
    if not len(flown):
        return None
    over_ankle = float((flown.com - flown.ankle).mean())
    fallen = parabola.apex - (ankle + _ANKLE_RISE * stature + over_ankle)
    if fallen <= 0:
        return None
    moment = parabola.apex_s + direction * float(np.sqrt(2 * fallen / parabola.gravity))
    speed = float(np.sqrt(2 * fallen * parabola.gravity))
    return Contact(moment, float(np.hypot(_ANKLE_SD * stature / speed, parabola.apex_sd_s)))


def refined(
    time: Array, lift: Lift, rough: Contact, direction: int, parabola: Parabola, usual: Contact | None = None
) -> Contact:
    """A contact sharpened by every frame around it: on the floor before, as the centre of mass flies after.

    Args:
        time: (N,) seconds.
        lift: the lower foot over the floor at these times.
        rough: where the contact is about.
        direction: -1 for the take-off, 1 for the landing.
        parabola: the flight of the centre of mass.
        usual: where the posture says that the contact was, if it says anything; left aside where it lies far from the
            rough contact although frames show that one.
    """
    flown_s = -direction * (time - rough.time_s)
    around = time[np.abs(flown_s) < _STRAY_S]
    interval_s = float(np.median(np.diff(around))) if len(around) > 1 else _STRAY_S
    if usual is not None and abs(usual.time_s - rough.time_s) > max(_STRAY_S, _gap_s(time, rough.time_s)):
        usual = None
    first_s, last_s = sorted((rough.time_s, rough.time_s if usual is None else usual.time_s))
    window_s = max(_WINDOW_S, _WINDOW_FRAMES * interval_s)
    near = (time > first_s - window_s) & (time < last_s + window_s) & np.isfinite(lift.height)
    if not ((flown_s[near] > 0).any() and (flown_s[near] < 0).any()):
        return rough
    search_s = max(_SEARCH_S, _SEARCH_FRAMES * interval_s)
    moments = np.arange(first_s - search_s, last_s + search_s, _STEP_S)
    flown = -direction * (time[near][None, :] - moments[:, None])
    speed = parabola.gravity * np.abs(parabola.apex_s - moments)[:, None]
    flight = np.where(flown > 0, speed * flown - 0.5 * parabola.gravity * flown**2, 0.0)
    noise = np.where(flown > 0, np.hypot(lift.air_sd, lift.air_share * flight), lift.floor_sd)
    noise = np.hypot(noise, lift.lag_share * interval_s * speed)
    excess, weight = lift.height[near] - flight, noise**-2
    level = (weight * excess).sum(1) / (weight.sum(1) + lift.level_sd**-2)
    cost = np.minimum(((excess - level[:, None]) / noise) ** 2, _OUTLIER).sum(1) + (level / lift.level_sd) ** 2
    if usual is not None:
        cost += ((moments - usual.time_s) / usual.sd_s) ** 2
    weight = np.exp(-0.5 * (cost - cost.min()))
    weight /= weight.sum()
    moment = float(weight @ moments)
    model_sd_s = np.hypot(lift.model_sd_s, lift.lag_share * interval_s)
    sd_s = float(np.hypot(np.sqrt(weight @ (moments - moment) ** 2), model_sd_s))
    return Contact(moment, sd_s)


def _gap_s(time: Array, moment_s: float) -> float:
    """Time between the frames on both sides of a moment."""
    after = min(max(int(np.searchsorted(time, moment_s)), 1), len(time) - 1)
    return float(time[after] - time[after - 1])


def touch_down(samples: Samples, near_s: float, takeoff_s: float, gravity: float, stature: float) -> Contact:
    """When the feet came down before a take-off, after a drop or another flight.

    Args:
        samples: motion around the contact.
        near_s: the touch-down as seen live.
        takeoff_s: the take-off that followed.
        gravity: what g appears as, picture heights a second squared.
        stature: apparent stature in picture heights.
    """
    rough = _toes_down(samples, near_s, takeoff_s, gravity, stature)
    floor = floor_of(samples.between(rough.time_s + EDGE_S, takeoff_s - EDGE_S).soles, stature)
    fall = samples.between(rough.time_s - _FALL_S, rough.time_s)
    if floor is None or len(fall) < 2:
        return rough
    since = fall.time - rough.time_s
    rate = slope(since, fall.com + 0.5 * gravity * since**2)
    parabola = Parabola(rough.time_s + rate / gravity, float(fall.com.max()), gravity, 0.0, 0.0)
    edge = refined(samples.time, sole_lift(samples.soles, floor, stature), rough, 1, parabola)
    if abs(edge.time_s - rough.time_s) > _APART * rough.sd_s:
        return rough
    return Contact(edge.time_s - _LATE_S, float(np.hypot(edge.sd_s, _LATE_SD_S)))


def _toes_down(samples: Samples, near_s: float, takeoff_s: float, gravity: float, stature: float) -> Contact:
    """The touch-down by the landmarks of the toes, as sure as the frames on both sides of it are near."""
    contact = samples.between(near_s, takeoff_s)
    around = samples.between(near_s - _TOLD_S, takeoff_s)
    time = around.time
    told = Contact(near_s, _between(near_s - _TOLD_S, near_s))
    if len(contact) < 1 or len(around) < 3:
        return told
    lift = (around.toes - np.median(contact.toes, axis=0)).min(1)
    clear = np.flatnonzero(lift[time <= near_s] > 2 * _CLEAR * stature)
    if not len(clear) or clear[-1] < 1:
        return told
    air = int(clear[-1])
    low = air + np.flatnonzero(lift[air:] <= _TOUCH * stature)
    later_s = float(time[low[0]]) if len(low) else takeoff_s
    earlier = max(int(np.searchsorted(time, time[air] - _BRIEF_S)) - 1, 0)
    elapsed = time[air] - time[earlier]
    speed = max((lift[earlier] - lift[air]) / elapsed + gravity * elapsed / 2, 0.0)
    wait = (np.sqrt(speed**2 + 2 * gravity * lift[air]) - speed) / gravity
    return Contact(float(min(time[air] + wait, later_s)), _between(float(time[air]), later_s))


def _between(earlier_s: float, later_s: float) -> float:
    """Standard deviation of a contact that lies somewhere between two frames."""
    apart_s = later_s - earlier_s
    return float(np.hypot(apart_s / np.sqrt(12.0), np.hypot(_ROUGH_SD_S, _ROUGH_SHARE * apart_s)))
