"""The lossless jump path, with real graphs on drawn frames."""

import asyncio
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import inf
from queue import SimpleQueue
from threading import Event
from time import sleep

import numpy as np
import pytest
from numpy.typing import NDArray

from kinemotion.jumps import Jump, JumpTracker, Movement, Quality
from kinemotion.pose.graph import Mode, Pose, PoseGraph
from kinemotion.pose.jpeg import JpegHeader, decode, read_header
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.jump_path import JumpPath
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.metrics import ReplayEnd
from kinemotion.realtime.replay import LIVE_ONLY, Jumps, Replay, Span
from kinemotion.realtime.ring import Ring
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.synthetic import Clip

Frames = list[tuple[float, bytes]]

CMJ = partial(JumpTracker, Movement.CMJ)


def frame(seq: int, elapsed_us: int, jpeg: bytes = b"x" * 100) -> Frame:
    header = read_header(jpeg) if jpeg[:2] == b"\xff\xd8" else JpegHeader(64, 64, 3)
    return Frame(seq, elapsed_us, elapsed_us, jpeg, header, 0.0)


def live_jump(takeoff_s: float, landing_s: float, *, final: bool = False) -> Jump:
    events = {"onset": takeoff_s - 0.6, "takeoff": takeoff_s, "landing": landing_s}
    return Jump(1, final, Movement.CMJ, events, {"jump_height_m": 0.5}, {}, Quality("D", 3.0, 4, 2))


@pytest.fixture(scope="module")
def graph() -> Iterator[PoseGraph]:
    with PoseGraph(BUNDLED_FOLDER / MODELS[0].filename, Mode.FINAL) as graph:
        yield graph


def first_of(results: SimpleQueue[Jump | None]) -> Callable[[Jumps], None]:
    """Puts the likeliest of the jumps that a replay tells, or None."""
    return lambda jumps: results.put(jumps[0] if jumps else None)


class Bench:
    """A desk whose work is done when a test says so, on the test's own thread."""

    def __init__(self, graph: PoseGraph) -> None:
        self.invitations = self.pieces = 0
        graph.forget()  # a desk takes its graphs to be new
        self.ended: list[ReplayEnd] = []
        self.desk = ReplayDesk([graph], self.no_graph, self.invite, lambda end, seconds: self.ended.append(end))
        self.results: SimpleQueue[Jump | None] = SimpleQueue()

    def invite(self) -> None:
        self.invitations += 1

    @staticmethod
    def no_graph() -> PoseGraph:
        raise RuntimeError("one graph has to do")

    def replay(self, jump: Jump) -> Replay:
        return Replay(Span.of(jump), CMJ, first_of(self.results))

    def work(self) -> None:
        while (piece := self.desk.take()) is not None:
            piece.run()
            self.pieces += 1


def of_clip(drawn_frames: Frames, until_s: float) -> list[Frame]:
    return [
        frame(seq, round(time_s * 1e6), jpeg) for seq, (time_s, jpeg) in enumerate(drawn_frames) if time_s < until_s
    ]


def of_camera(from_s: float, until_s: float, fps: float = 30.0) -> list[Frame]:
    """Frames that show nothing."""
    return [frame(seq, round((from_s + seq / fps) * 1e6)) for seq in range(round((until_s - from_s) * fps))]


def test_the_ring_forgets_what_is_too_old() -> None:
    ring = Ring(1.0, 1_000_000)
    for seq in range(40):
        ring.append(frame(seq, seq * 50_000))
    kept = ring.between(0.0, inf)
    assert (kept[0].seq, kept[-1].seq) == (19, 39)
    assert [one.seq for one in ring.between(1.8, 1.9)] == [36, 37, 38]


def test_the_ring_forgets_a_pose_with_its_frame() -> None:
    ring, pose = Ring(1.0, 1_000_000), Pose(np.zeros((33, 4)), np.zeros((33, 4)))
    for seq in range(40):
        ring.append(frame(seq, seq * 50_000))
        ring.saw(frame(seq, seq * 50_000), pose)
    ring.saw(frame(3, 150_000), pose)  # its frame is gone already
    assert sorted(ring.poses) == [one.elapsed_us for one in ring.between(0.0, inf)]


