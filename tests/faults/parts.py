"""What the tests of faults share: a server whose parts can be reached, and one in a process of its own."""

import asyncio
import logging
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Event, Semaphore
from typing import Any, Self

import pytest
from numpy.typing import NDArray
from tests.realtime.test_server import PATIENCE_S, START, Frames, receive_until
from websockets.asyncio.client import ClientConnection

from kinemotion.pose.graph import Mode, Pose, PoseGraph
from kinemotion.realtime import serving
from kinemotion.realtime.protocol import encode_frame
from kinemotion.realtime.runtime import RUNTIME, Runtime
from kinemotion.realtime.serving import Server, background
from kinemotion.settings import Settings

SERVE = "from kinemotion.cli import main; main()"

_COMPLAINT = re.compile(r"traceback|exception|error|warning|critical|never retrieved", re.IGNORECASE)


def complaints(log: pytest.LogCaptureFixture) -> list[str]:
    """What a server of this process logged of faults."""
    return [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]


async def film(socket: ClientConnection, frames: Frames, until_s: float) -> list[Any]:
    """Sends drawn frames up to a time, each when the one before is answered; all that comes back."""
    await socket.send(START)
    messages = await receive_until(socket, "started")
    for seq, (time_s, jpeg) in enumerate(frames, 1):
        await socket.send(encode_frame(seq, round(time_s * 1e6), jpeg))
        messages += await receive_until(socket, "frame")
        if time_s > until_s:
            break
    return messages


class Opened:
    """A server of this process.

    Attributes:
        address: where it is.
        server: what serves.
    """

    def __init__(self, address: str, server: Server) -> None:
        self.address = address
        self.server = server

    @property
    def runtime(self) -> Runtime:
        """What the server consists of."""
        runtime: Runtime = self.server.lifespan.state[RUNTIME]
        return runtime

    def stop(self) -> None:
        """Does what the first signal does."""
        self.server.should_exit = True


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Iterator[Opened]:
    """Runs a server in a thread, for whose frames no time is too long."""
    servers: list[Server] = []

    class Kept(Server):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            servers.append(self)

    monkeypatch.setattr(serving, "Server", Kept)
    patient = {"port": 0, "workers": 1, "max_sessions": 8, "slo_s": 10.0, "watchdog_s": 600.0}
    with background(Settings(**(patient | settings))) as address:
        yield Opened(address, servers[0])


class Wedge:
    """Makes live graphs, or those of another mode, hang in `detect`, until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, mode: Mode = Mode.LIVE) -> None:
        self.hanging: list[PoseGraph] = []
        self._caught = Semaphore(0)
        self._go = Event()
        detect = PoseGraph.detect

        def hang(graph: PoseGraph, image: NDArray[Any]) -> Pose | None:
            if graph.mode is mode and not self._go.is_set():
                self.hanging.append(graph)
                self._caught.release()
                self._go.wait()
            return detect(graph, image)

        monkeypatch.setattr(PoseGraph, "detect", hang)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.let_go()

    async def caught(self) -> None:
        """Waits until one more graph hangs."""
        assert await asyncio.to_thread(self._caught.acquire, timeout=PATIENCE_S)

    def let_go(self) -> None:
        """Ends every hang, and lets later calls pass."""
        self._go.set()


class Census:
    """Counts the graphs of each mode that are open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open: Counter[Mode] = Counter()
        begin, end = PoseGraph.__init__, PoseGraph.close
        here: set[int] = set()

        def count_in(graph: PoseGraph, *arguments: Any) -> None:
            begin(graph, *arguments)
            here.add(id(graph))
            self.open[graph.mode] += 1

        def count_out(graph: PoseGraph) -> None:
            if id(graph) in here:  # closing twice does no harm
                here.remove(id(graph))
                self.open[graph.mode] -= 1
            end(graph)

        monkeypatch.setattr(PoseGraph, "__init__", count_in)
        monkeypatch.setattr(PoseGraph, "close", count_out)


class Served:
    """A server in a process of its own."""

    def __init__(self, process: Process, address: str, output: "asyncio.Task[str]") -> None:
        self.process = process
        self.address = address
        self._output = output

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """The exit code, once it has ended."""
        return await asyncio.wait_for(self.process.wait(), PATIENCE_S)

    async def complaints(self) -> list[str]:
        """The lines of its log that tell of a fault, once it has ended."""
        return [line for line in (await self._output).splitlines() if _COMPLAINT.search(line)]


@asynccontextmanager
async def served(code: str = SERVE, port: int = 0, **options: Any) -> AsyncIterator[Served]:
    """Runs a server; kills it at the end if it still runs.

    Args:
        code: what Python runs.
        port: where it listens.
        options: of `create_subprocess_exec`, and `KINEMOTION_*` variables.
    """
    variables = {name: str(options.pop(name)) for name in tuple(options) if name.startswith("KINEMOTION_")}
    patient = {"KINEMOTION_SLO_S": "10", "KINEMOTION_START_S": "60", "KINEMOTION_MAX_SESSIONS": "8"}
    environment = os.environ | patient | variables
    command = (sys.executable, "-c", code, "serve", "--port", str(port))
    options = {"env": environment} | options
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, **options)
    assert process.stdout is not None
    assert process.stderr is not None
    errors = process.stderr
    output = asyncio.create_task(_all(errors))
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 3 * PATIENCE_S)
        address = re.search(rb"open (http://\S+)", line)
        if address is None:
            process.kill()
            pytest.fail(f"the server did not start: {line!r} {await output}")
        yield Served(process, address[1].decode(), output)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await output


async def _all(stream: asyncio.StreamReader) -> str:
    return (await stream.read()).decode()
