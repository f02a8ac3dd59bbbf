"""Draws the 33 points of a pose and the lines between them, in the colours of the live page."""

from typing import Final

from kinemotion.pose.landmarks import VISIBILITY, Landmark, Landmarks, X, Y
from kinemotion.video import ink
from kinemotion.video.reader import Image

LEFT: Final = (84, 180, 255)
RIGHT: Final = (240, 201, 76)
MIDDLE: Final = (250, 247, 244)
_OUTLINE: Final = (18, 12, 6)

_SEEN: Final = 0.2
_FIRST_OF_BODY: Final = Landmark.LEFT_SHOULDER
_FINGERS: Final = range(Landmark.LEFT_PINKY, Landmark.LEFT_HIP)
_ARM: Final = ((11, 13), (13, 15), (15, 17), (15, 19), (17, 19), (15, 21))
_LEG: Final = ((11, 23), (23, 25), (25, 27), (27, 29), (29, 31), (27, 31))
_FACE: Final = ((8, 6), (6, 5), (5, 4), (4, 0), (0, 1), (1, 2), (2, 3), (3, 7), (9, 10))
_BONES: Final = (
    *((start, end, MIDDLE) for start, end in ((11, 12), (23, 24), *_FACE)),
    *((start, end, LEFT) for start, end in (*_ARM, *_LEG)),
    *((start + 1, end + 1, RIGHT) for start, end in (*_ARM, *_LEG)),
)


def draw(image: Image, landmarks: Landmarks, unit: float | None = None) -> None:
    """Draws a body onto a picture.

    Args:
        image: shape (height, width, 3), BGR; changed in place.
        landmarks: (33, 4), normalised to this picture.
        unit: thickness of things in pixels; by default it follows the picture's size.
    """
    height, width = image.shape[:2]
    size = max(width, height) / 640 if unit is None else unit
    points = landmarks[:, (X, Y)] * (width, height)
    seen = landmarks[:, VISIBILITY] >= _SEEN
    for rim in (True, False):
        for start, end, own in _BONES:
            if seen[start] and seen[end]:
                thickness = (4.5 if rim else 2.5) * size * (0.5 if _thin(start, end) else 1.0)
                colour = _OUTLINE if rim else own
                ink.polyline(image, points[[start, end]], colour, max(round(thickness), 1))
    for point in (row for row in Landmark if seen[row]):
        if not _minor(point):
            ink.dot(image, points[point, 0], points[point, 1], max(3.0 * size, 1.5), MIDDLE, _colour(point))


def _colour(point: int) -> ink.Colour:
    return LEFT if point % 2 == 1 else RIGHT


def _minor(point: int) -> bool:
    """The face and the fingers."""
    return point < _FIRST_OF_BODY or point in _FINGERS


def _thin(start: int, end: int) -> bool:
    return start < _FIRST_OF_BODY or end in _FINGERS
