"""Joints, and where they lie for given angles.

Coordinates are metres: x forward from the athlete, y to the athlete's left, z up from the floor. Arrays of pairs
hold the left side first.
"""

from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TOE_OUT: Final = np.radians(9.0)
"""How far the feet point outwards, radians."""
_SIDES: Final = np.array([1.0, -1.0])
_HEAD_FOLLOWS: Final = 0.35  # of the trunk's lean: the eyes stay on the horizon


class Joint(IntEnum):
    """Rows of a pose; a right joint follows its left one."""

    PELVIS = 0
    CHEST = 1
    CERVICALE = 2
    VERTEX = 3
    LEFT_HIP = 4
    RIGHT_HIP = 5
    LEFT_KNEE = 6
    RIGHT_KNEE = 7
    LEFT_ANKLE = 8
    RIGHT_ANKLE = 9
    LEFT_HEEL = 10
    RIGHT_HEEL = 11
    LEFT_BALL = 12
    RIGHT_BALL = 13
    LEFT_TOE = 14
    RIGHT_TOE = 15
    LEFT_SHOULDER = 16
    RIGHT_SHOULDER = 17
    LEFT_ELBOW = 18
    RIGHT_ELBOW = 19
    LEFT_WRIST = 20
    RIGHT_WRIST = 21
    LEFT_KNUCKLE = 22
    RIGHT_KNUCKLE = 23


JOINTS: Final = len(Joint)
HIPS: Final = slice(Joint.LEFT_HIP, Joint.RIGHT_HIP + 1)
KNEES: Final = slice(Joint.LEFT_KNEE, Joint.RIGHT_KNEE + 1)
ANKLES: Final = slice(Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE + 1)
HEELS: Final = slice(Joint.LEFT_HEEL, Joint.RIGHT_HEEL + 1)
BALLS: Final = slice(Joint.LEFT_BALL, Joint.RIGHT_BALL + 1)
TOES: Final = slice(Joint.LEFT_TOE, Joint.RIGHT_TOE + 1)
SOLES: Final = slice(Joint.LEFT_HEEL, Joint.RIGHT_TOE + 1)
SHOULDERS: Final = slice(Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER + 1)
ELBOWS: Final = slice(Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW + 1)
WRISTS: Final = slice(Joint.LEFT_WRIST, Joint.RIGHT_WRIST + 1)
KNUCKLES: Final = slice(Joint.LEFT_KNUCKLE, Joint.RIGHT_KNUCKLE + 1)


@dataclass(frozen=True)
class Lengths:
    """Segment lengths and half widths, metres."""

    thigh: float
    shank: float
    ankle_height: float
    trunk: float
    cervicale: float
    head: float
    upper_arm: float
    forearm: float
    hand: float
    hip_half_width: float
    shoulder_half_width: float
    heel_to_ankle: float
    ankle_to_ball: float
    ball_to_toe: float

    def scaled(self, factor: float) -> "Lengths":
        """The same proportions, every length times `factor`."""
        return Lengths(*(factor * length for length in astuple(self)))

    @property
    def leg(self) -> float:
        """Hip to ankle with a straight knee."""
        return self.thigh + self.shank


@dataclass(frozen=True)
class Angles:
    """What shapes the body at N instants, apart from where its pelvis and ankles are. Radians.

    Attributes:
        lean: Trunk, forward from upright, (N,).
        heel: Each foot's heel above its ball, (N, 2).
        toe: Each foot's toes pointing below the horizontal, (N, 2).
        arm: Upper arm forward of hanging down, and elbow flexion, (N, 2); NaN means hands on the hips.
    """

    lean: Array
    heel: Array
    toe: Array
    arm: Array


def ahead(angle: Array) -> Array:
    """Unit vectors (..., 3) pointing forward and `angle` (...) radians down."""
    return np.stack([np.cos(angle), np.zeros_like(angle), -np.sin(angle)], axis=-1)


