"""A jump's numbers: what came before take-off, and the flight, in SI units with their uncertainty."""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from kinemotion.jumps.athlete import Athlete
from kinemotion.jumps.flight import Flight
from kinemotion.jumps.jump import Movement
from kinemotion.jumps.parabola import GRAVITY
from kinemotion.jumps.pushoff import SHORTEST_S, PushOff
from kinemotion.jumps.scale import Scale
from kinemotion.jumps.value import Value

_ONSET_SD_S: Final = 0.06  # where rest ends and movement begins
_LOWEST_SD_S: Final = 0.020
_GAP_SHARE: Final = 1 / 3  # of the time between frames, by which an event among them is known
_POSTURE_SD_M: Final = 0.006  # of the difference in posture between take-off and landing
_LENGTH_SD: Final = 0.08  # relative, of lengths in the picture,
_LENGTH_SD_M: Final = 0.01  # and besides
_SINKING_SD_M_S: Final = 0.08
_OVERSHOOT_SD_M_S: Final = 0.03
_BOX_SD_M: Final = 0.05  # of the fall against the box: athletes step down from it, or jump off
_BELIEVED: Final = 1.5  # standard deviations by which a stated box may differ from the fall that was seen
_SAYERS_HEIGHT: Final = 6070.0  # W/m
_SAYERS_MASS: Final = 45.3  # W/kg
_SAYERS_OFFSET: Final = -2055.0  # W
_SAYERS_SEE: Final = {Movement.SJ: 372.9, Movement.CMJ: 442.8}  # W

_DEG_PER_M: Final = 200.0  # how fast joints bend with depth

# The pose model's own error in flexed legs, on drawn athletes: it shows them straighter than they are.
_ANGLE_SD_DEG: Final = {"knee": 14.0, "hip": 15.0, "ankle": 13.0}


def evaluate(flight: Flight, push: PushOff, athlete: Athlete, scale: Scale) -> dict[str, Value]:
    """Every metric that can be had."""
    values = _flight_values(flight)
    height, metres = values["jump_height_m"], _metres(scale)
    if push.movement is Movement.DJ:
        values |= _drop_jump(flight, push, height) | _drop(push, athlete.drop_height_m, metres)
    else:
        values |= _from_standing(flight, push, height) if push.movement is Movement.CMJ else _from_squat(flight, push)
        values |= _peak_velocity(values["takeoff_velocity_m_s"], push) | _way_down(push, metres)
        if athlete.mass_kg is not None:
            values |= _forces(height, push, athlete.mass_kg, metres)
    return {name: value for name, value in values.items() if np.isfinite(value).all()}


def box_contradicted(push: PushOff, athlete: Athlete, scale: Scale) -> bool:
    """Whether the fall that was seen before the contact is not one from the box that was stated."""
    return _disagree(_stated_drop(push, athlete.drop_height_m), _seen_drop(push, _metres(scale)))


def _flight_values(flight: Flight) -> dict[str, Value]:
    """Height by flight time (Bosco 1983), and by the time that the same flight takes between equal postures.

    A body that lands shorter than it took off flies longer (Yamashita 2020). The way down, cut where the body would
    have touched at full length, and the way up are two measures of half that time. Velocity at take-off is gravity
    times that half, and height by it is v²/2g (Moir 2008).
    """
    duration, duration_sd = flight.duration_s, flight.duration_sd_s
    up, down = flight.apex_s - flight.takeoff_s, flight.landing_s - flight.apex_s
    even = up + float(np.sqrt(max(down**2 - 2 * flight.shrinkage / flight.gravity, 0.0)))
    posture = Value(GRAVITY * even**2 / 8, float(np.hypot(GRAVITY * even / 4 * duration_sd, _POSTURE_SD_M)))
    by_time = Value(GRAVITY * duration**2 / 8, GRAVITY * duration / 4 * duration_sd)
    return {
        "jump_height_m": posture,
        "jump_height_flight_time_m": by_time,
        "jump_height_takeoff_velocity_m": posture,
        "flight_time_ms": Value(duration * 1000, duration_sd * 1000),
        "takeoff_velocity_m_s": Value(GRAVITY * even / 2, GRAVITY * even / 4 * _relative(posture)),
    }


def _relative(value: Value) -> float:
    """Relative standard deviation; infinite for nothing, so that what rests on it is left out."""
    return value.sd / value.value if value.value > 0 else math.inf


