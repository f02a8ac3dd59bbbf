"""Line charts over time as inline SVG: no scripts, no fonts, no addresses; the page's style sheet colours them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.video import words

Array = NDArray[np.float64]

WIDE: Final = 720
SLIM: Final = 340
"""Widths, for screens and paper, and for phones: letters are as large in either."""

_LEFT: Final = 52
_RIGHT: Final = 14
_BOTTOM: Final = 22
_ROW: Final = 17  # of event names
_LETTER: Final = 6.6  # mean width of one at the chart's size
_TICKS: Final = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart.

    Attributes:
        name: what it shows, for the key; empty if the title says so.
        values: (N,), NaN where there is a gap.
        style: its CSS class.
    """

    name: str
    values: Array
    style: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment with a name."""

    time_s: float
    name: str


@dataclass(frozen=True, slots=True)
class Rise:
    """A height that is counted from elsewhere than zero.

    Attributes:
        start_s: from when,
        end_s: to when the level that it is counted from is shown.
        top_s: when it is reached.
        low: the level.
        high: what is reached.
        text: how much it is.
    """

    start_s: float
    end_s: float
    top_s: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What charts of the same moment share.

    Attributes:
        times_s: (N,) the times of the values.
        start_s: left edge.
        end_s: right edge.
        marks: moments that are marked.
        flights: stretches that are shaded.
    """

    times_s: Array
    start_s: float
    end_s: float
    marks: Sequence[Mark] = ()
    flights: Sequence[tuple[float, float]] = ()


