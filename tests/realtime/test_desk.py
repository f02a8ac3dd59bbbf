"""The desk of replays: whose turn it is, what is given up, and graphs that fail or hang."""

import weakref
from queue import SimpleQueue
from threading import Event
from time import sleep

import pytest
from tests.realtime.replaying import CMJ, Bench, Frames, first_of, frame, live_jump, of_camera, of_clip

from kinemotion.jumps import Jump, JumpTracker
from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.replay import Jumps, Replay, Span
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.synthetic import Clip


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


def test_a_desk_with_one_jump_does_every_frame_of_its_flight_and_judges_a_few_at_a_time(graph: PoseGraph) -> None:
    bench, frames = Bench(graph), of_camera(1.82, 2.68)
    bench.desk.add(bench.replay(live_jump(2.0, 2.5)), frames, complete=True)
    bench.work()
    assert bench.pieces == len(frames) + len(frames) // 20 + 1


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


class Told:
    """Somebody to be told."""

    def tracker(self) -> JumpTracker:
        """Makes a tracker."""
        return JumpTracker()

    def take(self, final: Jumps) -> None:
        """Takes the result."""


def test_nobody_is_held_by_a_replay_that_is_over(graph: PoseGraph) -> None:
    bench, told = Bench(graph), Told()
    seen = weakref.ref(told)
    replay = Replay(Span.of(live_jump(1.0, 1.5)), told.tracker, told.take)
    bench.desk.add(replay, [frame(1, 1_200_001)], complete=True)
    bench.work()
    del told
    assert seen() is None


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
    scheduler.attend(desk.take, 1.0)
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
