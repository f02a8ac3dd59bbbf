"""A session by itself: where its jumps come from, and what becomes of its frames."""

import asyncio
import logging
from math import inf
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from tests.realtime.loopback import Client, services

from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime import session
from kinemotion.realtime.metrics import FRAME_OUTCOMES
from kinemotion.realtime.pipeline import Pipeline
from kinemotion.realtime.protocol import V1, encode_frame
from kinemotion.realtime.session import Services
from kinemotion.synthetic import Clip

PATIENCE_S = 30
START = '{"type":"start","movement":"cmj"}'
FRAMES = "kinemotion_frames_total"
STOP = '{"type":"stop"}'

Frames = list[tuple[float, bytes]]


class Blind:
    """A live graph that sees nobody."""

    def detect(self, image: object) -> None: ...


class Broken(Blind):
    """One that fails."""

    def detect(self, image: object) -> None:
        raise RuntimeError("no more")


class Slow(Blind):
    """One that is waited for, and then let go."""

    def __init__(self) -> None:
        self.begun = Event()
        self.go = Event()

    def detect(self, image: object) -> None:
        self.begun.set()
        assert self.go.wait(PATIENCE_S)


@pytest.mark.parametrize("throttled_until_s", [-inf, inf])
async def test_a_flight_that_is_in_doubt_when_the_client_stops_is_looked_for_in_every_frame(
    throttled_until_s: float, tmp_path: Path, drawn_clip: Clip, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(V1, "throttled_until_s", throttled_until_s)
    events = drawn_clip.truth[0].events_s
    doubt_s = events["apex"], events["landing"]

    class InDoubt(Pipeline):
        unclear = doubt_s

    monkeypatch.setattr(session, "Pipeline", InDoubt)
    client = Client()
    with (
        PoseGraph(BUNDLED_FOLDER / MODELS[0].filename, Mode.FINAL) as final,
        services(Blind(), tmp_path, [final]) as shared,
    ):
        running = asyncio.create_task((await client.session(shared)).run())
        client.send(START)
        for seq, (time_s, jpeg) in enumerate(drawn_frames):
            if time_s < events["landing"] + 0.7:
                client.send(encode_frame(seq, round(1e6 * time_s), jpeg))
        client.send(STOP)
        async with asyncio.timeout(PATIENCE_S):
            summary = await client.hear("summary")
            await running
    (jump,) = summary["jumps"]
    assert jump["final"]
    assert jump["events_s"]["takeoff"] == pytest.approx(events["takeoff"], abs=0.1)


def outcomes(shared: Services) -> dict[str, float]:
    """What became of how many frames."""
    read = shared.metrics.registry.get_sample_value
    counts = {outcome: read(FRAMES, {"outcome": outcome}) or 0.0 for outcome in FRAME_OUTCOMES}
    return {outcome: count for outcome, count in counts.items() if count}


async def test_every_frame_received_is_counted_once_also_that_which_waits_when_the_client_leaves(
    tmp_path: Path, drawn_frames: Frames, caplog: pytest.LogCaptureFixture
) -> None:
    client, graph, received = Client(), Slow(), 4
    caplog.set_level(logging.INFO, "kinemotion")
    with services(graph, tmp_path) as shared:
        running = asyncio.create_task((await client.session(shared)).run())
        client.send(START)
        client.send(encode_frame(0, 0, drawn_frames[0][1]))
        assert await asyncio.to_thread(graph.begun.wait, PATIENCE_S)
        for seq in range(1, received):
            client.send(encode_frame(seq, 33_333 * seq, drawn_frames[seq][1]))
        client.leave()
        async with asyncio.timeout(PATIENCE_S):
            while outcomes(shared) != {"superseded": received - 1}:
                await asyncio.to_thread(Event().wait, 0.01)
            graph.go.set()
            await running
    assert outcomes(shared) == {"no_pose": 1, "superseded": received - 1}
    assert tally(caplog) == (received, 1, received - 1)


async def test_who_goes_on_sending_too_many_frames_is_answered_five_times_a_second_until_it_stops(
    tmp_path: Path, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    fps, sent = 10, 0
    client = Client(max_fps=fps)

    async def send(count: int) -> float:
        """Sends frames, and says how many were too many once all are dealt with."""
        nonlocal sent
        for _ in range(count):
            client.send(encode_frame(sent, sent, drawn_frames[0][1]))
            sent += 1
        async with asyncio.timeout(PATIENCE_S):
            while sum(outcomes(shared).values()) < sent:
                await asyncio.to_thread(Event().wait, 0.01)
        return outcomes(shared).get("rate_limited", 0.0)

    with services(Blind(), tmp_path) as shared:
        made = await client.session(shared)
        now_s = monotonic()
        monkeypatch.setattr(session, "monotonic", lambda: now_s)
        running = asyncio.create_task(made.run())
        client.send(START)
        assert await send(2 * fps) == 0
        assert await send(6) == 6  # refused, and one more than is let pass
        now_s += 0.15
        assert await send(1) == 7  # taken, but not analysed
        now_s += 0.1
        assert await send(1) == 7
        now_s += 0.1
        assert await send(1) == 8
        now_s += 0.7  # more than a second after the last that was far too many
        assert await send(2) == 8
        client.send(STOP)
        async with asyncio.timeout(PATIENCE_S):
            summary = await client.hear("summary")
            await running
    assert summary["frames"]["received"] == sent
    assert [each["code"] for each in client.heard if each["type"] == "error"] == ["rate_limited"]


async def test_a_client_that_floods_is_not_read_for_a_moment(
    tmp_path: Path, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    fps, now_s = 10, monotonic()
    client = Client(max_fps=fps)
    paused, goes_on = asyncio.Event(), asyncio.Event()
    sleep, here = asyncio.sleep, asyncio.get_running_loop()

    async def pause(seconds: float) -> None:
        if asyncio.get_running_loop() is not here:  # but in the server that other tests share
            await sleep(seconds)
            return
        paused.set()
        await goes_on.wait()

    monkeypatch.setattr(session, "monotonic", lambda: now_s)
    with services(Blind(), tmp_path) as shared:
        running = asyncio.create_task((await client.session(shared)).run())
        client.send(START)
        for seq in range(1000):
            client.send(encode_frame(seq, seq, drawn_frames[0][1]))
        with monkeypatch.context() as patch:
            patch.setattr(asyncio, "sleep", pause)
            async with asyncio.timeout(PATIENCE_S):
                await paused.wait()
                assert outcomes(shared)["rate_limited"] == 10 * fps + 1
                goes_on.set()
                client.leave()
                await running
    assert outcomes(shared)["rate_limited"] == 1000 - 2 * fps


async def test_a_frame_that_could_not_be_worked_on_is_counted_once(
    tmp_path: Path, drawn_frames: Frames, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client()
    caplog.set_level(logging.INFO, "kinemotion")
    with services(Broken(), tmp_path) as shared:
        running = asyncio.create_task((await client.session(shared)).run())
        client.send(START)
        client.send(encode_frame(0, 0, drawn_frames[0][1]))
        async with asyncio.timeout(PATIENCE_S):
            await client.hear("error")
            client.leave()
            await running
    assert outcomes(shared) == {"failed": 1}
    assert tally(caplog) == (1, 0, 1)


def tally(caplog: pytest.LogCaptureFixture) -> tuple[int, int, int]:
    """Frames received, analysed and dropped, as the line that ends the session tells."""
    (ended,) = [record for record in caplog.records if record.getMessage() == "session ended"]
    facts = vars(ended)["fields"]
    return facts["frames_received"], facts["frames_analysed"], facts["frames_dropped"]
