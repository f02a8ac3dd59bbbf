"""Progress bars: one for each clip in work, and one for the batch."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from kinemotion.video.result import Progress


class Bars:
    """Bars on a terminal, gone when all is done; nothing where there is no terminal.

    Args:
        console: where they go.
        clips: how many clips there are.
    """

    def __init__(self, console: Console, clips: int) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self._bars = RichProgress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._all: TaskID | None = self._bars.add_task("clips", total=clips) if clips > 1 else None

    def clip(self, text: str) -> tuple[Progress, Callable[[], None]]:
        """A bar for a clip: what to call after each frame, and what to call at the end."""
        task = self._bars.add_task(text, total=None)

        def show(done: int, total: int) -> None:
            self._bars.update(task, completed=done, total=total)

        def remove() -> None:
            self._bars.remove_task(task)

        return show, remove

    def clip_done(self) -> None:
        """One more clip is done."""
        if self._all is not None:
            self._bars.advance(self._all)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
