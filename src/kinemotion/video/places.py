"""Which clips are meant, and where their results go."""

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

import click

from kinemotion.errors import VideoError
from kinemotion.video.atomic import is_special
from kinemotion.video.encoder import FORMATS
from kinemotion.video.names import check_name


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
        if os.path.exists(name) or not glob.has_magic(name):
            found[Path(name)] = None
            continue
        matching = [Path(match) for match in sorted(glob.glob(name, recursive=True)) if os.path.isfile(match)]
        if not matching:
            raise click.UsageError(f"no file matches {name}")
        found |= dict.fromkeys(matching)
    return list(found)


def errands(
    films: Sequence[Path],
    *,
    overlay: str | None,
    report: str | None,
    json: str | None,
    many: bool,
    shared: Iterable[Path] = (),
) -> list[Errand]:
    """What each clip is to give.

    Args:
        films: the clips.
        overlay: where overlays go: a file for one clip, a folder for several.
        report: the same for reports.
        json: the same for JSON.
        many: whether names mean folders.
        shared: files that all clips share.

    Raises:
        click.UsageError: a file is named where a folder is needed or for two results, an overlay has a wrong ending,
            or a result cannot be written or would take the place of a clip.
    """
    if overlay is not None and not _is_folder(overlay, many) and Path(overlay).suffix.lower() not in FORMATS:
        raise click.UsageError(f"--output {overlay}: an overlay ends in {' or '.join(FORMATS)}")
    overlays = _targets(films, "--output", overlay, ".overlay.mp4", many=many)
    reports = _targets(films, "--report", report, ".report.html", many=many)
    jsons = _targets(films, "--json-output", json, ".json", many=many)
    named: dict[str, Path] = {}
    for path in (*overlays, *reports, *jsons, *shared):
        if path is None:
            continue
        _check_target(path, films)
        if named.setdefault(os.path.realpath(path), path) is not path:
            raise click.UsageError(f"{path} is named for two results; name another file for one of them")
    return [Errand(*one) for one in zip(films, overlays, reports, jsons, strict=True)]


def _check_target(path: Path, films: Iterable[Path]) -> None:
    """Refuses what cannot be written, as far as that can be told without writing, and to write over a clip."""
    try:
        check_name(path)
    except VideoError as error:
        raise click.UsageError(str(error)) from None
    if os.path.isdir(path):
        raise click.UsageError(f"{path} is a folder; name a file")
    if os.path.exists(path) and any(os.path.exists(film) and os.path.samefile(path, film) for film in films):
        raise click.UsageError(f"{path} is one of the clips; name another file for the result")
    why = _why_not(path)
    if why is not None:
        raise click.UsageError(f"{path}: cannot be written ({why})")


def _why_not(path: Path) -> str | None:
    """Why a file cannot be written; None if nothing is known that speaks against it."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        return error.strerror
    if is_special(path):
        return None if os.access(path, os.W_OK) else "no permission to write to it"
    folder = next(parent for parent in path.absolute().parents if os.path.exists(parent))
    return None if os.access(folder, os.W_OK | os.X_OK) else f"no permission to write in {folder}"


def _targets(
    films: Sequence[Path], option: str, place: str | None, ending: str, *, many: bool
) -> Sequence[Path | None]:
    if place is None:
        return [None] * len(films)
    if not _is_folder(place, many):
        return [Path(place)]
    if Path(place).suffix and not os.path.isdir(place) and not place.endswith(os.sep):
        raise click.UsageError(f"{option} {place}: several clips need a folder, not one file")
    names: dict[str, None] = {}
    for film in films:
        numbered = (f"{film.stem}-{number}" for number in count(2))
        names[next(name for name in chain([film.stem], numbered) if name not in names)] = None
    return [Path(place) / f"{name}{ending}" for name in names]


def _is_folder(place: str, many: bool) -> bool:
    return many or place.endswith(os.sep) or os.path.isdir(place)
