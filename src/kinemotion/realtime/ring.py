"""A session's last seconds, for the jumps that are to be looked at again: frames, compressed, and their live poses."""

from collections import deque
from typing import Final

from kinemotion.pose.graph import Pose
from kinemotion.realtime.messages import Frame

_US_PER_S: Final = 1_000_000


class Ring:
    """A session's last frames, bounded in seconds and in bytes.

    Args:
        seconds: how far back it reaches, on the camera's clock.
        max_bytes: how much it holds.

    Attributes:
        poses: those that the live path found in these frames, by `Frame.elapsed_us`.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._span_us = round(seconds * _US_PER_S)
        self._max_bytes = max_bytes
        self._bytes = 0
        self._frames: deque[Frame] = deque()
        self.poses: dict[int, Pose] = {}

    def append(self, frame: Frame) -> None:
        """Keeps a frame, and lets go of those that are too old or too many."""
        self._frames.append(frame)
        self._bytes += len(frame.jpeg)
        oldest_us = frame.elapsed_us - self._span_us
        while self._frames and (self._bytes > self._max_bytes or self._frames[0].elapsed_us < oldest_us):
            oldest = self._frames.popleft()
            self._bytes -= len(oldest.jpeg)
            self.poses.pop(oldest.elapsed_us, None)

    def saw(self, frame: Frame, pose: Pose) -> None:
        """Keeps what the live path found in a frame, as long as the frame."""
        if self._frames and self._frames[0].elapsed_us <= frame.elapsed_us:
            self.poses[frame.elapsed_us] = pose

    def between(self, first_s: float, last_s: float) -> list[Frame]:
        """The frames from one time to another, seconds, oldest first."""
        return [frame for frame in self._frames if first_s <= frame.elapsed_us / _US_PER_S <= last_s]
