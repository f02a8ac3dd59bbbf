"""One pose as a few numbers: centre of mass, feet, joint angles, apparent stature.

This runs on every frame of every camera, where calls of NumPy cost more than what they compute: hence few of them.
"""

import math
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
_FEET: Final = np.array([_L.LEFT_FOOT_INDEX, _L.RIGHT_FOOT_INDEX, _L.LEFT_HEEL, _L.RIGHT_HEEL])
_FROM_SHOULDERS: Final = slice(_L.LEFT_SHOULDER, POINTS)

# From head to toe, so that a joint lies between one chain's neighbours; the right side is the next landmark.
_CHAIN: Final = (_L.LEFT_SHOULDER, _L.LEFT_HIP, _L.LEFT_KNEE, _L.LEFT_ANKLE, _L.LEFT_FOOT_INDEX)
_UPPER: Final = np.array([[point + side for point in _CHAIN[:-1]] for side in (0, 1)])
_LOWER: Final = np.array([[point + side for point in _CHAIN[1:]] for side in (0, 1)])
_JOINT_NAMES: Final = tuple(
    f"{joint}_angle_{side}_deg" for side in ("left", "right") for joint in ("hip", "knee", "ankle")
)
_SHANK: Final = 2  # of the links: trunk, thigh, shank, foot
_FOOT: Final = 3

_FARTHEST: Final = 8.0  # picture sizes from the corner; farther away a landmark is garbage
_NO_LENGTH: Final = 1e-9  # of a limb, or of the product of two, of which no angle can be told
_SMALLEST: Final = 0.04  # apparent stature in picture heights; nothing can be measured on a smaller body


class Body(NamedTuple):
    """A pose, measured in picture heights with up positive.

    Where the camera's shift is known, all but `head`, `inside` and `beside` are as if it had stayed where it was.

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
        down: how far the camera's motion had moved the picture down.
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
    down: float

    def mean_angle(self, joint: str) -> float:
        """Mean of the left and the right `hip`, `knee` or `ankle` in degrees; NaN if either is unknown."""
        angles = self.angles
        return (angles.get(f"{joint}_angle_left_deg", math.nan) + angles.get(f"{joint}_angle_right_deg", math.nan)) / 2


def measure(
    landmarks: Landmarks,
    aspect: float,
    world: Landmarks | None = None,
    soles: NDArray[np.float64] | None = None,
    shift: NDArray[np.float64] | None = None,
) -> Body | None:
    """Reduce a pose to what jump analysis needs.

    Args:
        landmarks: (33, 4) normalised landmarks.
        aspect: the picture's width over its height.
        world: (33, 4) world landmarks in metres, if there are any.
        soles: (2,) y of the left and right shoe's lowest edge, picture heights, NaN where unseen; if they are known.
        shift: (2,) how far the room has moved to the right, in picture widths, and down, in picture heights, since the
            camera was where it is taken to be; none for a camera that stands still.

    Returns:
        The body, or None if the landmarks cannot be a body (values not finite, far outside the picture, too small), or
        the shift is none.

    Raises:
        ValueError: an array's shape is wrong, or the aspect is not a positive number.
    """
    if not 0 < aspect < float("inf"):
        raise ValueError(f"the aspect must be a positive number, not {aspect}")
    points = _picture_points(landmarks, aspect)
    if points is None:
        return None
    metres = None if world is None else _world_points(world)
    links = _links(points if metres is None else metres)
    stature = _stature(points[:, :2], metres, links)
    if stature < _SMALLEST:
        return None
    (x, y), (_, ankle), (_, ears), (_, shoulders) = (_MEANS @ points[:, :2]).tolist()
    feet = points[_FEET]
    across = feet[:, X].tolist()
    moved = (0.0, 0.0) if shift is None else _checked_shift(shift, aspect)
    if moved is None:
        return None
    right, down = moved
    return Body(
        x=x - right,
        feet_x=feet[:, X] - right,
        head=-float(points[_FACE, Y].min()),
        com=_trunk_shift(points, shoulders - ears, stature) - y + down,
        feet=down - feet[:, Y],
        soles=_heights(soles) + down,
        ankle=down - ankle,
        stature=stature,
        inside=0 < x < aspect,
        beside=max(-min(across), max(across) - aspect),
        angles=_angles(links),
        shank=_shank_lean(links),
        down=down,
    )


def _checked_shift(shift: NDArray[np.float64], aspect: float) -> tuple[float, float] | None:
    """A shift to the right and down, in picture heights; None for garbage."""
    if shift.shape != (2,):
        raise ValueError(f"a shift must have shape (2,), not {shift.shape}")
    right, down = shift.tolist()
    return (right * aspect, down) if abs(right) < _FARTHEST and abs(down) < _FARTHEST else None


def _heights(soles: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """(2,) heights of the soles, NaN for unseen ones and for garbage."""
    if soles is None:
        return np.full(2, np.nan)
    if soles.shape != (2,):
        raise ValueError(f"soles must have shape (2,), not {soles.shape}")
    return -np.where(np.abs(soles) < _FARTHEST, soles, np.nan)


def _trunk_shift(points: NDArray[np.float64], over: float, stature: float) -> float:
    """How far the ears put the centre of mass over where the shoulders put it, picture heights."""
    if min(points[_L.LEFT_EAR, Y], points[_L.RIGHT_EAR, Y]) < 0:
        return 0.0
    return _EAR_SHARE * _SHOULDERS_MASS * (over - _EARS_OVER_SHOULDERS * stature)


def _links(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 4, D) trunk, thigh, shank and foot of the left and the right side, each from its lower to its upper end."""
    links: NDArray[np.float64] = points[_UPPER] - points[_LOWER]
    return links