def test_the_ring_holds_no_more_bytes_than_it_may() -> None:
    ring = Ring(60.0, 1000)
    for seq in range(40):
        ring.append(frame(seq, seq))
    assert [one.seq for one in ring.between(0.0, inf)] == list(range(30, 40))


def test_a_frame_larger_than_the_ring_leaves_it_empty() -> None:
    ring = Ring(60.0, 50)
    ring.append(frame(1, 1))
    assert ring.between(0.0, inf) == []


def test_every_frame_of_a_jump_makes_it_final(graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames) -> None:
    bench, truth = Bench(graph), drawn_clip.truth[0]
    replay = bench.replay(live_jump(truth.events_s["takeoff"] + 0.05, truth.events_s["landing"] - 0.05))
    frames = of_clip(drawn_frames, truth.events_s["landing"] + 0.6)
    bench.desk.add(replay, frames[:50], complete=False)
    bench.work()
    assert bench.results.empty()
    bench.desk.add(replay, frames[50:], complete=True)
    bench.work()
    final = bench.results.get_nowait()
    assert final is not None
    assert (final.index, final.final) == (1, True)
    assert final.metrics["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.04)


def test_frames_done_before_the_last_word_make_it_final_too(graph: PoseGraph, drawn_frames: Frames) -> None:
    bench = Bench(graph)
    replay = bench.replay(live_jump(1.0, 1.5))
    bench.desk.add(replay, of_clip(drawn_frames, 0.2), complete=False)
    bench.work()
    bench.desk.add(replay, [], complete=True)
    assert bench.results.empty()  # what is left to do is a worker's, too
    bench.work()
    assert bench.results.get_nowait() is None  # nobody jumped there


def test_broken_pictures_are_frames_without_a_pose(graph: PoseGraph) -> None:
    bench = Bench(graph)
    bench.desk.add(bench.replay(live_jump(1.0, 1.5)), [frame(1, 1), frame(2, 2)], complete=True)
    bench.work()
    assert bench.results.get_nowait() is None


def test_the_jump_that_landed_first_comes_first(graph: PoseGraph) -> None:
    bench, older, newer = Bench(graph), SimpleQueue[Jump | None](), SimpleQueue[Jump | None]()
    for results, since_s in ((newer, 5.0), (older, 4.0)):
        replay = Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, first_of(results), since_s)
        bench.desk.add(replay, of_camera(1.9, 1.96), complete=True)
    for _ in range(2 + 1):  # frames, and the conclusion
        piece = bench.desk.take()
        assert piece is not None
        piece.run()
    assert (older.qsize(), newer.qsize()) == (1, 0)
    bench.work()
    assert (older.qsize(), newer.qsize()) == (1, 1)


def test_a_jump_is_the_same_whatever_else_the_graph_followed(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames
) -> None:
    truth = drawn_clip.truth[0]
    live = live_jump(truth.events_s["takeoff"], truth.events_s["landing"])
    frames = of_clip(drawn_frames, truth.events_s["landing"] + 0.8)
    heights = set()
    for pieces_before in (0, 1, 20):
        bench = Bench(graph)
        bench.desk.add(bench.replay(live_jump(0.0, 0.4)), frames, complete=False)
        for _ in range(pieces_before):
            piece = bench.desk.take()
            assert piece is not None
            piece.run()
        bench.desk.add(bench.replay(live), frames, complete=True)
        while bench.results.empty():
            piece = bench.desk.take()
            assert piece is not None
            piece.run()
        final = bench.results.get_nowait()
        assert final is not None
        heights.add(round(final.metrics["jump_height_m"], 9))
    assert len(heights) == 1


