"""The lossless jump path of a session: what its client is told of seen jumps and of doubts."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.realtime.replaying import CMJ, Bench, Frames, frame, live_jump, of_camera, of_clip

from kinemotion.jumps import Jump
from kinemotion.pose.graph import Pose, PoseGraph
from kinemotion.realtime.jump_path import JumpPath
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.replay import LIVE_ONLY
from kinemotion.realtime.ring import Ring
from kinemotion.synthetic import Clip


class Client:
    """What a session's client is told, with a loop whose calls run at once."""

    def __init__(self, bench: Bench, final_s: float = 60.0) -> None:
        self.told: list[Jump] = []
        self.path = JumpPath(bench.desk, Ring(10.0, 1 << 24), self.told.append, self.post, CMJ, final_s)

    def post(self, call: Callable[..., None], *arguments: object) -> None:
        call(*arguments)


async def test_a_jump_is_told_at_once_and_becomes_final_by_its_replay(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames
) -> None:
    bench, truth = Bench(graph), drawn_clip.truth[0]
    client = Client(bench)
    first = live_jump(truth.events_s["takeoff"], truth.events_s["landing"])
    frames = of_clip(drawn_frames, 99.0)
    told_at = next(number for number, one in enumerate(frames) if one.elapsed_us / 1e6 > truth.events_s["landing"])
    for number, one in enumerate(frames):
        client.path.frame(one)
        if number == told_at:
            client.path.live(first)
        bench.work()
    client.path.live(replace(first, final=True))
    await client.path.finish()
    assert [jump.final for jump in client.told] == [False, True]
    assert client.told[1].metrics["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.04)
    assert LIVE_ONLY not in client.told[1].quality.warnings
    assert client.path.jumps == {1: client.told[1]}


@pytest.mark.parametrize("live_final_first", [True, False])
async def test_without_a_replay_the_live_result_is_final_and_says_so(graph: PoseGraph, live_final_first: bool) -> None:
    bench = Bench(graph)
    client = Client(bench)
    client.path.frame(frame(1, 1))
    client.path.live(live_jump(1.0, 1.5))
    if live_final_first:
        client.path.live(live_jump(1.0, 1.5, final=True))
    client.path.frame(frame(2, 9_000_000))
    bench.work()
    if not live_final_first:
        client.path.live(live_jump(1.0, 1.5, final=True))
    await client.path.finish()
    assert [jump.final for jump in client.told] == [False, True]
    assert client.told[1].quality.warnings == (LIVE_ONLY,)


async def test_a_cancelled_path_tells_nothing_more(graph: PoseGraph) -> None:
    bench = Bench(graph)
    client = Client(bench)
    client.path.frame(frame(1, 1))
    client.path.live(live_jump(1.0, 1.5))
    client.path.cancel()
    bench.work()
    await client.path.finish()
    assert [jump.final for jump in client.told] == [False]


async def doubted(bench: Bench, frames: list[Frame], first_s: float, last_s: float, *, seen: Jump | None) -> Client:
    """What is told of frames among which the live path was in doubt, and saw something a little later."""
    client = Client(bench)
    for number, one in enumerate(frames):
        client.path.frame(one)
        client.path.analysed(one, None)
        if number and frames[number - 1].elapsed_us / 1e6 <= last_s < one.elapsed_us / 1e6:
            client.path.doubt(first_s, last_s)
            if seen is not None:
                client.path.live(seen)
        bench.work()
    finished = asyncio.create_task(client.path.finish())
    await asyncio.sleep(0)
    bench.work()  # what was in doubt to the end
    await finished
    return client


async def test_a_jump_that_the_live_path_hardly_saw_is_found_in_every_frame(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames
) -> None:
    truth = drawn_clip.truth[0]
    doubt_s = truth.events_s["apex"] - 0.05, truth.events_s["apex"] + 0.05
    client = await doubted(Bench(graph), of_clip(drawn_frames, 99.0), *doubt_s, seen=None)
    assert [(jump.index, jump.final) for jump in client.told] == [(1, False), (1, True)]
    assert client.told[1].metrics["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.03)


async def test_a_doubt_about_a_jump_that_is_known_tells_it_no_second_time(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames
) -> None:
    bench, events = Bench(graph), drawn_clip.truth[0].events_s
    seen = live_jump(events["takeoff"], events["landing"])
    client = await doubted(bench, of_clip(drawn_frames, 99.0), events["takeoff"], events["landing"], seen=seen)
    assert [(jump.index, jump.final) for jump in client.told] == [(1, False), (1, True)]


async def test_a_doubt_about_nothing_tells_nothing(graph: PoseGraph, drawn_frames: Frames) -> None:
    client = await doubted(Bench(graph), of_clip(drawn_frames, 1.0), 0.3, 0.5, seen=None)
    assert client.told == []


async def test_what_comes_after_a_flight_waits_for_its_live_poses(graph: PoseGraph) -> None:
    bench = Bench(graph)
    client, pose = Client(bench), Pose(np.zeros((33, 4)), np.zeros((33, 4)))
    for one in of_camera(0.0, 4.0):
        at_s = one.elapsed_us / 1e6
        client.path.frame(one)
        client.path.analysed(one, pose)
        if at_s == 2.6:
            client.path.live(live_jump(2.0, 2.5))
        if 2.7 < at_s < 3.2:
            assert bench.desk.waiting <= 28
    assert bench.desk.waiting <= 28
    assert bench.desk.take() is not None
    client.path.cancel()


async def test_a_search_waits_for_the_next_live_frame_but_not_for_long(graph: PoseGraph) -> None:
    for answered_s, begins_s in ((2.9, 3.6), (3.8, 3.8), (99.0, 4.0)):
        bench = Bench(graph)
        client = Client(bench)
        for one in of_camera(0.0, 5.0):
            at_s = one.elapsed_us / 1e6
            client.path.frame(one)
            if at_s > answered_s:
                client.path.analysed(one, None)
            if at_s == 2.0:
                client.path.analysed(one, None)
                client.path.doubt(1.5, 2.0)
            assert (bench.desk.waiting > 0) is (at_s > begins_s + 0.1) or abs(at_s - begins_s) < 0.11
        client.path.cancel()


async def test_stretches_of_doubt_that_follow_upon_each_other_are_searched_together(graph: PoseGraph) -> None:
    bench = Bench(graph)
    client = Client(bench)
    for first_s, last_s in ((2.0, 2.6), (3.0, 3.2), (3.2, 5.4), (7.0, 7.5)):
        client.path.doubt(first_s, last_s)
    finished = asyncio.create_task(client.path.finish())
    await asyncio.sleep(0)
    bench.work()
    await finished
    assert bench.ended == ["done"] * 3


async def test_a_jump_seen_live_hides_no_other_that_is_in_doubt(graph: PoseGraph) -> None:
    bench = Bench(graph)
    client = Client(bench)
    for first_s, last_s in ((0.6, 1.2), (1.6, 2.1), (2.5, 3.0)):
        client.path.doubt(first_s, last_s)
    client.path.live(live_jump(2.0, 2.4))  # in the second one; the third one is its landing
    client.path.frame(frame(1, 9_000_000))
    client.path.analysed(frame(1, 9_000_000), None)
    client.path.frame(frame(2, 9_033_333))
    client.path.cancel()
    assert bench.ended == ["cancelled"] * 2  # the one that was seen, and the search for what came before it


async def test_every_jump_of_a_stretch_is_told(graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames) -> None:
    events = [truth.events_s for truth in drawn_clip.truth]
    doubt_s = events[0]["takeoff"], events[-1]["takeoff"]
    client = await doubted(Bench(graph), of_clip(drawn_frames, 99.0), *doubt_s, seen=None)
    assert [(jump.index, jump.final) for jump in client.told] == [
        (index, final) for index in range(1, len(events) + 1) for final in (False, True)
    ]


@pytest.mark.parametrize("late_s", [0.0, 0.3])
async def test_doubts_are_joined_in_whatever_order_they_arise(graph: PoseGraph, late_s: float) -> None:
    bench = Bench(graph)
    client = Client(bench)
    for first_s, last_s in ((3.0, 3.4), (2.6 - late_s, 3.0)):
        client.path.doubt(first_s, last_s)
    finished = asyncio.create_task(client.path.finish())
    await asyncio.sleep(0)
    bench.work()
    await finished
    assert bench.ended == ["done"]


@pytest.mark.parametrize("ends", [True, False])
async def test_a_search_is_given_up_when_its_session_ends_or_after_long(graph: PoseGraph, ends: bool) -> None:
    bench = Bench(graph)
    client = Client(bench, final_s=0.02)
    for seq in range(120):
        client.path.frame(frame(seq, seq * 33_333))
        client.path.analysed(frame(seq, seq * 33_333), None)
        if seq == 60:
            client.path.doubt(1.5, 1.9)
    await asyncio.sleep(0.05)
    assert bench.desk.waiting > 0
    assert bench.ended == []
    if ends:
        await client.path.finish()
    else:
        await asyncio.sleep(0.3)
    assert bench.ended == ["shed"]
    assert client.told == []
