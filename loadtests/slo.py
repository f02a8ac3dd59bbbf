"""Judges the result of a load test: `python -m loadtests.slo RESULT`.

Exit code: 0 every objective is met, 1 one is missed, 2 there is no result to judge.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import orjson

from loadtests.result import FLOOD, FORMAT

_UNREADABLE: Final = 2
_FIRST_ANSWER: Final = "from the first frame to the first answer"
_FIRST_RESULT: Final = "from landing to the first result"


@dataclass(frozen=True, slots=True)
class Objectives:
    """What a server must do; times are milliseconds, and None asks for nothing.

    Attributes:
        p95_ms: 95th percentile of the time from frame due to answer received.
        errors: greatest share of errors among answers and errors.
        fair: least share of the most-answered camera's answers that the least-answered one gets.
        height_m: greatest mean error of the final heights; with it, every jump filmed must be found just once.
        final_ms: greatest time from landing to the final result, of those jumps.
        first_ms: greatest time from a session's first frame sent to its first answer.
        beside: how much greater p95 may be beside a camera that floods than alone, as a share.
    """

    p95_ms: float = 200.0
    errors: float = 0.01
    fair: float | None = None
    height_m: float | None = None
    final_ms: float = 4000.0
    first_ms: float | None = None
    beside: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one objective."""

    met: bool
    text: str


class NoResult(Exception):
    """There is nothing to judge; the message says why."""


