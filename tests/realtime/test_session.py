"""A session by itself: where its jumps come from, and what becomes of its frames."""

import asyncio
from pathlib import Path

import pytest
from tests.realtime.loopback import Client, services

from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime import session
from kinemotion.realtime.pipeline import Pipeline
from kinemotion.realtime.protocol import encode_frame
from kinemotion.synthetic import Clip

PATIENCE_S = 60
START = '{"type":"start","movement":"cmj"}'
STOP = '{"type":"stop"}'

Frames = list[tuple[float, bytes]]


class Blind:
    """A live graph that sees nobody."""

    def detect(self, image: object) -> None: ...


async def test_a_flight_that_is_in_doubt_when_the_client_stops_is_looked_for_in_every_frame(
    tmp_path: Path, drawn_clip: Clip, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
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