def test_a_replay_stands_in_line_once(graph: PoseGraph, drawn_frames: Frames) -> None:
    bench, frames = Bench(graph), of_clip(drawn_frames, 0.3)
    replay = bench.replay(live_jump(0.1, 0.5))
    bench.desk.add(replay, frames[:3], complete=False)
    bench.desk.add(replay, frames[3:], complete=False)
    assert bench.invitations == 1
    for done in range(1, len(frames) + 1):
        piece = bench.desk.take()
        assert piece is not None
        assert bench.desk.take() is None  # nobody else may go on with it meanwhile
        piece.run()
        assert bench.invitations == min(done + 1, len(frames))


def test_a_long_replay_costs_no_other_session_its_jump(graph: PoseGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, honest, greedy = Bench(graph), SimpleQueue[Jump | None](), SimpleQueue[Jump | None]()
    monkeypatch.setattr(bench.desk, "_pressed", lambda replay: False)
    heavy = bytes(60_000)
    for results, count in ((honest, 20), (greedy, 2500)):
        frames = [frame(seq, 850_000 + seq * 4000, heavy) for seq in range(count)]
        bench.desk.add(Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, first_of(results)), frames, complete=True)
    assert (honest.qsize(), greedy.qsize()) == (0, 1)
    for results, count, apart_us in ((greedy, 4000, 200), (honest, 2, 100_000)):
        frames = [frame(seq, 850_000 + seq * apart_us, bytes(1000)) for seq in range(count)]
        bench.desk.add(Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, first_of(results)), frames, complete=True)
    for _ in range(2 + 1 + 20 + 1 + 2):  # frames, conclusions, what is forgotten between
        piece = bench.desk.take()
        assert piece is not None
        piece.run()
    assert (honest.qsize(), greedy.qsize()) == (2, 1)


def test_frames_that_weigh_too_much_are_given_up(graph: PoseGraph) -> None:
    bench = Bench(graph)
    heavy = [frame(seq, 1_200_000 + seq, bytes(1 << 20)) for seq in range(129)]
    bench.desk.add(bench.replay(live_jump(1.0, 1.5)), heavy, complete=False)
    assert bench.results.get_nowait() is None


def test_a_graph_that_failed_is_made_again(drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch) -> None:
    model, results = BUNDLED_FOLDER / MODELS[0].filename, SimpleQueue[Jump | None]()
    broken = PoseGraph(model, Mode.FINAL)
    with PoseGraph(model, Mode.FINAL) as other:
        desk = ReplayDesk([broken], lambda: other, lambda: None)
        monkeypatch.setattr(broken, "detect", broken.close)  # which takes no picture
        for _ in range(2):
            frames = of_clip(drawn_frames, 0.1)
            desk.add(Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, first_of(results)), frames, complete=True)
            while (piece := desk.take()) is not None:
                piece.run()
        desk.close()
    assert results.qsize() == 2
    with pytest.raises(RuntimeError, match="closed"):
        other.forget()  # it was the desk's, which made it


def test_nobody_is_held_by_a_replay_that_is_over(graph: PoseGraph) -> None:
    bench, told = Bench(graph), Told()
    seen = weakref.ref(told)
    replay = Replay(Span.of(live_jump(1.0, 1.5)), told.tracker, told.take)
    bench.desk.add(replay, [frame(1, 1_200_001)], complete=True)
    bench.work()
    del told
    assert seen() is None


class Told:
    """Somebody to be told."""

    def tracker(self) -> JumpTracker:
        """Makes a tracker."""
        return JumpTracker()

    def take(self, final: Jumps) -> None:
        """Takes the result."""


def test_a_desk_that_is_full_gives_up_the_longest(graph: PoseGraph) -> None:
    heavy = bytes(100_000)
    bench, outcomes = Bench(graph), [SimpleQueue[Jump | None]() for _ in range(3)]
    replays: list[Replay] = []
    for results in outcomes:
        replay = Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, first_of(results))
        bench.desk.add(replay, [frame(seq, 1_200_000 + seq, heavy) for seq in range(500)], complete=False)
        replays.append(replay)
    assert [results.qsize() for results in outcomes] == [1, 0, 0]
    assert outcomes[0].get_nowait() is None
    bench.desk.add(replays[0], [frame(500, 1_200_500)], complete=True)  # its session does not know yet
    assert [results.qsize() for results in outcomes] == [0, 0, 0]


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


