"""Replays, with real graphs on drawn frames: which frames they take and what they find in them."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.realtime.replaying import CMJ, Bench, Frames, frame, live_jump, of_camera, of_clip

from kinemotion.jumps import Jump
from kinemotion.pose.graph import Pose, PoseGraph
from kinemotion.pose.jpeg import decode
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.pose.stabiliser import Watch
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.replay import Replay, Span
from kinemotion.synthetic import Camera, Clip, SquatJump


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


def test_a_camera_held_by_hand_costs_no_centimetres(graph: PoseGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = Clip([SquatJump(height_m=0.35)], size=(360, 640), camera=Camera(wobble_deg=0.5), tail_s=0.8)
    (truth,), bench, frames = clip.truth, Bench(graph), of_clip(list(clip.jpegs()), 99.0)

    def error_m() -> float:
        live = live_jump(truth.events_s["takeoff"], truth.events_s["landing"])
        bench.desk.add(bench.replay(live), frames, complete=True)
        bench.work()
        final = bench.results.get_nowait()
        assert final is not None
        return abs(final.metrics["jump_height_m"] - truth.metrics["jump_height_m"])

    monkeypatch.setattr(bench.desk, "_pressed", lambda replay: False)
    assert error_m() < 0.015
    monkeypatch.setattr(Watch, "moved", False)
    assert error_m() > 0.05


def test_what_is_measured_is_told_if_the_time_ends_while_the_camera_is_steadied(
    graph: PoseGraph, drawn_clip: Clip, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, truth = Bench(graph), drawn_clip.truth[0]
    monkeypatch.setattr(Watch, "moved", True)
    replay = bench.replay(live_jump(truth.events_s["takeoff"], truth.events_s["landing"]))
    bench.desk.add(replay, of_clip(drawn_frames, truth.events_s["landing"] + 0.7), complete=True)
    while replay.waiting:
        piece = bench.desk.take()
        assert piece is not None
        piece.run()
    judged = 0
    while judged < 20 and (piece := bench.desk.take()) is not None:
        piece.run()
        judged += 1
    bench.desk.give_up(replay)
    final = bench.results.get_nowait()
    assert final is not None
    assert final.metrics["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.02)
    assert bench.ended == ["shed"]


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