def foot_directions(pitch: Array) -> tuple[Array, Array]:
    """Unit vectors along and up from the soles of feet pitched down by `pitch` (N, 2): two (N, 2, 3)."""
    out_x, out_y = np.cos(TOE_OUT), np.sin(TOE_OUT) * _SIDES
    cos, sin = np.cos(pitch), np.sin(pitch)
    along = np.stack([cos * out_x, cos * out_y, -sin], axis=-1)
    above = np.stack([sin * out_x, sin * out_y, cos], axis=-1)
    return along, above


def ankles_over(balls: Array, heel: Array, lengths: Lengths) -> Array:
    """Ankles (N, 2, 3) of feet whose balls are at `balls` (N, 2, 3) with the heels raised by `heel` (N, 2)."""
    along, above = foot_directions(heel)
    return balls - lengths.ankle_to_ball * along + lengths.ankle_height * above


def knees(hips: Array, ankles: Array, lengths: Lengths) -> Array:
    """Knees (N, 2, 3) bent forward, and a little outward, between hips and ankles (N, 2, 3).

    Where the legs don't reach, the shank is stretched; whoever plans a motion must look at `knee_flexion`.
    """
    gap = ankles - hips
    distance = np.sqrt(np.sum(gap * gap, axis=-1, keepdims=True))
    axis = gap / distance
    pole = np.array([[1.0, 0.16, 0.0], [1.0, -0.16, 0.0]])
    pole = pole - axis * np.sum(pole * axis, axis=-1, keepdims=True)
    pole = pole / np.sqrt(np.sum(pole * pole, axis=-1, keepdims=True))
    cos = (lengths.thigh**2 + distance**2 - lengths.shank**2) / (2.0 * lengths.thigh * distance)
    cos = np.clip(cos, -1.0, 1.0)
    return np.asarray(hips + lengths.thigh * (cos * axis + np.sqrt(1.0 - cos * cos) * pole), dtype=np.float64)


def knee_flexion(hips: Array, ankles: Array, lengths: Lengths) -> Array:
    """Knee flexion (...) in radians between hips and ankles (..., 3): 0 straight, NaN out of reach."""
    distance2 = np.sum((ankles - hips) ** 2, axis=-1)
    cos = (distance2 - lengths.thigh**2 - lengths.shank**2) / (2.0 * lengths.thigh * lengths.shank)
    return np.asarray(np.arccos(np.where(np.abs(cos) <= 1.0, cos, np.nan)), dtype=np.float64)


def pose(pelvis: Array, ankles: Array, angles: Angles, lengths: Lengths) -> Array:
    """Every joint.

    Args:
        pelvis: Middle of the hips (N, 3).
        ankles: Ankles (N, 2, 3).
        angles: The rest of the posture at the same N instants.
        lengths: Segment lengths.

    Returns:
        Joint positions (N, J, 3), rows as in `Joint`.
    """
    joints = np.empty((len(pelvis), JOINTS, 3))
    joints[:, Joint.PELVIS] = pelvis
    joints[:, HIPS] = pelvis[:, None] + np.outer(_SIDES, [0.0, lengths.hip_half_width, 0.0])
    joints[:, KNEES] = knees(joints[:, HIPS], ankles, lengths)
    joints[:, ANKLES] = ankles
    _put_feet(joints, angles, lengths)
    _put_trunk(joints, angles.lean, lengths)
    _put_arms(joints, angles, lengths)
    return joints


def _put_feet(joints: Array, angles: Angles, lengths: Lengths) -> None:
    along, above = foot_directions(angles.heel)
    under = joints[:, ANKLES] - lengths.ankle_height * above
    joints[:, HEELS] = under - lengths.heel_to_ankle * along
    joints[:, BALLS] = under + lengths.ankle_to_ball * along
    joints[:, TOES] = joints[:, BALLS] + lengths.ball_to_toe * foot_directions(angles.toe)[0]


