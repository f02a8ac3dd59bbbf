"""Clips by the errand: analyse, write, tell."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final

import click
from rich.console import Console

from kinemotion.errors import ModelError, VideoError
from kinemotion.jumps import Jump, Movement
from kinemotion.pose.models import MODELS, Quality
from kinemotion.quiet import native_remarks_hidden
from kinemotion.video import atomic, tables, words
from kinemotion.video.analysis import analyze_video
from kinemotion.video.document import encode
from kinemotion.video.encoder import codec
from kinemotion.video.facts import VideoFacts
from kinemotion.video.names import printable
from kinemotion.video.outputs import write_outputs
from kinemotion.video.places import Errand
from kinemotion.video.progress import Bars
from kinemotion.video.result import Progress, VideoAnalysis

DONE: Final = 0
UNREADABLE: Final = 2
NO_JUMP: Final = 3
_INTERRUPTED: Final = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line asked for.

    Attributes:
        movement: the kind of jump.
        height_m: stature; None if not stated. So for the next two.
        mass_kg: body mass.
        drop_height_m: height of the box.
        name: the athlete's; None if not stated.
        quality: which model.
        speed: how many times slower than life the clips play.
        together: whether results of all clips go into one document.
        json: file for it; None for standard output.
        silent: whether nothing goes to standard output.
        csv: file for the rows.
        at_once: clips in work at a time.
    """

    movement: Movement
    height_m: float | None
    mass_kg: float | None
    drop_height_m: float | None
    name: str | None
    quality: Quality
    speed: float
    together: bool
    json: Path | None
    silent: bool
    csv: Path | None
    at_once: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a clip: its document, an error if not all went well, and its report if that was written."""

    clip: Path
    content: dict[str, object]
    video: VideoFacts | None = None
    jumps: tuple[Jump, ...] = ()
    software: dict[str, str] | None = None
    error: str | None = None
    report: Path | None = None

    @property
    def failure(self) -> str:
        """In a word, why it gave no jump."""
        if self.error is None:
            return "no jump"
        return "not measured" if self.error == _INTERRUPTED else "failed"


def run(wishes: Wishes, errands: Sequence[Errand]) -> int:
    """Does all errands; one that fails does not stop the others, and what was measured is written whatever happens.

    Returns:
        The exit code: 0 done, 2 if a clip could not be read or a result not written, 3 if a clip had no jump.

    Raises:
        ModelError: the pose model is missing or not the pinned one.
        KeyboardInterrupt: Ctrl+C while clips are in work; what was measured is told and written, other clips are named.
    """
    console = Console(stderr=True)
    bars = Bars(console, len(errands))
    work = _Work(wishes, bars)
    if any(codec(errand.overlay) == "vp9" for errand in errands if errand.overlay is not None):
        _say(console, "Overlays are made as VP9 here, which takes long; with the ffmpeg program they are H.264.")
    try:
        with native_remarks_hidden(), bars:
            work.do(errands, partial(_tell, console, wishes))
    except KeyboardInterrupt:
        ended = work.outcomes
        left = [str(errand.clip) for errand in errands if errand.clip not in ended]
        if left:
            _say(console, f"Not measured: {', '.join(left)}")
        raise
    finally:
        ended = work.outcomes
        outcomes = [ended.get(one.clip) or _without_figures(one.clip, _INTERRUPTED) for one in errands] if ended else []
        failed = _conclude(console, wishes, outcomes, many=len(errands) > 1)
    if failed or any(outcome.error is not None for outcome in outcomes):
        return UNREADABLE
    return DONE if all(outcome.jumps for outcome in outcomes) else NO_JUMP


class _Stopped(Exception):
    """The work is to end."""


class _Work:
    """Clips in work, several at a time."""

    def __init__(self, wishes: Wishes, bars: Bars) -> None:
        self._wishes = wishes
        self._bars = bars
        self._stopping = Event()
        self._futures: list[Future[Outcome]] = []

    def do(self, errands: Sequence[Errand], tell: Callable[[Outcome], object]) -> None:
        """Does the errands, and tells what became of each, in order.

        Where it is interrupted, clips in work end with the frame that they are at, and those that were measured are
        told.
        """
        told = 0
        with ThreadPoolExecutor(self._wishes.at_once, "clip") as executor:
            try:
                for errand in errands:
                    self._futures.append(executor.submit(self._outcome, errand))
                for future in self._futures:
                    tell(future.result())
                    told += 1
                    self._bars.clip_done()
            finally:
                self._stopping.set()
                try:
                    executor.shutdown(cancel_futures=True)
                finally:
                    for outcome in [*self.outcomes.values()][told:]:
                        tell(outcome)

    @property
    def outcomes(self) -> dict[Path, Outcome]:
        """What became of the clips that were measured to their end, or failed."""
        ended = (future for future in self._futures if future.done() and not future.cancelled())
        return {(outcome := future.result()).clip: outcome for future in ended if future.exception() is None}

    def _outcome(self, errand: Errand) -> Outcome:
        """Whatever fails, other clips go on; what was measured before it stays."""
        try:
            analysis = self._analysed(errand)
        except (ModelError, _Stopped):
            raise
        except Exception as fault:
            return _without_figures(errand.clip, _said(errand.clip, fault))
        content, error = analysis.to_dict(), self._written(analysis, errand)
        if error is not None:
            content["error"] = error
        report = None if error is not None else errand.report
        return Outcome(errand.clip, content, analysis.video, analysis.jumps, analysis.software, error, report)

    def _written(self, analysis: VideoAnalysis, errand: Errand) -> str | None:
        """Writes what a clip is to give; answers with what went wrong. Figures come first, as pictures take a while."""
        try:
            if errand.json is not None:
                atomic.write(errand.json, encode(analysis.to_dict()))
            if errand.overlay is not None or errand.report is not None:
                with self._progress(f"{errand.clip.name}: drawing") as progress:
                    write_outputs(analysis, overlay=errand.overlay, report=errand.report, progress=progress)
        except _Stopped:
            missing = [path for path in (errand.overlay, errand.report) if path is not None]
            return f"{errand.clip}: interrupted before {' and '.join(map(str, missing))} could be drawn"
        except Exception as fault:
            return _said(errand.clip, fault)
        return None

    def _analysed(self, errand: Errand) -> VideoAnalysis:
        wishes = self._wishes
        with self._progress(errand.clip.name) as progress:
            return analyze_video(
                errand.clip,
                wishes.movement,
                height_m=wishes.height_m,
                mass_kg=wishes.mass_kg,
                drop_height_m=wishes.drop_height_m,
                quality=wishes.quality,
                speed=wishes.speed,
                name=wishes.name,
                progress=progress,
            )

    @contextlib.contextmanager
    def _progress(self, text: str) -> Iterator[Progress]:
        """A bar, and where the work is stopped."""
        show, remove = self._bars.clip(text)

        def progress(done: int, total: int) -> None:
            if self._stopping.is_set():
                raise _Stopped
            show(done, total)

        try:
            yield progress
        finally:
            remove()


def _without_figures(clip: Path, error: str) -> Outcome:
    return Outcome(clip, {"jumps": [], "video": {"file": printable(clip)}, "error": error}, error=error)


def _said(clip: Path, fault: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(fault, VideoError):
        return str(fault)
    cause = " ".join(f"{type(fault).__name__}: {fault}".split())
    return f"{clip}: could not be completed, by a fault that was not foreseen ({cause})"


def _tell(console: Console, wishes: Wishes, outcome: Outcome) -> None:
    if outcome.error is not None:
        _say(console, f"Error: {outcome.error}")
    if outcome.video is None:
        return
    if not outcome.jumps:
        _say(console, f"{outcome.clip}: {_no_jump(wishes.movement, outcome.video)}")
        return
    if not wishes.together:
        _say(console, tables.title(outcome.video))
        console.print(tables.clip_table(outcome.jumps))
    whose = f"{outcome.clip}: " if wishes.together else "- "
    for note in tables.notes(outcome.video, outcome.jumps):
        _say(console, f"{whose}{note}")


def _say(console: Console, text: str) -> None:
    """One line, however long, above the progress bars."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _no_jump(movement: Movement, video: VideoFacts) -> str:
    said = f"no {words.MOVEMENTS[movement].lower()} found. "
    if video.warnings:
        return said + " ".join(words.warning(code) for code in video.warnings)
    slow = "say --speed if the clip is slow motion" if video.speed == 1 else f"check --speed {video.speed:g}"
    return f"{said}The whole body must be in the picture from standing to landing, feet included; {slow}."