def read(path: Path) -> dict[str, Any]:
    """Reads a result.

    Raises:
        NoResult: the file is missing, or is something else.
    """
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise NoResult(f"{path}: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise NoResult(f"{path} is not JSON") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise NoResult(f"{path} is not the result of a load test ({FORMAT})")
    return found


def judge(result: dict[str, Any], objectives: Objectives) -> list[Verdict]:
    """Compares a result with the objectives. What was not measured is not met."""
    verdicts = [_all_served(result), _latency(result, objectives.p95_ms), _errors(result, objectives.errors)]
    if objectives.fair is not None:
        verdicts.append(_fairness(result, objectives.fair))
    if objectives.first_ms is not None:
        verdicts.append(_first_answers(result, objectives.first_ms))
    if objectives.height_m is not None:
        verdicts += _jumps(result, objectives.height_m, objectives.final_ms)
    if objectives.beside is not None:
        verdicts.append(_beside(result, objectives.beside))
    return verdicts


def _all_served(result: dict[str, Any]) -> Verdict:
    counted = [camera for camera in result["cameras"] if camera["label"] != FLOOD]
    served = sum(camera["answered"] > 0 for camera in counted)
    return Verdict(0 < served == len(counted), f"{served} of {len(counted)} cameras got answers")


def _latency(result: dict[str, Any], limit_ms: float) -> Verdict:
    spread = result["latency_ms"]
    if spread is None:
        return Verdict(False, "latency: no frame was answered")
    return Verdict(spread["p95"] <= limit_ms, f"latency: p95 {spread['p95']:.0f} ms, at most {limit_ms:g} ms")


def _errors(result: dict[str, Any], limit: float) -> Verdict:
    failed, answered, kinds = (result["totals"][name] for name in ("errors", "answered", "errors_by_kind"))
    if not failed + answered:
        return Verdict(False, "errors: nothing happened")
    rate = failed / (failed + answered)  # the result's own is rounded, and a limit of 0 means none
    named = "".join(f", {count} {kind}" for kind, count in sorted(kinds.items()))
    return Verdict(rate <= limit, f"errors: {100 * rate:.2f} %, at most {100 * limit:g} %{named}")


def _fairness(result: dict[str, Any], limit: float) -> Verdict:
    together = result["together"]
    if together is None or together["least_to_most"] is None:
        return Verdict(False, "fairness: the cameras never streamed all at once")
    share = together["least_to_most"]
    counts = f"{together['least_answered']} and {together['most_answered']} answers in {together['seconds']} s"
    return Verdict(share >= limit, f"fairness: {share:.2f} of the most-answered camera's, at least {limit:g}; {counts}")


def _first_answers(result: dict[str, Any], limit_ms: float) -> Verdict:
    spread = result["first_answer_ms"]
    if spread is None:
        return Verdict(False, "first answers: none came")
    return Verdict(
        spread["max"] <= limit_ms,
        f"first answers: {spread['max']:.0f} ms at most after the first frame, at most {limit_ms:g} ms",
    )


def _jumps(result: dict[str, Any], height_m: float, final_ms: float) -> Iterator[Verdict]:
    jumps = result["jumps"]
    filmed, once = jumps["filmed"], jumps["found_once"]
    yield Verdict(
        0 < filmed == once and not jumps["strays"],
        f"jumps: {once} of {filmed} found once, {jumps['found_again']} more often, {jumps['strays']} that nobody did",
    )
    error_m = jumps["mean_height_error_m"]
    if error_m is None:
        yield Verdict(False, "heights: none came")
        return
    yield Verdict(
        error_m <= height_m and not jumps["without_height"],
        f"heights: {100 * error_m:.2f} cm off on average, at most {100 * height_m:g} cm; "
        f"{jumps['from_live_frames_only']} from live frames only",
    )
    latest_ms = jumps["final_after_landing_ms"]["max"]
    yield Verdict(latest_ms <= final_ms, f"final results: {latest_ms:.0f} ms after landing, at most {final_ms:g} ms")


def _beside(result: dict[str, Any], limit: float) -> Verdict:
    alone, beside = (_median_p95(result, label) for label in ("alone", "beside"))
    if alone is None or beside is None:
        return Verdict(False, "beside a flood: nothing to compare")
    text = f"beside a flood: p95 {beside:.0f} ms, alone {alone:.0f} ms, at most {100 * limit:g} % more"
    return Verdict(beside <= (1 + limit) * alone, text)


def _median_p95(result: dict[str, Any], label: str) -> float | None:
    spreads = [camera["latency_ms"] for camera in result["cameras"] if camera["label"] == label]
    if not spreads or None in spreads:
        return None
    return float(sorted(spread["p95"] for spread in spreads)[len(spreads) // 2])


@click.command()
@click.argument("path", metavar="RESULT", type=click.Path(path_type=Path))
@click.option("--p95-ms", default=200.0, show_default=True, help="Greatest 95th percentile of the latency.")
@click.option("--errors", default=0.01, show_default=True, help="Greatest share of errors.")
@click.option("--fair", type=float, help="Least share of the most-answered camera's answers for every camera.")
@click.option("--height-m", type=float, help="Every jump found once, and heights no farther off on average.")
@click.option("--final-ms", default=4000.0, show_default=True, help="With --height-m: final results by then.")
@click.option("--first-ms", type=float, help="Greatest time from a camera's first frame to its first answer.")
@click.option("--beside", type=float, help="Greatest growth of p95 beside a camera that floods.")
def main(path: Path, **objectives: float | None) -> None:
    """Judge the RESULT of a load test."""
    try:
        result = read(path)
    except NoResult as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(_UNREADABLE)
    sys.exit(0 if report(result, Objectives(**objectives)) else 1)  # type: ignore[arg-type]


def report(result: dict[str, Any], objectives: Objectives) -> bool:
    """Prints the verdicts.

    Returns:
        Whether every objective is met.
    """
    totals = result["totals"]
    share = totals["delivered_share"] or 0.0
    click.echo(
        f"{totals['cameras']} cameras, {result['seconds']:.0f} s: {totals['answered']} of {totals['sent']} frames "
        f"answered ({100 * share:.0f} %), load generator at {100 * result['generator']['cpu_share']:.0f} % of a core"
    )
    _tell(_FIRST_ANSWER, result.get("first_answer_ms"))
    _tell(_FIRST_RESULT, result["jumps"].get("first_after_landing_ms"))
    verdicts = judge(result, objectives)
    for verdict in verdicts:
        click.echo(f"{'met   ' if verdict.met else 'MISSED'} {verdict.text}")
    return all(verdict.met for verdict in verdicts)


def _tell(what: str, spread: Mapping[str, float] | None) -> None:
    """Prints percentiles, where there are any."""
    if spread is not None:
        figures = ", ".join(f"{name} {value:.0f}" for name, value in spread.items())
        click.echo(f"       {what}: {figures} ms")


if __name__ == "__main__":
    main()