class Chart:
    """One chart.

    Args:
        frame: the times, and what is marked.
        lines: what is drawn.
        title: what it shows, with the unit.
        tall: height of the plot.
        named: whether the marks have their names written above.
        rise: a height within it that is told apart.
    """

    def __init__(
        self,
        frame: Frame,
        lines: Sequence[Line],
        title: str,
        tall: int = 150,
        *,
        named: bool = True,
        rise: Rise | None = None,
    ) -> None:
        self._frame = frame
        self._rise = rise
        self._width = WIDE
        self._title = title
        inside = (frame.times_s >= frame.start_s) & (frame.times_s <= frame.end_s)
        self._times = frame.times_s[inside]
        self._lines = [Line(line.name, line.values[inside], line.style) for line in lines]
        self._ticks = _ticks(*_span(self._lines))
        self._named = named
        self._tall = tall

    def html(self) -> str:
        """The chart under its title, once for wide screens and paper, and once for phones."""
        return f"<figure><figcaption>{escape(self._title)}</figcaption>{self.svg(WIDE)}{self.svg(SLIM)}</figure>"

    def svg(self, width: int = WIDE) -> str:
        """The chart as an `svg` element of this width."""
        self._width = width
        rows = self._rows = _rows(self._frame.marks, self._x) if self._named else []
        self._top = (24 if any(line.name for line in self._lines) else 8) + _ROW * (max(rows, default=-1) + 1)
        whole = self._top + self._tall + _BOTTOM
        kind = "slim" if width < WIDE else "wide"
        parts = [
            f'<svg class="chart {kind}" viewBox="0 0 {width} {whole}" role="img" aria-label="{escape(self._title)}">',
            self._key(),
            *(self._shade(*flight) for flight in self._frame.flights),
            *(self._level(tick) for tick in self._ticks),
            *(self._moment(tick) for tick in _ticks(self._frame.start_s, self._frame.end_s, within=True)),
            *(self._mark(number, mark) for number, mark in enumerate(self._frame.marks)),
            *(self._curve(line) for line in self._lines),
            self._risen(),
            "</svg>",
        ]
        return "".join(parts)

    def _x(self, time_s: float) -> float:
        share = (time_s - self._frame.start_s) / (self._frame.end_s - self._frame.start_s)
        return _LEFT + share * (self._width - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        low, high = self._ticks[0], self._ticks[-1]
        return self._top + self._tall * (high - value) / (high - low)

    def _key(self) -> str:
        named = [line for line in self._lines if line.name]
        parts, right = [], float(self._width - _RIGHT)
        for line in reversed(named):
            left = right - _LETTER * len(line.name)
            parts.append(f'<text class="tick" x="{left:.1f}" y="14">{escape(line.name)}</text>')
            parts.append(f'<path class="line {line.style}" d="M{left - 28:.1f} 10h22"/>')
            right = left - 42
        return "".join(parts)

    def _shade(self, start_s: float, end_s: float) -> str:
        left, right = self._x(max(start_s, self._frame.start_s)), self._x(min(end_s, self._frame.end_s))
        width = max(right - left, 0)
        return f'<rect class="flight" x="{left:.1f}" y="{self._top}" width="{width:.1f}" height="{self._tall}"/>'

    def _level(self, tick: float) -> str:
        y = self._y(tick)
        kind = "zero" if tick == 0 else "grid"
        return (
            f'<path class="{kind}" d="M{_LEFT} {y:.1f}H{self._width - _RIGHT}"/>'
            f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>'
        )

    def _moment(self, tick: float) -> str:
        x, bottom = self._x(tick), self._top + self._tall
        return (
            f'<path class="grid" d="M{x:.1f} {bottom}v4"/>'
            f'<text class="tick" x="{x:.1f}" y="{bottom + 17}" text-anchor="middle">{_number(tick)} s</text>'
        )

    def _mark(self, number: int, mark: Mark) -> str:
        x = self._x(mark.time_s)
        start = self._top
        text = ""
        if self._rows:
            baseline = self._top - _ROW * self._rows[number] - 6
            start = baseline + 3
            text = f'<text class="event" x="{x:.1f}" y="{baseline}" text-anchor="middle">{escape(mark.name)}</text>'
        return f'<path class="mark" d="M{x:.1f} {start}V{self._top + self._tall}"/>{text}'

    def _risen(self) -> str:
        rise = self._rise
        if rise is None:
            return ""
        (left, right, x), (low, high) = (
            map(self._x, (rise.start_s, rise.end_s, rise.top_s)),
            map(self._y, (rise.low, rise.high)),
        )
        return (
            f'<path class="rise" d="M{left:.1f} {low:.1f}H{right:.1f}M{x:.1f} {low:.1f}V{high:.1f}"/>'
            f'<text class="risen" x="{x:.1f}" y="{low + 15:.1f}" text-anchor="middle">{escape(rise.text)}</text>'
        )

    def _curve(self, line: Line) -> str:
        good = np.isfinite(line.values)
        path, pen = [], "M"
        for time_s, value, known in zip(self._times, line.values, good, strict=True):
            if known:
                path.append(f"{pen}{self._x(float(time_s)):.1f} {self._y(float(value)):.1f}")
            pen = "L" if known else "M"
        return f'<path class="line {line.style}" d="{"".join(path)}"/>'


def _span(lines: Sequence[Line]) -> tuple[float, float]:
    known = np.concatenate([line.values[np.isfinite(line.values)] for line in lines] or [np.zeros(1)])
    if not len(known):
        return -1.0, 1.0
    return float(known.min()), float(known.max())


def _ticks(low: float, high: float, *, within: bool = False) -> list[float]:
    """Round numbers from below `low` to above `high`, or between them."""
    reach = max(high - low, 1e-3)
    rough = reach / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = (math.ceil, math.floor) if within else (math.floor, math.ceil)
    start, stop = first(low / step), last(high / step)
    return [number * step for number in range(start, max(stop, start + (0 if within else 1)) + 1)]


def _number(value: float) -> str:
    return f"{round(value, 6) + 0.0:g}".replace("-", words.MINUS)


def _rows(marks: Sequence[Mark], x: Callable[[float], float]) -> list[int]:
    """In which row above the plot each name goes, so that no two run into each other."""
    ends: list[float] = []
    rows = []
    for mark in marks:
        half = _LETTER * len(mark.name) / 2 + 7
        centre = x(mark.time_s)
        row = next((row for row, end in enumerate(ends) if centre - half > end), len(ends))
        ends[row : row + 1] = [centre + half]
        rows.append(row)
    return rows
