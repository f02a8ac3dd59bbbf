"""The drawn athlete: streamed to a server, with what came back beside the truth, or saved as a clip."""

import asyncio
import contextlib
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from kinemotion.errors import VideoError
from kinemotion.jumps import Movement
from kinemotion.realtime.client import Report, stream
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings
from kinemotion.synthetic import Clip, CountermovementJump, DropJump, JumpTruth, Motion, SquatJump
from kinemotion.video import atomic
from kinemotion.video.encoder import FORMATS, quick_encoder

Frame = tuple[float, bytes]

Found = Mapping[str, Any]

_PATIENCE_S: Final = 10.0
_SAME_JUMP_S: Final = 0.3

HEIGHTS_M: Final = (0.25, 0.40, 0.33, 0.48, 0.29)
_COLUMNS: Final = (
    ("height, cm", "jump_height_m", 100.0, 1),
    ("flight, ms", "flight_time_ms", 1.0, 0),
    ("take-off, m/s", "takeoff_velocity_m_s", 1.0, 2),
    ("contact, ms", "ground_contact_time_ms", 1.0, 0),
)
_DRAWN_ONLY: Final = (("depth, cm", "countermovement_depth_m", 100.0, 1), ("drop, cm", "drop_height_m", 100.0, 1))


def run(
    console: Console, url: str | None, movement: Movement, jumps: int, fps: float, token: str | None = None
) -> bool:
    """Streams drawn jumps to a server, and prints the comparison.

    Args:
        console: where progress and results go.
        url: the server's address; None starts one for as long as it takes.
        movement: which jump the athlete does; `auto` for one of each.
        jumps: how many jumps.
        fps: the camera's frame rate.
        token: for a server that wants one.

    Returns:
        Whether each drawn jump, and nothing else, came back as a final one.

    Raises:
        OSError: the server cannot be reached, or has no room.
        websockets.exceptions.InvalidHandshake: the server refused the connection.
    """
    clips = _clips(movement, _heights(jumps), fps)
    with _server(url, token) as address, _progress(console) as progress:
        drawn = progress.add_task("Drawing the athlete", total=sum(len(clip.times_s) for clip in clips))
        streams = [[_done(progress, drawn, frame) for frame in clip.jpegs()] for clip in clips]
        sent = progress.add_task(f"Streaming to {address}", total=sum(map(len, streams)))
        start = {"movement": movement, "send_pose": False}
        reports = [
            asyncio.run(stream(address, frames, start, token=token, sent=lambda: progress.advance(sent)))
            for frames in streams
        ]
    pairs = [
        pair for clip, report in zip(clips, reports, strict=True) for pair in _pairs(clip.truth, report.final_jumps)
    ]
    _print_jumps(console, pairs)
    _print_streams(console, reports, sum(map(len, streams)))
    return all(drawn is not None and found is not None for drawn, found in pairs)


def save(console: Console, path: Path, movement: Movement, jumps: int, fps: float, speed: float = 1.0) -> None:
    """Draws jumps into a video file, and prints what was drawn; of drop jumps a clip holds one, its first.

    Args:
        console: where progress and results go.
        path: the file, `.mp4` or `.webm`; one that is there already is left as it is.
        movement: which jump the athlete does; `auto` for one of each.
        jumps: how many jumps.
        fps: the camera's frame rate.
        speed: how many times slower than life the clip plays.

    Raises:
        VideoError: the file cannot be written, or is there already.
    """
    if path.suffix.lower() not in FORMATS:
        raise VideoError(f"{path}: a clip ends in {' or '.join(FORMATS)}")
    if os.path.lexists(path):
        raise VideoError(f"{path}: is there already; name another file")
    clip = _clips(movement, _heights(jumps), fps)[0]
    with _progress(console) as progress, atomic.replacing(path) as part:
        task = progress.add_task("Drawing the athlete", total=len(clip.times_s))
        file = quick_encoder(part, clip.size, clip.fps / speed)
        try:
            for _, image in clip.frames():
                file.write(image.astype(np.uint8, copy=False))
                progress.advance(task)
        finally:
            file.close()
    _print_truth(console, clip.truth)
    console.print(f"{path} is saved", markup=False, highlight=False, soft_wrap=True)


def _heights(jumps: int) -> list[float]:
    return [HEIGHTS_M[number % len(HEIGHTS_M)] for number in range(jumps)]