def test_a_desk_with_one_jump_does_every_frame_of_its_flight_and_judges_a_few_at_a_time(graph: PoseGraph) -> None:
    bench, frames = Bench(graph), of_camera(1.82, 2.68)
    bench.desk.add(bench.replay(live_jump(2.0, 2.5)), frames, complete=True)
    bench.work()
    assert bench.pieces == len(frames) + len(frames) // 20 + 1


@pytest.mark.parametrize(
    ("kept", "pressed", "flying", "beside"),
    [
        (lambda seq: True, False, 27, 0),
        (lambda seq: seq % 3, False, 27, 13),
        (lambda seq: seq % 3, True, 8, 13),
        (lambda seq: seq % 3 == 0, False, 27, 12),
        (lambda seq: seq % 5 == 0, False, 27, 0),
        (lambda seq: False, False, 27, 7),
    ],
)
def test_around_a_flight_the_poses_of_the_live_path_do(
    kept: Callable[[int], bool], pressed: bool, flying: int, beside: int
) -> None:
    frames, pose = of_camera(0.95, 3.15), Pose(np.zeros((33, 4)), np.zeros((33, 4)))
    live = {one.elapsed_us: pose for one in frames if kept(one.seq)}
    replay = Replay(Span.of(live_jump(2.0, 2.5)), CMJ, lambda jumps: None)
    replay.add(frames, live, pressed=pressed)
    near = [one for one in replay.waiting if 1.8 < one.elapsed_us / 1e6 < 2.7]
    assert len(near) == flying
    assert len(replay.waiting) - len(near) == beside


def test_the_flight_of_a_drop_jump_begins_with_the_contact_before_it() -> None:
    frames, jump = of_camera(0.95, 3.15), live_jump(2.0, 2.5)
    dropped = replace(jump, events_s=jump.events_s | {"contact": 1.6})
    replay = Replay(Span.of(dropped), CMJ, lambda jumps: None)
    replay.add(frames, {}, pressed=False)
    closely = [one for one in frames if 1.4 < one.elapsed_us / 1e6 < 2.7]
    assert [one for one in replay.waiting if one in closely] == closely


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


def test_a_final_result_of_a_jump_of_which_most_poses_are_live_ones(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames
) -> None:
    bench, truth = Bench(graph), drawn_clip.truth[0]
    frames = of_clip(drawn_frames, truth.events_s["landing"] + 0.7)
    with PoseGraph(BUNDLED_FOLDER / MODELS[0].filename) as live_graph:
        found = [(one, live_graph.detect(decode(one.jpeg, one.header))) for one in frames]
    live = {one.elapsed_us: pose for one, pose in found if pose is not None}
    assert len(live) == len(frames)
    jump = live_jump(truth.events_s["takeoff"] + 0.03, truth.events_s["landing"] - 0.03)
    bench.desk.add(bench.replay(jump), frames, live, complete=True)
    bench.work()
    final = bench.results.get_nowait()
    assert final is not None
    assert bench.pieces < 0.6 * len(frames)
    for name, off in {"jump_height_m": 0.015, "countermovement_depth_m": 0.05}.items():
        assert final.metrics[name] == pytest.approx(truth.metrics[name], abs=off)


