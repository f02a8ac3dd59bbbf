"""One flight: take-off, apex and landing, and whether a person can have flown like that."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.jumps.contact import toe_contact
from kinemotion.jumps.parabola import GRAVITY, NOISE, Parabola, fit, guess
from kinemotion.jumps.signal import Samples

SHORTEST_S: Final = 0.10
LONGEST_S: Final = 1.10
_SHORTEST_SINGLE_S: Final = 0.18  # with a single frame in the air, which could be an outlier
_SMALLEST_PERSON_M: Final = 1.0
_TALLEST_PERSON_M: Final = 2.5

# Lengths are statures.
_HIGH: Final = 0.030  # clearance that a flight must reach
_EXTENSION: Final = 0.02  # the body grows at least this much over its toes before take-off
_STEP: Final = 0.12  # landing this much lower is a drop, not a jump
_FLOOR_S: Final = 0.4  # the floor is read from this long before take-off and after landing
_SETTLING: Final = 3  # frames on the ground before the landing's floor can be read
_PUSH_S: Final = 0.6
_PUSH_FRAMES: Final = 4


@dataclass(frozen=True, slots=True)
class Flight:
    """A flight in seconds and picture heights.

    Attributes:
        takeoff_s: the later foot's toes leave the floor.
        landing_s: the first foot's toes meet it.
        apex_s: the centre of mass is highest.
        takeoff_sd_s: standard deviation of the take-off.
        landing_sd_s: standard deviation of the landing.
        apex_sd_s: standard deviation of the apex.
        gravity: what g appears as, picture heights a second squared, stated or usual stature weighed in.
        gravity_sd: its relative standard deviation.
        rise: from take-off to apex.
        stature: apparent stature, picture heights.
        frames: frames between take-off and landing.
        plausible: whether it can have been a jump at all.
    """

    takeoff_s: float
    landing_s: float
    apex_s: float
    takeoff_sd_s: float
    landing_sd_s: float
    apex_sd_s: float
    gravity: float
    gravity_sd: float
    rise: float
    stature: float
    frames: int
    plausible: bool

    @property
    def duration_s(self) -> float:
        """Flight time."""
        return self.landing_s - self.takeoff_s

    @property
    def duration_sd_s(self) -> float:
        """Its standard deviation."""
        return float(np.hypot(self.takeoff_sd_s, self.landing_sd_s))

    @property
    def stature_m(self) -> float:
        """The athlete's stature that gravity implies."""
        return self.stature * GRAVITY / self.gravity


def analyse(
    samples: Samples, airborne_s: tuple[float, float], stature: float, stature_m: float | None
) -> Flight | None:
    """Measure a flight that was seen live.

    Args:
        samples: motion from before the take-off to after the landing.
        airborne_s: times of the first and the last frame seen off the floor.
        stature: apparent stature in picture heights.
        stature_m: the athlete's stated stature, if known.

    Returns:
        The flight, or None if there are too few frames to say anything.
    """
    time = samples.time
    first, last = (int(np.searchsorted(time, moment)) for moment in airborne_s)
    if first == 0 or last + 1 >= len(time) or last < first:
        return None
    air = Samples(samples.rows[first : last + 1])
    parabola = fit(air, stature, stature_m) or guess(samples, first, last, stature, stature_m)
    before = samples.between(time[first - 1] - _FLOOR_S, float(time[first - 1]))
    after = samples.between(float(time[last + 1]), time[last + 1] + _FLOOR_S)
    floor = np.median(before.toes, axis=0)
    landed = np.median(after.toes, axis=0) if len(after) > _SETTLING else floor
    takeoff = toe_contact(time, (samples.toes - floor).min(1), first, -1, parabola, stature)
    landing = toe_contact(time, (samples.toes - (floor + landed) / 2).min(1), last, 1, parabola, stature)
    step = float((landed - floor).mean()) / stature
    return Flight(
        takeoff_s=takeoff.time_s,
        landing_s=landing.time_s,
        apex_s=min(max(parabola.apex_s, takeoff.time_s), landing.time_s),
        takeoff_sd_s=takeoff.sd_s,
        landing_sd_s=landing.sd_s,
        apex_sd_s=parabola.apex_sd_s,
        gravity=parabola.gravity,
        gravity_sd=parabola.gravity_sd,
        rise=parabola.apex - parabola.at(takeoff.time_s),
        stature=stature,
        frames=len(samples.between(takeoff.time_s, landing.time_s)),
        plausible=step > -_STEP
        and (SHORTEST_S if len(air) > 1 else _SHORTEST_SINGLE_S) <= landing.time_s - takeoff.time_s <= LONGEST_S
        and _falls(air, parabola, stature, stature_m)
        and _extended(samples, first, stature),
    )


def _falls(air: Samples, parabola: Parabola, stature: float, stature_m: float | None) -> bool:
    """Whether the centre of mass fell as a person's does, and along a parabola."""
    if float(air.clearance.max()) < _HIGH:
        return False
    shortest, tallest = (
        (_SMALLEST_PERSON_M, _TALLEST_PERSON_M) if stature_m is None else (0.6 * stature_m, 1.6 * stature_m)
    )
    if not shortest <= stature * GRAVITY / parabola.gravity <= tallest:
        return False
    path = parabola.apex - 0.5 * parabola.gravity * (air.time - parabola.apex_s) ** 2
    error = float(np.sqrt(((air.com - path) ** 2).mean())) / stature
    return error < NOISE + 0.15 * float(np.ptp(path)) / stature


def _extended(samples: Samples, first: int, stature: float) -> bool:
    """Whether the body grew over its toes into the take-off: legs do that, a moving camera does not."""
    start = int(np.searchsorted(samples.time, samples.time[first] - _PUSH_S))
    push = Samples(samples.rows[max(0, min(start, first - _PUSH_FRAMES)) : first + 1])
    length = push.com - push.toes.mean(1)
    grown, risen = length[-1] - length.min(), push.com[-1] - push.com.min()
    return float(min(grown, risen)) > _EXTENSION * stature
