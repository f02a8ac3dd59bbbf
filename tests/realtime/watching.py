"""What tests of metrics and logs share: cameras, scrapes, and waiting for what must come to be."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self
from urllib.request import Request, urlopen

import cv2
import numpy as np
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from kinemotion.realtime.client import socket_url
from kinemotion.realtime.protocol import SUBPROTOCOL

PATIENCE_S = 20
START = '{"type":"start","movement":"cmj"}'
STOP = '{"type":"stop"}'

Series = tuple[str, tuple[tuple[str, str], ...]]


class Scrape(NamedTuple):
    """All series at one time."""

    values: dict[Series, float]

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(
            {
                (sample.name, tuple(sorted(sample.labels.items()))): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            }
        )

    def __call__(self, name: str, **labels: str) -> float:
        return self.values[f"kinemotion_{name}", tuple(sorted(labels.items()))]

    def sum(self, name: str, **labels: str) -> float:
        """Over all series of a name that have these labels."""
        return sum(
            value
            for (found, having), value in self.values.items()
            if found == f"kinemotion_{name}" and labels.items() <= dict(having).items()
        )


@asynccontextmanager
async def camera(address: str) -> AsyncIterator[ClientConnection]:
    protocols = [Subprotocol(SUBPROTOCOL)]
    async with connect(socket_url(address), subprotocols=protocols, compression=None) as socket:
        yield socket


async def until(socket: ClientConnection, kind: str) -> Any:
    """The next message of a kind."""
    while True:
        message = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
        if message["type"] == kind:
            return message


def empty_picture() -> bytes:
    """A small JPEG that shows nobody."""
    encoded = cv2.imencode(".jpg", np.full((240, 320, 3), 90, np.uint8))[1]
    return bytes(encoded.tobytes())


def get(address: str, **headers: str) -> tuple[str, dict[str, str]]:
    """The text of an answer, and its headers."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with urlopen(Request(address, headers=sent), timeout=PATIENCE_S) as response:
        return response.read().decode(), dict(response.headers)


async def scrape(address: str) -> Scrape:
    text, _ = await asyncio.to_thread(get, address + "/metrics")
    return Scrape.of(text)


async def eventually(address: str, holds: Callable[[Scrape], bool]) -> Scrape:
    """Scrapes, as Prometheus would, until something holds."""
    for _ in range(PATIENCE_S * 20):
        found = await scrape(address)
        if holds(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("what should hold never did")


async def idle(address: str) -> Scrape:
    """Scrapes once every session that was accepted is over and accounted for."""
    return await eventually(
        address,
        lambda now: (
            now("sessions") == 0 and now("handshakes_total", outcome="accepted") == now.sum("sessions_closed_total")
        ),
    )