def combined(ways: Iterable[Value]) -> Value:
    """Mean weighted by inverse variance.

    The ways share their events, so that averaging makes them no surer; where they disagree, the deviation says so.
    """
    values, sds = np.array([*ways]).T
    weights = 1 / np.maximum(sds, 1e-6) ** 2
    weights /= weights.sum()
    mean = float(weights @ values)
    return Value(mean, float(np.sqrt(weights @ (sds**2 + (values - mean) ** 2))))


def _metres(scale: Scale) -> Value | None:
    """Metres in a picture height, from every scale that is sound; None without one.

    What is a length, or rests on one, is left out where this is None.
    """
    ways = [way for way in (scale.gravity, scale.stated) if way is not None]
    return combined(ways) if ways else None


def _peak_velocity(takeoff: Value, push: PushOff) -> dict[str, Value]:
    """Highest upward velocity before take-off, where force has fallen to body weight (McMahon 2018).

    By the velocity at take-off, which is known from time alone; the pictures tell by how much it was exceeded.
    """
    if push.overshoot is None:
        return {}
    sd = float(np.hypot(takeoff.sd * push.overshoot, _OVERSHOOT_SD_M_S))
    return {"peak_concentric_velocity_m_s": Value(takeoff.value * push.overshoot, sd)}


def _from_standing(flight: Flight, push: PushOff, height: Value) -> dict[str, Value]:
    """Phases of a countermovement jump from onset to lowest point to take-off (McMahon 2018).

    RSI modified is height over time to take-off (Ebben and Petushek 2010).
    """
    if push.onset_s is None or push.lowest_s is None:
        return {}
    onset_sd, lowest_sd = _among_frames(_ONSET_SD_S, push), _among_frames(_LOWEST_SD_S, push)
    down, up = push.lowest_s - push.onset_s, flight.takeoff_s - push.lowest_s
    if min(down, up) < SHORTEST_S:
        return {}
    total = Value(down + up, float(np.hypot(onset_sd, flight.takeoff_sd_s)))
    return {
        "eccentric_duration_ms": Value(down * 1000, 1000 * float(np.hypot(onset_sd, lowest_sd))),
        "concentric_duration_ms": Value(up * 1000, 1000 * float(np.hypot(lowest_sd, flight.takeoff_sd_s))),
        "time_to_takeoff_ms": Value(total.value * 1000, 1000 * total.sd),
        "rsi_modified_m_s": _height_over(total, height, flight),
    }


def _height_over(time: Value, height: Value, flight: Flight) -> Value:
    """Height over a time that ends with take-off: a later take-off makes the one smaller and the other longer."""
    ratio = height.value / time.value
    shared = 2 * flight.takeoff_sd_s / math.sqrt(flight.duration_s * time.value)
    return Value(ratio, ratio * math.hypot(_relative(height), _relative(time), shared))


def _from_squat(flight: Flight, push: PushOff) -> dict[str, Value]:
    """How long the squat was held, by our own definition, and the rise from it (Samozino 2008)."""
    if push.onset_s is None:
        return {}
    onset_sd = _among_frames(_ONSET_SD_S, push)
    values = {
        "squat_hold_duration_ms": Value(push.hold_s * 1000, onset_sd * 2000),
        "concentric_duration_ms": Value((flight.takeoff_s - push.onset_s) * 1000, onset_sd * 1000),
    }
    return {name: value for name, value in values.items() if value.value >= SHORTEST_S * 1000}


def _among_frames(sd_s: float, push: PushOff) -> float:
    """Standard deviation of an event that is found among frames, from that of its definition."""
    return float(np.hypot(sd_s, _GAP_SHARE * push.gap_s))


def _way_down(push: PushOff, metres: Value | None) -> dict[str, Value]:
    """How far the centre of mass sank below standing, how fast at most (McMahon 2018), and the posture at its lowest.

    Angles are by our own definition: means of left and right, 180° for a straight joint. The true lowest point may lie
    between two frames.
    """
    missed_m = GRAVITY * push.gap_s**2 / 4
    values = {}
    if push.depth is not None and push.depth > 0 and metres is not None:
        depth, sd = _length(push.depth, metres)
        values["countermovement_depth_m"] = Value(depth, float(np.hypot(sd, missed_m)))
    if push.sinking is not None and metres is not None:
        speed, sd = _length(push.sinking, metres)
        values["peak_eccentric_velocity_m_s"] = Value(speed, float(np.hypot(sd, _SINKING_SD_M_S)))
    return values | {
        f"{joint}_angle_lowest_deg": Value(angle, float(np.hypot(_ANGLE_SD_DEG[joint], _DEG_PER_M * missed_m)))
        for joint, angle in push.angles_deg.items()
    }


