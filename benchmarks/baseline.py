"""The ratios to compare with: `python -m benchmarks.baseline` measures some times and writes `baseline.json` anew.

Exit code: 0 it is written, 1 the machine was too busy, 2 a benchmark failed.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

import click
import orjson
from benchmarks.ratios import Measured, NoRatios, measure, read_json

PATH: Final = Path(__file__).with_name("baseline.json")

_FORMAT: Final = "kinemotion.benchmarks.v1"
_RUNS: Final = 5
_QUICK: Final = 0.1
_LEAST_EXCESS: Final = {"cpu": (0.10, 0.30), "wall": (0.20, 0.50)}
"""What a ratio may grow by, at least: of a step as long as a good part of a frame, and of one much shorter."""
_SPREADS: Final = 2.0
_BUSY: Final = 0.06


@dataclass(frozen=True, slots=True)
class Expected:
    """What some runs found of one ratio.

    Attributes:
        ratio: the median of the runs.
        spread: from the least to the greatest, as a share of the median.
    """

    ratio: float
    spread: float

    def allowed(self, kind: str) -> float:
        """The greatest ratio that is no regression.

        Args:
            kind: `cpu` or `wall`.
        """
        usual, quick = _LEAST_EXCESS[kind]
        return self.ratio * (1 + max(quick if self.ratio < _QUICK else usual, _SPREADS * self.spread))


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is expected of each benchmark, by kind of ratio, and what that depends on."""

    machine: Mapping[str, object]
    benchmarks: Mapping[str, Mapping[str, Expected]]


def read(path: Path = PATH) -> Baseline:
    """Reads a baseline.

    Raises:
        NoRatios: there is none, or it is something else.
    """
    if not path.exists():
        raise NoRatios(f"{path} is missing; `make bench-baseline` writes it")
    found = read_json(path)
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise NoRatios(f"{path} is not a baseline ({_FORMAT})")
    return Baseline(
        found["machine"],
        {
            name: {kind: Expected(**expected) for kind, expected in kinds.items()}
            for name, kinds in found["benchmarks"].items()
        },
    )


def write(baseline: Baseline, path: Path = PATH) -> None:
    """Writes a baseline."""
    found = {"format": _FORMAT} | asdict(baseline)
    path.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def combine(runs: Sequence[Measured]) -> Baseline:
    """What some runs of the same benchmarks, on one machine, have in common.

    Raises:
        NoRatios: they are not of the same benchmarks.
    """
    first = runs[0]
    if any(run.ratios.keys() != first.ratios.keys() for run in runs):
        raise NoRatios("the benchmarks changed from one run to the next")
    return Baseline(
        first.machine,
        {
            name: {kind: _expected([run.ratios[name][kind] for run in runs]) for kind in kinds}
            for name, kinds in first.ratios.items()
        },
    )


def _expected(ratios: Sequence[float]) -> Expected:
    middle = median(ratios)
    return Expected(round(middle, 5), round((max(ratios) - min(ratios)) / middle, 3))


def busy(baseline: Baseline) -> bool:
    """Whether the bare library beside itself differed too much for the other ratios to be a baseline."""
    itself = baseline.benchmarks["test_bare_library"]["cpu"]
    return max(itself.spread, abs(itself.ratio - 1)) > _BUSY


@click.command()
@click.option("--runs", default=_RUNS, show_default=True, type=click.IntRange(2), help="How often to measure.")
@click.option("--path", default=PATH, type=click.Path(path_type=Path), help="Where to.  [default: beside this module]")
def main(runs: int, path: Path) -> None:
    """Measure some times, and write what later runs are compared with."""
    try:
        baseline = combine([_measure(number, runs) for number in range(1, runs + 1)])
    except NoRatios as failure:
        click.echo(f"Error: {failure}", err=True)
        sys.exit(2)
    for name, kinds in sorted(baseline.benchmarks.items()):
        click.echo(f"{name:34}" + "".join(f"  {kind} {e.ratio:.5f} ± {e.spread:.1%}" for kind, e in kinds.items()))
    if busy(baseline):
        click.echo("Error: the machine is too busy: the bare library differs from itself; nothing is written", err=True)
        sys.exit(1)
    write(baseline, path)


def _measure(number: int, runs: int) -> Measured:
    click.echo(f"run {number} of {runs}")
    return measure(number)


if __name__ == "__main__":
    main()
