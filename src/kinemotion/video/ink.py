"""Text, panels and lines on pictures. Positions are pixels from the top left corner, colours blue, green, red."""

from functools import cache
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from kinemotion.video.reader import Image

Colour = tuple[int, int, int]

WHITE: Final = (250, 247, 244)
SOFT: Final = (226, 220, 214)
PANEL: Final = (24, 17, 12)
ACCENT: Final = (201, 214, 79)

_SUBPIXEL: Final = 4
_REGULAR: Final = 400


class Area(NamedTuple):
    """A rectangle."""

    x: int
    y: int
    width: int
    height: int


@cache
def _font() -> cv2.FontFace:
    return cv2.FontFace("sans")


def text_width(text: str, size: int, weight: int = _REGULAR) -> int:
    """How many pixels a text takes."""
    room = (100_000, 10 * size)
    return int(cv2.getTextSize(room, text, (0, 0), _font(), size, weight)[2])


def write(image: Image, text: str, left: int, baseline: int, size: int, colour: Colour, weight: int = _REGULAR) -> None:
    """Writes a line of text; `size` is about the height of its capitals and descenders together."""
    cv2.putText(image, text, (left, baseline), colour, _font(), size, weight)


def panel(image: Image, area: Area, opacity: float = 0.72, colour: Colour = PANEL, radius: int = 0) -> None:
    """Lays a sheet over a part of a picture; what lies outside the picture is left off."""
    height, width = image.shape[:2]
    left, top = max(area.x, 0), max(area.y, 0)
    right, bottom = min(area.x + area.width, width), min(area.y + area.height, height)
    if right <= left or bottom <= top:
        return
    under = image[top:bottom, left:right]
    sheet = np.empty_like(under)
    sheet[:] = colour
    mixed = cv2.addWeighted(sheet, opacity, under, 1 - opacity, 0)
    if radius > 0:
        inside = _rounded(right - left, bottom - top, radius)
        np.copyto(under, mixed, where=inside)
    else:
        under[:] = mixed


def polyline(image: Image, points: NDArray[np.float64], colour: Colour, thickness: int) -> None:
    """Draws a line through (N, 2) points; it breaks where one is NaN."""
    good = np.isfinite(points).all(axis=1)
    for run in np.split(points, np.flatnonzero(~good)):
        solid = run[np.isfinite(run).all(axis=1)]
        if len(solid) > 1:
            fixed = np.round(solid * 2**_SUBPIXEL).astype(np.int32)
            cv2.polylines(image, [fixed], False, colour, thickness, cv2.LINE_AA, _SUBPIXEL)


def line(image: Image, start: tuple[float, float], end: tuple[float, float], colour: Colour, thickness: int) -> None:
    """Draws a straight line."""
    polyline(image, np.array([start, end]), colour, thickness)


def dot(image: Image, x: float, y: float, radius: float, colour: Colour, rim: Colour | None = None) -> None:
    """Draws a filled disc, with a rim if it has a colour."""
    centre = (round(x * 2**_SUBPIXEL), round(y * 2**_SUBPIXEL))
    size = max(round(radius * 2**_SUBPIXEL), 1)
    cv2.circle(image, centre, size, colour, -1, cv2.LINE_AA, _SUBPIXEL)
    if rim is not None:
        cv2.circle(image, centre, size, rim, max(round(radius * 0.6), 1), cv2.LINE_AA, _SUBPIXEL)


@cache
def _rounded(width: int, height: int, radius: int) -> NDArray[np.bool_]:
    """(height, width, 1) a rectangle with round corners."""
    radius = min(radius, width // 2, height // 2)
    mask = np.zeros((height, width), np.uint8)
    cv2.rectangle(mask, (radius, 0), (width - radius - 1, height - 1), 1, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - radius - 1), 1, -1)
    for x in (radius, width - radius - 1):
        for y in (radius, height - radius - 1):
            cv2.circle(mask, (x, y), radius, 1, -1)
    return mask.astype(np.bool_)[:, :, None]
