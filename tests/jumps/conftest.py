"""A stick athlete whose feet, hips and flights are known exactly, and helpers to feed it to the tracker."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pytest
from numpy.typing import NDArray

from kinemotion.jumps import Jump, JumpTracker, Movement, Update
from kinemotion.pose.landmarks import Landmark

Array = NDArray[np.float64]

G = 9.80665
STATURE = 1.75
THIGH, SHANK, TRUNK, ANKLE, FOOT = 0.242 * STATURE, 0.249 * STATURE, 0.296 * STATURE, 0.04 * STATURE, 0.12 * STATURE
STANDING = 0.995 * (THIGH + SHANK) + ANKLE  # height of the hips
TIPTOE = STANDING + 0.11  # at take-off and landing: the heels rise by as much
ASPECT = 4 / 3
SPAN_M = 3.0  # metres in the picture's height


@dataclass(frozen=True)
class Motion:
    """Hip height and height of the ground under the feet over time, with what is true of it."""

    times_s: Array
    hips_m: Array
    toes_m: Array
    takeoffs_s: tuple[float, ...] = ()
    landings_s: tuple[float, ...] = ()
    touchdowns_s: tuple[float, ...] = ()
    heights_m: tuple[float, ...] = ()

    def landmarks(self, turn_deg: float = 45.0, arms_up: Array | None = None) -> tuple[Array, Array]:
        """(N, 33, 4) normalised and world landmarks, seen from the side (0) to the front (90)."""
        raised = np.zeros(len(self.times_s)) if arms_up is None else arms_up
        body = np.stack([_pose(*row) for row in zip(self.hips_m, self.toes_m, raised, strict=True)])
        turn = np.radians(turn_deg)
        across = body[..., 0] * np.cos(turn) + body[..., 2] * np.sin(turn)
        away = body[..., 2] * np.cos(turn) - body[..., 0] * np.sin(turn)
        seen = np.ones(across.shape)
        middle = (body[:, Landmark.LEFT_HIP, 1] + body[:, Landmark.RIGHT_HIP, 1])[:, None] / 2
        world = np.stack([across, middle - body[..., 1], away, seen], axis=-1)
        width = SPAN_M * ASPECT
        picture = np.stack([0.5 + across / width, 0.92 - body[..., 1] / SPAN_M, away / width, seen], axis=-1)
        return picture, world

    def soles(self) -> Array:
        """(N, 2) y of the left and right shoe's lowest edge, picture heights."""
        return np.repeat((0.92 - self.toes_m / SPAN_M)[:, None], 2, axis=1)


def _pose(hips: float, toes: float, raised: float) -> Array:
    """(33, 3) metres: forwards, up, to the athlete's right."""
    heel_up = max(hips - toes - STANDING, 0.0)
    ankle = np.array([-FOOT * 0.7, toes + ANKLE + heel_up])
    hip = np.array([ankle[0] + 0.02, hips])
    reach = hip - ankle
    length = min(float(np.hypot(*reach)), 0.9999 * (THIGH + SHANK))
    along = reach / max(float(np.hypot(*reach)), 1e-9)
    near = (length**2 + SHANK**2 - THIGH**2) / (2 * length)
    knee = ankle + along * near + np.array([along[1], -along[0]]) * np.sqrt(max(SHANK**2 - near**2, 0.0))
    lean = 0.9 * np.arcsin(np.clip((STANDING - (hips - toes)) / TRUNK, 0.0, 0.8))
    shoulder = hip + TRUNK * np.array([np.sin(lean), np.cos(lean)])
    head = shoulder + 0.14 * STATURE * np.array([np.sin(lean), np.cos(lean)])
    arm = 0.34 * STATURE * np.array([np.sin(np.pi * raised), -np.cos(np.pi * raised)])
    toe, heel = np.array([FOOT * 0.6, toes + 0.02]), ankle - np.array([0.04, ANKLE - 0.02])
    points = np.zeros((33, 3))
    points[: Landmark.LEFT_SHOULDER, :2] = head
    pairs = (shoulder, shoulder + arm / 2, shoulder + arm, *(3 * [shoulder + 1.1 * arm]), hip, knee, ankle, heel, toe)
    for row, place in zip(range(Landmark.LEFT_SHOULDER, 33, 2), pairs, strict=True):
        width = 0.19 if row < Landmark.LEFT_HIP else 0.1
        points[row] = *place, -width
        points[row + 1] = *place, width
    return points


Piece = tuple[float, Callable[[Array], Array], Callable[[Array], Array]]  # duration, hips and toes over its own time


def still(duration_s: float, hips_m: float = STANDING, toes_m: float = 0.0) -> Piece:
    return duration_s, lambda t: np.full_like(t, hips_m + toes_m), lambda t: np.full_like(t, toes_m)


def move(duration_s: float, start: tuple[float, float, float], end: tuple[float, float, float]) -> Piece:
    """A fifth-degree polynomial between (height, velocity, acceleration) and the same, feet on the floor."""
    powers = np.arange(6)

    def row(t: float, order: int) -> Array:
        factor = np.array([np.prod(p - np.arange(order)) for p in powers])
        return np.array(factor * float(t) ** np.maximum(powers - order, 0))

    system = np.array([row(t, order) for t in (0.0, duration_s) for order in range(3)])
    coefficients = np.linalg.solve(system, np.array([*start, *end]))

    def hips(t: Array) -> Array:
        return np.asarray(np.polynomial.polynomial.polyval(t, coefficients), dtype=np.float64)

    return duration_s, hips, lambda t: np.zeros(t.shape)


