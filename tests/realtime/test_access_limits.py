"""How many sessions a token and an address may have, and what becomes of a flood."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from starlette.requests import HTTPConnection
from tests.realtime.door import PATIENCE_S, Answer, ask, header, knock, receive, session, small, until_idle
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from kinemotion.errors import TooManySessions
from kinemotion.realtime.door import AGAIN_AFTER_S
from kinemotion.realtime.protocol import encode_frame
from kinemotion.realtime.quota import Quota, network
from kinemotion.realtime.serving import background

ADA, GRACE = "7f0c9be1d25a4e8386b3", "c41d0a97f3e6482bb5d8"


@pytest.fixture(scope="module")
def by_token() -> Iterator[str]:
    """Two sessions for each token."""
    with background(small(tokens=(ADA, GRACE), sessions_per_token=2)) as address:
        yield address


@pytest.fixture(scope="module")
def by_address() -> Iterator[str]:
    """Two sessions for each address."""
    with background(small(sessions_per_address=2)) as address:
        yield address


async def knock_from(address: str, client: str) -> Answer:
    """A handshake as a proxy on this machine passes it on."""
    return await asyncio.to_thread(knock, address, {"X-Forwarded-For": client})


async def test_a_token_has_so_many_sessions_and_another_its_own(by_token: str) -> None:
    await until_idle(by_token, ADA)
    async with session(by_token, ADA), session(by_token, ADA):
        refused = await asyncio.to_thread(knock, by_token, header(ADA))
        assert (refused.status, int(refused.headers["retry-after"]) in AGAIN_AFTER_S) == (429, True)
        assert refused.body == "this token has as many sessions as it may have: 2"
        assert (await asyncio.to_thread(ask, by_token, "/access", header(ADA))).status == 429
        assert (await asyncio.to_thread(ask, by_token, "/access", header(GRACE))).status == 204
        async with session(by_token, GRACE):
            pass
    await until_idle(by_token, ADA)
    async with session(by_token, ADA):
        pass


async def test_a_burst_of_handshakes_with_one_token_never_overshoots(by_token: str) -> None:
    await until_idle(by_token, ADA)
    async with AsyncExitStack() as stack:
        outcomes = await asyncio.gather(
            *(stack.enter_async_context(session(by_token, ADA)) for _ in range(20)), return_exceptions=True
        )
        refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert len(outcomes) - len(refused) == 2
        assert all("429" in str(refusal) for refusal in refused)
    await until_idle(by_token, ADA)
    async with session(by_token, ADA), session(by_token, ADA):
        pass


async def test_an_address_has_so_many_sessions_and_another_its_own(by_address: str) -> None:
    await until_idle(by_address)
    async with session(by_address), session(by_address):
        refused = await asyncio.to_thread(knock, by_address)
        assert (refused.status, refused.body) == (429, "this address has as many sessions as it may have: 2")
        assert (await knock_from(by_address, "192.0.2.1")).status == 101
    await until_idle(by_address)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_for_ipv6_a_network_counts_as_one_address(first: str, second: str, same: bool) -> None:
    one, other = (network(HTTPConnection({"type": "http", "headers": [], "client": (at, 1)})) for at in (first, second))
    assert (one == other) is same


def test_a_place_is_given_back_and_nothing_is_kept_of_who_had_it() -> None:
    quota = Quota(1, "this token")
    with quota.place("ada"):
        with pytest.raises(TooManySessions), quota.place("ada"):
            pass
        with quota.place("grace"):
            pass
    with quota.place("ada"):
        pass
    assert not quota._taken


async def test_a_flood_is_refused_and_then_ended(drawn_frames: list[tuple[float, bytes]]) -> None:
    with background(small(max_fps=10.0)) as address:
        async with session(address) as socket:
            await socket.send('{"type":"start"}')
            assert (await receive(socket))["type"] == "started"
            flooding = asyncio.create_task(flood(socket, drawn_frames[0][1]))
            messages = [json.loads(text) async for text in messages_until_closed(socket)]
            await flooding
            faults = [(each["code"], each["fatal"]) for each in messages if each["type"] == "error"]
            assert faults[0] == ("rate_limited", False)
            assert faults[-1] == ("rate_limited", True)
            assert (socket.close_code, socket.close_reason) == (1008, "rate_limited")


async def messages_until_closed(socket: ClientConnection) -> AsyncIterator[str]:
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield str(await asyncio.wait_for(socket.recv(), PATIENCE_S))


async def flood(socket: ClientConnection, jpeg: bytes) -> None:
    with contextlib.suppress(ConnectionClosed):
        for seq in range(1, 10_000):
            await socket.send(encode_frame(seq, seq, jpeg))
