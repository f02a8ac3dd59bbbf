"""One flight: take-off, apex and landing, and whether a person can have flown like that."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from kinemotion.jumps.contact import EDGE_S, Contact, ankle_contact, refined, toe_contact
from kinemotion.jumps.lift import Lift, floor_of, sole_lift, toe_lift
from kinemotion.jumps.parabola import GRAVITY, NOISE, Parabola, fit, guess
from kinemotion.jumps.signal import Array, Samples
from kinemotion.jumps.stance import Stance, shared_step, stances

SHORTEST_S: Final = 0.10
LONGEST_S: Final = 1.10
_SMALLEST_SHARE: Final = 0.2  # of a flight, that its way up or down takes
_SHORTEST_SINGLE_S: Final = 0.18  # with a single frame in the air, which could be an outlier
_SMALLEST_PERSON_M: Final = 1.0
_TALLEST_PERSON_M: Final = 2.5

# Lengths are statures.
_HIGH: Final = 0.030  # clearance that a flight must reach
_EXTENSION: Final = 0.02  # the body grows at least this much over its toes before take-off
_STEP: Final = 0.12  # landing this much lower is a drop, not a jump
_FLOOR_S: Final = 0.4  # the floor is read from this long before take-off and after landing
_SETTLING: Final = 3  # frames on the ground before the landing's floor can be read
_ROUNDS: Final = 3
_FEWEST_THROWN: Final = 4  # frames in flight, with one more at its end that may not be
_CARRIED: Final = 0.06
_EDGE_S: Final = 0.008  # frames this near to the contacts are no part of the parabola
_BETWEEN: Final = 0.5  # of what the floors differ by, by which each may be elsewhere at its contact
_POSTURE_S: Final = 0.18
_NEXT_S: Final = 0.1
_POSTURE_SHARE: Final = 0.85
_POSTURE_SD: Final = 0.0045
_POSTURE_SPREAD: Final = 0.3  # of the difference
_FLEXION: Final = 0.005  # by so much landings are lower than take-offs,
_FLEXION_SPREAD: Final = 0.025  # give or take
_USUAL_S: Final = 0.50  # a flight, where frames hardly show when it began or ended,
_USUAL_SPREAD_S: Final = 0.15
_PUSH_S: Final = 0.6
_SOLE_FLOOR_S: Final = 0.5
_PUSH_FRAMES: Final = 4
_APART_S: Final = 0.03  # between the contacts by soles and by toes, within which the soles are believed,
_BEYOND: Final = 3.0  # and in standard deviations
_LOWEST: Final = -0.97  # picture heights; the pose model seldom puts feet farther down, wherever they are
_AROUND_S: Final = 0.5  # of a flight, where the feet stand


@dataclass(frozen=True, slots=True)
class Flight:
    """A flight in seconds and picture heights.

    Attributes:
        takeoff_s: the later foot's toes leave the floor.
        landing_s: the first foot's toes meet it.
        apex_s: the centre of mass is highest.
        takeoff_sd_s: standard deviation of the take-off.
        landing_sd_s: standard deviation of the landing.
        gravity: what g appears as, picture heights a second squared, stated or usual stature weighed in.
        gravity_sd: its relative standard deviation.
        shrinkage: how much shorter the body is over its feet at landing than at take-off.
        stature: apparent stature, picture heights.
        frames: frames between take-off and landing.
        plausible: whether it can have been a jump at all.
        outside: whether the feet stood at the lower edge of the picture, or below it.
    """

    takeoff_s: float
    landing_s: float
    apex_s: float
    takeoff_sd_s: float
    landing_sd_s: float
    gravity: float
    gravity_sd: float
    shrinkage: float
    stature: float
    frames: int
    plausible: bool
    outside: bool = False

    @property
    def duration_s(self) -> float:
        """Flight time."""
        return self.landing_s - self.takeoff_s

    @property
    def duration_sd_s(self) -> float:
        """Its standard deviation."""
        return float(np.hypot(self.takeoff_sd_s, self.landing_sd_s))


def analyse(
    samples: Samples,
    airborne_s: tuple[float, float],
    stature: float,
    stature_m: float | None,
    touched_s: float | None = None,
) -> Flight | None:
    """Measure a flight that was seen live.

    Args:
        samples: motion from before the take-off to after the landing.
        airborne_s: times of the first and the last frame seen off the floor.
        stature: apparent stature in picture heights.
        stature_m: the athlete's stated stature, if known.
        touched_s: when the feet came down to the floor that they took off from, if that was seen.

    Returns:
        The flight, or None if there are too few frames to say anything.
    """
    time = samples.time
    first, last = (int(np.searchsorted(time, moment)) for moment in airborne_s)
    if first == 0 or last + 1 >= len(time) or last < first:
        return None
    first, last = _thrown(samples, first, last, stature, stature_m)
    air = Samples(samples.rows[first : last + 1])
    parabola = fit(air, stature, stature_m) or guess(samples, first, last, stature, stature_m)
    floor, landed = _floors(samples, first, last, touched_s)
    start = toe_contact(time, (samples.toes - floor[:2]).min(1), first, -1, parabola, stature)
    end = toe_contact(time, (samples.toes - (floor + landed)[:2] / 2).min(1), last, 1, parabola, stature)
    around = samples.between(start.time_s - _AROUND_S, end.time_s + _AROUND_S)
    edge = _LOWEST + float(np.median(around.down))
    ground = _Ground(floor, landed, *stances(samples, start, end, floor, landed, stature), edge)
    course = _contacts(samples, _Course(start, end, parabola), ground, stature, stature_m)
    takeoff, landing, parabola, _ = course
    shrinkage = _shrinkage(samples, course, stature)
    return Flight(
        takeoff_s=takeoff.time_s,
        landing_s=landing.time_s,
        apex_s=min(max(parabola.apex_s, takeoff.time_s), landing.time_s),
        takeoff_sd_s=takeoff.sd_s,
        landing_sd_s=landing.sd_s,
        gravity=parabola.gravity,
        gravity_sd=parabola.gravity_sd,
        shrinkage=shrinkage,
        stature=stature,
        frames=len(samples.between(takeoff.time_s, landing.time_s)),
        plausible=ground.step > -_STEP * stature
        and (SHORTEST_S if len(air) > 1 else _SHORTEST_SINGLE_S) <= landing.time_s - takeoff.time_s <= LONGEST_S
        and _falls(air, parabola, stature)
        and _balanced(course, shrinkage)
        and _extended(samples, first, stature),
        outside=ground.outside,
    )


class _Course(NamedTuple):
    """When the feet left and met the floor, how the centre of mass flew between, and whether the soles told both."""

    takeoff: Contact
    landing: Contact
    parabola: Parabola
    by_soles: bool = False


class _Ground(NamedTuple):
    """Heights of the feet (4,) before the flight and after it, the upright body on the two floors, and of the edge."""

    floor: Array
    landed: Array
    left: Stance
    met: Stance
    edge: float

    @property
    def step(self) -> float:
        """How much higher the toes are after the flight, picture heights."""
        return float((self.landed - self.floor)[:2].mean())

    @property
    def outside(self) -> bool:
        """Whether the picture ends with the feet, or above them."""
        return bool(min(self.left.feet.min(), self.met.feet.min()) < self.edge)


def _contacts(samples: Samples, rough: _Course, ground: _Ground, stature: float, stature_m: float | None) -> _Course:
    """The contacts by the soles where these are seen and the toes do not contradict them, else by the toes."""
    course = toes = _refined(samples, rough, ground, (None, None), stature, stature_m)
    off, on = _sole_lift(samples, rough.takeoff, -1, stature), _sole_lift(samples, rough.landing, 1, stature)
    if off or on:
        course = _refined(samples, rough, ground, (off, on), stature, stature_m)
        believed = (
            off if _alike(course.takeoff, toes.takeoff) else None,
            on if _alike(course.landing, toes.landing) else None,
        )
        if believed[0] is not off or believed[1] is not on:
            off, on = believed
            course = _refined(samples, rough, ground, believed, stature, stature_m)
    takeoff, landing, parabola, _ = course
    between = _BETWEEN * shared_step(ground.left.feet, ground.met.feet)
    if off is None:
        takeoff = _doubted(takeoff, np.hypot(shared_step(ground.left.feet, ground.floor), between), parabola)
    if on is None:
        landing = _doubted(landing, np.hypot(shared_step(ground.met.feet, ground.landed), between), parabola)
    takeoff, landing = _usual(takeoff, landing)
    return _Course(takeoff, landing, parabola, by_soles=off is not None and on is not None)


def _refined(
    samples: Samples,
    course: _Course,
    ground: _Ground,
    soles: tuple[Lift | None, Lift | None],
    stature: float,
    stature_m: float | None,
) -> _Course:
    """Contacts and parabola, each made surer by the others; by the toes where the lift of the soles is not given."""
    takeoff, landing, parabola, _ = course
    time, left, met = samples.time, ground.left, ground.met
    for _ in range(_ROUNDS):
        flown = samples.between(takeoff.time_s + _EDGE_S, landing.time_s - _EDGE_S)
        parabola = fit(flown, stature, stature_m) or parabola
        early, late = _ends(samples, takeoff.time_s, landing.time_s, _NEXT_S)
        usual = [
            None if stance.ankle is None else ankle_contact(part, stance.ankle, direction, parabola, stature)
            for part, stance, direction in ((early, left, -1), (late, met, 1))
        ]
        leaving = soles[0] or toe_lift(
            time, samples.feet - left.feet, takeoff.time_s, -1, stature, outside=ground.outside
        )
        takeoff = refined(time, leaving, takeoff, -1, parabola, usual[0])
        meeting = soles[1] or toe_lift(
            time, samples.feet - met.feet, landing.time_s, 1, stature, outside=ground.outside
        )
        landing = refined(time, meeting, landing, 1, parabola, usual[1])
    return _Course(takeoff, landing, parabola)


def _usual(takeoff: Contact, landing: Contact) -> tuple[Contact, Contact]:
    """The contacts with the usual flight time weighed in: it tells where, in a gap between frames, a contact lies."""
    early, late = takeoff.sd_s**2, landing.sd_s**2
    total = early + late + _USUAL_SPREAD_S**2
    longer_s = _USUAL_S - (landing.time_s - takeoff.time_s)
    return (
        Contact(takeoff.time_s - longer_s * early / total, float(np.sqrt(early * (1 - early / total)))),
        Contact(landing.time_s + longer_s * late / total, float(np.sqrt(late * (1 - late / total)))),
    )


def _alike(one: Contact, other: Contact) -> bool:
    """Whether two contacts can be the same one."""
    apart_s = abs(one.time_s - other.time_s)
    return bool(apart_s < max(_APART_S, _BEYOND * np.hypot(one.sd_s, other.sd_s)))


def _thrown(samples: Samples, first: int, last: int, stature: float, stature_m: float | None) -> tuple[int, int]:
    """The first and the last frame that fit the flight: what lies high over its parabola is carried, not thrown."""
    while last - first >= _FEWEST_THROWN:
        over = []
        for end, others in ((first, slice(first + 1, last + 1)), (last, slice(first, last))):
            parabola = fit(Samples(samples.rows[others]), stature, stature_m)
            over.append(0.0 if parabola is None else float(samples.com[end] - parabola.at(float(samples.time[end]))))
        if max(over) < _CARRIED * stature:
            break
        first, last = (first + 1, last) if over[0] > over[1] else (first, last - 1)
    return first, last


def _floors(samples: Samples, first: int, last: int, touched_s: float | None) -> tuple[Array, Array]:
    """(4,) heights of the feet shortly before the flight, and shortly after it if that was seen."""
    time = samples.time
    stood_s = max(time[first - 1] - _FLOOR_S, -np.inf if touched_s is None else min(touched_s, time[first - 1]))
    before = samples.between(float(stood_s), float(time[first - 1]))
    after = samples.between(float(time[last + 1]), time[last + 1] + _FLOOR_S)
    floor = np.median(before.feet, axis=0)
    return floor, np.median(after.feet, axis=0) if len(after) > _SETTLING else floor


def _doubted(contact: Contact, step: float, parabola: Parabola) -> Contact:
    """A contact by toes that were compared with a floor this much higher or lower than the one that they touched."""
    speed = parabola.gravity * max(abs(contact.time_s - parabola.apex_s), SHORTEST_S / 2)
    return Contact(contact.time_s, float(np.hypot(contact.sd_s, step / speed)))


def _sole_lift(samples: Samples, contact: Contact, direction: int, stature: float) -> Lift | None:
    """Lift of the soles over the floor that they left (direction -1) or met (1); None where it was not seen."""
    span = sorted(contact.time_s + direction * away_s for away_s in (EDGE_S, _SOLE_FLOOR_S))
    floor = floor_of(samples.between(*span).soles, stature)
    return None if floor is None else sole_lift(samples.soles, floor, stature)


def _shrinkage(samples: Samples, course: _Course, stature: float) -> float:
    """How much lower the centre of mass is at landing than at take-off, picture heights.

    Seen in the posture over the soles, or over ankles and toes where those are hidden; and in the way down, which is
    longer than the way up. The two are weighed by their variances, together with what is usual.
    """
    takeoff, landing, parabola, by_soles = course
    down, up = landing.time_s - parabola.apex_s, parabola.apex_s - takeoff.time_s
    longer = 0.5 * parabola.gravity * (down**2 - up**2)
    spread_s = np.hypot(np.hypot(down * landing.sd_s, up * takeoff.sd_s), (down + up) * parabola.apex_sd_s)
    longer_sd = parabola.gravity * float(spread_s)
    early, late = _ends(samples, takeoff.time_s, landing.time_s, _POSTURE_S)
    if not len(early) or not len(late):
        return _FLEXION * stature
    shorter = [_over(part, np.fmin.reduce(part.soles, axis=1)) for part in (early, late)]
    if not (by_soles and np.isfinite(shorter).all()):
        shorter = [_over(part, (part.ankle + part.toes.min(1)) / 2) for part in (early, late)]
    change = _POSTURE_SHARE * (shorter[0] - shorter[1])
    change_sd = float(np.hypot(_POSTURE_SD * stature, _POSTURE_SPREAD * change))
    weights = np.array([longer_sd, change_sd, _FLEXION_SPREAD * stature]) ** -2.0
    return float(weights @ (longer, change, _FLEXION * stature) / weights.sum())


def _over(part: Samples, below: Array) -> float:
    """Mean height of the centre of mass over something; NaN if it was not seen."""
    over = part.com - below
    seen = over[np.isfinite(over)]
    return float(seen.mean()) if len(seen) else float("nan")


def _ends(samples: Samples, takeoff_s: float, landing_s: float, span_s: float) -> tuple[Samples, Samples]:
    """The frames just after take-off and just before landing."""
    span_s = min(span_s, (landing_s - takeoff_s) / 2)
    return samples.between(takeoff_s, takeoff_s + span_s), samples.between(landing_s - span_s, landing_s)


def _falls(air: Samples, parabola: Parabola, stature: float) -> bool:
    """Whether the centre of mass fell as a person's does, and along a parabola."""
    if float(air.clearance.max()) < _HIGH:
        return False
    if not _SMALLEST_PERSON_M <= stature * GRAVITY / parabola.gravity <= _TALLEST_PERSON_M:
        return False
    path = parabola.apex - 0.5 * parabola.gravity * (air.time - parabola.apex_s) ** 2
    error = float(np.sqrt(((air.com - path) ** 2).mean())) / stature
    return error < NOISE + 0.15 * float(np.ptp(path)) / stature


def _balanced(course: _Course, shrinkage: float) -> bool:
    """Whether the way up and the way down, between equal postures too, each have their share of the flight."""
    takeoff, landing, parabola, _ = course
    duration_s, down = landing.time_s - takeoff.time_s, landing.time_s - parabola.apex_s
    even_down = np.sqrt(max(down**2 - 2 * shrinkage / parabola.gravity, 0.0))
    shares = np.array([parabola.apex_s - takeoff.time_s, down, even_down])
    return bool((shares > _SMALLEST_SHARE * duration_s).all())


def _extended(samples: Samples, first: int, stature: float) -> bool:
    """Whether the body grew over its toes into the take-off: legs do that, a moving camera does not."""
    start = int(np.searchsorted(samples.time, samples.time[first] - _PUSH_S))
    push = Samples(samples.rows[max(0, min(start, first - _PUSH_FRAMES)) : first + 1])
    length = push.com - push.toes.mean(1)
    grown, risen = length[-1] - length.min(), push.com[-1] - push.com.min()
    return float(min(grown, risen)) > _EXTENSION * stature
