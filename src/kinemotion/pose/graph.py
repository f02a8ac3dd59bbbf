"""One pose landmarker, kept on the body that it follows: pictures in, landmark arrays out."""

from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kinemotion.pose.landmarker import MASK_COLUMNS, Landmarker
from kinemotion.pose.landmarks import Landmark, Landmarks, X, Z
from kinemotion.pose.soles import soles

# A live graph smooths its landmarks over time (one-euro filter; Casiez, Roussel and Vogel, 2012), which delays them by
# up to 20 ms and blurs the moment where a foot stops. It is told that a day passes between frames: then nothing is left
# of the past in what it gives, to a ten thousandth, while it still looks for the body where it last was.
_FRAME_MS: Final = 24 * 3600 * 1000

# There it finds a body that has moved far only in part, and misplaces the rest by up to a quarter of the picture. Shown
# the picture again, it looks where it found the body. On drawn jumps seen every 0.2 to 0.7 s this left no point below
# the head off by more than 3 % of the picture; without it 7 to 58 % of the frames had one. At 24 frames a second and
# more nobody who jumps moves so far.
_FAR: Final = 0.12  # of the body's length in the picture
_LOOKS: Final = 3
_AT_ONCE: Final = 16.0  # looks beyond the first, enough for some jumps,
_EACH: Final = 0.5  # and what every picture adds to them: who leaps all the time costs others half a look
_FOR_BODIES: Final = 8.0  # of these looks, which are not for feet
_SEEN: Final = 0.5  # visibility
_TRUNK_AND_ANKLES: Final = [
    Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER, Landmark.LEFT_HIP,
    Landmark.RIGHT_HIP, Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE,
]  # fmt: skip

_NOTHING: Final = np.zeros((64, 64, 3), np.uint8)


class Mode(Enum):
    """How a graph works.

    LIVE follows one camera or clip from frame to frame: quick.
    FINAL does so too, and sees the edges of the shoes; about a tenth slower, and twice as long where feet are cut off.
    """

    LIVE = auto()
    FINAL = auto()


class Pose(NamedTuple):
    """One body in one picture, in the layout of `kinemotion.pose.landmarks`."""

    landmarks: Landmarks
    """(33, 4): x in picture widths, y in picture heights, z, visibility."""
    world: Landmarks
    """(33, 4): metres from the middle of the hips, visibility."""
    soles: NDArray[np.float64] | None = None
    """(2,): y of the lowest edges of both shoes, picture heights, NaN where unseen; not from a live graph."""


class PoseGraph:
    """A pose landmarker with threads of its own and about 70 MB; close it, or use it as a context manager.

    Args:
        model: the model file.
        mode: how it works.

    Attributes:
        model: the model file.
        mode: how it works.

    Use it from one thread at a time.
    """

    def __init__(self, model: Path, mode: Mode = Mode.LIVE) -> None:
        self.model = model
        self.mode = mode
        self._clock_ms = 0
        self._last: Pose | None = None
        self._spare = _AT_ONCE
        self._landmarker = Landmarker(model, masks=mode is Mode.FINAL)

    @property
    def unused(self) -> bool:
        """Whether it has seen no picture."""
        return not self._clock_ms

    def detect(self, image: NDArray[np.uint8]) -> Pose | None:
        """Finds the body in a picture.

        Looks again, at most twice, where the body moved far or was lost, and once where feet are cut off (FINAL mode),
        while there are looks to spare.

        Args:
            image: shape (height, width, 3), RGB; the next of its camera or clip.

        Returns:
            The pose, or None where nobody is seen.

        Raises:
            RuntimeError: the graph is closed.
        """
        self._spare = min(self._spare + _EACH, _AT_ONCE)
        before = self._last
        self._last, cut_off = self._look(image)
        for again in range(1, _LOOKS):
            far = before is not None and _far_apart(before, self._last, image.shape[1] / image.shape[0])
            if self._spare < 1 or not (far or (cut_off and again == 1 and self._spare > _FOR_BODIES)):
                break
            self._spare -= 1
            before, (found, cut_off) = self._last, self._look(image)
            self._last = found if far else found or before
        return self._last

    def _look(self, image: NDArray[np.uint8]) -> tuple[Pose | None, bool]:
        """What is seen in a picture, and whether feet were cut off."""
        width = image.shape[1]
        added = -width % MASK_COLUMNS if self.mode is Mode.FINAL else 0
        if added:
            image = np.hstack([image, image[:, -1:].repeat(added, axis=1)])
        self._clock_ms += _FRAME_MS
        with self._landmarker.look(image, self._clock_ms) as seen:
            if seen is None or not (np.isfinite(seen.landmarks).all() and np.isfinite(seen.world).all()):
                return None, False
            if added:
                seen.landmarks[:, [X, Z]] *= (width + added) / width
            if seen.mask is None:
                return Pose(seen.landmarks, seen.world), False
            edges = soles(seen.mask[:, :width], seen.landmarks)
            return Pose(seen.landmarks, seen.world, edges.y), edges.cut_off

    def forget(self) -> None:
        """Makes the graph as good as new, for another camera, but for visibilities; takes about as long as a frame."""
        self._look(_NOTHING)
        self._last, self._spare = None, _AT_ONCE

    def close(self) -> None:
        """Frees the graph; doing it twice does no harm."""
        self._landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _far_apart(before: Pose, now: Pose | None, aspect: float) -> bool:
    """Whether a body moved so far that the graph was hardly looking where it is, or is seen no more."""
    if now is None:
        return True
    corners = before.landmarks[:, :Z].min(0), before.landmarks[:, :Z].max(0)
    (left, top), (right, bottom) = (corner.tolist() for corner in corners)
    far = _FAR * max((right - left) * aspect, bottom - top)
    then, there = before.landmarks[_TRUNK_AND_ANKLES].tolist(), now.landmarks[_TRUNK_AND_ANKLES].tolist()
    return any(
        min(seen, seen_now) > _SEEN and max(abs(x_now - x) * aspect, abs(y_now - y)) > far
        for (x, y, _, seen), (x_now, y_now, _, seen_now) in zip(then, there, strict=True)
    )
