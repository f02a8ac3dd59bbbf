"""How many sessions a token and an address may have, and what becomes of a flood."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from time import monotonic
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from tests.realtime.door import Answer, ask, header, knock, receive, session, small, until_idle
from websockets.asyncio.client import ClientConnection

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


async def test_a_flood_is_refused_and_read_no_faster_than_twice_what_is_taken(
    drawn_frames: list[tuple[float, bytes]],
) -> None:
    fps, sent = 100, 1_500
    with background(small(max_fps=float(fps))) as address:
        async with session(address) as socket:
            await socket.send('{"type":"start"}')
            assert (await receive(socket))["type"] == "started"
            began_s = monotonic()
            hearing = asyncio.create_task(until_summary(socket))
            for seq in range(1, sent + 1):
                await socket.send(encode_frame(seq, seq, drawn_frames[0][1]))
            await socket.send('{"type":"stop"}')
            messages = await hearing
            took_s = monotonic() - began_s
    assert {(each["code"], each["fatal"]) for each in messages if each["type"] == "error"} == {("rate_limited", False)}
    assert messages[-1]["frames"]["received"] == sent
    assert took_s > (sent - 12 * fps) / (2 * fps + 10) - 0.2  # what may come at once, and what then is read


async def until_summary(socket: ClientConnection) -> list[Any]:
    messages = [await receive(socket)]
    while messages[-1]["type"] != "summary":
        messages.append(await receive(socket))
    return messages
