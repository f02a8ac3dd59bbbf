"""What the outcomes come to: errors, shares and whether they are what is wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from benchmarks.accuracy.outcome import EVENTS, Outcome
from numpy.typing import NDArray

from kinemotion.video.words import display

MOVEMENTS: Final = ("cmj", "sj", "dj")
LEAST_SURE: Final = 0.90
MOST_SURE: Final = 0.99
EVENT_NAMES: Final = tuple(f"{event}_ms" for event in EVENTS)
FINER: Final = ("_ms", "_deg")  # shown with a decimal more than people need


@dataclass(frozen=True)
class Requirement:
    """What is wanted beside what was reached."""

    what: str
    wanted: str
    reached: str
    holds: bool


@dataclass(frozen=True)
class Table:
    """Lines of text."""

    head: Sequence[str]
    lines: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    title: str
    about: str
    requirements: Sequence[Requirement]
    tables: Sequence[Table]


def shown(name: str, value: float, more: int = 0) -> str:
    """A metric's value without its unit, with so many decimals more than usual."""
    _, _, factor, decimals = _unit(name)
    return f"{factor * value:.{decimals + more}f}"


def limit_of(name: str, shown_limit: float) -> float:
    """A limit as it is shown, in the metric's own unit."""
    return shown_limit / _unit(name)[2]


def unit(name: str) -> str:
    """A metric's unit, as it is shown."""
    return _unit(name)[1]


def label(name: str) -> str:
    """A metric in words, with its unit."""
    words = name.removesuffix(_unit(name)[0]).replace("_", " ")
    return f"{words}, {unit(name)}" if unit(name) else words


def yes(holds: bool) -> str:
    """Whether something holds, in plain text."""
    return "yes" if holds else "NO"


def _unit(name: str) -> tuple[str, str, float, int]:
    suffix, sign, factor, decimals = display(name)
    return suffix, sign, factor, decimals + (suffix in FINER)


def of(outcomes: Sequence[Outcome], movement: str) -> list[Outcome]:
    """Those of one movement."""
    return [one for one in outcomes if one.movement == movement]


def sizes(outcomes: Sequence[Outcome], name: str) -> NDArray[np.float64]:
    """The absolute errors of one metric, (N,)."""
    return np.abs(np.array([one.errors[name] for one in outcomes if name in one.errors], dtype=np.float64))


def mean_error(outcomes: Sequence[Outcome], name: str, limits: Mapping[str, float]) -> Requirement:
    """The mean absolute error of a metric, by movement; `limits` are as shown: cm, ms."""
    errors = {movement: sizes(of(outcomes, movement), name) for movement in limits}
    holds = [len(errors[one]) > 0 and errors[one].mean() <= limit_of(name, limit) for one, limit in limits.items()]
    reached = [f"{one} {shown(name, some.mean(), 1) if len(some) else 'none'}" for one, some in errors.items()]
    wanted = ", ".join(f"{movement} {limit:.1f}" for movement, limit in limits.items())
    return Requirement(f"{label(name)}: mean absolute error", f"at most {wanted}", ", ".join(reached), all(holds))


def worst_error(outcomes: Sequence[Outcome], name: str, limit: float) -> Requirement:
    """The largest error of a metric; the limit is as shown: cm, ms."""
    worst = float(sizes(outcomes, name).max(initial=0.0))
    return Requirement(
        f"{label(name)}: worst", f"at most {limit:.1f}", shown(name, worst, 1), worst <= limit_of(name, limit)
    )


def all_found(outcomes: Sequence[Outcome]) -> Requirement:
    """Whether every jump was found, and none invented."""
    found, invented = sum(bool(one.errors) for one in outcomes), sum(max(one.reported - 1, 0) for one in outcomes)
    reached = f"{found} of {len(outcomes)}, {invented} invented"
    return Requirement("jumps found", "all, none invented", reached, found == len(outcomes) and not invented)


def within_two_sd(outcomes: Sequence[Outcome], name: str) -> tuple[int, int]:
    """How many errors of a metric lie within two of the standard deviations given, and of how many."""
    sure = [abs(one.errors[name]) <= 2 * one.sds[name] for one in outcomes if name in one.sds]
    return sum(sure), len(sure)


def sure_enough(inside: int, cases: int) -> bool:
    """Whether 90 to 99 % are inside, as far as so few cases can tell: below 100 cases, none outside is no miss."""
    return cases > 0 and LEAST_SURE * cases <= inside <= cases - int((1 - MOST_SURE) * cases + 1e-9)


def honest(outcomes: Sequence[Outcome], name: str) -> Requirement:
    """Whether the standard deviations given with a metric say how far it is off."""
    shares, holds = [], True
    for movement in MOVEMENTS:
        inside, cases = within_two_sd(of(outcomes, movement), name)
        holds = holds and sure_enough(inside, cases)
        shares.append(f"{movement} {inside} of {cases}")
    return Requirement(f"{label(name)}: error within two sd", "90-99 %", ", ".join(shares), holds)


def all_honest(outcomes: Sequence[Outcome]) -> Requirement:
    """The same for every metric."""
    rows = [(movement, name) for movement in MOVEMENTS for name in metrics(of(outcomes, movement))]
    rows = [(movement, name) for movement, name in rows if within_two_sd(of(outcomes, movement), name)[1]]
    missed = [row for row in rows if not sure_enough(*within_two_sd(of(outcomes, row[0]), row[1]))]
    reached = f"{len(rows) - len(missed)} of {len(rows)}"
    return Requirement("each metric of each movement: error within two sd", "90-99 %", reached, not missed)


def metrics(outcomes: Sequence[Outcome]) -> list[str]:
    """The names of everything that was compared, the events last."""
    names = dict.fromkeys(name for one in outcomes for name in one.errors if name not in EVENT_NAMES)
    return [*names, *EVENT_NAMES]


def metric_table(outcomes: Sequence[Outcome]) -> Table:
    """A line for each metric of each movement."""
    head = ("movement", "metric", "cases", "mean absolute error", "worst", "within two sd", "wanted", "holds")
    lines = []
    for movement in MOVEMENTS:
        mine = of(outcomes, movement)
        for name in metrics(mine):
            errors = sizes(mine, name)
            if not len(errors):
                continue
            inside, cases = within_two_sd(mine, name)
            sure = (f"{100 * inside / cases:.0f} %", "90-99 %", yes(sure_enough(inside, cases))) if cases else ("",) * 3
            figures = [shown(name, float(value)) for value in (errors.mean(), errors.max())]
            lines.append((movement, label(name), f"{len(errors)} of {len(mine)}", *figures, *sure))
    return Table(head, lines)
