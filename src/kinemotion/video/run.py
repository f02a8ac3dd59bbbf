"""Clips by the errand: analyse, write, tell."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from kinemotion.errors import VideoError
from kinemotion.jumps import Jump, Movement
from kinemotion.pose.models import MODELS, Quality
from kinemotion.video import atomic, tables, words
from kinemotion.video.analysis import analyze_video
from kinemotion.video.document import encode
from kinemotion.video.facts import VideoFacts
from kinemotion.video.names import printable
from kinemotion.video.outputs import write_outputs
from kinemotion.video.places import Errand
from kinemotion.video.progress import Bars
from kinemotion.video.quiet import native_remarks_hidden
from kinemotion.video.result import VideoAnalysis

DONE: Final = 0
UNREADABLE: Final = 2
NO_JUMP: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line asked for.

    Attributes:
        movement: the kind of jump.
        height_m: stature; None if not stated. So for the next two.
        mass_kg: body mass.
        drop_height_m: height of the box.
        quality: which model.
        speed: how many times slower than life the clips play.
        together: whether results of all clips go into one document.
        json: file for it; None for standard output.
        silent: whether nothing goes to standard output.
        csv: file for the rows.
        at_once: clips in work at a time.
        cores: frames in work at a time.
    """

    movement: Movement
    height_m: float | None
    mass_kg: float | None
    drop_height_m: float | None
    quality: Quality
    speed: float
    together: bool
    json: Path | None
    silent: bool
    csv: Path | None
    at_once: int
    cores: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a clip: its document, or an error."""

    clip: Path
    content: dict[str, object]
    video: VideoFacts | None = None
    jumps: tuple[Jump, ...] = ()
    software: dict[str, str] | None = None
    error: str | None = None

    @property
    def failure(self) -> str:
        """In a word, why it gave no jump."""
        return "no jump" if self.error is None else "failed"


def run(wishes: Wishes, errands: Sequence[Errand]) -> int:
    """Does all errands; one that fails does not stop the others.

    Returns:
        The exit code: 0 done, 2 if a clip could not be read or a result not written, 3 if a clip had no jump.

    Raises:
        ModelError: the pose model is missing or not the pinned one.
    """
    console = Console(stderr=True)
    outcomes = []
    with native_remarks_hidden():
        with Bars(console, len(errands)) as bars:
            for outcome in _outcomes(wishes, errands, bars):
                bars.clip_done()
                outcomes.append(outcome)
                _tell(console, wishes, outcome)
        if wishes.together:
            console.print(tables.batch_table([(str(one.clip), one.jumps, one.failure) for one in outcomes]))
        _tell_of_the_model(console, wishes, outcomes)
        failed = _write(console, wishes, outcomes)
    if failed or any(outcome.error is not None for outcome in outcomes):
        return UNREADABLE
    return DONE if all(outcome.jumps for outcome in outcomes) else NO_JUMP


def _outcomes(wishes: Wishes, errands: Sequence[Errand], bars: Bars) -> Iterator[Outcome]:
    if wishes.at_once == 1 or len(errands) == 1:
        yield from (_outcome(wishes, errand, bars, wishes.cores) for errand in errands)
        return
    each = wishes.cores // wishes.at_once + 1  # one more than its share: while one clip decodes, another's frames wait
    executor = ThreadPoolExecutor(wishes.at_once, "clip")
    try:
        yield from executor.map(lambda errand: _outcome(wishes, errand, bars, each), errands)
    finally:
        executor.shutdown(cancel_futures=True)


def _outcome(wishes: Wishes, errand: Errand, bars: Bars, cores: int) -> Outcome:
    try:
        analysis = _analysed(wishes, errand, bars, cores)
        content = analysis.to_dict()
        _write_pictures(analysis, errand, bars)
        if errand.json is not None:
            atomic.write(errand.json, encode(content))
    except VideoError as error:
        content = {"jumps": [], "video": {"file": printable(errand.clip)}, "error": str(error)}
        return Outcome(errand.clip, content, error=str(error))
    return Outcome(errand.clip, content, analysis.video, analysis.jumps, analysis.software)


def _analysed(wishes: Wishes, errand: Errand, bars: Bars, cores: int) -> VideoAnalysis:
    show, remove = bars.clip(errand.clip.name)
    try:
        return analyze_video(
            errand.clip,
            wishes.movement,
            height_m=wishes.height_m,
            mass_kg=wishes.mass_kg,
            drop_height_m=wishes.drop_height_m,
            quality=wishes.quality,
            speed=wishes.speed,
            workers=cores,
            progress=show,
        )
    finally:
        remove()


def _write_pictures(analysis: VideoAnalysis, errand: Errand, bars: Bars) -> None:
    if errand.overlay is None and errand.report is None:
        return
    show, remove = bars.clip(f"{errand.clip.name}: drawing")
    try:
        write_outputs(analysis, overlay=errand.overlay, report=errand.report, progress=show)
    finally:
        remove()


def _tell(console: Console, wishes: Wishes, outcome: Outcome) -> None:
    if outcome.error is not None or outcome.video is None:
        _say(console, f"Error: {outcome.error}")
    elif not outcome.jumps:
        _say(console, f"{outcome.clip}: {_no_jump(wishes.movement, outcome.video)}")
    elif not wishes.together:
        _say(console, tables.title(outcome.video))
        console.print(tables.clip_table(outcome.jumps))
        for note in tables.notes(outcome.video, outcome.jumps):
            _say(console, f"- {note}")


def _say(console: Console, text: str) -> None:
    """One line, however long, above the progress bars."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _no_jump(movement: Movement, video: VideoFacts) -> str:
    said = f"no {words.MOVEMENTS[movement].lower()} found. "
    if video.warnings:
        return said + " ".join(words.warning(code) for code in video.warnings)
    return said + (
        "The whole body must be in the picture from standing to landing, feet included; "
        "say --speed if the clip is slow motion."
    )


def _tell_of_the_model(console: Console, wishes: Wishes, outcomes: Sequence[Outcome]) -> None:
    used = next((outcome.software["quality"] for outcome in outcomes if outcome.software), wishes.quality)
    if used != wishes.quality:
        name = next(model.name for model in MODELS if model.quality == wishes.quality)
        _say(
            console,
            f"{wishes.quality} is not installed, so {used} was used; `kinemotion models fetch {name}` installs it",
        )


def _write(console: Console, wishes: Wishes, outcomes: Sequence[Outcome]) -> bool:
    """Writes what all clips share; answers whether something could not be written."""
    whole: object = {"clips": [outcome.content for outcome in outcomes]}
    content = encode(whole if wishes.together or len(outcomes) > 1 else outcomes[0].content)
    try:
        if wishes.csv is not None:
            rows = [(str(outcome.clip), jump) for outcome in outcomes for jump in outcome.jumps]
            atomic.write(wishes.csv, tables.csv_table(rows))
        if wishes.json is not None:
            atomic.write(wishes.json, content)
    except VideoError as error:
        _say(console, f"Error: {error}")
        return True
    if not wishes.silent:
        click.echo(content, nl=False)
    return False
