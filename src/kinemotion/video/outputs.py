"""A second look at the clip, for the pictures: overlay and report."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from kinemotion.errors import VideoError
from kinemotion.video import atomic
from kinemotion.video.encoder import FORMATS, Encoder, encoder
from kinemotion.video.keyframes import KeyFrames
from kinemotion.video.overlay import Cadence, Overlay
from kinemotion.video.reader import Image, Reader
from kinemotion.video.report import report_html
from kinemotion.video.result import Progress, VideoAnalysis


def write_outputs(
    analysis: VideoAnalysis,
    *,
    overlay: Path | None = None,
    report: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> None:
    """Writes what shows pictures of a clip; each file appears whole or not at all.

    Args:
        analysis: the clip and what was found in it.
        overlay: where the clip with everything drawn over it goes, `.mp4` or `.webm`.
        report: where the HTML report goes.
        progress: told after each frame.

    Raises:
        VideoError: a file cannot be written, or is the clip itself, or the clip cannot be read any more.
    """
    for path in (overlay, report):
        if path is not None:
            check_target(path, analysis.path)
    keyframes = KeyFrames(analysis) if report is not None else None
    with _film(analysis, overlay) as film:
        _show(analysis, film, keyframes, progress)
    if report is not None and keyframes is not None:
        atomic.write(report, report_html(analysis, keyframes.pictures).encode())


def check_target(path: Path, clip: Path) -> None:
    """Refuses to write over the clip.

    Raises:
        VideoError: it is the clip.
    """
    if os.path.exists(path) and os.path.exists(clip) and os.path.samefile(path, clip):
        raise VideoError(f"{path}: is the clip itself; name another file for the result")


class _Film:
    """The overlay as it is drawn, frame by frame."""

    def __init__(self, analysis: VideoAnalysis, file: Encoder) -> None:
        self._overlay = Overlay(analysis)
        self._repeats = Cadence(analysis).repeats
        self._file = file

    def add(self, image: Image, row: int) -> None:
        """Draws over a frame and writes it as often as its time asks for; the picture is cropped to even sides."""
        if self._repeats[row] == 0:
            return
        self._overlay.draw(image, row)
        height, width = image.shape[:2]
        even = image[: height // 2 * 2, : width // 2 * 2]
        for _ in range(self._repeats[row]):
            self._file.write(even)


@contextlib.contextmanager
def _film(analysis: VideoAnalysis, path: Path | None) -> Iterator[_Film | None]:
    if path is None:
        yield None
        return
    if path.suffix.lower() not in FORMATS:
        raise VideoError(f"{path}: an overlay ends in {' or '.join(FORMATS)}")
    size = (analysis.video.width // 2 * 2, analysis.video.height // 2 * 2)
    with atomic.replacing(path) as part:
        file = encoder(part, size, Cadence(analysis).fps)
        try:
            yield _Film(analysis, file)
        finally:
            file.close()


def _show(analysis: VideoAnalysis, film: _Film | None, keyframes: KeyFrames | None, progress: Progress) -> None:
    """Reads the clip again, and gives each frame to whom it concerns."""
    rows = {number: row for row, number in enumerate(analysis.track.numbers)}
    wanted = frozenset(rows) if film is not None else keyframes.wanted if keyframes is not None else frozenset()
    last = max(wanted, default=-1)
    with Reader(analysis.path, analysis.video.speed) as reader:
        for frame in reader.frames(wanted.__contains__) if wanted else ():
            row = rows[frame.number]
            if keyframes is not None and frame.number in keyframes.wanted:
                keyframes.take(frame.image, row)
            if film is not None:
                film.add(frame.image, row)
            progress(frame.number + 1, last + 1)
            if frame.number == last:
                break
