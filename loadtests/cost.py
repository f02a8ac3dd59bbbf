"""What the server adds to MediaPipe: `python -m loadtests.cost`.

Processor time of the server's process for each answered frame, while all cameras stream and nobody jumps, over that of
bare loops around the library, in turns. README.md tells what makes them comparable.

Exit code: 0 the ratio is no greater than asked, 1 it is, or the result misses an objective, 2 the test failed.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import click
from prometheus_client.parser import text_string_to_metric_families

from loadtests.bare import Bare, measure
from loadtests.clips import Loop
from loadtests.result import FOLDER, write
from loadtests.run import LoadTestFailed, Server, every_second, run
from loadtests.scenarios import Scenario
from loadtests.slo import NoResult, Objectives, read, report

_FPS: Final = 30.0
_CLIPS: Final = 4
_SETTLE_S: Final = 5.0
_END_SAMPLES: Final = 2
_ANSWERED: Final = ("analysed", "no_pose")
_SPREAD: Final = 0.05


class Sample(NamedTuple):
    """What was read of a running server at one moment; processor time and answers are since its start."""

    at_s: float
    cpu_s: float
    cameras: int
    answered: int


class Steady(NamedTuple):
    """What the server did while all cameras streamed."""

    seconds: float
    answered: int
    cpu_ms: float
    """Processor time for each answered frame."""
    cores: float
    """Processor time for each second."""


class Watch:
    """Reads a server's figures every second, on a thread of its own, as long as the context lasts."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    @contextmanager
    def __call__(self, server: Server) -> Iterator[None]:
        """Watches a server."""
        with every_second(lambda: self.samples.append(sample(server))):
            yield


def sample(server: Server) -> Sample:
    """Reads a server's figures now.

    Raises:
        OSError: it does not answer.
    """
    connection = HTTPConnection(urlsplit(server.address).netloc, timeout=10)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    found = {
        (read.name, read.labels.get("outcome")): int(read.value)
        for family in text_string_to_metric_families(text)
        for read in family.samples
        if read.name in ("kinemotion_sessions", "kinemotion_frames_total")
    }
    answered = sum(found["kinemotion_frames_total", outcome] for outcome in _ANSWERED)
    return Sample(monotonic(), cpu_s(server.pid), found["kinemotion_sessions", None], answered)


