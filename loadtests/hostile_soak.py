"""Cameras beside hostile clients, and the same cameras beside none: `python -m loadtests.hostile_soak`.

Exit code: 0 the cameras hardly notice and nothing is lost, 1 they do or something is, 2 the test failed.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil, sqrt
from pathlib import Path
from statistics import median
from typing import Any, Final

import click
import orjson

from loadtests.result import ATTACKS_FILE, FOLDER
from loadtests.run import LoadTestFailed, Server, every_second, run
from loadtests.scenarios import Scenario
from loadtests.slo import NoResult, Objectives, Verdict, read

ABOUT_TIME: Final = frozenset({"unanswered"})
"""Errors of a busy machine, which lose no session."""

_MIB: Final = 1024 * 1024
_FAULTS: Final = re.compile(r'Traceback|Exception|ERROR|CRITICAL|never retrieved|"level": ?"(?:error|critical)"')


class Attackers:
    """Hostile clients in a process of their own.

    Args:
        count: how many.
        folder: where their files go.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self._count = count
        self._folder = folder

    @contextmanager
    def __call__(self, server: Server) -> Iterator[None]:
        """Has them attack a server, as long as the context lasts.

        Raises:
            LoadTestFailed: they could not.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [
            sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("hostile.py")), "--headless",
            "--only-summary", "--host", server.address, "-u", str(self._count), "--jump-every", "0", "--clips", "1",
            "--exit-code-on-error", "0", "--csv", str(self._folder / "locust"),
            "--html", str(self._folder / "report.html"), "--result", str(self._folder / "result.json"),
        ]  # fmt: skip
        with subprocess.Popen(command) as process:
            try:
                yield
            finally:
                process.terminate()
        if process.returncode:
            raise LoadTestFailed(f"the hostile clients failed with exit code {process.returncode}")

    def attacks(self) -> dict[str, int]:
        """How many there were of each kind."""
        found: dict[str, int] = orjson.loads((self._folder / ATTACKS_FILE).read_bytes())
        return found


class Sizes:
    """A server's resident memory, read every second, in MiB."""

    def __init__(self) -> None:
        self.mib: list[float] = []

    @contextmanager
    def __call__(self, server: Server) -> Iterator[None]:
        """Watches a server."""
        with every_second(lambda: self._look(server.pid)):
            yield

    def _look(self, process: int) -> None:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        self.mib.append(pages * os.sysconf("SC_PAGE_SIZE") / _MIB)


def judge(
    alone: dict[str, Any], beside: dict[str, Any], attacks: dict[str, int], mib: Sequence[float], log: str,
    *, share: float, growth: float, missed: float, live_only: float,
) -> list[Verdict]:  # fmt: skip
    """Compares the cameras beside hostile clients with those beside none.

    Args:
        alone: result of the cameras beside none.
        beside: result of the cameras beside hostile clients.
        attacks: how many of each there were.
        mib: the server's memory, from first to last.
        log: what the server wrote to standard error.
        share: how much greater p95 may be.
        growth: how much larger the server may be in the last third of the time than in the one before.
        missed: how many more of the jumps may have no final result, as a share of them; one is always allowed, and
            what chance may do, two standard deviations.
        live_only: how many more may be final without every frame, in the same way.
    """
    return [
        _attacked(attacks),
        _latency(alone, beside, share),
        _nothing_lost(beside),
        *_jumps(alone["jumps"], beside["jumps"], missed, live_only),
        _flat(mib, growth),
        _no_faults(log),
    ]


def _attacked(attacks: dict[str, int]) -> Verdict:
    named = ", ".join(f"{count} {name}" for name, count in sorted(attacks.items()))
    return Verdict(bool(attacks), f"attacks: {sum(attacks.values())}: {named}")


def _latency(alone: dict[str, Any], beside: dict[str, Any], share: float) -> Verdict:
    if alone["latency_ms"] is None or beside["latency_ms"] is None:
        return Verdict(False, "latency: nothing to compare")
    before_ms, after_ms = alone["latency_ms"]["p95"], beside["latency_ms"]["p95"]
    text = f"latency: p95 {after_ms:.0f} ms, {before_ms:.0f} ms without attacks, at most {100 * share:g} % more"
    return Verdict(after_ms <= (1 + share) * before_ms, text)


def _nothing_lost(beside: dict[str, Any]) -> Verdict:
    errors = {kind: count for kind, count in beside["totals"]["errors_by_kind"].items() if kind not in ABOUT_TIME}
    served = sum(camera["answered"] > 0 for camera in beside["cameras"])
    text = f"sessions: {served} of {len(beside['cameras'])} cameras served"
    named = "".join(f", {count} {kind}" for kind, count in sorted(errors.items()))
    return Verdict(0 < served == len(beside["cameras"]) and not errors, text + named)


