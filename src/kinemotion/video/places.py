"""Which clips are meant, and where their results go."""

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from kinemotion.video.encoder import FORMATS


@dataclass(frozen=True, slots=True)
class Errand:
    """A clip, and the files that it is to give; None for those that nobody asked for."""

    clip: Path
    overlay: Path | None
    report: Path | None
    json: Path | None


def clips(names: Iterable[str]) -> list[Path]:
    """The clips that are meant: patterns that the shell left alone become the files that match, each clip once.

    Raises:
        click.UsageError: nothing matches a pattern.
    """
    found: dict[Path, None] = {}
    for name in names:
        if Path(name).exists() or not glob.has_magic(name):
            found[Path(name)] = None
            continue
        matching = [Path(match) for match in sorted(glob.glob(name, recursive=True)) if Path(match).is_file()]
        if not matching:
            raise click.UsageError(f"no file matches {name}")
        found |= dict.fromkeys(matching)
    return list(found)


def errands(
    films: Sequence[Path], *, overlay: str | None, report: str | None, json: str | None, many: bool
) -> list[Errand]:
    """What each clip is to give.

    Args:
        films: the clips.
        overlay: where overlays go: a file for one clip, a folder for several.
        report: the same for reports.
        json: the same for JSON.
        many: whether names mean folders.

    Raises:
        click.UsageError: a file is named where a folder is needed, an overlay has a wrong ending, or a result would
            take the place of a clip.
    """
    if overlay is not None and not _is_folder(overlay, many) and Path(overlay).suffix.lower() not in FORMATS:
        raise click.UsageError(f"--output {overlay}: an overlay ends in {' or '.join(FORMATS)}")
    overlays = _targets(films, "--output", overlay, ".overlay.mp4", many=many)
    reports = _targets(films, "--report", report, ".report.html", many=many)
    jsons = _targets(films, "--json-output", json, ".json", many=many)
    found = [Errand(*one) for one in zip(films, overlays, reports, jsons, strict=True)]
    for path in (path for one in found for path in (one.overlay, one.report, one.json) if path is not None):
        check_target(path, films)
    return found


def check_target(path: Path, films: Iterable[Path]) -> None:
    """Refuses to write over a clip, or over a folder.

    Raises:
        click.UsageError: it is one.
    """
    if path.is_dir():
        raise click.UsageError(f"{path} is a folder; name a file")
    if path.exists() and any(film.exists() and path.samefile(film) for film in films):
        raise click.UsageError(f"{path} is one of the clips; name another file for the result")


def _targets(
    films: Sequence[Path], option: str, place: str | None, ending: str, *, many: bool
) -> Sequence[Path | None]:
    if place is None:
        return [None] * len(films)
    if not _is_folder(place, many):
        return [Path(place)]
    if Path(place).suffix and not Path(place).is_dir() and not place.endswith(os.sep):
        raise click.UsageError(f"{option} {place}: several clips need a folder, not one file")
    names: dict[str, int] = {}
    paths = []
    for film in films:
        names[film.stem] = count = names.get(film.stem, 0) + 1
        paths.append(Path(place) / f"{film.stem}{f'-{count}' if count > 1 else ''}{ending}")
    return paths


def _is_folder(place: str, many: bool) -> bool:
    return many or place.endswith(os.sep) or Path(place).is_dir()
