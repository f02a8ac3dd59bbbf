"""Smooth paths through knots: one coordinate over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

GRAVITY: Final = 9.80665
"""Standard gravity, m/s²."""

# Quintic Hermite: the coefficients of s⁰…s⁵ from position, velocity and acceleration at both ends of 0 ≤ s ≤ 1.
_HERMITE: Final = np.array(
    [
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.5, 0.0, 0.0, 0.0],
        [-10.0, -6.0, -1.5, 10.0, -4.0, 0.5],
        [15.0, 8.0, 1.5, -15.0, 7.0, -1.0],
        [-6.0, -3.0, -0.5, 6.0, -3.0, 0.5],
    ]
)


@dataclass(frozen=True)
class Knot:
    """Where a path passes: time in s, position, and its first and second derivatives."""

    time: float
    position: float
    velocity: float = 0.0
    acceleration: float = 0.0


class Path:
    """Quintic pieces between knots; at rest before the first and after the last.

    Between knots in free fall the piece is the exact parabola. Two knots at one time make a jump in a derivative.
    """

    def __init__(self, knots: Sequence[Knot]) -> None:
        rows = np.array([(k.time, k.position, k.velocity, k.acceleration) for k in knots])
        spans = np.diff(rows[:, 0])
        kept = np.flatnonzero(spans > 0)
        self._starts, self._spans = rows[kept, 0], spans[kept]
        self._ends = (float(rows[0, 0]), float(rows[-1, 0]))
        unit = np.stack([np.ones_like(self._spans), self._spans, self._spans**2], axis=1)
        ends = np.concatenate([rows[kept, 1:] * unit, rows[kept + 1, 1:] * unit], axis=1)
        self._coefficients = ends @ _HERMITE.T

    @classmethod
    def sampled(cls, time_s: ArrayLike, position: ArrayLike) -> "Path":
        """The path through samples, (N,) times and (N,) positions; derivatives are differences of neighbours."""
        time, place = np.asarray(time_s, dtype=np.float64), np.asarray(position, dtype=np.float64)
        speed = np.gradient(place, time)
        push = np.gradient(speed, time)
        return cls([Knot(*map(float, row)) for row in zip(time, place, speed, push, strict=True)])

    @property
    def start_s(self) -> float:
        """Time of the first knot."""
        return self._ends[0]

    @property
    def end_s(self) -> float:
        """Time of the last knot."""
        return self._ends[1]

    def __call__(self, times: ArrayLike, order: int = 0) -> Array:
        """The path at `times` (N,), or its derivative of the given `order`: (N,)."""
        asked = np.asarray(times, dtype=np.float64)
        time = np.clip(asked, *self._ends)
        piece = np.clip(np.searchsorted(self._starts, time, side="right") - 1, 0, len(self._starts) - 1)
        span = self._spans[piece]
        s = (time - self._starts[piece]) / span
        coefficients = self._coefficients[piece]
        powers = s[..., None] ** np.arange(6 - order)
        rates = np.array([np.prod(np.arange(k, k - order, -1)) for k in range(order, 6)])
        value = np.sum(coefficients[..., order:] * rates * powers, axis=-1) / span**order
        if order:
            value = np.where(asked == time, value, 0.0)
        return np.asarray(value, dtype=np.float64)

    def lowest(self, start_s: float, end_s: float) -> float:
        """The time of the lowest point in an interval, to about a microsecond."""
        for _ in range(3):
            times = np.linspace(start_s, end_s, 400)
            best = int(np.argmin(self(times)))
            start_s, end_s = float(times[max(best - 1, 0)]), float(times[min(best + 1, 399)])
        return 0.5 * (start_s + end_s)
