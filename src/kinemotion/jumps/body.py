"""One pose as a few numbers: centre of mass, feet, joint angles, apparent stature."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinemotion.pose.landmarks import COLUMNS, POINTS, Landmark, Landmarks, X, Y, Z

_L = Landmark

Segment = tuple[float, float, tuple[Landmark, ...], tuple[Landmark, ...]]

# Mass share, distance of the centre of mass from the proximal end, proximal and distal points. de Leva (1996),
# means of women and men; a hand lies at its wrist, the head between the ears, a foot between heel and toes.
_SEGMENTS: Final[tuple[Segment, ...]] = (
    (0.0681, 0.0, (_L.LEFT_EAR, _L.RIGHT_EAR), (_L.NOSE,)),
    (0.4302, 0.41, (_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER), (_L.LEFT_HIP, _L.RIGHT_HIP)),
    (0.0263, 0.576, (_L.LEFT_SHOULDER,), (_L.LEFT_ELBOW,)),
    (0.0263, 0.576, (_L.RIGHT_SHOULDER,), (_L.RIGHT_ELBOW,)),
    (0.0150, 0.457, (_L.LEFT_ELBOW,), (_L.LEFT_WRIST,)),
    (0.0150, 0.457, (_L.RIGHT_ELBOW,), (_L.RIGHT_WRIST,)),
    (0.0059, 0.0, (_L.LEFT_WRIST,), (_L.LEFT_INDEX,)),
    (0.0059, 0.0, (_L.RIGHT_WRIST,), (_L.RIGHT_INDEX,)),
    (0.1447, 0.385, (_L.LEFT_HIP,), (_L.LEFT_KNEE,)),
    (0.1447, 0.385, (_L.RIGHT_HIP,), (_L.RIGHT_KNEE,)),
    (0.0457, 0.438, (_L.LEFT_KNEE,), (_L.LEFT_ANKLE,)),
    (0.0457, 0.438, (_L.RIGHT_KNEE,), (_L.RIGHT_ANKLE,)),
    (0.0133, 0.422, (_L.LEFT_HEEL,), (_L.LEFT_FOOT_INDEX,)),
    (0.0133, 0.422, (_L.RIGHT_HEEL,), (_L.RIGHT_FOOT_INDEX,)),
)

# Trunk (hips to shoulders), thigh and shank together are this share of the stature. de Leva (1996).
_LENGTHS_TO_STATURE: Final = 0.787

# Arms overhead lift the shoulders against the trunk, and the pose model lifts them more; ears ride on the spine. So the
# trunk's upper end is taken from both, while the head is in the picture.
_EAR_SHARE: Final = 0.6
_EARS_OVER_SHOULDERS: Final = 0.118  # statures, standing

_FACE: Final = slice(_L.NOSE, _L.LEFT_SHOULDER)
_EARS: Final = np.array([_L.LEFT_EAR, _L.RIGHT_EAR])
_SHOULDERS: Final = np.array([_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER])
_KNEES: Final = np.array([_L.LEFT_KNEE, _L.RIGHT_KNEE])
_ANKLES: Final = np.array([_L.LEFT_ANKLE, _L.RIGHT_ANKLE])
_FEET: Final = np.array([_L.LEFT_FOOT_INDEX, _L.RIGHT_FOOT_INDEX, _L.LEFT_HEEL, _L.RIGHT_HEEL])
_PROXIMAL: Final = np.array([_L.LEFT_SHOULDER, _L.LEFT_HIP, _L.LEFT_KNEE])
_DISTAL: Final = np.array([_L.LEFT_HIP, _L.LEFT_KNEE, _L.LEFT_ANKLE])
_FROM_SHOULDERS: Final = slice(_L.LEFT_SHOULDER, POINTS)

# A joint is the middle point: shoulder-hip-knee, hip-knee-ankle, knee-ankle-toes; the right side is the next row.
_JOINTS: Final = np.array(
    [
        [_L.LEFT_SHOULDER, _L.LEFT_HIP, _L.LEFT_KNEE],
        [_L.LEFT_HIP, _L.LEFT_KNEE, _L.LEFT_ANKLE],
        [_L.LEFT_KNEE, _L.LEFT_ANKLE, _L.LEFT_FOOT_INDEX],
    ]
)
_JOINT_NAMES: Final = tuple(
    f"{joint}_angle_{side}_deg" for side in ("left", "right") for joint in ("hip", "knee", "ankle")
)
_ENDS: Final = np.concatenate([_JOINTS, _JOINTS + 1])

_FARTHEST: Final = 8.0  # picture sizes from the corner; farther away a landmark is garbage
_SMALLEST: Final = 0.04  # apparent stature in picture heights; nothing can be measured on a smaller body


class Body(NamedTuple):
    """A pose, measured in picture heights with up positive.

    Attributes:
        x: centre of mass across the picture.
        feet_x: (4,) the feet across the picture, in the order of `feet`.
        head: height of the highest point of the face, from the picture's top edge (so positive outside the picture).
        com: height of the centre of mass, from the picture's top edge (so negative inside the picture).
        feet: (4,) heights of the left and right toes, then of the left and right heel.
        soles: (2,) heights of the lowest edges of the left and right shoe; NaN where they are not seen.
        ankle: mean height of the ankles.
        stature: apparent stature, from the lengths of trunk, thigh and shank.
        inside: whether the centre of mass lies between the picture's left and right edge.
        beside: how far the outermost foot lies beyond one of these edges; negative inside the picture.
        angles: joint angles in degrees by name; a joint whose points coincide is absent.
        shank: mean lean of the shanks against the vertical, degrees; NaN where knees and ankles coincide.
    """

    x: float
    feet_x: NDArray[np.float64]
    head: float
    com: float
    feet: NDArray[np.float64]
    soles: NDArray[np.float64]
    ankle: float
    stature: float
    inside: bool
    beside: float
    angles: dict[str, float]
    shank: float

    def mean_angle(self, joint: str) -> float:
        """Mean of the left and the right `hip`, `knee` or `ankle` in degrees; NaN if either is unknown."""
        left, right = (self.angles.get(f"{joint}_angle_{side}_deg", float("nan")) for side in ("left", "right"))
        return (left + right) / 2


def measure(
    landmarks: Landmarks, aspect: float, world: Landmarks | None = None, soles: NDArray[np.float64] | None = None
) -> Body | None:
    """Reduce a pose to what jump analysis needs.

    Args:
        landmarks: (33, 4) normalised landmarks.
        aspect: the picture's width over its height.
        world: (33, 4) world landmarks in metres, if there are any.
        soles: (2,) y of the left and right shoe's lowest edge, picture heights, NaN where unseen; if they are known.

    Returns:
        The body, or None if the landmarks cannot be a body (values not finite, far outside the picture, too small).

    Raises:
        ValueError: an array's shape is wrong, or the aspect is not a positive number.
    """
    if not 0 < aspect < float("inf"):
        raise ValueError(f"the aspect must be a positive number, not {aspect}")
    points = _picture_points(landmarks, aspect)
    if points is None:
        return None
    metres = None if world is None else _world_points(world)
    stature = _stature(points[:, :2], metres)
    if stature < _SMALLEST:
        return None
    x, y = _MASS @ points[:, :2]
    across = points[_FEET, X]
    solid = points if metres is None else metres
    com = _trunk_shift(points, stature) - float(y)
    ankle = -float(points[_ANKLES, Y].mean())
    return Body(
        x=float(x),
        feet_x=across,
        head=-float(points[_FACE, Y].min()),
        com=com,
        feet=-points[_FEET, Y],
        soles=_heights(soles),
        ankle=ankle,
        stature=stature,
        inside=bool(0 < x < aspect),
        beside=float(max(-across.min(), across.max() - aspect)),
        angles=joint_angles(solid),
        shank=_shank(solid),
    )


def _heights(soles: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """(2,) heights of the soles, NaN for unseen ones and for garbage."""
    if soles is None:
        return np.full(2, np.nan)
    if soles.shape != (2,):
        raise ValueError(f"soles must have shape (2,), not {soles.shape}")
    return -np.where(np.abs(soles) < _FARTHEST, soles, np.nan)


def _trunk_shift(points: NDArray[np.float64], stature: float) -> float:
    """How far the ears put the centre of mass over where the shoulders put it, picture heights."""
    ears = points[_EARS, Y]
    if ears.min() < 0:
        return 0.0
    over = float(points[_SHOULDERS, Y].mean() - ears.mean()) - _EARS_OVER_SHOULDERS * stature
    return _EAR_SHARE * float(_MASS[_SHOULDERS].sum()) * over


def joint_angles(points: NDArray[np.float64]) -> dict[str, float]:
    """Inner angles of hips, knees and ankles.

    Args:
        points: (33, 2) or (33, 3) landmarks in any unit that is the same along each axis.

    Returns:
        Degrees by name, 180 for a straight joint.
    """
    first, joint, last = points[_ENDS[:, 0]], points[_ENDS[:, 1]], points[_ENDS[:, 2]]
    one, other = first - joint, last - joint
    lengths = np.sqrt((one * one).sum(1) * (other * other).sum(1))
    seen = lengths > 1e-9
    cosine = (one * other).sum(1)[seen] / lengths[seen]
    degrees = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    return dict(zip((name for name, ok in zip(_JOINT_NAMES, seen, strict=True) if ok), degrees.tolist(), strict=True))


def _shank(points: NDArray[np.float64]) -> float:
    """Mean lean of the shanks of (33, 3) landmarks against the vertical, in degrees; NaN for shanks of no length."""
    shanks = points[_KNEES] - points[_ANKLES]
    lengths = np.sqrt((shanks * shanks).sum(1))
    if lengths.min() < 1e-9:
        return float("nan")
    return float(np.degrees(np.arccos(np.clip(-shanks[:, Y] / lengths, -1.0, 1.0))).mean())


def _picture_points(landmarks: Landmarks, aspect: float) -> NDArray[np.float64] | None:
    """(33, 3) landmarks in picture heights, flat if there is no depth; None for garbage."""
    _check_shape(landmarks, "landmarks")
    points = np.array(landmarks[:, : Z + 1], dtype=np.float64)
    if not (np.abs(points[:, :Z]) < _FARTHEST).all():
        return None
    if not (np.abs(points[:, Z]) < _FARTHEST).all():
        points[:, Z] = 0.0
    points[:, (X, Z)] *= aspect
    return points if (np.abs(points[:, X]) < _FARTHEST).all() else None


def _world_points(world: Landmarks) -> NDArray[np.float64] | None:
    """(33, 3) world landmarks, or None for garbage."""
    _check_shape(world, "world landmarks")
    points = np.array(world[:, : Z + 1], dtype=np.float64)
    return points if (np.abs(points) < _FARTHEST).all() else None


def _check_shape(array: Landmarks, name: str) -> None:
    if array.shape != (POINTS, COLUMNS):
        raise ValueError(f"{name} must have shape {(POINTS, COLUMNS)}, not {array.shape}")


def _stature(points: NDArray[np.float64], metres: NDArray[np.float64] | None) -> float:
    """Apparent stature in picture heights.

    World landmarks, where there are any, make it independent of limbs that point at the camera: their size in the
    picture against their size in metres is the scale, and their lengths are taken in three dimensions.
    """
    if metres is None:
        return _length(points) / _LENGTHS_TO_STATURE
    spread = _spread(metres[_FROM_SHOULDERS, :2])
    if spread < 1e-3:
        return _length(points) / _LENGTHS_TO_STATURE
    return _spread(points[_FROM_SHOULDERS]) / spread * _length(metres) / _LENGTHS_TO_STATURE


def _length(points: NDArray[np.float64]) -> float:
    """Trunk, thigh and shank together, mean of left and right."""
    left, right = (points[_PROXIMAL + side] - points[_DISTAL + side] for side in (0, 1))
    return float(np.sqrt((left * left).sum(1)).sum() + np.sqrt((right * right).sum(1)).sum()) / 2


def _spread(points: NDArray[np.float64]) -> float:
    """Root of the summed squared distances from the middle."""
    centred = points - points.mean(0)
    return float(np.sqrt((centred * centred).sum()))


def _mass_weights(segments: Iterable[Segment]) -> NDArray[np.float64]:
    """(33,) weight of every landmark in the centre of mass; they sum to 1."""
    weights = np.zeros(POINTS)
    for mass, share, proximal, distal in segments:
        weights[list(proximal)] += mass * (1 - share) / len(proximal)
        weights[list(distal)] += mass * share / len(distal)
    weights /= weights.sum()
    return weights


_MASS: Final = _mass_weights(_SEGMENTS)
