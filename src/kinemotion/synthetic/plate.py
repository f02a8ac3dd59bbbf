"""What a force plate recorded, as a motion that the drawn athlete can follow.

Force over mass is acceleration: integrated from quiet standing it gives the centre of mass (Linthorne 2001, Analysis of
standing vertical jumps using a force platform, Am J Phys 69(11):1198-1204).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from kinemotion.synthetic.followed import FollowedMotion
from kinemotion.synthetic.path import GRAVITY, Knot, Path
from kinemotion.synthetic.posture import Arms
from kinemotion.synthetic.skeleton import Array
from kinemotion.synthetic.truth import JumpTruth, Movement, flight_metrics

_THRESHOLD_N: Final = 20.0
_BRIEF_S: Final = 0.03  # shorter contacts and gaps are the plate's ringing
_FLIGHT_S: Final = (0.2, 1.0)
_WEIGHING_S: Final = 1.0
_STILL_S: Final = 0.4
_SAMPLE_S: Final = 0.001
_DESCENT_S: Final = 1.0
_HOLD_S: Final = 0.8
_STEP_S: Final = 0.8
_SINKING_M: Final = 0.01  # on the box, before the step


@dataclass(frozen=True)
class _Record:
    """A jump in a record.

    Attributes:
        time: From where the body is still, or touches down after a drop, to where it is still again; (N,) in s.
        push: Force over mass (N,) in m/s², none in flight.
        takeoff_s: When the plate is left.
        landing_s: When it is met again.
    """

    time: Array
    push: Array
    takeoff_s: float
    landing_s: float

    @classmethod
    def of(cls, time: Array, force: Array, movement: Movement) -> "_Record":
        """The first jump in a record's samples (N,) in s and newtons."""
        touched, takeoff, landing, gone = _jump(time, _contacts(time, force))
        standing = (landing, gone) if movement == "dj" else (touched, takeoff)
        weighed, still = _quietest(time, force, *standing, _WEIGHING_S)
        weight = float(force[weighed:still].mean())
        first = touched if movement == "dj" else still
        last = _quietest(time, force, landing, gone, _STILL_S)[1]
        push = GRAVITY * force / weight
        push[takeoff:landing] = 0.0
        return cls(time[first:last], push[first:last], float(time[takeoff]), float(time[landing]))

    def height(self, movement: Movement) -> Array:
        """The centre of mass over standing, (N,) in m, still and standing at the end.

        What the record does not tell is made to fit that end: of a drop jump the first speed and height, of a squat
        jump how deep the squat was and a gain of the force after landing, of a countermovement jump, which begins with
        standing, that gain and its drift.
        """
        after = np.where(self.time >= self.landing_s, self.push, 0.0)
        moving = np.ones_like(self.time), self.time - self.time[0]
        raised = np.zeros_like(self.time), np.ones_like(self.time)
        gained, drifting = self._twice(after), self._twice(after * (self.time - self.landing_s))
        free = {"cmj": (gained, drifting), "sj": (gained, raised), "dj": (moving, raised)}[movement]
        speed, height = self._twice(self.push - GRAVITY)
        ends = [[rates[-1] for rates, _ in free], [places[-1] for _, places in free]]
        shares = np.linalg.solve(np.array(ends), -np.array([speed[-1], height[-1]]))
        return np.asarray(height + shares[0] * free[0][1] + shares[1] * free[1][1], dtype=np.float64)

    def _twice(self, rate: Array) -> tuple[Array, Array]:
        once = _integral(rate, self.time)
        return once, _integral(once, self.time)


def plate_motion(time_s: ArrayLike, force_n: ArrayLike, movement: Movement, arms: Arms = "hips") -> FollowedMotion:
    """The first jump in a record, on the record's clock.

    A squat jump's record begins in the squat, and the athlete goes down into it before; a drop jump's begins in the
    air, and the athlete steps off a box before, as high as the speed at contact tells.

    Args:
        time_s: Sample times (N,) in s.
        force_n: Vertical ground reaction force (N,) in newtons.
        movement: What jump it is.
        arms: How the drawn athlete holds the arms.

    Raises:
        ValueError: If there is no such jump in the record.
    """
    time, force = np.asarray(time_s, dtype=np.float64), np.asarray(force_n, dtype=np.float64)
    even = np.arange(time[0], time[-1], _SAMPLE_S)
    record = _Record.of(even, np.interp(even, time, force), movement)
    height = record.height(movement)
    start_s, path = float(record.time[0]), Path.sampled(record.time, height)
    truth = _truth(record, path, movement)
    contacts = [(start_s, record.takeoff_s), (record.landing_s, path.end_s)]
    if movement == "cmj":
        return FollowedMotion(record.time, height, contacts, arms, truth)
    if movement == "sj":
        before = _going_down(start_s, height[0])
        contacts[0] = (before.start_s, record.takeoff_s)
        return FollowedMotion(*_joined(before, record.time, height), contacts, arms, truth)
    box_m = truth.metrics["drop_height_m"]
    before = _stepping_off(start_s, height[0], box_m)
    contacts.insert(0, (before.start_s, before.start_s + _STEP_S))
    return FollowedMotion(*_joined(before, record.time, height), contacts, arms, truth, box_m)