def test_with_every_graph_in_work_nothing_is_handed_out(graph: PoseGraph) -> None:
    bench = Bench(graph)
    for _ in range(2):
        bench.desk.add(bench.replay(live_jump(2.0, 2.5)), [frame(1, 1)], complete=True)
    piece = bench.desk.take()
    assert piece is not None
    assert bench.desk.take() is None
    piece.run()
    bench.work()
    assert bench.results.qsize() == 2


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


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
@pytest.mark.parametrize(("others", "most_per_s"), [(10, 60.0), (11, 11.1)])
def test_of_a_flight_every_frame_is_looked_at_unless_too_much_is_to_do_for_others(
    graph: PoseGraph, fps: float, others: int, most_per_s: float
) -> None:
    bench = Bench(graph)
    bench.desk.add(bench.replay(live_jump(2.0, 2.5)), of_camera(1.9, 1.9 + others / 100, fps=100.0), complete=True)
    assert bench.desk.waiting == others
    replay = bench.replay(live_jump(2.0, 2.5))
    bench.desk.add(replay, of_camera(0.9, 3.2, fps=fps), complete=True)
    times_s = [one.elapsed_us / 1e6 for one in replay.waiting]
    flying = [time_s for time_s in times_s if 1.8 < time_s < 2.7]
    assert min(fps, most_per_s / 1.4) * 0.9 - 1 <= len(flying) <= min(fps, most_per_s) * 0.9 + 1
    assert 0.16 < max(after - before for before, after in pairwise(times_s)) < 0.23
    assert 5 <= len(times_s) - len(flying) <= 9


