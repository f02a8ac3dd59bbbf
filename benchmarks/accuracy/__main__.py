"""`make accuracy`: runs everything on all cores, prints the tables, writes the page; 1 if something is not reached."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.accuracy import drawn, people, plate
from benchmarks.accuracy.findings import Section, Table
from benchmarks.accuracy.page import LeftOut, Part, all_hold, markdown, table
from rich.console import Console
from rich.progress import Progress
from rich.table import Table as Grid

PAGE: Final = Path(__file__).parents[2] / "docs" / "accuracy.md"


class Work(NamedTuple):
    """Jobs for any process, and what to make of their results."""

    jobs: Sequence[Callable[[], Any]]
    sections: Callable[[list[Any]], list[Part]]


def works() -> list[Work]:
    """Everything there is to do."""
    numbers = range(drawn.JUMPS)
    return [
        Work([partial(drawn.through_mediapipe, number) for number in numbers], _drawn),
        Work([partial(drawn.held, number) for number in drawn.HELD], lambda r: [drawn.from_the_hand(r)]),
        _plate(),
        Work([partial(drawn.landmarks_alone, number) for number in numbers], lambda r: [drawn.landmarks_section(r)]),
        _people(),
    ]


def _drawn(results: list[Any]) -> list[Part]:
    beside, every, final, third = zip(*results, strict=True)
    return [
        drawn.every_frame(every, list(compress(every, beside))),
        drawn.replays(final, list(compress(final, beside))),
        drawn.a_third(third),
    ]


def _plate() -> Work:
    if not plate.FOLDER.is_dir():
        return Work([], lambda _: [LeftOut(plate.TITLE, "../shared/data/forceplate")])
    views = range(len(plate.VIEWS))
    jobs = [partial(plate.follow_record, name, view) for name in plate.ATHLETES for view in views]
    return Work(jobs, lambda results: [plate.section(results)])


def _people() -> Work:
    if not people.FOLDER.is_dir():
        return Work([], lambda _: [LeftOut(people.TITLE, "../shared/data/landmarks")])
    return Work([partial(people.recording, name) for name in people.names()], lambda r: [people.section(r)])


def run(todo: Sequence[Work], console: Console) -> list[Part]:
    """Does the work, showing how far it is."""
    with ProcessPoolExecutor() as pool, Progress(console=console, transient=True) as progress:
        task = progress.add_task("clips", total=sum(len(work.jobs) for work in todo))

        def done(_: Future[Any]) -> None:
            progress.advance(task)

        futures = [[pool.submit(job) for job in work.jobs] for work in todo]
        for future in (future for group in futures for future in group):
            future.add_done_callback(done)
        return [
            part
            for work, group in zip(todo, futures, strict=True)
            for part in work.sections([future.result() for future in group])
        ]


def grid(one: Table, title: str) -> Grid:
    """A table for the console."""
    made = Grid(*one.head, title=title)
    for line in one.lines:
        made.add_row(*line)
    return made


def main() -> int:
    """Runs, prints, writes."""
    console = Console()
    parts = run(works(), console)
    for part in parts:
        for one in part.tables if isinstance(part, Section) else ():
            console.print(grid(one, part.title))
    console.print(grid(table(parts), "Wanted and reached"))
    PAGE.write_text(markdown(parts, PAGE.read_text() if PAGE.exists() else ""))
    return 0 if all_hold(parts) else 1


if __name__ == "__main__":
    sys.exit(main())
