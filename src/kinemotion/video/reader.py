"""A video file to upright pictures with their true times."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from kinemotion.errors import VideoError
from kinemotion.pose.jpeg import MIN_SIDE_PX
from kinemotion.video import container

Image = NDArray[np.uint8]

_MS_PER_S: Final = 1000.0
_LARGEST_SIDE_PX: Final = 16_384
_DAMAGED_IN_A_ROW: Final = 1_000


class Frame(NamedTuple):
    """One picture of a clip.

    Attributes:
        number: its place among the frames of the file that have a time, from 0.
        time_s: seconds of real time since the first frame.
        image: shape (height, width, 3), BGR, upright, with square pixels.
    """

    number: int
    time_s: float
    image: Image


class Reader:
    """An open clip. Times are the container's, never counted from its rate; close it, or use it as a context manager.

    Args:
        path: the file.
        speed: how many times slower than life the file plays.

    Attributes:
        codec: the usual name of the codec.
        nominal_fps: the rate that the container states, in its own time; 0 if it states none.
        rotation_deg: degrees clockwise by which the stored pictures are turned to be upright.
        stated_frames: how many frames the container says that it has; 0 if it does not say.
        unreadable: frames that could not be decoded so far.
        timeless: frames left out so far because their time does not follow the one before.

    Raises:
        VideoError: the file cannot be read as a video.
    """

    def __init__(self, path: Path, speed: float = 1.0) -> None:
        container.check_file(path)
        self.path = path
        self._speed = speed
        # One decoding thread: it keeps ahead of the pose graph as it is, and other clips may want the other cores.
        # An absolute name cannot be mistaken for an address such as http: or concat:.
        self._capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not self._capture.isOpened():
            raise VideoError(f"{path}: {container.why_not(path)}")
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self.codec = container.codec_name(int(self._get(cv2.CAP_PROP_FOURCC)))
        self.nominal_fps = self._get(cv2.CAP_PROP_FPS)
        self.rotation_deg = round(self._get(cv2.CAP_PROP_ORIENTATION_META)) % 360
        self.stated_frames = round(min(self._get(cv2.CAP_PROP_FRAME_COUNT), 1e9))
        self.unreadable = self.timeless = 0
        self._first_pts = 0.0
        self._stretch = self._pixel_shape()

    def frames(self, wanted: Callable[[int], bool] = lambda _: True) -> Iterator[Frame]:
        """Reads on, frame by frame.

        Args:
            wanted: tells by its index whether a frame's picture is needed; others are skipped, which costs less.

        Raises:
            VideoError: not a single frame can be decoded, or the pictures are of an impossible size.
        """
        first_ms, last_ms, index = math.nan, -math.inf, -1
        while self._grab():
            time_ms = self._capture.get(cv2.CAP_PROP_POS_MSEC)
            if not last_ms < time_ms < math.inf:
                self.timeless += 1
                continue
            index, last_ms = index + 1, time_ms
            if index == 0:
                first_ms, self._first_pts = time_ms, self._get(cv2.CAP_PROP_PTS)
            if not wanted(index):
                continue
            image = self._retrieve()
            if image is not None:
                yield Frame(index, (time_ms - first_ms) / _MS_PER_S / self._speed, image)
        if index < 0:
            raise VideoError(
                f"{self.path}: not one of its pictures can be decoded ({self.codec}); convert it to H.264, such as by "
                "`ffmpeg -i CLIP -c:v libx264 converted.mp4`"
            )

    @property
    def stated_duration_s(self) -> float:
        """How long the container says that it plays, in its own time; 0 if it does not say."""
        counted = max(self.stated_frames - self._first_pts, 0.0) / self.nominal_fps if self.nominal_fps else 0.0
        return container.stated_duration_s(self.path) or counted

    def close(self) -> None:
        """Closes the file; doing it twice does no harm."""
        self._capture.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _grab(self) -> bool:
        """Goes to the next frame; OpenCV says that the file has ended where a frame is damaged, too."""
        for failed in range(_DAMAGED_IN_A_ROW):
            if self._capture.grab():
                self.unreadable += failed
                return True
        return False

    def _get(self, prop: int) -> float:
        value = self._capture.get(prop)
        return value if math.isfinite(value) and value > 0 else 0.0

    def _pixel_shape(self) -> float:
        """Width over height of a picture element as it is shown upright; 1 for nearly all files."""
        across, down = self._get(cv2.CAP_PROP_SAR_NUM), self._get(cv2.CAP_PROP_SAR_DEN)
        shape = across / down if across and down else 1.0
        return 1 / shape if self.rotation_deg in (90, 270) else shape

    def _retrieve(self) -> Image | None:
        try:
            readable, image = self._capture.retrieve()
        except cv2.error:
            readable = False
        if not readable or np.ndim(image) != 3:
            self.unreadable += 1
            return None
        height, width = image.shape[:2]
        if not MIN_SIDE_PX <= min(width, height) <= max(width, height) <= _LARGEST_SIDE_PX:
            raise VideoError(f"{self.path}: its pictures are {width} x {height}; each side needs {MIN_SIDE_PX} or more")
        if abs(self._stretch - 1) > 0.01:
            image = cv2.resize(image, (max(round(width * self._stretch), 1), height), interpolation=cv2.INTER_AREA)
        return image.astype(np.uint8, copy=False)