def _pairs(drawn: Sequence[JumpTruth], found: Sequence[Found]) -> list[tuple[JumpTruth | None, Found | None]]:
    """Each drawn jump with the one that was found at its take-off; then those that nobody drew."""
    left = list(found)
    pairs: list[tuple[JumpTruth | None, Found | None]] = []
    for truth in drawn:
        takeoff_s = truth.events_s["takeoff"]
        near = [jump for jump in left if abs(jump["events_s"]["takeoff"] - takeoff_s) < _SAME_JUMP_S]
        pairs.append((truth, near[0] if near else None))
        left = [jump for jump in left if jump not in near[:1]]
    return pairs + [(None, jump) for jump in left]


def _clips(movement: Movement, heights_m: Sequence[float], fps: float) -> list[Clip]:
    """One clip with every jump; for drop jumps one each, since each of them starts on the box."""
    match movement:
        case Movement.SJ:
            return [Clip([SquatJump(height_m=height_m) for height_m in heights_m], fps=fps)]
        case Movement.DJ:
            return [Clip([DropJump(height_m=height_m)], fps=fps) for height_m in heights_m]
        case Movement.AUTO:
            return [Clip([_of_each(number, height_m) for number, height_m in enumerate(heights_m)], fps=fps)]
        case Movement.CMJ:
            return [Clip([CountermovementJump(height_m=height_m) for height_m in heights_m], fps=fps)]


def _of_each(number: int, height_m: float) -> Motion:
    """One jump of each kind in turn, of which the drop jump comes first and never again: it starts on the box."""
    if number == 0:
        return DropJump(height_m=height_m)
    return CountermovementJump(height_m=height_m) if number % 2 else SquatJump(height_m=height_m)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def _done(progress: Progress, task: TaskID, frame: Frame) -> Frame:
    progress.advance(task)
    return frame


@contextlib.contextmanager
def _server(url: str | None, token: str | None) -> Iterator[str]:
    if url is not None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        for path in ("/health/ready", "/access"):  # before anything is drawn
            with urlopen(Request(url.rstrip("/") + path, headers=headers), timeout=_PATIENCE_S):
                pass
        yield url
        return
    with background(Settings.from_environment(host="127.0.0.1", port=0).open_to_all()) as address:
        yield address


def _print_jumps(console: Console, pairs: Sequence[tuple[JumpTruth | None, Found | None]]) -> None:
    table = Table("jump", *(title for title, *_ in _COLUMNS), "grade", title="measured (drawn)")
    for number, (truth, jump) in enumerate(pairs, 1):
        drawn, measured = truth.metrics if truth else {}, jump["metrics"] if jump else {}
        cells = (
            f"{_cell(measured.get(name), scale, digits)} ({_cell(drawn.get(name), scale, digits)})"
            for _, name, scale, digits in _COLUMNS
        )
        table.add_row(str(number), *cells, jump["quality"]["grade"] if jump else "not found")
    console.print(table)


def _print_truth(console: Console, drawn: Sequence[JumpTruth]) -> None:
    known = [column for column in (*_COLUMNS, *_DRAWN_ONLY) if any(column[1] in truth.metrics for truth in drawn)]
    titles = (title.replace(", ", "\n") for title in ("take-off, s", *(title for title, *_ in known)))
    table = Table("jump", "kind", *titles, title="drawn")
    for number, truth in enumerate(drawn, 1):
        cells = (_cell(truth.metrics.get(name), scale, digits) for _, name, scale, digits in known)
        table.add_row(str(number), truth.movement, f"{truth.events_s['takeoff']:.3f}", *cells)
    console.print(table)


def _cell(value: float | None, scale: float, digits: int) -> str:
    return "-" if value is None else f"{value * scale:.{digits}f}"


def _print_streams(console: Console, reports: Sequence[Report], sent: int) -> None:
    latency_ms = [1000 * latency_s for report in reports for latency_s in report.latency_s.values()]
    line = f"{len(latency_ms)} of {sent} frames answered live (jumps are measured from the others, too)"
    if len(latency_ms) > 1:
        line += f", latency {statistics.median(latency_ms):.0f} ms median, "
        line += f"{statistics.quantiles(latency_ms, n=20)[-1]:.0f} ms 95th percentile"
    console.print(line)
    for error in (error for report in reports for error in report.errors):
        console.print(f"{error['code']}: {error['message']}", style="red")