class Counted:
    """Counts the pictures that a graph is shown."""

    def __init__(self, graph: PoseGraph, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pictures = 0
        self._detect = graph.detect
        monkeypatch.setattr(graph, "detect", self.detect)

    def detect(self, image: NDArray[np.uint8]) -> Pose | None:
        self.pictures += 1
        return self._detect(image)


def search(bench: Bench, frames: list[Frame], first_s: float, last_s: float) -> list[Jump]:
    """What is found in every frame of a stretch in doubt."""
    found: list[Jump] = []
    span = Span.around(first_s, last_s)
    kept = [one for one in frames if span.from_s <= one.elapsed_us / 1e6 <= span.until_s]
    bench.desk.add(Replay(span, CMJ, found.extend), kept, complete=True)
    bench.work()
    return found


@pytest.mark.parametrize("early_s", [0.0, 0.07, 0.13])
@pytest.mark.parametrize(("pressed", "most"), [(False, 60), (True, 42)])
def test_a_search_looks_closely_at_the_flight_only(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch,
    pressed: bool, most: int, early_s: float,
) -> None:  # fmt: skip
    bench, truth = Bench(graph), drawn_clip.truth[0]
    monkeypatch.setattr(bench.desk, "_pressed", lambda replay: pressed)
    counted, apex_s = Counted(graph, monkeypatch), truth.events_s["apex"] - early_s
    (jump,) = search(bench, of_clip(drawn_frames, 99.0), apex_s - 0.4, apex_s + 0.4)
    assert jump.metrics["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.02)
    assert counted.pictures <= most


def test_a_search_of_somebody_who_stands_takes_few_frames(
    graph: PoseGraph, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing, bench = drawn_frames[:10], Bench(graph)
    frames = [frame(seq, seq * 33_333, standing[seq % 10][1]) for seq in range(120)]
    counted = Counted(graph, monkeypatch)
    assert search(bench, frames, 1.9, 2.9) == []
    assert counted.pictures <= 20


@pytest.mark.parametrize(("takeoff_s", "landing_s"), [(-0.28, -0.35), (-0.2, -0.25), (0.1, 0.2), (0.28, 0.28)])
def test_a_jump_that_was_seen_a_little_off_is_looked_at_where_it_was(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch,
    takeoff_s: float, landing_s: float,
) -> None:  # fmt: skip
    bench, truth = Bench(graph), drawn_clip.truth[0]
    monkeypatch.setattr(bench.desk, "_pressed", lambda replay: False)
    live = live_jump(truth.events_s["takeoff"] + takeoff_s, truth.events_s["landing"] + landing_s)
    frames = of_clip(drawn_frames, truth.events_s["landing"] + 0.7)
    bench.desk.add(bench.replay(live), frames, complete=True)
    bench.work()
    final = bench.results.get_nowait()
    assert final is not None
    assert final.metrics["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.02)
    assert final.quality.warnings == ()  # the camera is not blamed for frames that were left out


def test_a_replay_that_is_cancelled_while_it_is_judged_looks_no_closer(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, apex_s = Bench(graph), drawn_clip.truth[0].events_s["apex"]
    replay = Replay(Span.around(apex_s - 0.3, apex_s + 0.3), CMJ, first_of(bench.results))
    judge = replay.judge

    def judge_too_late() -> bool:
        more = judge()
        if not more:
            bench.desk.cancel(replay)
        return more

    monkeypatch.setattr(replay, "judge", judge_too_late)
    bench.desk.add(replay, of_clip(drawn_frames, apex_s + 1.2), complete=True)
    bench.work()
    assert bench.ended == ["cancelled"]
    assert bench.results.empty()
    assert replay.round == 1


def test_a_jump_whose_worker_is_stuck_is_left_to_the_live_path_and_its_graph_to_the_worker(
    drawn_frames: Frames,
) -> None:
    model = BUNDLED_FOLDER / MODELS[0].filename
    results = SimpleQueue[Jump | None]()
    with PoseGraph(model, Mode.FINAL) as stuck, PoseGraph(model, Mode.FINAL) as other:
        desk = ReplayDesk([stuck], lambda: other, lambda: None)
        frames = of_clip(drawn_frames, 0.2)
        desk.add(Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, first_of(results)), frames, complete=True)
        piece = desk.take()
        assert piece is not None
        piece.abandon()
        assert results.get_nowait() is None
        desk.add(Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, first_of(results)), frames, complete=True)
        while (next_piece := desk.take()) is not None:
            next_piece.run()
        assert results.qsize() == 1  # with a graph that was made in its place
        piece.run()
        assert results.qsize() == 1
        with pytest.raises(RuntimeError, match="closed"):
            stuck.forget()


def test_a_graph_that_hangs_costs_its_jump_and_no_other(
    drawn_clip: Clip, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, truth, go = BUNDLED_FOLDER / MODELS[0].filename, drawn_clip.truth[0], Event()
    hanging, results = PoseGraph(model, Mode.FINAL), SimpleQueue[Jump | None]()
    monkeypatch.setattr(hanging, "detect", lambda image: go.wait())
    scheduler = Scheduler(2)
    desk = ReplayDesk([hanging], lambda: PoseGraph(model, Mode.FINAL), scheduler.invite)
    scheduler.attend(desk.take)
    frames = of_clip(drawn_frames, truth.events_s["landing"] + 0.8)
    jump = live_jump(truth.events_s["takeoff"], truth.events_s["landing"])
    desk.add(Replay(Span.of(jump), CMJ, first_of(results)), frames, complete=True)
    while results.empty():
        sleep(0.01)
        scheduler.look()
    assert results.get_nowait() is None
    desk.add(Replay(Span.of(jump), CMJ, first_of(results)), frames, complete=True)
    final = results.get(timeout=60)
    assert final is not None
    assert final.metrics["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.04)
    go.set()
    scheduler.close()
    desk.close()


def test_where_no_graph_can_be_made_the_live_result_has_to_do(
    drawn_frames: Frames, caplog: pytest.LogCaptureFixture
) -> None:
    results = SimpleQueue[Jump | None]()
    with PoseGraph(BUNDLED_FOLDER / MODELS[0].filename, Mode.FINAL) as graph:
        desk = ReplayDesk([graph], Bench.no_graph, lambda: None)
        for _ in range(2):
            frames = of_clip(drawn_frames, 0.05)
            desk.add(Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, first_of(results)), frames, complete=True)
            piece = desk.take()
            assert piece is not None
            piece.abandon() if results.empty() else piece.run()
    assert [results.get_nowait(), results.get_nowait()] == [None, None]
    assert "a jump could not be replayed" in caplog.text
