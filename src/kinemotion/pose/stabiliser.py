"""How a camera that is held by hand moves, from what stands still around the athlete.

Where the camera points a degree lower for an instant, everything in the picture is some centimetres higher, and a jump
with it. The room moves in the picture as the camera does: so its edges are followed from picture to picture (Lucas and
Kanade, 1981), with Tukey's weights (Beaton and Tukey, 1974) against what moves in the room.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from kinemotion.pose.landmarks import Landmarks, Y

NEEDS_PX: Final = 320
"""Longer side of the pictures that are compared; more does not help."""

_SIDES: Final = (NEEDS_PX // 4, NEEDS_PX)  # coarsely first, which finds far shifts
_BLUR: Final = 1.2  # standard deviation, pixels
_POINTS: Final = 800  # on the clearest edges across and on those along the picture each
_FEWEST: Final = 60  # places; what noise and compression feign is less
_FAINT: Final = 0.7  # grey levels a pixel; weaker slopes are none,
_NOISY: Final = 5.0  # nor are those of fewer standard deviations of what noise and compression feign
_STRONG: Final = 2.0  # grey levels a pixel of the larger picture (noise is less in the smaller one), which always are
_UNLIKE: Final = 1.0  # share of the edges' own contrast that may be left unexplained
_NEAR: Final = 1 / 8  # of the longer side: an edge is as clear as it stands out from what is as near as this
_RIM: Final = 3  # pixels at the picture's edge that are not looked at
_AROUND: Final = 0.12  # lengths of the body by which it, its clothes and its shadow reach beyond its landmarks
_STEPS: Final = 8
_CLOSE: Final = 0.03  # pixels
_OUTLIER: Final = 3.0  # standard deviations
_NOISE: Final = 0.3  # grey levels; a drawn picture may have none
_FAR: Final = 0.05  # of the longer side, from which on another picture is compared with
_LEAP: Final = 0.1  # of the longer side; no hand shakes as far from one picture to the next

_EVERY_S: Final = 0.18  # a few pictures a second show whether a hand holds the camera
_STILL: Final = 0.003  # picture heights; noise and people behind the athlete feign less, a steady hand makes 0.01

_Floats = NDArray[np.float64]


class Watch:
    """Whether a camera stands still, seen in a few pictures a second of those that are offered."""

    def __init__(self) -> None:
        self._stabiliser = Stabiliser()
        self._due_s = -math.inf
        self._lowest = self._highest = 0.0

    @property
    def moved(self) -> bool:
        """Whether it moved up or down so far, which is what makes heights wrong."""
        return self._highest - self._lowest > _STILL

    def due(self, time_s: float) -> bool:
        """Whether the picture of a time in seconds is needed; times increase."""
        return time_s >= self._due_s

    def look(self, time_s: float, picture: NDArray[np.uint8], landmarks: Landmarks) -> None:
        """Takes a picture that is due, as `Stabiliser.shift` does."""
        self._due_s = time_s + _EVERY_S
        _, down = self._stabiliser.shift(picture, landmarks).tolist()
        self._lowest, self._highest = min(self._lowest, down), max(self._highest, down)


class Stabiliser:
    """Follows the room through the pictures of one camera; use it from one thread at a time."""

    def __init__(self) -> None:
        self._edges: list[_Edges] = []
        self._shape = (0, 0)
        self._began = np.zeros(2)  # where the picture that is compared with was, longer sides
        self._since = np.zeros(2)

    def shift(self, picture: NDArray[np.uint8], landmarks: Landmarks) -> _Floats:
        """How far the room has moved in the picture since the first one.

        Where the room shows too little, it is taken to have stayed where it was. So it is where pictures change their
        size.

        Args:
            picture: (height, width) grey; the next one of its camera.
            landmarks: (33, 4) normalised landmarks of the athlete, who is left out.

        Returns:
            (2,) to the right in picture widths, down in picture heights.
        """
        height, width = picture.shape
        small = _resized(picture, NEEDS_PX)
        views = [_View(_resized(small, side), landmarks) for side in _SIDES]
        known = self._shape == picture.shape
        guesses = [self._since, np.zeros(2)]
        for edges, view in zip(self._edges if known else (), views, strict=False):
            self._since = edges.found_in(view, guesses)
            guesses.insert(0, self._since)
        if not known or np.abs(self._since).max() > _FAR:
            self._began, self._since, self._shape = self._began + self._since, np.zeros(2), picture.shape
            self._edges = [_Edges(view) for view in views]
        return np.asarray((self._began + self._since) * max(height, width) / (width, height))


class _View:
    """A small picture.

    Attributes:
        side: its longer side in pixels.
        grey: (height, width) its pixels, blurred.
        room: (height, width) where it shows the room, not the athlete.
    """

    def __init__(self, picture: NDArray[np.float32], landmarks: Landmarks) -> None:
        self.side: int = max(picture.shape)
        self.grey = cv2.GaussianBlur(picture, (0, 0), _BLUR)
        self.room = np.zeros(self.grey.shape, np.bool_)
        self.room[_RIM:-_RIM, _RIM:-_RIM] = True
        points = np.clip(landmarks[:, : Y + 1], -1.0, 2.0) * picture.shape[::-1]
        low, high = points.min(0), points.max(0)
        beside = _AROUND * (high - low).max()
        (left, top), (right, bottom) = np.maximum([low - beside, high + beside], 0.0).astype(int).tolist()
        self.room[top : bottom + 1, left : right + 1] = False


class _Edges:
    """The edges of the room in a picture, to be found again in others."""

    def __init__(self, view: _View) -> None:
        across, along = (_slope(view, direction) for direction in ((1, 0), (0, 1)))
        places = np.union1d(_clearest(np.abs(across), view.side), _clearest(np.abs(along), view.side))
        self._y, self._x = (place.astype(np.float32) for place in np.divmod(places, view.grey.shape[1]))
        self._grey, right, down = (values.ravel()[places].astype(np.float64) for values in (view.grey, across, along))
        self._contrast = float(self._grey.std()) if len(places) else 0.0
        # The light may change, too: the last two columns are for brightness and contrast.
        self._slopes = np.stack([right, down, np.ones(len(places)), self._grey], axis=1)
        # Strong edges count no more than others: they may be a passer-by's.
        self._worth = 1 / np.maximum(right**2 + down**2, _FAINT**2)

    def found_in(self, view: _View, guesses: Sequence[_Floats]) -> _Floats:
        """How far they have moved in another picture, in longer sides; the first guess, if they are not seen there.

        Args:
            view: the other picture.
            guesses: (2,) each; the one that fits best is gone on from.
        """
        fits = [fit for guess in guesses if (fit := self._fit(view, guess * view.side)) is not None]
        if not fits:
            return guesses[0]
        best = fit = start = min(fits, key=lambda fit: fit.spread)
        for _ in range(_STEPS):
            weights = np.clip(1 - (fit.error / (_OUTLIER * fit.spread)) ** 2, 0.0, None) ** 2 * self._worth * fit.room
            weighted = self._slopes.T * weights
            step = np.linalg.lstsq(weighted @ self._slopes, weighted @ fit.error)[0][:2]
            moved = fit.moved + step
            if np.abs(step).max() < _CLOSE or np.abs(moved - start.moved).max() > _LEAP * view.side:
                break
            if (next_fit := self._fit(view, moved)) is None:
                break
            fit = next_fit
            best = min(best, fit, key=lambda fit: fit.spread)
        if best.spread > _UNLIKE * self._contrast + _NOISE:
            return guesses[0]
        return best.moved / view.side

    def _fit(self, view: _View, moved: _Floats) -> "_Fit | None":
        """How well a shift in pixels fits; None if too little of the edges would be seen."""
        height, width = view.grey.shape
        x, y = self._x + np.float32(moved[0]), self._y + np.float32(moved[1])
        room = view.room[np.clip(y, 0, height - 1).astype(int), np.clip(x, 0, width - 1).astype(int)]
        if room.sum() < max(_FEWEST, len(room) // 4):
            return None
        error = self._grey - cv2.remap(view.grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).ravel()
        error -= np.median(error[room])
        return _Fit(moved, error, room, 1.4826 * float(np.median(np.abs(error[room]))) + _NOISE)


class _Fit(NamedTuple):
    """How well a shift fits.

    Attributes:
        moved: (2,) the shift in pixels.
        error: (N,) what the edges are brighter than in the other picture.
        room: (N,) where they are seen there.
        spread: robust standard deviation of the error there.
    """

    moved: _Floats
    error: _Floats
    room: NDArray[np.bool_]
    spread: float


def _resized(picture: NDArray[np.uint8] | NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """(height, width) a picture whose longer side has as many pixels; a very short one has some more than its share."""
    size = [max(round(length * side / max(picture.shape)), 2 * _RIM + 1) for length in picture.shape[::-1]]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _slope(view: _View, direction: tuple[int, int]) -> NDArray[np.float32]:
    """(height, width) the room's slope to the right or down, in grey levels a pixel; 0 where it is faint, or rare."""
    slope = cv2.Sobel(view.grey, cv2.CV_32F, *direction, ksize=3, scale=1 / 8)
    # Half of a room is bare or has strong edges: half of the slopes of noise are below 0.67 standard deviations.
    half = np.median(np.abs(slope[view.room])) if view.room.any() else 0.0
    clear = view.room & (np.abs(slope) > max(_FAINT, min(_NOISY * half / 0.6745, _STRONG * view.side / NEEDS_PX)))
    return np.where(clear, slope, np.float32(0)) if clear.sum() >= _FEWEST else np.zeros_like(slope)


def _clearest(slope: NDArray[np.float32], side: int) -> NDArray[np.intp]:
    """Where edges stand out most from what is around them: no part of the room, which may move, has most of them."""
    near = max(round(_NEAR * side), 1)
    clear = (slope / (cv2.blur(slope, (near, near)) + _FAINT)).ravel()
    most = np.argpartition(-clear, min(_POINTS, len(clear) - 1))[:_POINTS]
    return most[clear[most] > 0]