def _angles(links: NDArray[np.float64]) -> dict[str, float]:
    """Inner angles of hips, knees and ankles: degrees by name, 180 for a straight joint."""
    squares = (links * links).sum(2)
    lengths = np.sqrt(squares[:, :-1] * squares[:, 1:]).ravel().tolist()
    products = (links[:, :-1] * links[:, 1:]).sum(2).ravel().tolist()
    return {
        name: _degrees(-product / length)
        for name, product, length in zip(_JOINT_NAMES, products, lengths, strict=True)
        if length > _NO_LENGTH
    }


def _shank_lean(links: NDArray[np.float64]) -> float:
    """Mean lean of the shanks against the vertical, in degrees; NaN for shanks of no length."""
    shanks = links[:, _SHANK].tolist()
    left, right = (math.hypot(*shank) for shank in shanks)
    if min(left, right) < _NO_LENGTH:
        return math.nan
    return (_degrees(-shanks[0][Y] / left) + _degrees(-shanks[1][Y] / right)) / 2


def _degrees(cosine: float) -> float:
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


def _picture_points(landmarks: Landmarks, aspect: float) -> NDArray[np.float64] | None:
    """(33, 3) landmarks in picture heights, flat if there is no depth; None for garbage."""
    _check_shape(landmarks, "landmarks")
    points = np.array(landmarks[:, : Z + 1], dtype=np.float64)
    if not _near(points):
        points[:, Z] = 0.0
        if not _near(points):
            return None
    points[:, (X, Z)] *= aspect
    return points if _near(points[:, :Z]) else None


def _world_points(world: Landmarks) -> NDArray[np.float64] | None:
    """(33, 3) world landmarks, or None for garbage."""
    _check_shape(world, "world landmarks")
    points = np.array(world[:, : Z + 1], dtype=np.float64)
    return points if _near(points) else None


def _near(points: NDArray[np.float64]) -> bool:
    return bool((np.abs(points) < _FARTHEST).all())


def _check_shape(array: Landmarks, name: str) -> None:
    if array.shape != (POINTS, COLUMNS):
        raise ValueError(f"{name} must have shape {(POINTS, COLUMNS)}, not {array.shape}")


def _stature(points: NDArray[np.float64], metres: NDArray[np.float64] | None, links: NDArray[np.float64]) -> float:
    """Apparent stature in picture heights.

    World landmarks, where there are any, make it independent of limbs that point at the camera: their size in the
    picture against their size in metres is the scale, and their lengths are taken in three dimensions.
    """
    if metres is None:
        return _length(links[..., :2]) / _LENGTHS_TO_STATURE
    spread = _spread(metres[_FROM_SHOULDERS, :2])
    if spread < 1e-3:
        return _length(_links(points)) / _LENGTHS_TO_STATURE
    return _spread(points[_FROM_SHOULDERS]) / spread * _length(links) / _LENGTHS_TO_STATURE


def _length(links: NDArray[np.float64]) -> float:
    """Trunk, thigh and shank together, mean of left and right."""
    lengths = links[:, :_FOOT]
    return float(np.sqrt((lengths * lengths).sum(2)).sum()) / 2


def _spread(points: NDArray[np.float64]) -> float:
    """Root of the summed squared distances from the middle."""
    centred = points - points.sum(0) / len(points)
    return math.sqrt(float((centred * centred).sum()))


def _mass_weights(segments: Iterable[Segment]) -> NDArray[np.float64]:
    """(33,) weight of every landmark in the centre of mass; they sum to 1."""
    weights = np.zeros(POINTS)
    for mass, share, proximal, distal in segments:
        weights[list(proximal)] += mass * (1 - share) / len(proximal)
        weights[list(distal)] += mass * share / len(distal)
    weights /= weights.sum()
    return weights


def _mean_of(*points: Landmark) -> NDArray[np.float64]:
    """(33,) weights of the mean of some landmarks."""
    weights = np.zeros(POINTS)
    weights[list(points)] = 1 / len(points)
    return weights


_MASS: Final = _mass_weights(_SEGMENTS)
_SHOULDERS_MASS: Final = float(_MASS[[_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER]].sum())

# (4, 33) what makes the centre of mass and the middles of ankles, ears and shoulders of the landmarks.
_MEANS: Final = np.stack(
    [
        _MASS,
        _mean_of(_L.LEFT_ANKLE, _L.RIGHT_ANKLE),
        _mean_of(_L.LEFT_EAR, _L.RIGHT_EAR),
        _mean_of(_L.LEFT_SHOULDER, _L.RIGHT_SHOULDER),
    ]
)
