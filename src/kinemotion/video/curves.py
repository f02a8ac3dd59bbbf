"""Height, velocity and joint angles over time, for charts: smoothed with later frames too, so that nothing lags."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps import Jump, Movement, Phase
from kinemotion.jumps.body import Body, measure
from kinemotion.pose.graph import Pose

Array = NDArray[np.float64]

JOINTS: Final = ("knee", "hip", "ankle")
_WINDOW_S: Final = 0.05  # on either side; the quadratic fit leaves a flight's parabola as it is
_FEWEST: Final = 3
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
        phases: what the athlete was doing.
        jumps: the jumps that were found.
        aspect: the picture's width over its height.
        stature_m: the stated stature, if any.
    """
    times = np.array(times_s)
    bodies = [None if pose is None else measure(pose.landmarks, aspect, pose.world) for pose in poses]
    raw = np.array([np.nan if body is None else body.com for body in bodies])
    statures = raw / _stature(bodies)
    height, velocity = smoothed(times, statures - _standing(times, statures, phases, jumps))
    scale = _scale(times, height, jumps) or stature_m
    angles = {joint: smoothed(times, _angle(bodies, joint))[0] for joint in JOINTS}
    return Curves(times, height * (scale or 1.0), velocity * (scale or 1.0), angles, scale is not None)


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
