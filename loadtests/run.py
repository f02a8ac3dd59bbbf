"""Runs a load test against a server of its own: `python -m loadtests.run SCENARIO`.

The server is a process on a free port of this machine, and so is Locust; both are ended whatever happens. What was
found goes to `build/loadtests/SCENARIO/`: `result.json`, `report.html` and Locust's CSV files.

Exit code: that of `loadtests.slo`; 2 if the load test itself failed.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Final, NamedTuple

import click

from loadtests.result import FOLDER
from loadtests.scenarios import SCENARIOS, Scenario
from loadtests.slo import NoResult, read, report

_START_S: Final = 60.0
_STOP_S: Final = 20.0
_AROUND_S: Final = 180.0
"""For drawing before the test, and for the last jumps after it."""


class LoadTestFailed(Exception):
    """The load test could not be run; the message says why."""


class Server(NamedTuple):
    """A server that runs."""

    address: str
    pid: int


@contextmanager
def server(environment: Mapping[str, str], log: Path | None = None) -> Iterator[Server]:
    """Runs a server in a process of its own, so that it does not share this one's interpreter lock.

    Args:
        environment: its variables, all of them.
        log: where its standard error goes; this process's, if not said.

    Yields:
        Where it is.

    Raises:
        LoadTestFailed: it did not start.
    """
    command = [sys.executable, "-m", "kinemotion", "serve", "--host", "127.0.0.1", "--port", "0"]
    variables = {"KINEMOTION_LOG_LEVEL": "warning", **environment}
    with (
        nullcontext() if log is None else log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=variables) as process,
    ):
        impatience = Timer(_START_S, process.kill)
        impatience.start()
        try:
            assert process.stdout is not None
            found = re.search(r"open (http://\S+)", process.stdout.readline())
            impatience.cancel()
            if found is None:
                raise LoadTestFailed("the server did not start")
            yield Server(found[1], process.pid)
        finally:
            impatience.cancel()
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def every_second(call: Callable[[], object]) -> Iterator[None]:
    """Calls something every second, on a thread of its own, as long as the context lasts."""
    ended = Event()

    def repeat() -> None:
        while not ended.wait(1.0):
            call()

    thread = Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run(
    scenario: Scenario,
    folder: Path,
    options: Sequence[str] = (),
    seconds: int | None = None,
    watch: Callable[[Server], AbstractContextManager[object]] = nullcontext,
    log: Path | None = None,
) -> Path:
    """Runs a load test against a server of its own.

    Args:
        scenario: which.
        folder: where its files go.
        options: more options of Locust; they win over the scenario's.
        seconds: its length instead of the scenario's own.
        watch: what is to go on beside it.
        log: where the server's standard error goes.

    Returns:
        The result's path.

    Raises:
        LoadTestFailed: the server or Locust failed; errors that a camera met are no such failure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    length = seconds or scenario.seconds
    environment = {"KINEMOTION_MAX_SESSIONS": str(scenario.sessions)} | os.environ
    with server(environment, log) as served, watch(served):
        command = [
            sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name(scenario.locustfile)),
            "--headless", "--only-summary", "--host", served.address, "--run-time", f"{length}s",
            "--exit-code-on-error", "0", "--csv", str(folder / "locust"), "--html", str(folder / "report.html"),
            "--result", str(result), *scenario.options.split(), *options,
        ]  # fmt: skip
        try:
            code = subprocess.run(command, check=False, timeout=length + _AROUND_S).returncode
        except subprocess.TimeoutExpired:
            raise LoadTestFailed("Locust did not end") from None
    if code or not result.exists():
        raise LoadTestFailed(f"Locust failed with exit code {code}")
    return result


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", metavar="SCENARIO", type=click.Choice(list(SCENARIOS)))
@click.option("--seconds", type=click.IntRange(1), help="How long, instead of the scenario's own length.")
@click.argument("options", metavar="[LOCUST OPTIONS]...", nargs=-1, type=click.UNPROCESSED)
def main(name: str, seconds: int | None, options: tuple[str, ...]) -> None:
    """Run a load test and judge its result; options that Locust knows are passed on."""
    scenario = SCENARIOS[name]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # or the server would outlive this
    try:
        found = read(run(scenario, FOLDER / name, options, seconds))
    except (LoadTestFailed, NoResult) as failure:
        click.echo(f"Error: {failure}", err=True)
        sys.exit(2)
    sys.exit(0 if report(found, scenario.objectives) else 1)


if __name__ == "__main__":
    main()
