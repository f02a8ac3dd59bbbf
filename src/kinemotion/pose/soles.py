"""Where the shoes end: the lowest edge of the body's mask under each foot."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kinemotion.pose.landmarks import Landmark, Landmarks, X, Y

_L = Landmark
_FEET: Final = ((_L.LEFT_ANKLE, _L.LEFT_HEEL, _L.LEFT_FOOT_INDEX), (_L.RIGHT_ANKLE, _L.RIGHT_HEEL, _L.RIGHT_FOOT_INDEX))
_SHANKS: Final = ((_L.LEFT_KNEE, _L.LEFT_ANKLE), (_L.RIGHT_KNEE, _L.RIGHT_ANKLE))

_EDGE: Final = 0.3  # where the body ends, in the mask: a pointed foot is seen faintly
_REGION_EDGE: Final = 0.02  # of the height of the region that was looked at: here the mask may end with it
_RIM: Final = 0.015  # of the picture's height: here the mask ends with the picture, not with the foot
# Lengths of the longer shank.
_BESIDE: Final = 0.10  # how far the shoe reaches beyond heel and toes
_BELOW: Final = 0.45  # how far it can reach below them
_ABOVE: Final = 0.05  # how far up the leg the search begins


class Soles(NamedTuple):
    """The lowest points of both shoes.

    Attributes:
        y: (2,) of the left and the right sole in picture heights; NaN where the mask does not show the foot, or where
            it reaches the picture's edge.
        cut_off: whether a foot may reach out of the region that the pose model looked at, which is where the body was
            in the picture before: it misses the toes of feet that come down.
    """

    y: NDArray[np.float64]
    cut_off: bool


def soles(mask: NDArray[np.float32], landmarks: Landmarks) -> Soles:
    """Lowest points of both shoes.

    The landmarks of a foot that is pointed or blurred lie up to 5 cm off; the mask follows what is seen.

    Args:
        mask: (height, width) how surely each pixel shows the body, 0 to 1; 0 where it was not looked at.
        landmarks: (33, 4) normalised landmarks of that body.
    """
    height, width = mask.shape
    points = landmarks[:, : Y + 1] * (width, height)
    shank = max(float(np.hypot(*(points[knee] - points[ankle]))) for knee, ankle in _SHANKS)
    left, right = (points[list(foot)] for foot in _FEET)
    found = _sole(mask, left, right, shank), _sole(mask, right, left, shank)
    return Soles(np.array([y for y, _ in found], np.float64) / height, any(cut_off for _, cut_off in found))


def _sole(
    mask: NDArray[np.float32], foot: NDArray[np.float64], other: NDArray[np.float64], shank: float
) -> tuple[float, bool]:
    """Lowest edge under one foot's ankle, heel and toes (3, 2), all in pixels, on its own side of the other foot.

    Returns:
        Its y, NaN if it is not seen, and whether the foot may reach below what was looked at.
    """
    height = mask.shape[0]
    beside = _BESIDE * shank
    first, last = foot[:, X].min() - beside, foot[:, X].max() + beside
    toes, between = foot[-1, X], (foot[-1, X] + other[-1, X]) / 2
    if toes > between:
        first = max(first, min(between, toes - beside))
    else:
        last = min(last, max(between, toes + beside))
    strip = mask[:, max(int(first), 0) : max(int(last) + 1, 0)]
    top = max(int(foot[0, Y] - _ABOVE * shank), 0)
    bottom = min(int(foot[1:, Y].max() + _BELOW * shank) + 1, height)
    if not strip.shape[1] or bottom <= top:
        return np.nan, False
    profile = strip[top:bottom].max(1)
    inside = profile > _EDGE
    if not inside.any():
        return np.nan, bool(np.flatnonzero(strip.any(1)).max(initial=-1) + 1 < min(foot[1:, Y].max(), height))
    start = int(inside.argmax())
    ends = np.flatnonzero(~inside[start:])
    if not len(ends):
        return np.nan, False
    last = start + int(ends[0]) - 1
    looked_at = np.flatnonzero(strip[:, strip[top + last] > _EDGE].any(1))  # it may end aslant
    cut_off = looked_at[-1] < height - 1 and looked_at[-1] - (top + last) < _REGION_EDGE * np.ptp(looked_at)
    share = float((profile[last] - _EDGE) / (profile[last] - profile[last + 1]))
    edge = top + last + share + 0.5
    return (edge, bool(cut_off)) if edge < (1 - _RIM) * height else (np.nan, False)
