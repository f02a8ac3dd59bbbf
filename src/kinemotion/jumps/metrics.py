"""A jump's numbers: what came before take-off, and the flight, in SI units with their uncertainty."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from kinemotion.jumps.flight import Flight
from kinemotion.jumps.jump import Movement
from kinemotion.jumps.parabola import GRAVITY
from kinemotion.jumps.pushoff import PushOff

_SHORTEST_S: Final = 0.05  # nobody pushes off faster
_ONSET_SD_S: Final = 0.04  # where rest ends and movement begins
_POSTURE_SD_M: Final = 0.006  # of the difference in posture between take-off and landing
_SAYERS_HEIGHT: Final = 6070.0  # W/m
_SAYERS_MASS: Final = 45.3  # W/kg
_SAYERS_OFFSET: Final = -2055.0  # W
_SAYERS_SEE: Final = 355.0
_SCALE_SD: Final = 0.08  # relative, of metres from a stated stature


class Value(NamedTuple):
    """An estimate and its standard deviation."""

    value: float
    sd: float


@dataclass(frozen=True, slots=True)
class Athlete:
    """What the athlete stated; None if nothing."""

    height_m: float | None = None
    mass_kg: float | None = None
    drop_height_m: float | None = None


def evaluate(flight: Flight, push: PushOff, athlete: Athlete) -> dict[str, Value]:
    """Every metric that can be had."""
    values = _flight_values(flight)
    height = values["jump_height_m"]
    if push.movement is Movement.CMJ:
        values |= _jump_from_standing(flight, push, height, _metres(flight, athlete))
    elif push.movement is Movement.SJ and push.onset_s is not None:
        values["squat_hold_duration_ms"] = Value(push.hold_s * 1000, _ONSET_SD_S * 2000)
        values["concentric_duration_ms"] = Value((flight.takeoff_s - push.onset_s) * 1000, _ONSET_SD_S * 1000)
    elif push.movement is Movement.DJ and push.contact_s is not None:
        values |= _drop_jump(flight, flight.takeoff_s - push.contact_s, height)
    if push.movement is not Movement.DJ and athlete.mass_kg is not None:
        values["peak_power_w"] = _peak_power(height, athlete.mass_kg)
    if push.movement is Movement.DJ and athlete.drop_height_m is not None:
        values["drop_height_m"] = Value(athlete.drop_height_m, 0.0)
    return {name: value for name, value in values.items() if np.isfinite(value).all()}


def _flight_values(flight: Flight) -> dict[str, Value]:
    """Height by flight time (Bosco 1983), and by the time that the same flight takes between equal postures.

    A body that lands shorter than it took off flies longer (Yamashita 2020). The way down, cut where the body would
    have touched at full length, and the way up are two measures of half that time.
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
        "takeoff_velocity_m_s": Value(GRAVITY * even / 2, posture.sd / even * 2),
    }


def _peak_power(height: Value, mass_kg: float) -> Value:
    """Peak power from the height and the body mass; the standard error of the estimate is 355 W (Sayers 1999)."""
    power = _SAYERS_HEIGHT * height.value + _SAYERS_MASS * mass_kg + _SAYERS_OFFSET
    return Value(power, float(np.hypot(_SAYERS_SEE, _SAYERS_HEIGHT * height.sd)))


def combined(ways: Iterable[Value]) -> Value:
    """Mean weighted by inverse variance.

    The ways share their events, so that averaging makes them no surer; where they disagree, the deviation says so.
    """
    values, sds = np.array([*ways]).T
    weights = 1 / np.maximum(sds, 1e-6) ** 2
    weights /= weights.sum()
    mean = float(weights @ values)
    return Value(mean, float(np.sqrt(weights @ (sds**2 + (values - mean) ** 2))))


def _metres(flight: Flight, athlete: Athlete) -> Value:
    """Metres in a picture height: from gravity, and from the stated stature if there is one."""
    gravity = GRAVITY / flight.gravity
    ways = [Value(gravity, gravity * flight.gravity_sd)]
    if athlete.height_m is not None:
        stated = athlete.height_m / flight.stature
        ways.append(Value(stated, _SCALE_SD * stated))
    return combined(ways)


def _jump_from_standing(flight: Flight, push: PushOff, height: Value, metres: Value) -> dict[str, Value]:
    """Times and depth before take-off; RSI modified is height over time to take-off (Ebben and Petushek 2010)."""
    if push.onset_s is None or push.lowest_s is None or push.depth is None:
        return {}
    event_sd = flight.takeoff_sd_s
    total_sd = float(np.hypot(_ONSET_SD_S, event_sd))
    total = flight.takeoff_s - push.onset_s
    if total < _SHORTEST_S:
        return {}
    depth = push.depth * metres.value
    rsi = height.value / total
    return {
        "countermovement_depth_m": Value(depth, float(np.hypot(push.depth * metres.sd, 0.01))),
        "eccentric_duration_ms": Value((push.lowest_s - push.onset_s) * 1000, 1000 * total_sd),
        "concentric_duration_ms": Value((flight.takeoff_s - push.lowest_s) * 1000, 1500 * event_sd),
        "time_to_takeoff_ms": Value(total * 1000, 1000 * total_sd),
        "rsi_modified_m_s": Value(rsi, rsi * float(np.hypot(height.sd / height.value, total_sd / total))),
    }


def _drop_jump(flight: Flight, contact: float, height: Value) -> dict[str, Value]:
    """Contact time, and the height and the flight time over it (Young 1995)."""
    if contact < _SHORTEST_S:
        return {}
    contact_sd = flight.takeoff_sd_s * float(np.sqrt(2))
    rsi, ratio = height.value / contact, flight.duration_s / contact
    return {
        "ground_contact_time_ms": Value(contact * 1000, contact_sd * 1000),
        "reactive_strength_index_m_s": Value(
            rsi, rsi * float(np.hypot(height.sd / height.value, contact_sd / contact))
        ),
        "flight_contact_ratio": Value(
            ratio, ratio * float(np.hypot(contact_sd / contact, contact_sd / flight.duration_s))
        ),
    }
