"""The attacks get as far as they are meant to."""

import asyncio
from collections.abc import Iterator

import pytest
from loadtests.attacks import Attack, carry_out, json_bombs, malformed, pieces, pings
from tests.realtime.watching import scrape

from kinemotion.realtime.serving import background
from kinemotion.settings import Settings


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with background(Settings(port=0, max_sessions=8, workers=1)) as address:
        yield address


@pytest.mark.parametrize("attack", [malformed, json_bombs, pings, pieces])
async def test_whoever_writes_a_handshake_of_his_own_is_let_in(
    attack: Attack, server: str, drawn_frames: list[tuple[float, bytes]]
) -> None:
    before = (await scrape(server))("handshakes_total", outcome="accepted")
    await asyncio.to_thread(carry_out, attack, server, drawn_frames[0][1])
    assert (await scrape(server))("handshakes_total", outcome="accepted") > before