def _put_trunk(joints: Array, lean: Array, lengths: Lengths) -> None:
    up = ahead(lean - np.pi / 2)
    joints[:, Joint.CHEST] = joints[:, Joint.PELVIS] + lengths.trunk * up
    joints[:, Joint.CERVICALE] = joints[:, Joint.CHEST] + lengths.cervicale * up
    head_up = ahead(_HEAD_FOLLOWS * lean - np.pi / 2)
    joints[:, Joint.VERTEX] = joints[:, Joint.CERVICALE] + lengths.head * head_up
    width = np.outer(_SIDES, [0.0, lengths.shoulder_half_width, 0.0])
    joints[:, SHOULDERS] = joints[:, None, Joint.CHEST] + width


def _put_arms(joints: Array, angles: Angles, lengths: Lengths) -> None:
    shoulders = joints[:, SHOULDERS]
    on_hips = bool(np.isnan(angles.arm).any())
    upper, fore, hand = _akimbo(angles.lean, lengths) if on_hips else _swinging(angles.arm)
    joints[:, ELBOWS] = shoulders + lengths.upper_arm * upper
    joints[:, WRISTS] = joints[:, ELBOWS] + lengths.forearm * fore
    joints[:, KNUCKLES] = joints[:, WRISTS] + lengths.hand * hand


def _swinging(arm: Array) -> tuple[Array, Array, Array]:
    """Directions (N, 2, 3) of upper arms, forearms and hands at shoulder and elbow angles (N, 2)."""

    def direction(angle: Array, aside: float) -> Array:
        forward, down = np.sin(angle)[:, None], -np.cos(angle)[:, None]
        out = np.broadcast_to(np.sin(aside) * _SIDES, (len(angle), 2))
        return np.stack([np.cos(aside) * forward + 0.0 * out, out, np.cos(aside) * down + 0.0 * out], axis=-1)

    upper, fore = direction(arm[:, 0], 0.14), direction(arm.sum(axis=1), 0.06)
    return upper, fore, fore


def _akimbo(lean: Array, lengths: Lengths) -> tuple[Array, Array, Array]:
    """Directions (N, 2, 3) of upper arms, forearms and hands with the hands on the hip bones."""
    wrist = np.array([0.10 * lengths.trunk, lengths.hip_half_width * 1.95, 0.24 * lengths.trunk])
    shoulder = np.array([0.0, lengths.shoulder_half_width, lengths.trunk])
    axis = wrist - shoulder
    distance = float(np.linalg.norm(axis))
    axis /= distance
    pole = np.array([-0.45, 1.0, 0.0])
    pole -= axis * float(pole @ axis)
    pole /= np.linalg.norm(pole)
    cos = (lengths.upper_arm**2 + distance**2 - lengths.forearm**2) / (2.0 * lengths.upper_arm * distance)
    elbow = shoulder + lengths.upper_arm * (cos * axis + np.sqrt(1.0 - cos * cos) * pole)
    hand = np.array([0.62, -0.30, -0.72])
    left = np.stack(
        [(elbow - shoulder) / lengths.upper_arm, (wrist - elbow) / lengths.forearm, hand / np.linalg.norm(hand)]
    )
    both = np.stack([left, left * [1.0, -1.0, 1.0]], axis=1)
    turned = _leaning(both, lean)
    return turned[:, 0], turned[:, 1], turned[:, 2]


def _leaning(vectors: Array, lean: Array) -> Array:
    """`vectors` (..., 3) turned forward by each lean (N,): (N, ..., 3)."""
    cos, sin = np.cos(lean), np.sin(lean)
    zero, one = np.zeros_like(lean), np.ones_like(lean)
    turn = np.array([[cos, zero, sin], [zero, one, zero], [-sin, zero, cos]])
    return np.asarray(np.einsum("abn,...b->n...a", turn, vectors), dtype=np.float64)
