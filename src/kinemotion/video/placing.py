"""Where to put things so that they hide the athlete least."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.pose.landmarks import VISIBILITY, Landmark, X, Y
from kinemotion.video.ink import Area
from kinemotion.video.result import Track

Boxes = NDArray[np.float64]
"""(N, 4): left, top, right and bottom of the body in pixels, NaN where nobody is seen."""

_SEEN: Final = 0.2
_HEADROOM: Final = 0.8  # of the distance from the nose to the shoulders: the nose is the highest landmark but the eyes
_FLESH: Final = 0.04  # of the body's height, around the landmarks


def body_boxes(track: Track, width: int, height: int) -> Boxes:
    """What the body takes of a picture of this size, for every frame of the track."""
    boxes = np.full((len(track.poses), 4), np.nan)
    for row in range(len(boxes)):
        landmarks = track.landmarks(row)
        if landmarks is None:
            continue
        seen = landmarks[landmarks[:, VISIBILITY] >= _SEEN] * (width, height, 1, 1)
        if len(seen) < 2:
            continue
        shoulders = landmarks[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER], Y].mean() * height
        head = _HEADROOM * max(float(shoulders - landmarks[Landmark.NOSE, Y] * height), 0.0)
        (left, right), (top, bottom) = _ends(seen[:, X]), _ends(seen[:, Y])
        flesh = _FLESH * (bottom - top)
        boxes[row] = left - flesh, top - head, right + flesh, bottom + flesh
    return boxes


def clearest(candidates: Sequence[Area], boxes: Boxes) -> Area:
    """The candidate that covers least of the bodies; of equals, the first."""
    return min(candidates, key=lambda area: covered(area, boxes))


def covered(area: Area, boxes: Boxes) -> float:
    """Square pixels of the bodies under an area, by the mean of the frames in which they are seen."""
    boxes = boxes[np.isfinite(boxes).all(axis=1)]
    if not len(boxes):
        return 0.0
    wide = np.minimum(boxes[:, 2], area.x + area.width) - np.maximum(boxes[:, 0], area.x)
    tall = np.minimum(boxes[:, 3], area.y + area.height) - np.maximum(boxes[:, 1], area.y)
    return float((np.clip(wide, 0, None) * np.clip(tall, 0, None)).mean())


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values.min()), float(values.max())