def _length(length: float, metres: Value) -> Value:
    """A length in the picture, in metres."""
    value = length * metres.value
    return Value(value, float(np.linalg.norm([length * metres.sd, _LENGTH_SD * value, _LENGTH_SD_M])))


def _forces(height: Value, push: PushOff, mass_kg: float, metres: Value | None) -> dict[str, Value]:
    """Peak power by height and body mass, with the standard error of each kind of jump (Sayers 1999).

    For a squat jump, the mean force on the ground by height over push-off distance (Samozino 2008): the distance is
    what the centre of mass rose from the squat to take-off.
    """
    power = _SAYERS_HEIGHT * height.value + _SAYERS_MASS * mass_kg + _SAYERS_OFFSET
    power_sd = math.hypot(_SAYERS_SEE[push.movement], _SAYERS_HEIGHT * height.sd)
    values = {"peak_power_w": Value(power, power_sd)} if power > 0 else {}
    if push.movement is Movement.SJ and push.distance is not None and push.distance > 0 and metres is not None:
        distance = _length(push.distance, metres)
        ratio = height.value / distance.value
        ratio_sd = ratio * math.hypot(_relative(height), _relative(distance))
        weight = mass_kg * GRAVITY
        values["mean_force_n"] = Value(weight * (ratio + 1), weight * ratio_sd)
    return values


def _drop_jump(flight: Flight, push: PushOff, height: Value) -> dict[str, Value]:
    """Contact time, the height over it (Young 1995), and the flight time over it (Healy 2018).

    A later take-off lengthens the contact by what it takes from the flight.
    """
    if push.contact_s is None or flight.takeoff_s - push.contact_s < SHORTEST_S:
        return {}
    seconds = flight.takeoff_s - push.contact_s
    contact = Value(seconds, math.hypot(flight.takeoff_sd_s, push.contact_sd_s))
    ratio = flight.duration_s / seconds
    ratio_sd = ratio * math.hypot(
        flight.takeoff_sd_s * (1 / flight.duration_s + 1 / seconds),
        flight.landing_sd_s / flight.duration_s,
        push.contact_sd_s / seconds,
    )
    return {
        "ground_contact_time_ms": Value(contact.value * 1000, contact.sd * 1000),
        "reactive_strength_index_m_s": _height_over(contact, height, flight),
        "flight_contact_ratio": Value(ratio, ratio_sd),
    }


def _drop(push: PushOff, box_m: float | None, metres: Value | None) -> dict[str, Value]:
    """The height of a free fall from rest that ends as fast as the body was at touch-down, v²/2g (McMahon 2021).

    That is what loads the legs, and not the box: who steps down falls less, who jumps off falls more (Baca 1999). So a
    stated box counts only as far as it goes with the fall that was seen, or where none was seen before the contact;
    and not for a jump that followed another one.
    """
    stated, fallen = _stated_drop(push, box_m), _seen_drop(push, metres)
    if stated is None or fallen is None or _disagree(stated, fallen):
        alone = stated if fallen is None else fallen
        return {} if alone is None else {"drop_height_m": alone}
    together = math.hypot(stated.sd, fallen.sd)  # neither knows of the other
    mean = (stated.value * fallen.sd**2 + fallen.value * stated.sd**2) / together**2
    return {"drop_height_m": Value(mean, stated.sd * fallen.sd / together)}


def _stated_drop(push: PushOff, box_m: float | None) -> Value | None:
    return None if box_m is None or push.contact_s is None or push.rebound else Value(box_m, _BOX_SD_M)


def _seen_drop(push: PushOff, metres: Value | None) -> Value | None:
    if push.contact_s is None or push.touching is None or metres is None:
        return None
    speed, noise = push.touching
    velocity = speed * metres.value
    sd = math.hypot(noise * metres.value, speed * metres.sd, GRAVITY * push.contact_sd_s)
    return Value(velocity**2 / (2 * GRAVITY), sd * math.hypot(velocity, sd / math.sqrt(2)) / GRAVITY)


def _disagree(one: Value | None, other: Value | None) -> bool:
    if one is None or other is None:
        return False
    return abs(one.value - other.value) > _BELIEVED * math.hypot(one.sd, other.sd)
