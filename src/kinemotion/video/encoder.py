"""Pictures to a video file that browsers and players show.

The decoder that comes with OpenCV reads H.264, but has no encoder for it. Where the `ffmpeg` program is installed, it
makes H.264, which everything plays; elsewhere OpenCV makes VP9, which browsers and VLC play, but QuickTime does not.
"""

import contextlib
import functools
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from threading import Timer
from typing import Final, Protocol

import cv2

from kinemotion.errors import VideoError
from kinemotion.video.reader import Image

FORMATS: Final = (".mp4", ".webm")
_PATIENCE_S: Final = 30.0
_FOURCC: Final = {"mpeg4": "mp4v", "vp8": "VP80", "vp9": "vp09"}


class Encoder(Protocol):
    """A video file that is being written."""

    codec: str

    def write(self, image: Image) -> None:
        """Appends a picture (height, width, 3), BGR."""

    def close(self) -> None:
        """Completes the file."""


def encoder(path: Path, size: tuple[int, int], fps: float) -> Encoder:
    """Opens a video file for writing: H.264 in mp4 if `ffmpeg` can make it, else VP9; VP8 in webm.

    Args:
        path: where to, ending in `.mp4` or `.webm`.
        size: width and height in pixels, both even.
        fps: pictures a second.

    Raises:
        VideoError: no encoder takes it.
    """
    kind = codec(path)
    return _Ffmpeg(path, size, fps) if kind == "h264" else _OpenCv(path, size, fps, kind)


def codec(path: Path) -> str:
    """What a file of that name will hold: `h264`, `vp8`, or `vp9`, which takes several times as long as all else."""
    if path.suffix.lower() == ".webm":
        return "vp8"
    program = shutil.which("ffmpeg")
    return "h264" if program is not None and _makes_h264(program) else "vp9"


def quick_encoder(path: Path, size: tuple[int, int], fps: float) -> Encoder:
    """Opens a video file for a clip that is to be analysed: MPEG-4 in mp4, made in no time, which no browser plays.

    Args:
        path: where to, ending in `.mp4` or `.webm`.
        size: width and height in pixels, both even.
        fps: pictures a second.

    Raises:
        VideoError: no encoder takes it.
    """
    return _OpenCv(path, size, fps, "vp8" if path.suffix.lower() == ".webm" else "mpeg4")


class _OpenCv:
    """OpenCV's own encoders."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float, codec: str) -> None:
        self.codec = codec
        fourcc = cv2.VideoWriter.fourcc(*_FOURCC[codec])
        self._writer = cv2.VideoWriter(str(path.resolve()), cv2.CAP_FFMPEG, fourcc, fps, size)
        if not self._writer.isOpened():
            raise VideoError(f"{path}: cannot be written as {self.codec}; try a file that ends in .webm")

    def write(self, image: Image) -> None:
        self._writer.write(image)

    def close(self) -> None:
        self._writer.release()


class _Ffmpeg:
    """The `ffmpeg` program, fed with raw pictures."""

    codec = "h264"

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        self._path = path
        rate = Fraction(fps).limit_denominator(1001)
        source = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{size[0]}x{size[1]}", "-r", str(rate), "-i", "-"]
        target = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
        ending = ["-movflags", "+faststart", "-f", "mp4", str(path.resolve())]
        self._process = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *source, *target, *ending],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl+C is for us: we close its input
        )

    def write(self, image: Image) -> None:
        assert self._process.stdin is not None
        try:
            with self._watched():
                self._process.stdin.write(image.tobytes())
        except BrokenPipeError:
            raise VideoError(f"{self._path}: ffmpeg stopped; is the disk full?") from None

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._watched():
            self._process.stdin.close()  # what is left in its buffer is written first
        try:
            code = self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if code != 0:
            raise VideoError(f"{self._path}: ffmpeg could not complete it; is the disk full?")

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Ends the program where it takes nothing for too long."""
        hangs = Timer(_PATIENCE_S, self._process.kill)
        hangs.start()
        try:
            yield
        finally:
            hangs.cancel()


@functools.cache
def _makes_h264(program: str) -> bool:
    try:
        listed = subprocess.run(
            [program, "-hide_banner", "-encoders"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "libx264 " in listed.stdout
