"""Results in rows: CSV for spreadsheets, tables for the terminal."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from kinemotion.jumps import Jump
from kinemotion.video import words
from kinemotion.video.facts import VideoFacts

_DECIMALS: Final = 4
_FIRST: Final = ("file", "name", "report", "movement", "jump", "grade", "fps", "frames", "frames_in_flight")
_NAME: Final = 20  # columns that a clip's name has at least, if it fills them
_UNBOUNDED: Final = 10_000
_BATCH: Final = {
    "jump_height_m": "height",
    "flight_time_ms": "flight",
    "ground_contact_time_ms": "contact",
    "reactive_strength_index_m_s": "RSI",
    "takeoff_velocity_m_s": "take-off",
}


class Row(NamedTuple):
    """A jump, and where it comes from.

    Attributes:
        file: the clip.
        jump: one of its jumps.
        name: the athlete's; empty if it was not stated.
        report: the clip's report; empty if there is none.
    """

    file: str
    jump: Jump
    name: str = ""
    report: str = ""


def csv_table(rows: Sequence[Row]) -> bytes:
    """One row for each jump, in SI units; columns keep their order, and new metrics come after the known ones."""
    metrics = words.order({*words.METRICS, *(name for row in rows for name in row.jump.metrics)})
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    events = [f"{name}_s" for name in words.EVENTS]
    writer.writerow([*_FIRST, *events, *(column for name in metrics for column in (name, f"{name}_sd")), "warnings"])
    for row in rows:
        writer.writerow(_cells(row, metrics))
    return file.getvalue().encode("utf-8")


def _cells(row: Row, metrics: Sequence[str]) -> list[object]:
    jump, quality = row.jump, row.jump.quality
    cells: list[object] = [
        row.file,
        row.name,
        row.report,
        jump.movement.value,
        jump.index,
        quality.grade,
        round(quality.fps, 2),
    ]
    cells += [quality.frames, quality.frames_in_flight]
    cells += [_rounded(jump.events_s.get(name)) for name in words.EVENTS]
    for name in metrics:
        cells += [_rounded(jump.metrics.get(name)), _rounded(jump.uncertainty.get(name))]
    return [*cells, " ".join(quality.warnings)]


def _rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, _DECIMALS)


def title(video: VideoFacts) -> str:
    """A clip in one line."""
    rate = f"{video.measured_fps:.4g} pictures a second"
    slowed = "" if video.speed == 1 else f", played {video.speed:g} times slower"
    return f"{video.file}: {video.width} x {video.height}, {rate}, {video.duration_s:.1f} s{slowed}"


def clip_table(jumps: Sequence[Jump]) -> Table:
    """The jumps of one clip side by side."""
    table = Table("", *words.titles(jumps))
    for name in words.order(name for jump in jumps for name in jump.metrics):
        table.add_row(words.label(name), *(_measure(jump, name) for jump in jumps))
    grades = (f"{jump.quality.grade}, {words.verdict(jump)[0]}" for jump in jumps)
    table.add_row("Grade", *grades, end_section=True)
    return table


def notes(video: VideoFacts, jumps: Iterable[Jump]) -> Iterator[str]:
    """What speaks against a clip and its jumps, in words, each once."""
    for code in video.warnings:
        yield words.warning(code)
    numbers: dict[str, list[int]] = {}
    for jump in jumps:
        for doubt in words.doubts(jump):
            numbers.setdefault(doubt, []).append(jump.index)
    for doubt, of in numbers.items():
        yield f"Jump {', '.join(map(str, of))}: {doubt}"


def batch_table(clips: Sequence[tuple[str, Sequence[Jump], str]], console: Console) -> Table:
    """All jumps of a batch, with as many figures as fit beside the clips' names.

    Args:
        clips: name, jumps, and in a word why there are none.
        console: where the table is to be shown.
    """
    unbounded = console.options.update_width(_UNBOUNDED)
    folded = [(clip[:_NAME], jumps, failure) for clip, jumps, failure in clips]
    for count in range(len(_BATCH), 0, -1):
        figures = list(_BATCH)[:count]
        if Measurement.get(console, unbounded, _batch_table(folded, figures)).maximum <= console.width:
            break
    return _batch_table(clips, figures)


def _batch_table(clips: Sequence[tuple[str, Sequence[Jump], str]], figures: Sequence[str]) -> Table:
    every = [jump for _, jumps, _ in clips for jump in jumps]
    names = {name for jump in every for name in jump.metrics}
    several = len({jump.movement for jump in every}) > 1
    shown = [name for name in figures if name in names]
    table = Table()
    table.add_column("clip", overflow="fold", min_width=min(_NAME, max(len(clip) for clip, _, _ in clips)))
    table.add_column("jump", no_wrap=True)
    for name in shown:
        table.add_column(f"{_BATCH[name]}\n{words.unit(name)}", justify="right", no_wrap=True)
    table.add_column("grade", no_wrap=True)
    for clip, jumps, failure in clips:
        for jump in jumps:
            values = (_measure(jump, name).removesuffix(words.unit(name)).rstrip() for name in shown)
            kind = f" {jump.movement.value.upper()}" if several else ""
            table.add_row(escape(clip), f"{jump.index}{kind}", *values, jump.quality.grade)
        if not jumps:
            table.add_row(escape(clip), failure)
    return table


def _measure(jump: Jump, name: str) -> str:
    if name not in jump.metrics:
        return "-"
    return words.measure(name, jump.metrics[name], jump.uncertainty.get(name))
