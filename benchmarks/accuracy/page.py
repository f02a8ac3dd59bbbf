"""The page of figures, and the console's words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.accuracy.findings import Section, Table, yes

HEAD: Final = ("on", "figure", "wanted", "reached", "holds")
INTRODUCTION: Final = (
    "Made by `make accuracy`. Every figure that is asked for stands first, beside what was reached; below are the "
    "figures behind it."
)


@dataclass(frozen=True)
class LeftOut:
    """A section whose data are not there.

    Attributes:
        title: its title.
        needs: where they would be.
    """

    title: str
    needs: str


Part = Section | LeftOut


def markdown(parts: Sequence[Part], old: str) -> str:
    """The page; of what was left out, the figures of the old page stay."""
    lines = [line for part in parts for line in _asked(part, old)]
    texts = [_kept(part, old) if isinstance(part, LeftOut) else _text(part) for part in parts]
    return "\n\n".join(["# Accuracy", INTRODUCTION, "\n".join([*_rows([HEAD, ["---"] * 5]), *lines]), *texts]) + "\n"


def table(parts: Sequence[Part]) -> Table:
    """What was asked for, as a table for the console."""
    lines = []
    for part in parts:
        if isinstance(part, LeftOut):
            lines.append((part.title, "left out", f"needs {part.needs}", "the page keeps its last figures", ""))
        else:
            lines += [(part.title, one.what, one.wanted, one.reached, yes(one.holds)) for one in part.requirements]
    return Table(HEAD, lines)


def all_hold(parts: Sequence[Part]) -> bool:
    """Whether everything that was measured is as wanted."""
    return all(one.holds for part in parts if isinstance(part, Section) for one in part.requirements)


def _asked(part: Part, old: str) -> list[str]:
    if isinstance(part, Section):
        return _rows(table([part]).lines)
    return [line for line in old.splitlines() if line.startswith(f"| {part.title} |")] or _rows(table([part]).lines)


def _kept(part: LeftOut, old: str) -> str:
    found = re.search(rf"^## {re.escape(part.title)}\n.*?(?=^## |\Z)", old, re.DOTALL | re.MULTILINE)
    return found[0].rstrip() if found else f"## {part.title}\n\nNot measured yet."


def _text(section: Section) -> str:
    tables = ["\n".join(_rows([one.head, ["---"] * len(one.head), *one.lines])) for one in section.tables]
    return "\n\n".join([f"## {section.title}", section.about, *tables])


def _rows(lines: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in lines]
