"""A session's last seconds of frames, compressed, for the jumps that are to be looked at again."""

from collections import deque
from typing import Final

from kinemotion.realtime.messages import Frame

_US_PER_S: Final = 1_000_000


class Ring:
    """A session's last frames, bounded in seconds and in bytes.

    Args:
        seconds: how far back it reaches, on the camera's clock.
        max_bytes: how much it holds.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._span_us = round(seconds * _US_PER_S)
        self._max_bytes = max_bytes
        self._bytes = 0
        self._frames: deque[Frame] = deque()

    def append(self, frame: Frame) -> None:
        """Keeps a frame, and lets go of those that are too old or too many."""
        self._frames.append(frame)
        self._bytes += len(frame.jpeg)
        oldest_us = frame.elapsed_us - self._span_us
        while self._frames and (self._bytes > self._max_bytes or self._frames[0].elapsed_us < oldest_us):
            self._bytes -= len(self._frames.popleft().jpeg)

    def since(self, elapsed_us: float) -> list[Frame]:
        """The frames from a time on, oldest first."""
        return [frame for frame in self._frames if frame.elapsed_us >= elapsed_us]
