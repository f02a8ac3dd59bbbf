"""The last seconds of the body's motion, and local fits over real timestamps."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps.body import Body

Array = NDArray[np.float64]

# time, com, four feet, knee, clearance, ankle, two soles, x, four feet's x, head, hip, shank, stature, beside
_COLUMNS: Final = 22
_CAPACITY: Final = 2048  # frames; 8 s at 240 a second


@dataclass(frozen=True, slots=True)
class Samples:
    """A stretch of motion; every array has one entry (or row) per frame, lengths are picture heights, up positive.

    Attributes:
        rows: (N, 21) the columns that the properties name.
    """

    rows: Array

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def time(self) -> Array:
        """(N,) seconds."""
        return self.rows[:, 0]

    @property
    def com(self) -> Array:
        """(N,) height of the centre of mass."""
        return self.rows[:, 1]

    @property
    def toes(self) -> Array:
        """(N, 2) heights of the left and right toes."""
        return self.rows[:, 2:4]

    @property
    def feet(self) -> Array:
        """(N, 4) heights of the left and right toes, then of the heels."""
        return self.rows[:, 2:6]

    @property
    def knee(self) -> Array:
        """(N,) mean knee angle in degrees, NaN where there was none."""
        return self.rows[:, 6]

    @property
    def clearance(self) -> Array:
        """(N,) the lower foot over the floor as it was then known."""
        return self.rows[:, 7]

    @property
    def ankle(self) -> Array:
        """(N,) mean height of the ankles."""
        return self.rows[:, 8]

    @property
    def soles(self) -> Array:
        """(N, 2) heights of the left and right shoe's lowest edge, NaN where they were not seen."""
        return self.rows[:, 9:11]

    @property
    def x(self) -> Array:
        """(N,) centre of mass across the picture."""
        return self.rows[:, 11]

    @property
    def feet_x(self) -> Array:
        """(N, 4) the feet across the picture, in the order of `feet`."""
        return self.rows[:, 12:16]

    @property
    def head(self) -> Array:
        """(N,) highest point of the face; positive above the picture."""
        return self.rows[:, 16]

    @property
    def hip(self) -> Array:
        """(N,) mean hip angle in degrees, NaN where there was none."""
        return self.rows[:, 17]

    @property
    def shank(self) -> Array:
        """(N,) mean lean of the shanks against the vertical in degrees, NaN where there was none."""
        return self.rows[:, 18]

    @property
    def stature(self) -> Array:
        """(N,) apparent stature."""
        return self.rows[:, 19]

    @property
    def beside(self) -> Array:
        """(N,) how far the outermost foot lies beyond the picture's left or right edge; negative inside."""
        return self.rows[:, 20]

    @property
    def down(self) -> Array:
        """(N,) how far the camera's motion had moved the picture down; 0 where that is not known."""
        return self.rows[:, 21]

    def between(self, start_s: float, end_s: float) -> "Samples":
        """The frames with start <= time <= end."""
        first, stop = np.searchsorted(self.time, (start_s, np.nextafter(end_s, np.inf)))
        return Samples(self.rows[first:stop])


class Recorder:
    """A bounded, contiguous memory of the motion.

    Rows are written forwards into twice the space needed, and the newer half is moved to the front when it is full,
    so that any stretch is a view.
    """

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._rows = np.empty((2 * capacity, _COLUMNS))
        self._capacity = capacity
        self._start = self._stop = 0

    def append(self, time_s: float, body: Body, clearance: float) -> None:
        """Remember one frame."""
        if self._stop == len(self._rows):
            self._rows[: self._capacity] = self._rows[self._capacity :]
            self._start, self._stop = 0, self._capacity
        self._rows[self._stop] = (
            time_s, body.com, *body.feet.tolist(), body.mean_angle("knee"), clearance, body.ankle, *body.soles.tolist(),
            body.x, *body.feet_x.tolist(), body.head, body.mean_angle("hip"), body.shank, body.stature, body.beside,
            body.down,
        )  # fmt: skip
        self._stop += 1
        self._start = max(self._start, self._stop - self._capacity)

    def clear(self) -> None:
        """Forget everything."""
        self._start = self._stop = 0

    def all(self) -> Samples:
        """What is remembered, oldest first: a view, good until the next frame."""
        return Samples(self._rows[self._start : self._stop])

    def last(self, seconds: float, at_least: int = 1) -> Samples:
        """The frames of the last seconds, or the last few if there are fewer."""
        rows = self._rows[self._start : self._stop]
        if not len(rows):
            return Samples(rows)
        first = int(np.searchsorted(rows[:, 0], rows[-1, 0] - seconds))
        return Samples(rows[max(0, min(first, len(rows) - at_least)) :])


def known_median(values: Array) -> float:
    """Median of the values (N,) that are known; NaN for none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else math.nan


def mean(values: Array) -> float:
    """Mean of (N,) values, N at least 1; of few it takes a third of the time of NumPy's own."""
    return float(values.sum()) / len(values)


def slope(time: Array, values: Array) -> float:
    """Least-squares slope of values over time; 0 if the times do not spread over a millisecond."""
    centred = time - mean(time)
    spread = float(centred @ centred)
    return float(centred @ values) / spread if spread > 1e-6 else 0.0
