"""What a jump measures, from its prescribed motion."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinemotion.synthetic.path import GRAVITY, Path
from kinemotion.synthetic.skeleton import ANKLES, HIPS, KNEES, SHOULDERS, TOES, Array

Movement = Literal["cmj", "sj", "dj"]


@dataclass(frozen=True)
class JumpTruth:
    """A jump's true events and metrics.

    Attributes:
        movement: Its kind.
        events_s: Event times in seconds from the clip's time 0: onset, lowest, takeoff, apex and landing, and contact
            (the touch-down before the jump) for a drop jump. The onset is where the body begins to go down (cmj),
            begins to rise from the held squat (sj), or leaves the box (dj).
        metrics: Values by name; the name's suffix is the unit.
    """

    movement: Movement
    events_s: Mapping[str, float]
    metrics: Mapping[str, float]

    def shifted(self, seconds: float) -> "JumpTruth":
        """The same jump, `seconds` later."""
        events = {name: time + seconds for name, time in self.events_s.items()}
        return JumpTruth(self.movement, events, self.metrics)


def flight_metrics(height: Path, takeoff_s: float, landing_s: float) -> dict[str, float]:
    """What take-off and landing define, for any jump with centre of mass `height` over standing."""
    flight = landing_s - takeoff_s
    speed = float(height(takeoff_s, 1))
    apex = takeoff_s + speed / GRAVITY
    return {
        "jump_height_m": float(height(apex) - height(takeoff_s)),
        "jump_height_flight_time_m": GRAVITY * flight**2 / 8.0,
        "jump_height_takeoff_velocity_m": speed**2 / (2.0 * GRAVITY),
        "flight_time_ms": 1000.0 * flight,
        "takeoff_velocity_m_s": speed,
    }


def countermovement_metrics(height: Path, onset_s: float, lowest_s: float, takeoff_s: float) -> dict[str, float]:
    """What the way down and up defines."""
    down, up = np.linspace(onset_s, lowest_s, 2000), np.linspace(lowest_s, takeoff_s, 2000)
    rise = float(height(takeoff_s, 1)) ** 2 / (2.0 * GRAVITY)
    return {
        "countermovement_depth_m": float(height(onset_s) - height(lowest_s)),
        "eccentric_duration_ms": 1000.0 * (lowest_s - onset_s),
        "concentric_duration_ms": 1000.0 * (takeoff_s - lowest_s),
        "time_to_takeoff_ms": 1000.0 * (takeoff_s - onset_s),
        "peak_eccentric_velocity_m_s": float(-height(down, 1).min()),
        "peak_concentric_velocity_m_s": float(height(up, 1).max()),
        "rsi_modified_m_s": rise / (takeoff_s - onset_s),
    }


def angle_metrics(joints: Array) -> dict[str, float]:
    """Knee, hip and ankle angles of a pose (J, 3) at the lowest point, means of left and right.

    In degrees; a straight joint has 180.
    """
    corners = {"knee": (HIPS, KNEES, ANKLES), "hip": (SHOULDERS, HIPS, KNEES), "ankle": (KNEES, ANKLES, TOES)}
    sides = {name: zip(*(joints[joint] for joint in corner), strict=True) for name, corner in corners.items()}
    return {
        f"{name}_angle_lowest_deg": float(np.mean([_angle(*side) for side in both])) for name, both in sides.items()
    }


def _angle(first: Array, corner: Array, last: Array) -> float:
    one, two = first - corner, last - corner
    return float(np.degrees(np.arccos(one @ two / (np.linalg.norm(one) * np.linalg.norm(two)))))
