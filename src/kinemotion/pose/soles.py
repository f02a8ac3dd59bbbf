"""Where the shoes end: the lowest edge of the body's mask under each foot."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.pose.landmarks import Landmark, Landmarks, X, Y

_L = Landmark
_FEET: Final = ((_L.LEFT_ANKLE, _L.LEFT_HEEL, _L.LEFT_FOOT_INDEX), (_L.RIGHT_ANKLE, _L.RIGHT_HEEL, _L.RIGHT_FOOT_INDEX))
_SHANKS: Final = ((_L.LEFT_KNEE, _L.LEFT_ANKLE), (_L.RIGHT_KNEE, _L.RIGHT_ANKLE))

_EDGE: Final = 0.3  # where the body ends, in the mask: a pointed foot is seen faintly
_RIM: Final = 0.015  # of the picture's height: here the mask ends with the picture, not with the foot
# Lengths of the longer shank.
_BESIDE: Final = 0.10  # how far the shoe reaches beyond heel and toes
_BELOW: Final = 0.45  # how far it can reach below them
_ABOVE: Final = 0.05  # how far up the leg the search begins


def soles(mask: NDArray[np.float32], landmarks: Landmarks) -> NDArray[np.float64]:
    """Lowest points of both shoes.

    The landmarks of a foot that is pointed or blurred lie up to 5 cm off; the mask follows what is seen.

    Args:
        mask: (height, width) how surely each pixel shows the body, 0 to 1.
        landmarks: (33, 4) normalised landmarks of that body.

    Returns:
        (2,) y of the left and the right sole in picture heights; NaN where the mask does not show the foot, or where
        it reaches the picture's edge.
    """
    height, width = mask.shape
    points = landmarks[:, : Y + 1] * (width, height)
    shank = max(float(np.hypot(*(points[knee] - points[ankle]))) for knee, ankle in _SHANKS)
    left, right = (points[list(foot)] for foot in _FEET)
    edges = np.array([_sole(mask, left, right, shank), _sole(mask, right, left, shank)])
    return np.asarray(edges / height, np.float64)


def _sole(mask: NDArray[np.float32], foot: NDArray[np.float64], other: NDArray[np.float64], shank: float) -> float:
    """Lowest edge under one foot's ankle, heel and toes (3, 2), all in pixels, on its own side of the other foot."""
    height, width = mask.shape
    beside = _BESIDE * shank
    first, last = foot[:, X].min() - beside, foot[:, X].max() + beside
    toes, between = foot[-1, X], (foot[-1, X] + other[-1, X]) / 2
    if toes > between:
        first = max(first, min(between, toes - beside))
    else:
        last = min(last, max(between, toes + beside))
    left, right = max(int(first), 0), min(int(last) + 1, width)
    top = max(int(foot[0, Y] - _ABOVE * shank), 0)
    bottom = min(int(foot[1:, Y].max() + _BELOW * shank) + 1, height)
    if right <= left or bottom <= top:
        return np.nan
    profile = mask[top:bottom, left:right].max(1)
    inside = profile > _EDGE
    if not inside.any():
        return np.nan
    start = int(inside.argmax())
    ends = np.flatnonzero(~inside[start:])
    if not len(ends):
        return np.nan
    last = start + int(ends[0]) - 1
    share = float((profile[last] - _EDGE) / (profile[last] - profile[last + 1]))
    edge = top + last + share + 0.5
    return edge if edge < (1 - _RIM) * height else np.nan