def _tell_of_the_model(console: Console, wishes: Wishes, outcomes: Sequence[Outcome]) -> None:
    used = next((outcome.software["quality"] for outcome in outcomes if outcome.software), wishes.quality)
    if used != wishes.quality:
        name = next(model.name for model in MODELS if model.quality == wishes.quality)
        _say(
            console,
            f"{wishes.quality} is not installed, so {used} was used; `kinemotion models fetch {name}` installs it",
        )


def _conclude(console: Console, wishes: Wishes, outcomes: Sequence[Outcome], *, many: bool) -> bool:
    """Tells and writes what all clips share; answers whether something could not be written."""
    if not outcomes:
        return False
    if wishes.together:
        clips = [(str(one.clip), one.jumps, one.failure) for one in outcomes]
        console.print(tables.batch_table(clips, console))
    _tell_of_the_model(console, wishes, outcomes)
    content = encode(
        {"clips": [outcome.content for outcome in outcomes]} if many or wishes.together else outcomes[0].content
    )
    rows = [
        tables.Row(str(outcome.clip), jump, wishes.name or "", str(outcome.report or ""))
        for outcome in outcomes
        for jump in outcome.jumps
    ]
    files = [(wishes.csv, tables.csv_table(rows)), (wishes.json, content)]
    written = [_write(console, path, text) for path, text in files if path is not None]
    if not wishes.silent:
        click.echo(content, nl=False)
    return not all(written)


def _write(console: Console, path: Path, content: bytes) -> bool:
    try:
        atomic.write(path, content)
    except VideoError as error:
        _say(console, f"Error: {error}")
        return False
    return True