def fly(height_m: float, takeoff_m: float = TIPTOE, ground_m: float = 0.0, lands_m: float = 0.0) -> Piece:
    speed = float(np.sqrt(2 * G * height_m))
    duration = (speed + float(np.sqrt(speed**2 + 2 * G * (ground_m - lands_m)))) / G

    def rise(t: Array) -> Array:
        return np.asarray(ground_m + speed * t - G * t * t / 2)

    return duration, lambda t: takeoff_m + rise(t), rise


def act(pieces: Sequence[Piece], fps: float = 30.0, phase: float = 0.37) -> Motion:
    """Pieces one after the other; flights are recognised by moving toes, and recorded as the truth."""
    ends = np.cumsum([piece[0] for piece in pieces])
    times = np.arange(phase / fps, ends[-1], 1 / fps)
    hips, toes = np.empty_like(times), np.empty_like(times)
    takeoffs, landings, touchdowns, heights = [], [], [], []
    for (duration, hip_course, toe_course), end in zip(pieces, ends, strict=True):
        start = end - duration
        inside = (times >= start - 1e-12) & (times < end)
        hips[inside], toes[inside] = hip_course(times[inside] - start), toe_course(times[inside] - start)
        course = toe_course(np.linspace(0.0, duration, 2001))
        if np.ptp(course) > 0 and course[0] > 0.1:
            touchdowns.append(float(end))
        elif np.ptp(course) > 0:
            takeoffs.append(float(start))
            landings.append(float(end))
            heights.append(float(course.max() - course[0]))
    return Motion(times, hips, toes, tuple(takeoffs), tuple(landings), tuple(touchdowns), tuple(heights))


def countermovement_jump(height_m: float = 0.35, depth_m: float = 0.30, hold_s: float = 0.0) -> list[Piece]:
    """Standing, down, up, flight, landing, standing again; from a held squat if `hold_s`."""
    speed = float(np.sqrt(2 * G * height_m))
    low = STANDING - depth_m
    push_s = 1.9 * (depth_m + TIPTOE - STANDING) / speed
    gather = 0.0 if hold_s else 8.0
    return [
        still(1.2),
        move(0.5, (STANDING, 0, 0), (low, 0, gather)),
        *([still(hold_s, low)] if hold_s else []),
        move(push_s, (low, 0, gather), (TIPTOE, speed, -G)),
        fly(height_m),
        move(0.25, (TIPTOE, -speed, 10.0), (low + 0.05, 0, 8.0)),
        move(0.6, (low + 0.05, 0, 8.0), (STANDING, 0, 0)),
        still(0.6),
    ]


def drop_jump(height_m: float = 0.30, box_m: float = 0.30, contact_s: float = 0.25) -> list[Piece]:
    fall, speed = float(np.sqrt(2 * G * box_m)), float(np.sqrt(2 * G * height_m))
    low = TIPTOE - 0.15
    return [
        still(1.0, STANDING, box_m),
        fly(1e-6, TIPTOE, box_m),
        move(contact_s * 0.45, (TIPTOE, -fall, 10.0), (low, 0, 25.0)),
        move(contact_s * 0.55, (low, 0, 25.0), (TIPTOE, speed, -G)),
        fly(height_m),
        move(0.25, (TIPTOE, -speed, 10.0), (STANDING - 0.2, 0, 8.0)),
        move(0.6, (STANDING - 0.2, 0, 8.0), (STANDING, 0, 0)),
        still(0.6),
    ]


def hops(count: int = 5, height_m: float = 0.15) -> list[Piece]:
    speed, dip = float(np.sqrt(2 * G * height_m)), TIPTOE - 0.10
    first = countermovement_jump(height_m, 0.2)[:-3]
    contact = [move(0.12, (TIPTOE, -speed, 10.0), (dip, 0, 25.0)), move(0.12, (dip, 0, 25.0), (TIPTOE, speed, -G))]
    again = [piece for _ in range(count - 1) for piece in (*contact, fly(height_m))]
    return first + again + countermovement_jump(height_m, 0.2)[-3:]


def watch(
    motion: Motion,
    *,
    keep: NDArray[np.bool_] | None = None,
    noise: float = 0.0,
    seed: int = 0,
    turn_deg: float = 45.0,
    movement: Movement = Movement.AUTO,
    height_m: float | None = None,
    world: bool = True,
    longest_gap_s: float = math.inf,
) -> tuple[list[Update], list[Jump]]:
    """Feed a motion to a new tracker; the updates frame by frame, and every jump as it was emitted."""
    picture, metres = motion.landmarks(turn_deg)
    picture = picture + np.random.default_rng(seed).normal(0, noise, picture.shape) * [1, 1, 1, 0]
    tracker = JumpTracker(movement, height_m=height_m, longest_gap_s=longest_gap_s)
    frames = range(len(motion.times_s)) if keep is None else np.flatnonzero(keep)
    updates = [
        tracker.update(float(motion.times_s[i]), picture[i], aspect=ASPECT, world=metres[i] if world else None)
        for i in frames
    ]
    return updates, [jump for update in updates for jump in update.jumps] + list(tracker.finish())


def phases(updates: Sequence[Update]) -> list[str]:
    """The phases in order, each once."""
    return [phase.value for phase, _ in groupby(update.phase for update in updates)]


@pytest.fixture
def cmj() -> Motion:
    return act(countermovement_jump())