def cpu_s(pid: int) -> float:
    """The processor time of a process, all its threads, since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime; the state is field 0 here


def steady(samples: Sequence[Sample], cameras: int, settle_s: float = _SETTLE_S) -> Steady:
    """What the server did from some seconds after the last camera came until shortly before the first one left.

    Raises:
        LoadTestFailed: there was hardly such a time.
    """
    full = [one for one in samples if one.cameras == cameras]
    kept = [one for one in full if one.at_s >= full[0].at_s + settle_s][:-_END_SAMPLES]
    if len(kept) < 2 or kept[-1].answered == kept[0].answered:
        raise LoadTestFailed("the cameras hardly streamed all at once; give it more --seconds")
    seconds, spent_s = kept[-1].at_s - kept[0].at_s, kept[-1].cpu_s - kept[0].cpu_s
    answered = kept[-1].answered - kept[0].answered
    return Steady(seconds, answered, 1000 * spent_s / answered, spent_s / seconds)


def together(parts: Sequence[Steady]) -> Steady:
    """Several runs of the server as one."""
    seconds, answered = sum(part.seconds for part in parts), sum(part.answered for part in parts)
    spent_ms = sum(part.cpu_ms * part.answered for part in parts)
    return Steady(seconds, answered, spent_ms / answered, spent_ms / 1000 / seconds)


def mean_loop(parts: Sequence[Bare]) -> Bare:
    """Several bare loops as one."""
    frames = sum(part.frames for part in parts)
    return Bare(sum(part.cpu_ms * part.frames for part in parts) / frames, frames)


def summarize(runs: Sequence[Steady], loops: dict[str, list[Bare]]) -> dict[str, Any]:
    """The key `cost` of the result: what README.md explains."""
    server, bare = together(runs), {name: mean_loop(parts) for name, parts in loops.items()}
    alike = [part.cpu_ms for part in loops["few"]]
    return {
        "ratio": round(server.cpu_ms / bare["few"].cpu_ms, 4),
        "server": {name: round(value, 3) for name, value in server._asdict().items()},
        "bare": {
            name: {
                "cpu_ms": round(loop.cpu_ms, 3),
                "frames": loop.frames,
                "ratio": round(server.cpu_ms / loop.cpu_ms, 4),
            }
            for name, loop in bare.items()
        },
        "spread": round((max(alike) - min(alike)) / bare["few"].cpu_ms, 4),
    }


def find(cameras: int, seconds: int, bare_s: float, rounds: int, folder: Path) -> tuple[dict[str, Any], bool]:
    """Runs it all, and adds `cost` to the result of the last load test.

    Args:
        cameras: how many.
        seconds: how long they stream in a round.
        bare_s: how long each bare loop takes.
        rounds: how often server and bare loops take turns.
        folder: where the files go.

    Returns:
        The key `cost` of the result, and whether no round missed an objective.

    Raises:
        LoadTestFailed: the server or Locust failed, or there was too little to see.
        NoResult: Locust left no result.
    """
    jpegs = [list(Loop.draw(number, _FPS, 0).standing) for number in range(_CLIPS)]
    threads = os.cpu_count() or 1
    options = f"-u {cameras} -r 5 --jump-every 0 --fps {_FPS:g} --clips {_CLIPS}"
    scenario = Scenario("cameras before which nobody jumps", options, seconds, Objectives())
    served = True
    landmarkers = {"few": threads, "many": max(cameras, threads)}
    runs: list[Steady] = []
    loops: dict[str, list[Bare]] = {name: [] for name in landmarkers}
    for number in range(rounds):
        click.echo(f"round {number + 1} of {rounds}")
        watch = Watch()
        path = run(scenario, folder, watch=watch)
        runs.append(steady(watch.samples, cameras))
        found = read(path)
        served &= report(found, Objectives(p95_ms=float("inf")))
        share = found["generator"]["cpu_share"]
        for name, count in landmarkers.items():
            loop = measure(jpegs, threads=threads, cameras=count, seconds=bare_s, busy_share=share)
            loops[name].append(loop)
    found["cost"] = summarize(runs, loops)
    write(path, found)
    return found["cost"], served


@click.command()
@click.option("--cameras", default=25, show_default=True, type=click.IntRange(1), help="How many.")
@click.option(
    "--seconds", default=30, show_default=True, type=click.IntRange(10), help="How long they stream in a round."
)
@click.option("--bare-s", default=8.0, show_default=True, help="How long each bare loop takes.")
@click.option("--rounds", default=4, show_default=True, type=click.IntRange(1), help="How often both take turns.")
@click.option("--at-most", default=1.08, show_default=True, help="Greatest ratio.")
def main(cameras: int, seconds: int, bare_s: float, rounds: int, at_most: float) -> None:
    """Measure the server's processor time for each answered frame, over bare MediaPipe's."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # or the server would outlive this
    try:
        cost, served = find(cameras, seconds, bare_s, rounds, FOLDER / "cost")
    except (LoadTestFailed, NoResult) as failure:
        click.echo(f"Error: {failure}", err=True)
        sys.exit(2)
    sys.exit(0 if tell(cost, at_most) and served else 1)


def tell(cost: dict[str, Any], at_most: float) -> bool:
    """Prints what was found.

    Returns:
        Whether the ratio is no greater than asked.
    """
    server = cost["server"]
    click.echo(
        f"server: {server['cpu_ms']:.2f} ms of processor time for each of {server['answered']} frames answered in "
        f"{server['seconds']:.0f} s, {server['cores']:.2f} cores"
    )
    for name, loop in cost["bare"].items():
        click.echo(f"bare, {name:4}: {loop['cpu_ms']:.2f} ms for each of {loop['frames']} frames: {loop['ratio']:.3f}")
    if cost["spread"] > _SPREAD:
        click.echo(f"the machine was not steady: the bare loop differs from itself by {100 * cost['spread']:.0f} %")
    met = bool(cost["ratio"] <= at_most)
    click.echo(f"{'met   ' if met else 'MISSED'} cost: {cost['ratio']:.3f} of the bare loop's, at most {at_most:g}")
    return met


if __name__ == "__main__":
    main()