def _jumps(alone: dict[str, Any], beside: dict[str, Any], missed: float, live_only: float) -> Iterator[Verdict]:
    if not (alone["filmed"] and beside["filmed"]):
        yield Verdict(False, "jumps: nothing to compare")
        return
    told = f" ({beside['never_final']} of them seen live)"
    yield _no_more("missed", "jumps missed", told, alone, beside, missed)
    yield _no_more("from_live_frames_only", "jumps as seen live", "", alone, beside, live_only)


def _no_more(
    key: str, what: str, remark: str, alone: dict[str, Any], beside: dict[str, Any], more: float
) -> Verdict:  # fmt: skip
    """Compares shares, since one run takes longer than the other."""
    share, filmed = alone[key] / alone["filmed"], beside["filmed"]
    chance = filmed * sqrt(share * (1 - share) * (1 / filmed + 1 / alone["filmed"]))  # standard deviation, binomial
    allowed = max(1.0, more * filmed, 2 * chance)
    text = (
        f"{what}: {beside[key]} of {filmed}{remark}, {alone[key]} of {alone['filmed']} without attacks, at most "
        f"{allowed:.0f} more than that share"
    )
    return Verdict(beside[key] <= share * filmed + allowed, text)


def _flat(mib: Sequence[float], growth: float) -> Verdict:
    third = len(mib) // 3
    if not third:
        return Verdict(False, "memory: hardly looked at")
    middle, last = mib[third : 2 * third], mib[2 * third :]
    early, late = median(middle), median(last)  # the largest tells how many graphs of hostile clients met by chance
    sizes = f"{early:.0f} MiB in the middle third (at most {max(middle):.0f}), {late:.0f} ({max(last):.0f}) in the last"
    return Verdict(late <= (1 + growth) * early, f"memory: {sizes}, at most {100 * growth:g} % more")


def _no_faults(log: str) -> Verdict:
    faults = _FAULTS.findall(log)
    return Verdict(not faults, f"log: {len(faults)} faults")


def find(cameras: int, hostile: int, seconds: int, alone_s: int, folder: Path, **limits: float) -> list[Verdict]:
    """Runs both, and judges.

    Args:
        cameras: honest ones.
        hostile: clients beside them.
        seconds: how long with hostile clients.
        alone_s: how long without.
        folder: where the files go.
        limits: of `judge`.

    Raises:
        LoadTestFailed: the server or Locust failed.
        NoResult: Locust left no result.
    """
    scenario = Scenario("cameras", f"-u {cameras} -r 5 --clips 2", alone_s, Objectives())
    alone = read(run(scenario, folder / "alone"))
    sizes, log = Sizes(), folder / "server.log"
    attackers = Attackers(hostile, folder / "attackers")

    @contextmanager
    def watch(server: Server) -> Iterator[None]:
        with sizes(server), attackers(server):
            yield

    beside = read(run(scenario, folder / "beside", seconds=seconds, watch=watch, log=log))
    return judge(alone, beside, attackers.attacks(), sizes.mib, log.read_text(), **limits)


@click.command()
@click.option("--cameras", default=25, show_default=True, type=click.IntRange(2), help="How many, hostile ones too.")
@click.option("--hostile", default=0.1, show_default=True, type=click.FloatRange(0.01, 0.9), help="Their share.")
@click.option("--seconds", default=600, show_default=True, type=click.IntRange(10), help="How long.")
@click.option("--alone-s", default=240, show_default=True, type=click.IntRange(10), help="How long without attacks.")
@click.option("--share", default=0.20, show_default=True, help="Greatest growth of p95.")
@click.option("--growth", default=0.05, show_default=True, help="Greatest growth of the server's memory.")
@click.option("--missed", default=0.01, show_default=True, help="Greatest growth of the share of jumps missed.")
@click.option("--live-only", default=0.05, show_default=True, help="The same of jumps final without every frame.")
def main(cameras: int, hostile: float, seconds: int, alone_s: int, **limits: float) -> None:
    """Have hostile clients attack a server of its own, and see whether the others notice."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # or the server would outlive this
    attackers = ceil(hostile * cameras)
    try:
        folder = FOLDER / "hostile"
        verdicts = find(cameras - attackers, attackers, seconds, alone_s, folder, **limits)
    except (LoadTestFailed, NoResult) as failure:
        click.echo(f"Error: {failure}", err=True)
        sys.exit(2)
    for verdict in verdicts:
        click.echo(f"{'met   ' if verdict.met else 'MISSED'} {verdict.text}")
    sys.exit(0 if all(verdict.met for verdict in verdicts) else 1)


if __name__ == "__main__":
    main()