def _truth(record: _Record, path: Path, movement: Movement) -> JumpTruth:
    takeoff_s, landing_s = record.takeoff_s, record.landing_s
    metrics = flight_metrics(path, takeoff_s, landing_s)
    apex_s = takeoff_s + metrics["takeoff_velocity_m_s"] / GRAVITY
    events = {"takeoff": takeoff_s, "apex": apex_s, "landing": landing_s}
    if movement == "cmj":
        lowest_s = path.lowest(path.start_s, takeoff_s)
        events = {"lowest": lowest_s} | events
        metrics |= {
            "countermovement_depth_m": -float(path(lowest_s)),
            "concentric_duration_ms": 1000.0 * (takeoff_s - lowest_s),
        }
    elif movement == "dj":
        contact_s = takeoff_s - path.start_s
        events = {"contact": path.start_s} | events
        metrics |= {
            "ground_contact_time_ms": 1000.0 * contact_s,
            "reactive_strength_index_m_s": metrics["jump_height_m"] / contact_s,
            "flight_contact_ratio": (landing_s - takeoff_s) / contact_s,
            "drop_height_m": float(path(path.start_s, 1)) ** 2 / (2.0 * GRAVITY),
        }
    return JumpTruth(movement, events, metrics)


def _contacts(time: Array, force: Array) -> list[tuple[int, int]]:
    """The first loaded and the first unloaded samples of contacts, without ringing."""
    loaded = np.concatenate([[False], force > _THRESHOLD_N, [False]])
    brief = _BRIEF_S / float(np.median(np.diff(time)))
    for lone in (True, False):  # contacts that are too brief, then gaps
        edges = np.flatnonzero(np.diff(loaded)) + 1
        for first, last in pairwise(edges):
            if loaded[first] == lone and last - first < brief:
                loaded[first:last] = not lone
    edges = np.flatnonzero(np.diff(loaded))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _jump(time: Array, contacts: list[tuple[int, int]]) -> tuple[int, int, int, int]:
    """The samples of touching, taking off, landing, and leaving the plate or the record's end."""
    shortest, longest = _FLIGHT_S
    for (touched, takeoff), (landing, gone) in pairwise(contacts):
        if shortest <= time[landing] - time[takeoff] <= longest:
            return touched, takeoff, landing, gone
    raise ValueError("the record has no flight of the length of a jump")


def _quietest(time: Array, force: Array, first: int, last: int, length_s: float) -> tuple[int, int]:
    """The part of a contact, so long, in which the force varies least: its first sample and the one after it."""
    count = round(length_s / float(np.median(np.diff(time))))
    if last - first < count:
        raise ValueError(f"the record has no {length_s:g} s of standing")
    start = first + int(np.argmin(np.lib.stride_tricks.sliding_window_view(force[first:last], count).std(axis=1)))
    return start, start + count


def _going_down(until_s: float, height: float) -> Path:
    """From standing into a held squat."""
    held_s = until_s - _HOLD_S
    return Path([Knot(held_s - _DESCENT_S, 0.0), Knot(held_s, height), Knot(until_s, height)])


def _stepping_off(contact_s: float, height: float, box_m: float) -> Path:
    """From standing on a box to touching down, falling from rest."""
    fall_s = float(np.sqrt(2.0 * box_m / GRAVITY))
    off_s = contact_s - fall_s
    start_s = off_s - _STEP_S
    off = Knot(off_s, height + box_m), Knot(off_s, height + box_m, 0.0, -GRAVITY)
    sunk = Knot(start_s + 0.45 * _STEP_S, box_m - _SINKING_M)
    return Path([Knot(start_s, box_m), sunk, *off, Knot(contact_s, height, -GRAVITY * fall_s, -GRAVITY)])


def _joined(before: Path, time: Array, height: Array) -> tuple[Array, Array]:
    """Samples of a path, then those of a record."""
    times = np.arange(before.start_s, time[0] - 0.5 * _SAMPLE_S, _SAMPLE_S)
    return np.concatenate([times, time]), np.concatenate([before(times), height])


def _integral(rate: Array, time: Array) -> Array:
    """Of samples (N,), from the first one on, by the trapezium rule."""
    return np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * np.diff(time))])
