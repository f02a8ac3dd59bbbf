"""What came before take-off: the kind of jump, its onset and its lowest point."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from kinemotion.jumps.contact import Contact, touch_down
from kinemotion.jumps.flight import Flight
from kinemotion.jumps.jump import Movement
from kinemotion.jumps.signal import Array, Samples, known_median
from kinemotion.jumps.velocity import overshoot, sinking, touching

# Lengths are statures.
_EARLIER: Final = 0.010  # from a level of rest at which a movement has certainly begun,
_LATER: Final = 0.030  # and at which it is well on its way
_POWER: Final = 2.5  # of time, that the distance from rest grows with
_STILL: Final = 0.02  # within which it is held
_UPRIGHT: Final = 0.05  # above a held squat; what was before the body stood is no part of it
_FLEXED_DEG: Final = 140.0

SHORTEST_S: Final = 0.05  # nobody pushes off faster
_SAME_S: Final = 0.15  # a touch-down so near to a landing is that landing
_HOLD_S: Final = 0.5
_HOLD_AGO_S: Final = 1.2
_LONGEST_CONTACT_S: Final = 0.8
_LONGEST_S: Final = 5.0
_COUNTERMOVEMENT_S: Final = 2.0
_AROUND_S: Final = 0.15
_TURN_S: Final = 0.05  # so near to the lowest point the joints hardly move
_SOLE_DEG: Final = 19.5  # between the floor and the line from ankle to toes, of a flat foot. Winter (2009)


@dataclass(frozen=True, slots=True)
class PushOff:
    """What came before take-off.

    Attributes:
        movement: what kind of jump that makes it.
        seen: what kind it looked like, whatever was asked for.
        onset_s: start of the countermovement, or of the push-off from a held squat; None if not seen.
        lowest_s: lowest centre of mass before take-off, or where a held squat was reached; None if not seen.
        depth: from standing to the lowest point, picture heights; None if standing was not seen.
        hold_s: how long the squat was held; 0 if it was not.
        contact_s: touch-down of a drop jump; None without one.
        contact_sd_s: its standard deviation.
        rebound: whether it ended another jump, and not a drop.
        gap_s: longest time between two frames from shortly before that moment or the onset to take-off.
        distance: from the lowest point to take-off, picture heights; None if the lowest point was not seen.
        sinking: fastest fall before the lowest point, picture heights a second; None if it was not seen.
        overshoot: fastest rise before take-off over the velocity at take-off; None if it was not seen.
        touching: fall at touch-down and its standard deviation, picture heights a second; None if it was not seen.
        angles_deg: `knee`, `hip` and `ankle` at the lowest point of a countermovement; those that were seen.
    """

    movement: Movement
    seen: Movement = Movement.AUTO
    onset_s: float | None = None
    lowest_s: float | None = None
    depth: float | None = None
    hold_s: float = 0.0
    contact_s: float | None = None
    contact_sd_s: float = 0.0
    rebound: bool = False
    gap_s: float = 0.0
    distance: float | None = None
    sinking: float | None = None
    overshoot: float | None = None
    touching: tuple[float, float] | None = None
    angles_deg: Mapping[str, float] = field(default_factory=dict)


class _Hold(NamedTuple):
    """A squat that was held: when it was entered, when it was last seen still, and its height, picture heights."""

    entered_s: float
    still_s: float
    level: float


def push_off(
    samples: Samples, flight: Flight, wanted: Movement, touched_s: float | None, landed_s: float = -np.inf
) -> PushOff:
    """Find the onset and the lowest point, and tell the kinds of jump apart.

    Args:
        samples: motion up to take-off.
        flight: the flight that followed.
        wanted: the kind of jump that was asked for, or `AUTO`.
        touched_s: the last touch-down before take-off (after a drop or another jump) as seen live, if there was one.
        landed_s: when the jump before this one landed; nothing of this one began earlier.
    """
    began_s = max(landed_s, -np.inf if touched_s is None else touched_s, flight.takeoff_s - _LONGEST_S)
    before = samples.between(began_s, flight.takeoff_s)
    contact = _contact(samples, flight, touched_s)
    hold = None if contact is not None else _hold(before, flight.stature)
    seen = _kind(contact, hold)
    movement = seen if wanted is Movement.AUTO else wanted
    if movement is Movement.DJ:
        push = _drop_jump(samples, before, contact, flight, landed_s)
    elif movement is Movement.SJ:
        push = _squat(before, hold, flight.stature)
        push = _rising(push, samples, before, push.onset_s, flight)
    else:
        push = _countermovement(before, flight.stature)
        push = _rising(push, samples, before, push.lowest_s, flight)
    began_s = next((at for at in (push.contact_s, push.onset_s, push.lowest_s) if at is not None), flight.takeoff_s)
    times = samples.between(began_s - _AROUND_S, flight.takeoff_s + _AROUND_S).time
    return replace(push, seen=seen, gap_s=float(np.diff(times).max(initial=0.0)))


def _contact(samples: Samples, flight: Flight, touched_s: float | None) -> Contact | None:
    """The touch-down shortly before take-off; None without one."""
    if touched_s is None or flight.takeoff_s - touched_s >= _LONGEST_CONTACT_S:
        return None
    contact = touch_down(samples, touched_s, flight.takeoff_s, flight.gravity, flight.stature)
    return contact if flight.takeoff_s - contact.time_s >= SHORTEST_S else None


def _drop_jump(samples: Samples, before: Samples, contact: Contact | None, flight: Flight, landed_s: float) -> PushOff:
    push = PushOff(Movement.DJ, lowest_s=_lowest(before))
    if contact is None:
        return push
    return replace(
        push,
        contact_s=contact.time_s,
        contact_sd_s=contact.sd_s,
        rebound=abs(contact.time_s - landed_s) < _SAME_S,
        touching=touching(samples, contact.time_s, flight),
    )


def _rising(push: PushOff, samples: Samples, before: Samples, start_s: float | None, flight: Flight) -> PushOff:
    """The way up, from when it began."""
    if start_s is None:
        return push
    low, high = np.interp((start_s, flight.takeoff_s), samples.time, samples.com)
    return replace(push, distance=float(high - low), overshoot=overshoot(before, start_s, flight))


def _lowest(before: Samples) -> float | None:
    return float(before.time[before.com.argmin()]) if len(before) else None


def _kind(contact: Contact | None, hold: _Hold | None) -> Movement:
    if contact is not None:
        return Movement.DJ
    return Movement.CMJ if hold is None else Movement.SJ


def _hold(before: Samples, stature: float) -> _Hold | None:
    """The last stretch before take-off in which flexed legs kept the body still."""
    for ago in np.arange(0.0, _HOLD_AGO_S, 0.1) if len(before) else ():
        end_s = float(before.time[-1] - ago)
        window = before.between(end_s - _HOLD_S, end_s)
        flexed = len(window) > 1 and known_median(window.knee) < _FLEXED_DEG
        if flexed and window.time[-1] - window.time[0] > 0.7 * _HOLD_S and np.ptp(window.com) < _STILL * stature:
            level = float(np.median(window.com))
            back = Samples(before.between(-np.inf, float(window.time[-1])).rows[::-1])
            above = (back.com - level) / stature
            upright = np.flatnonzero(above > _UPRIGHT)
            squatting = slice(upright[0] + 1 if len(upright) else None)
            return _Hold(_departure(back.time[squatting], above[squatting]), float(window.time[-1]), level)
    return None


def _squat(before: Samples, hold: _Hold | None, stature: float) -> PushOff:
    """The push-off out of a squat."""
    if hold is None:
        return PushOff(Movement.SJ, lowest_s=_lowest(before))
    push = before.between(hold.still_s - _HOLD_S, np.inf)
    onset_s = _departure(push.time, (push.com - hold.level) / stature)
    lowest_s = min(hold.entered_s, onset_s)
    return PushOff(Movement.SJ, onset_s=onset_s, lowest_s=lowest_s, hold_s=onset_s - lowest_s)


def _countermovement(before: Samples, stature: float) -> PushOff:
    """The lowest point, and the onset before it: where the centre of mass left its height of standing."""
    recent = before.between(before.time[-1] - _COUNTERMOVEMENT_S, np.inf) if len(before) else before
    lowest_s = _lowest(recent)
    if lowest_s is None:
        return PushOff(Movement.CMJ)
    down = before.between(lowest_s - _COUNTERMOVEMENT_S, lowest_s)
    standing = float(np.quantile(down.com, 0.8))
    if standing - down.com[-1] < _LATER * stature:
        return PushOff(Movement.CMJ)
    rough_s = _departure(down.time, (standing - down.com) / stature)
    still = before.between(rough_s - 1.0, rough_s)
    if len(still) > 2:
        standing = float(np.median(still.com))
    onset_s = _departure(down.time, (standing - down.com) / stature)
    return PushOff(
        Movement.CMJ,
        onset_s=onset_s,
        lowest_s=lowest_s,
        depth=standing - float(down.com[-1]),
        sinking=sinking(before, onset_s, lowest_s),
        angles_deg=_posture(before.between(lowest_s - _TURN_S, lowest_s + _TURN_S)),
    )


def _posture(turn: Samples) -> dict[str, float]:
    """Joint angles at the lowest point.

    The pose model hardly sees an ankle bend. As the foot is flat on the floor then, the lean of the shank tells more.
    """
    angles = {"knee": turn.knee, "hip": turn.hip, "ankle": 90.0 + _SOLE_DEG - turn.shank}
    medians = {name: known_median(values) for name, values in angles.items()}
    return {name: value for name, value in medians.items() if np.isfinite(value)}


def _departure(time: Array, distance: Array) -> float:
    """When a body at rest set off, from two distances it passed on its way.

    Where force grows steadily from rest, distance grows with the third power of time, and with the second where it is
    there at once: people are between the two.

    Args:
        time: (N,) seconds, away from the rest: forwards or backwards.
        distance: (N,) from the level of rest, statures.
    """
    early, late = _passing(time, distance, _EARLIER), _passing(time, distance, _LATER)
    ratio = (_LATER / _EARLIER) ** (1 / _POWER)
    moment = early - (late - early) / (ratio - 1)
    return float(max(moment, time[0]) if late >= early else min(moment, time[0]))


def _passing(time: Array, distance: Array, level: float) -> float:
    """When the distance last grew through a level; the first time if it was beyond it all along."""
    within = np.flatnonzero(distance < level)
    if not len(within):
        return float(time[0])
    last = int(within[-1])
    if last + 1 == len(time):
        return float(time[last])
    share = (level - distance[last]) / (distance[last + 1] - distance[last])
    return float(time[last] + share * (time[last + 1] - time[last]))
