"""Pictures to poses: the body is followed through a clip, while the next pictures are decoded."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from kinemotion.pose.graph import Mode, Pose, PoseGraph
from kinemotion.pose.jpeg import MODEL_NEEDS_PX
from kinemotion.video.reader import Frame, Image

_AHEAD: Final = 4  # frames that wait decoded, so that the graph does not wait for the decoder


def poses(model: Path, frames: Iterable[Frame]) -> Generator[tuple[Frame, Pose | None], None, None]:
    """Each frame with the body found in it, in order; only a few frames are held at a time.

    One graph follows the body from frame to frame, on a thread of its own, as it does for the final results of a
    camera. Close the generator if it is not read to its end.

    Args:
        model: the model file.
        frames: of one clip, in order.
    """
    waiting: deque[tuple[Frame, Future[Pose | None]]] = deque()
    with PoseGraph(model, Mode.FINAL) as graph, ThreadPoolExecutor(1, "pose") as executor:
        try:
            for frame in frames:
                waiting.append((frame, executor.submit(graph.detect, _picture(frame.image))))
                if len(waiting) > _AHEAD:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:
            executor.shutdown(cancel_futures=True)


def reduced(image: Image) -> Image:
    """A picture at the smallest whole fraction of its size that loses the model nothing."""
    height, width = image.shape[:2]
    scale = min(width, height) // MODEL_NEEDS_PX
    if scale < 2:
        return image
    smaller = cv2.resize(image, (width // scale, height // scale), interpolation=cv2.INTER_AREA)
    return smaller.astype(np.uint8, copy=False)


def _picture(image: Image) -> Image:
    return cv2.cvtColor(reduced(image), cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def _first(waiting: deque[tuple[Frame, Future[Pose | None]]]) -> tuple[Frame, Pose | None]:
    frame, future = waiting.popleft()
    return frame, future.result()
