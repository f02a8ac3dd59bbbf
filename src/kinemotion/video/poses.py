"""Pictures to poses, several at a time, in order."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np

from kinemotion.pose.graph import Mode, Pose, PoseGraph
from kinemotion.pose.jpeg import MODEL_NEEDS_PX
from kinemotion.video.reader import Frame, Image

_AHEAD: Final = 2  # frames for each worker that wait decoded, so that none waits for the decoder


class PosePool:
    """Stateless pose graphs that work side by side; close it, or use it as a context manager.

    Args:
        model: the model file.
        workers: how many graphs, each with a thread and about 70 MB.
    """

    def __init__(self, model: Path, workers: int) -> None:
        self._graphs = [PoseGraph(model, Mode.STATELESS) for _ in range(workers)]
        self._idle: SimpleQueue[PoseGraph] = SimpleQueue()
        for graph in self._graphs:
            self._idle.put(graph)
        self._executor = ThreadPoolExecutor(workers, "pose")
        self._ahead = _AHEAD * workers

    def poses(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Pose | None]]:
        """Each frame with the body found in it, in order; only a few frames are held at a time."""
        waiting: deque[tuple[Frame, Future[Pose | None]]] = deque()
        try:
            for frame in frames:
                waiting.append((frame, self._executor.submit(self._detect, frame.image)))
                if len(waiting) > self._ahead:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:
            for _, future in waiting:
                future.cancel()

    def close(self) -> None:
        """Ends the threads and frees the graphs."""
        self._executor.shutdown(cancel_futures=True)
        for graph in self._graphs:
            graph.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _detect(self, image: Image) -> Pose | None:
        picture = cv2.cvtColor(reduced(image), cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        graph = self._idle.get()
        try:
            return graph.detect(picture)
        finally:
            self._idle.put(graph)


def reduced(image: Image) -> Image:
    """A picture at the smallest whole fraction of its size that loses the model nothing."""
    height, width = image.shape[:2]
    scale = min(width, height) // MODEL_NEEDS_PX
    if scale < 2:
        return image
    smaller = cv2.resize(image, (width // scale, height // scale), interpolation=cv2.INTER_AREA)
    return smaller.astype(np.uint8, copy=False)


def _first(waiting: deque[tuple[Frame, Future[Pose | None]]]) -> tuple[Frame, Pose | None]:
    frame, future = waiting.popleft()
    return frame, future.result()
