"""The height over time along the lower edge of the overlay."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.video import ink, words
from kinemotion.video.ink import Area
from kinemotion.video.reader import Image
from kinemotion.video.result import VideoAnalysis

_FUTURE: Final = (128, 118, 108)
_MARKED: Final = ("contact", "takeoff", "landing")


class Strip:
    """A chart of the centre of mass over standing, with a mark for now.

    Args:
        analysis: the clip and what was found in it.
        area: where it goes.
        size: of its letters, in pixels.

    Attributes:
        area: where it is.
    """

    def __init__(self, analysis: VideoAnalysis, area: Area, size: int) -> None:
        self.area = area
        self._size = size
        self._thick = max(round(size / 9), 1)
        curves = analysis.curves
        self._metres = curves.metres
        self._height = curves.height
        self._low, self._high = _span(curves.height)
        times = self._times = curves.times_s
        self._start, self._length = float(times[0]), max(float(times[-1] - times[0]), 1e-9)
        self._points = np.column_stack([self._x(times), self._y(curves.height)])
        events = self._events = [jump.events_s for jump in analysis.jumps]
        self._marks = [self._x(np.array(known[name])) for known in events for name in _MARKED if name in known]
        self._flights = [self._x(np.array([known["takeoff"], known["landing"]])) for known in events]

    def draw(self, image: Image, row: int) -> None:
        """Draws the chart as of one frame."""
        area = self.area
        ink.panel(image, area)
        for left, right in self._flights:
            ink.panel(image, Area(round(left), area.y, max(round(right - left), 1), area.height), 0.14, ink.ACCENT)
        zero = float(self._y(np.array(0.0)))
        ink.line(image, (0, zero), (area.width, zero), _FUTURE, 1)
        for x in self._marks:
            ink.line(image, (float(x), area.y), (float(x), area.y + area.height), ink.ACCENT, 1)
        ink.polyline(image, self._points, _FUTURE, self._thick)
        ink.polyline(image, self._points[: row + 1], ink.WHITE, 2 * self._thick)
        x, y = self._points[row]
        ink.line(image, (x, area.y + 1.2 * self._size), (x, area.y + area.height), ink.WHITE, 1)
        if np.isfinite(y):
            ink.dot(image, x, y, 0.32 * self._size, ink.WHITE, ink.ACCENT)
        self._label(image, float(self._height[row]), self._over_takeoff(row))

    def _over_takeoff(self, row: int) -> float | None:
        """How high the body has risen since it left the floor, in a flight whose scale is known."""
        time_s = self._times[row]
        for known in self._events if self._metres else ():
            if known["takeoff"] <= time_s < known["landing"]:
                seen = np.isfinite(self._height)
                return float(self._height[row] - np.interp(known["takeoff"], self._times[seen], self._height[seen]))
        return None

    def _label(self, image: Image, height: float, risen: float | None) -> None:
        size, area = round(0.9 * self._size), self.area
        text = "Centre of mass over standing"
        if np.isfinite(height):
            text = f"Centre of mass {_signed(height)} {'cm' if self._metres else '% of stature'} over standing"
            if risen is not None and np.isfinite(risen):
                text += f", {_signed(risen)} over take-off"
        ink.write(image, text, area.x + self._size, area.y + round(1.1 * size), size, ink.SOFT)

    def _x(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        margin = self._size
        share = (times - self._start) / self._length
        return np.asarray(self.area.x + margin + share * (self.area.width - 2 * margin))

    def _y(self, heights: NDArray[np.float64]) -> NDArray[np.float64]:
        top, bottom = self.area.y + 1.4 * self._size, self.area.y + self.area.height - 0.4 * self._size
        share = (heights - self._low) / (self._high - self._low)
        return np.asarray(bottom - share * (bottom - top))


def _signed(height: float) -> str:
    return f"{round(100 * height) + 0:+d}".replace("-", words.MINUS)


def _span(heights: NDArray[np.float64]) -> tuple[float, float]:
    known = heights[np.isfinite(heights)]
    if not len(known):
        return -0.5, 0.5
    low, high = min(float(known.min()), -0.05), max(float(known.max()), 0.05)
    return low, high
