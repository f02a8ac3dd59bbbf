"""A server's memory as cameras come and go, and for each that stays: `python -m benchmarks.memory`.

Exit code: 0 both are as wanted, 1 one is not.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Final

import click
import orjson
from loadtests.run import server
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from kinemotion.realtime.client import socket_url
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from kinemotion.synthetic import Clip, CountermovementJump

SESSION_MIB: Final = 85.0
EVERY: Final = 10
SETTLED: Final = 40
GROWTH: Final = 0.05
"""Of the greatest size until settled; what one run differs from the next without any leak."""

_MIB: Final = 1024 * 1024
_FRAMES: Final = 4
_TOGETHER: Final = 10
_INTERVAL_US: Final = 33_333
_QUIET_S: Final = 1.0


def resident_mib(process: int) -> float:
    """What a process has in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


@asynccontextmanager
async def camera(address: str, pictures: list[bytes]) -> AsyncIterator[ClientConnection]:
    """A camera that has had an answer to each of its pictures."""
    async with connect(socket_url(address), subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None) as socket:
        await socket.send('{"type":"start"}')
        await heard(socket, "started")
        for number, picture in enumerate(pictures):
            await socket.send(encode_frame(number, number * _INTERVAL_US, picture))
            await heard(socket, "frame")
        yield socket


async def heard(socket: ClientConnection, kind: str) -> None:
    """Waits for a message of a kind."""
    while orjson.loads(await socket.recv())["type"] != kind:
        pass


async def come_and_go(address: str, process: int, pictures: list[bytes], cycles: int) -> list[float]:
    """The idle server's size, in MiB, after every so many cameras that came and went."""
    sizes = []
    for number in range(1, cycles + 1):
        async with camera(address, pictures) as socket:
            await socket.send('{"type":"stop"}')
            await heard(socket, "summary")
        if number % EVERY == 0:
            await asyncio.sleep(_QUIET_S)  # graphs that left are closed by then, and the spare is made
            sizes.append(resident_mib(process))
            click.echo(f"after {number:3} cameras: {sizes[-1]:4.0f} MiB")
    return sizes


async def together(address: str, process: int, pictures: list[bytes]) -> float:
    """What each of several cameras at once adds, in MiB."""
    async with AsyncExitStack() as cameras:
        await asyncio.sleep(_QUIET_S)
        alone = resident_mib(process)
        for _ in range(_TOGETHER):
            await cameras.enter_async_context(camera(address, pictures))
        await asyncio.sleep(_QUIET_S)
        return (resident_mib(process) - alone) / _TOGETHER


async def measure(cycles: int) -> bool:
    """Measures, prints, and says whether all is as wanted."""
    clip = Clip([CountermovementJump()], size=(640, 480))
    pictures = [picture for _, picture in islice(clip.jpegs(), _FRAMES)]
    settings = {"KINEMOTION_MAX_SESSIONS": str(2 * _TOGETHER), "KINEMOTION_SLO_S": "10"}  # answers all
    with server(os.environ | settings) as (address, process):
        click.echo(f"started:           {resident_mib(process):4.0f} MiB")
        fresh = await together(address, process, pictures)
        sizes = await come_and_go(address, process, pictures, cycles)
        used = await together(address, process, pictures)
    early, late = max(sizes[: SETTLED // EVERY]), max(sizes[SETTLED // EVERY :])
    session = max(fresh, used)
    click.echo(f"each of {_TOGETHER} sessions, on a fresh server: {fresh:.1f} MiB; on that one: {used:.1f} MiB")
    kept, small = late <= (1 + GROWTH) * early, session <= SESSION_MIB
    click.echo(f"{verdict(small)}: a session adds {session:.1f} MiB (wanted: at most {SESSION_MIB:.0f})")
    click.echo(
        f"{verdict(kept)}: until camera {SETTLED} at most {early:.0f} MiB, after it {late:.0f} (wanted: no growth)"
    )
    return kept and small


def verdict(holds: bool) -> str:
    """How a line begins."""
    return "met" if holds else "MISSED"


@click.command()
@click.option(
    "--cycles", type=click.IntRange(SETTLED + EVERY), default=200, show_default=True, help="How many cameras."
)
def main(cycles: int) -> None:
    """Measure a server's memory."""
    sys.exit(0 if asyncio.run(measure(cycles)) else 1)


if __name__ == "__main__":
    main()
