"""Compares with the baseline: `python -m benchmarks.compare` measures, `python -m benchmarks.compare RESULT...` reads.

What looks like a regression is measured again, twice if need be, and is one if it looks like one every time.

Exit code: 0 nothing is worse, 1 something is worse, was not measured or is not in the baseline, 2 there is nothing to
compare.
"""

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Final

import click
from benchmarks.baseline import PATH, Baseline, read
from benchmarks.ratios import Measured, NoRatios, Ratios, measure, read_result

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One ratio beside what is expected of it; `now` is None where it was not measured."""

    name: str
    kind: str
    expected: float
    now: float | None
    allowed: float

    @property
    def met(self) -> bool:
        """Whether it was measured, and is no worse than allowed."""
        return self.now is not None and self.now <= self.allowed


def compare(expected: Baseline, ratios: Ratios) -> list[Row]:
    """Every ratio of the baseline beside what was measured."""
    return [
        Row(name, kind, wanted.ratio, ratios.get(name, {}).get(kind), wanted.allowed(kind))
        for name, kinds in sorted(expected.benchmarks.items())
        for kind, wanted in kinds.items()
    ]


def best(one: Ratios, other: Ratios) -> Ratios:
    """The lesser of two runs' ratios, one by one: what slows a machine down only ever adds."""
    return {name: _lesser(one.get(name, {}), other.get(name, {})) for name in one.keys() | other.keys()}


def _lesser(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {kind: min(ratios[kind] for ratios in (one, other) if kind in ratios) for kind in one.keys() | other.keys()}


def unknown(expected: Baseline, ratios: Ratios) -> list[str]:
    """Benchmarks that the baseline does not hold."""
    return sorted(ratios.keys() - expected.benchmarks.keys())


def missing(expected: Baseline, ratios: Ratios) -> list[str]:
    """Benchmarks that only the baseline holds."""
    return sorted(expected.benchmarks.keys() - ratios.keys())


def table(rows: Sequence[Row]) -> str:
    """The rows, the worst first."""
    lines = [f"{'':8}{'benchmark':34} {'ratio':5} {'baseline':>9} {'now':>9} {'allowed':>9} {'change':>8}"]
    lines += [_line(row) for row in sorted(rows, key=lambda row: row.met)]
    return "\n".join(lines)


def _line(row: Row) -> str:
    verdict = "ok" if row.met else "MISSING" if row.now is None else "WORSE"
    now, change = ("-", "-") if row.now is None else (f"{row.now:.5f}", f"{row.now / row.expected - 1:+.1%}")
    return f"{verdict:8}{row.name:34} {row.kind:5} {row.expected:9.5f} {now:>9} {row.allowed:9.5f} {change:>8}"


def _measure_until_good(expected: Baseline) -> Measured:
    """Measures everything, and again what is worse, as long as there are attempts left."""
    found = measure(1)
    for attempt in range(2, _ATTEMPTS + 1):
        worse = {row.name for row in compare(expected, found.ratios) if not row.met and row.now is not None}
        if not worse:
            break
        click.echo(f"once more, since they look worse: {', '.join(sorted(worse))}")
        found = Measured(found.machine, best(found.ratios, measure(attempt, worse).ratios))
    return found


def _read_all(paths: Collection[Path]) -> Measured:
    results = [read_result(path) for path in paths]
    return Measured(results[0].machine, reduce(best, (result.ratios for result in results)))


@click.command()
@click.argument("results", metavar="[RESULT]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--baseline", "path", default=PATH, type=click.Path(path_type=Path),
    help="What to compare with.  [default: beside this module]",
)  # fmt: skip
def main(results: tuple[Path, ...], path: Path) -> None:
    """Compare with the baseline: the best of each RESULT of `pytest --benchmark-json`, or what is measured now."""
    try:
        expected = read(path)
        found = _read_all(results) if results else _measure_until_good(expected)
    except NoRatios as failure:
        click.echo(f"Error: {failure}", err=True)
        sys.exit(2)
    sys.exit(0 if report(expected, found) else 1)


def report(expected: Baseline, found: Measured) -> bool:
    """Prints the comparison.

    Returns:
        Whether nothing is worse than allowed, and both are of the same benchmarks.
    """
    rows, new = compare(expected, found.ratios), unknown(expected, found.ratios)
    click.echo(table(rows))
    for name in new:
        click.echo(f"not in the baseline: {name}; `make bench-baseline` adds it, on an idle machine")
    for name in missing(expected, found.ratios):
        click.echo(f"not measured: {name}; if there is no such benchmark any more, `make bench-baseline` drops it")
    if found.machine != expected.machine:
        click.echo(f"the baseline is of {_named(expected.machine)}; this is {_named(found.machine)}")
    return all(row.met for row in rows) and not new


def _named(machine: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(machine.items()))


if __name__ == "__main__":
    main()
