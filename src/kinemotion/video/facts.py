"""What is known of a clip once it was read."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.video import container
from kinemotion.video.reader import Reader

Array = NDArray[np.float64]

_ROUNDING_S: Final = 0.0011  # Matroska counts in milliseconds
_UNEVEN: Final = 0.10
_GAP: Final = 4.0  # frame intervals without a picture that are worth a word,
_GAP_S: Final = 0.2  # if they last this long
_FEWEST_FPS: Final = 23.5  # films have 23.976
_WHOLE: Final = 0.9  # of the stated duration, less some time: sound may go on after the last picture
_WHOLE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """A clip, by its container and by its frames.

    Attributes:
        file: the name by which it was opened.
        codec: how its pictures are compressed.
        width: of the upright picture, in pixels.
        height: of the upright picture, in pixels.
        rotation_deg: degrees clockwise by which the stored pictures were turned.
        frames: frames read.
        duration_s: real time that they cover.
        nominal_fps: rate that the container states, in its own time; None if it states none.
        measured_fps: frames per second of real time, by the median of the intervals between them.
        variable_frame_rate: whether the intervals between frames differ.
        speed: how many times slower than life the file plays.
        warnings: reasons for doubt about the file, as words a program can compare.
    """

    file: str
    codec: str
    width: int
    height: int
    rotation_deg: int
    frames: int
    duration_s: float
    nominal_fps: float | None
    measured_fps: float
    variable_frame_rate: bool
    speed: float
    warnings: tuple[str, ...] = ()

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width / self.height


def facts(reader: Reader, size: tuple[int, int], times_s: Array, speed: float, poses: int) -> VideoFacts:
    """Gathers what is known of a clip.

    Args:
        reader: the clip, read to its end.
        size: width and height of the upright picture.
        times_s: (N,) times of its frames in seconds of real time, N at least 2.
        speed: how many times slower than life the file plays.
        poses: on how many frames a body was found.
    """
    gaps = np.diff(times_s)
    interval = float(np.percentile(gaps, 50, method="lower"))  # one that there is, where two kinds are equally many
    regular = np.abs(gaps - interval) * speed <= max(_ROUNDING_S, _UNEVEN * interval * speed)
    return VideoFacts(
        file=str(reader.path),
        codec=reader.codec,
        width=size[0],
        height=size[1],
        rotation_deg=reader.rotation_deg,
        frames=len(times_s),
        duration_s=float(times_s[-1] - times_s[0]) + interval,
        nominal_fps=reader.nominal_fps or None,
        measured_fps=_rate(gaps, interval),
        variable_frame_rate=not bool(regular.all()),
        speed=speed,
        warnings=_warnings(reader, gaps * speed, poses / len(times_s), _rate(gaps, interval)),
    )


def _rate(gaps: Array, interval: float) -> float:
    """Frames a second: by the mean of the intervals near the usual one, which rounding of the times leaves exact."""
    usual = gaps[np.abs(gaps - interval) <= 0.5 * interval]
    return float(1 / usual.mean())


def _warnings(reader: Reader, gaps: Array, seen: float, fps: float) -> tuple[str, ...]:
    found = {
        "file_incomplete": container.cut_off(reader.path)
        or float(gaps.sum()) < _WHOLE * reader.stated_duration_s - _WHOLE_S,
        "frames_unreadable": reader.unreadable > 0,
        "frame_times_repaired": reader.timeless > 0,
        "frames_missing": bool((gaps > max(_GAP * float(np.median(gaps)), _GAP_S)).any()),
        "few_frames_a_second": fps < _FEWEST_FPS,
        "nobody_seen": seen == 0,
        "body_seldom_seen": 0 < seen < 0.5,
    }
    return tuple(name for name, present in found.items() if present)
