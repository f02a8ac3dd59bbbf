"""The commands for clips. What they need beyond click is imported when one runs."""

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from kinemotion.errors import KinemotionError
from kinemotion.jumps import Movement
from kinemotion.jumps.athlete import DROP_HEIGHT_M, HEIGHT_M, MASS_KG
from kinemotion.pose.models import Quality

_BAD_USAGE: Final = 2


class _Measure(click.FloatRange):
    """A number that has a unit, which is told where the number is wrong."""

    def __init__(self, unit: str, least: float, most: float) -> None:
        super().__init__(least, most)
        self._unit = unit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as refusal:
            self.fail(f"{refusal.message.removesuffix('.')}, in {self._unit}{self._hint(value)}.", param, ctx)

    def _hint(self, value: Any) -> str:
        """What was meant, where that was centimetres."""
        if self._unit == "metres":
            with contextlib.suppress(ValueError, click.BadParameter):
                return f": {value} cm are {super().convert(float(value) / 100, None, None):g}"
        return ""


_DONE_HELP: Final = (
    "\b\nExit code: 0 done, 2 bad usage or a file that cannot be read or written, 3 no jump found, 130 interrupted."
)


def _readable(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and value.encode("utf-8", "replace").decode("utf-8") != value:
        raise click.BadParameter("not in UTF-8")
    return value


_OPTIONS: Final = (
    click.argument("clips", nargs=-1, required=True, metavar="CLIP..."),
    click.option("-o", "--output", metavar="FILE|DIR", help="Write the clip with skeleton, phase, events and figures "
        "drawn over it: .mp4 (H.264 if the ffmpeg program is installed, else VP9, which takes long) or .webm (VP8, "
        "quicker)."),
    click.option("--report", metavar="FILE|DIR", help="Write a report: one HTML file that needs nothing else."),
    click.option("-j", "--json-output", metavar="FILE|DIR", help="Write the JSON here, not to standard output."),
    click.option("--csv-summary", metavar="FILE", help="Write one row for each jump here; no JSON goes to standard "
        "output then."),
    click.option("--quality", type=click.Choice([quality.value for quality in Quality]), default=Quality.FAST.value,
        show_default=True, help="Which pose model; see `kinemotion models`."),
    click.option("--speed", type=click.FloatRange(0.01, 1000), default=1.0, show_default=True,
        help="How many times slower than life the clip plays: 8 for 240 pictures a second stored at 30."),
    click.option("--height", "height_m", type=_Measure("metres", *HEIGHT_M), help="The athlete's stature in metres; "
        "makes lengths surer."),
    click.option("--name", callback=_readable, help="The athlete's name, for report, JSON and CSV."),
    click.option("--batch", is_flag=True, help="Work on several clips at once, and print one table for all."),
    click.option("--workers", type=click.IntRange(1, 64), help="Clips in work at once with --batch.  [default: the "
        "number of cores]"),
)  # fmt: skip
_MASS: Final = click.option(
    "--mass",
    "mass_kg",
    type=_Measure("kilograms", *MASS_KG),
    help="The athlete's mass in kilograms, for power and, of squat jumps, force.",
)
_DROP_HEIGHT: Final = click.option(
    "--drop-height", "drop_height_m", type=_Measure("metres", *DROP_HEIGHT_M), help="Height of the box in metres."
)


def _command(name: str, movement: Movement, summary: str, *options: Callable[[Any], Any]) -> click.Command:
    def analyse(**values: Any) -> None:
        try:
            sys.exit(_run(movement, **values))
        except KinemotionError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(_BAD_USAGE)

    analyse.__doc__ = f"{summary}\n\nCLIP is a video file, or a pattern in quotes such as 'clips/*.mp4'. A table "
    analyse.__doc__ += "for people goes to standard error; JSON to standard output, unless that is a terminal: then "
    analyse.__doc__ += f"--json-output has it.\n\n{_DONE_HELP}"
    for option in reversed((*_OPTIONS, *options)):
        analyse = option(analyse)
    return click.command(name)(analyse)


def _run(
    movement: Movement,
    *,
    clips: tuple[str, ...],
    output: str | None,
    report: str | None,
    json_output: str | None,
    csv_summary: str | None,
    quality: str,
    speed: float,
    height_m: float | None,
    mass_kg: float | None = None,
    drop_height_m: float | None = None,
    name: str | None,
    batch: bool,
    workers: int | None,
) -> int:
    from kinemotion.settings import Settings
    from kinemotion.video import places
    from kinemotion.video.run import Wishes, run

    if workers is not None and not batch:
        raise click.UsageError("--workers goes with --batch")
    films = places.clips(clips)
    many = batch or len(films) > 1
    shared = json_output if batch and json_output and _names_a_file(json_output) else None
    each = None if shared else json_output
    together = [Path(path) for path in (shared, csv_summary) if path is not None]
    errands = places.errands(films, overlay=output, report=report, json=each, many=many, shared=together)
    at_once = workers or Settings.from_environment().workers
    wishes = Wishes(
        movement=movement,
        height_m=height_m,
        mass_kg=mass_kg,
        drop_height_m=drop_height_m,
        name=name,
        quality=Quality(quality),
        speed=speed,
        together=batch,
        json=None if shared is None else Path(shared),
        silent=json_output is not None or csv_summary is not None or sys.stdout.isatty(),
        csv=None if csv_summary is None else Path(csv_summary),
        at_once=min(at_once, len(films)) if batch else 1,
    )
    return run(wishes, errands)


def _names_a_file(place: str) -> bool:
    return bool(Path(place).suffix) and not os.path.isdir(place) and not place.endswith(os.sep)


COMMANDS: Final = (
    _command("cmj-analyze", Movement.CMJ, "Measure the countermovement jumps in clips.", _MASS),
    _command("sj-analyze", Movement.SJ, "Measure the squat jumps in clips.", _MASS),
    _command("dropjump-analyze", Movement.DJ, "Measure the drop jumps in clips.", _DROP_HEIGHT),
    _command(
        "analyze",
        Movement.AUTO,
        "Measure the jumps in clips, whichever they are: each is told from what came before its take-off.",
        _MASS,
        _DROP_HEIGHT,
    ),
)
