"""Height, velocity and joint angles over time, for charts: smoothed with later frames too, so that nothing lags.

Velocity peaks just before the feet leave the floor. A fit that reaches across would flatten the peak, and charts must
agree with the figures: so in flight it is the take-off velocity and gravity, and in the last moments before it a path
that ends in that flight, as for the figures themselves (`kinemotion.jumps.velocity`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps import Jump, Movement, Phase
from kinemotion.jumps.body import Body, measure
from kinemotion.jumps.parabola import GRAVITY
from kinemotion.pose.graph import Pose

Array = NDArray[np.float64]

JOINTS: Final = ("knee", "hip", "ankle")
_WINDOW_S: Final = 0.05  # on either side; the quadratic fit leaves a flight's parabola as it is
_FEWEST: Final = 3
_PUSH_S: Final = 0.25  # before take-off, that a path is laid through;
_LAST_S: Final = 0.10  # it is shown for this long
_FEWEST_IN_PUSH: Final = 5
_HIGHEST_OVERSHOOT: Final = 1.5
_LEAST_RISE: Final = 0.02  # statures; less tells no scale


@dataclass(frozen=True, slots=True)
class Curves:
    """What the charts show; every array is (N,), NaN where nothing is known.

    Attributes:
        times_s: the frames' times.
        height: of the centre of mass over standing, in metres, or in statures where `metres` is False.
        velocity: its rate of change, a second.
        angles_deg: mean of both sides by joint: 180 is straight, 90 is square.
        metres: whether there is a scale.
    """

    times_s: Array
    height: Array
    velocity: Array
    angles_deg: dict[str, Array]
    metres: bool


def trace(
    times_s: Sequence[float],
    poses: Sequence[Pose | None],
    shifts: Sequence[Array | None],
    phases: Sequence[Phase],
    jumps: Sequence[Jump],
    aspect: float,
    stature_m: float | None,
) -> Curves:
    """Draws the curves of a clip.

    Heights are measured from one place in the picture throughout, and scaled so that the rise from take-off to the
    apex is the jump height; without a jump, by the stated stature.

    Args:
        times_s: time of every frame, in seconds.
        poses: the body in every frame.
        shifts: (2,) each, how far the camera's motion had moved the frame: pictures' widths and heights.
        phases: what the athlete was doing.
        jumps: the jumps that were found.
        aspect: the picture's width over its height.
        stature_m: the stated stature, if any.
    """
    times = np.array(times_s)
    bodies = [
        None if pose is None else measure(pose.landmarks, aspect, pose.world, shift=shift)
        for pose, shift in zip(poses, shifts, strict=True)
    ]
    raw = np.array([np.nan if body is None else body.com for body in bodies])
    statures = raw / _stature(bodies)
    over_standing = statures - _standing(times, statures, phases, jumps)
    height, _ = smoothed(times, over_standing)
    scale = _scale(times, height, jumps) or stature_m
    velocity = _velocity(times, over_standing * (scale or 1.0), jumps)
    angles = {joint: smoothed(times, _angle(bodies, joint))[0] for joint in JOINTS}
    return Curves(times, height * (scale or 1.0), velocity, angles, scale is not None)


def smoothed(times: Array, values: Array) -> tuple[Array, Array]:
    """Values and their rate of change, by a quadratic fit to the frames around each one; NaN stays NaN."""
    fitted, slopes = np.full(len(times), np.nan), np.full(len(times), np.nan)
    known = np.flatnonzero(np.isfinite(values))
    t, v = times[known], values[known]
    starts, stops = np.searchsorted(t, t - _WINDOW_S), np.searchsorted(t, t + _WINDOW_S, side="right")
    for place, (row, start, stop) in enumerate(zip(known, starts, stops, strict=True)):
        first = max(min(start, place - 2), 0)
        last = min(max(stop, place + 3), len(t))
        near = t[first:last] - t[place]
        inside = np.abs(near) <= 4 * _WINDOW_S
        if inside.sum() < _FEWEST:
            fitted[row] = v[place]
            continue
        powers = np.vander(near[inside], 3, increasing=True)
        fitted[row], slopes[row], _ = np.linalg.lstsq(powers, v[first:last][inside], rcond=None)[0]
    return fitted, slopes


def _velocity(times: Array, heights: Array, jumps: Sequence[Jump]) -> Array:
    """The rate of heights (N,) in metres: by fits that no take-off lies within, around a flight by its figures."""
    breaks = sorted(jump.events_s["takeoff"] for jump in jumps)
    parts = np.split(np.arange(len(times)), np.searchsorted(times, breaks))
    velocity = np.concatenate([smoothed(times[rows], heights[rows])[1] for rows in parts])
    known = np.isfinite(heights)
    for jump in jumps:
        takeoff_s, speed = jump.events_s["takeoff"], jump.metrics["takeoff_velocity_m_s"]
        aloft = known & (times >= takeoff_s) & (times < jump.events_s["landing"])
        velocity[aloft] = speed - GRAVITY * (times[aloft] - takeoff_s)
        rising_s = max(takeoff_s - _PUSH_S, jump.events_s.get("lowest", -np.inf))
        push = np.flatnonzero(known & (times >= rising_s) & (times < takeoff_s))
        last = push[times[push] >= takeoff_s - _LAST_S]
        path = _push_off(takeoff_s - times[push], heights[push], speed)
        if len(last) and path is not None:
            velocity[last] = path[-len(last) :]
    return velocity


def _push_off(ahead: Array, heights: Array, speed: float) -> Array | None:
    """Velocities (N,) on a smooth path into a flight; None where too few frames show it.

    Args:
        ahead: (N,) time to take-off.
        heights: (N,) in metres.
        speed: at take-off, in metres a second.
    """
    if len(ahead) < _FEWEST_IN_PUSH:
        return None
    share = ahead / _PUSH_S
    free = heights + speed * ahead + 0.5 * GRAVITY * ahead**2
    design = np.stack([np.ones_like(share), share**3 / 3, -(share**4) / 4], axis=1)
    _, third, fourth = np.linalg.lstsq(design, free, rcond=None)[0]
    velocity: Array = speed + GRAVITY * ahead + (fourth * share**3 - third * share**2) / _PUSH_S
    return velocity if velocity.max() <= _HIGHEST_OVERSHOOT * speed else None


def _angle(bodies: Sequence[Body | None], joint: str) -> Array:
    """(N,) the mean of the sides that are known."""
    names = [f"{joint}_angle_{side}_deg" for side in ("left", "right")]
    known = ([body.angles[name] for name in names if name in body.angles] if body else [] for body in bodies)
    return np.array([float(np.mean(sides)) if sides else np.nan for sides in known])


def _stature(bodies: Sequence[Body | None]) -> float:
    """Apparent stature in picture heights."""
    known = [body.stature for body in bodies if body is not None]
    return float(np.median(known)) if known else 1.0


def _standing(times: Array, heights: Array, phases: Sequence[Phase], jumps: Sequence[Jump]) -> float:
    """Height of quiet standing: on the floor, so after the landing where a drop jump began on a box."""
    known = np.isfinite(heights)
    quiet = known & np.array([phase is Phase.STANDING for phase in phases])
    after = max((jump.events_s["landing"] for jump in jumps if jump.movement is Movement.DJ), default=-np.inf)
    for rows in (quiet & (times > after), quiet, known):
        if rows.any():
            return float(np.median(heights[rows]))
    return 0.0


def _scale(times: Array, heights: Array, jumps: Sequence[Jump]) -> float | None:
    """Metres in a stature by the jumps; None without."""
    known = np.isfinite(heights)
    scales = []
    for jump in jumps:
        takeoff, apex = np.interp([jump.events_s["takeoff"], jump.events_s["apex"]], times[known], heights[known])
        if apex - takeoff > _LEAST_RISE:
            scales.append(jump.metrics["jump_height_m"] / (apex - takeoff))
    return float(np.median(scales)) if scales else None
