"""Upright and crouched postures on both feet: how heels, knees and the height of the centre of mass go together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from kinemotion.synthetic.balance import balanced
from kinemotion.synthetic.body import Body
from kinemotion.synthetic.skeleton import (
    Angles,
    Array,
    Joint,
    Lengths,
    ankles_over,
    foot_directions,
    knee_flexion,
    pose,
)

Arms = Literal["hips", "swing"]

STANDING_KNEE: Final = np.radians(9.0)
HANGING: Final = (np.radians(4.0), np.radians(14.0))
"""Shoulder and elbow angles of an arm at rest."""

_LEAN_UPRIGHT, _LEAN_MOST = np.radians(1.5), np.radians(56.0)
_LEAN_GAIN = np.radians(205.0)  # per stature of lowering
_LEAN_ROUNDING = 0.024  # statures over which the trunk begins to lean
_COM_OVER_ANKLE = 0.037  # statures in front of the ankles: over the middle of the foot
_TOES_ROLL = 0.5  # per radian: heels up by 60 degrees have the toes point down by 31
_FOOT_SPREAD = 0.012  # statures by which the feet are further apart than the hips


@dataclass(frozen=True)
class Touch:
    """The posture in which the toes leave the floor or meet it.

    Attributes:
        com_m: Centre of mass over standing.
        heel: Heels raised by, radians.
    """

    com_m: float
    heel: float


def resting_arms(arms: Arms) -> tuple[float, float]:
    """Shoulder and elbow angles while standing; NaN for hands on the hips."""
    return (float("nan"), float("nan")) if arms == "hips" else HANGING


def lean_for(body: Body, com_m: Array) -> Array:
    """The trunk's forward lean (N,) in radians for centre of mass heights over standing (N,)."""
    low = -com_m / body.height_m
    rounded = 0.5 * (low + np.sqrt(low * low + _LEAN_ROUNDING**2))
    return np.asarray(_LEAN_UPRIGHT + _LEAN_MOST * np.tanh(_LEAN_GAIN * rounded / _LEAN_MOST), dtype=np.float64)


def balls_at_home(body: Body) -> Array:
    """The balls of the feet (2, 3) where the athlete stands: ankles at x = 0."""
    aside = body.lengths.hip_half_width + _FOOT_SPREAD * body.height_m
    return np.array([[body.lengths.ankle_to_ball, aside, 0.0], [body.lengths.ankle_to_ball, -aside, 0.0]])


def rolled(balls: Array, heel: Array, lengths: Lengths) -> tuple[Array, Array]:
    """Feet that roll over their toes as the heels rise, the toe tips staying where they are.

    Args:
        balls: Balls of the flat feet (N, 2, 3) in metres.
        heel: Heels raised by, (N, 2) in radians.
        lengths: Segment lengths.

    Returns:
        Balls (N, 2, 3), and the toes pointing down by (N, 2) radians.
    """
    toe = _TOES_ROLL * heel * heel
    flat, pointing = foot_directions(np.zeros_like(toe))[0], foot_directions(toe)[0]
    return balls + lengths.ball_to_toe * (flat - pointing), toe


def home_x(body: Body) -> float:
    """Where the centre of mass is, forward of the ankles."""
    return _COM_OVER_ANKLE * body.height_m


class Stances:
    """Poses on both feet, at home, with given arms; remembers how high standing is."""

    def __init__(self, body: Body, arms: Arms) -> None:
        self.body = body
        self.rest = resting_arms(arms)
        self.standing_m = 0.0
        self.standing_m = _root(lambda z: self.knee(z, 0.0, self.rest) - STANDING_KNEE, 0.40, 0.70, body.height_m)

    def pose(self, com_m: float, heel: float, arm: tuple[float, float]) -> Array:
        """Joints (1, J, 3) with the centre of mass `com_m` over standing and the heels raised by `heel` radians."""
        height = np.array([com_m])
        raised = np.full((1, 2), heel)
        balls, toe = rolled(balls_at_home(self.body)[None], raised, self.body.lengths)
        ankles = ankles_over(balls, raised, self.body.lengths)
        lean = lean_for(self.body, height if self.standing_m else np.zeros(1))
        angles = Angles(lean, raised, toe, np.array([arm]))
        return balanced(self.body, np.stack([[home_x(self.body)], height + self.standing_m], axis=1), ankles, angles)

    def lift(self, arm: Array) -> Array:
        """How far arms at shoulder and elbow angles (N, 2) lift the centre of mass of a still body, (N,) metres."""
        if np.isnan(arm).any():
            return np.zeros(len(arm))
        still = np.zeros((len(arm), 3))
        feet = np.tile(still[:, None], (1, 2, 1)) - [0.0, 0.0, 0.9 * self.body.lengths.leg]
        level = np.zeros((len(arm), 2))
        angles = Angles(np.zeros(len(arm)), level, level, arm)
        resting = Angles(np.zeros(len(arm)), level, level, np.tile(self.rest, (len(arm), 1)))
        held, rest = (pose(still, feet, posture, self.body.lengths) for posture in (angles, resting))
        return np.asarray(self.body.centre_of_mass(held - rest)[:, 2], dtype=np.float64)

    def knee(self, com_m: float, heel: float, arm: tuple[float, float]) -> float:
        """Knee flexion in radians; 0 where the legs are too short."""
        joints = self.pose(com_m, heel, arm)
        return float(
            np.nan_to_num(knee_flexion(joints[0, Joint.LEFT_HIP], joints[0, Joint.LEFT_ANKLE], self.body.lengths))
        )

    def touch(self, heel: float, knee: float, arm: tuple[float, float]) -> Touch:
        """The touch with heels raised and knees bent by given angles (radians)."""
        height = _root(lambda z: self.knee(z, heel, arm) - knee, -0.30, 0.25, self.body.height_m)
        return Touch(height, heel)

    def touch_at(self, com_m: float, knee: float, arm: tuple[float, float]) -> Touch:
        """The touch at a given height: heels raised as far as the knee asks, between 10 and 65 degrees."""
        least, most = np.radians(10.0), np.radians(65.0)
        heel = _root(lambda angle: knee - self.knee(com_m, angle, arm), least, most, 1.0)
        return Touch(com_m, heel)


def _root(falling: Callable[[float], float], low: float, high: float, scale: float) -> float:
    """Where a falling function passes 0 between two bounds times `scale`, or the nearer bound."""
    low, high = low * scale, high * scale
    for _ in range(44):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return 0.5 * (low + high)
