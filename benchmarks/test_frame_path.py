"""The parts that a frame passes, one by one, and the whole, all beside the bare library."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from itertools import count, cycle
from math import inf
from pathlib import Path
from statistics import quantiles

import pytest
from benchmarks.beside import Beside, Spent, Step, spend
from tests.realtime.loopback import Client, no_graph, services

from kinemotion.jumps import JumpTracker
from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.jpeg import decode, read_header
from kinemotion.pose.landmarks import Landmark, Landmarks, Y
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.messages import Answer, Frame, Limits, Tally
from kinemotion.realtime.protocol import V1, encode_frame
from kinemotion.realtime.replay import Replay, Span
from kinemotion.synthetic import Clip, CountermovementJump

MODEL = BUNDLED_FOLDER / MODELS[0].filename
LIMITS = Limits(max_frame_bytes=1 << 20, max_pixels=1 << 22, max_fps=1e9, start_s=5, idle_s=15, session_s=900)
START = (
    '{"type":"start","movement":"cmj","athlete":{"id":"a7","height_m":1.82,"mass_kg":78},'
    '"quality":"fast","send_pose":true}'
)
BARE_MS = 9.2
STEP_MS = 0.3
JUMP_MS = 15.0
ASPECT = 4 / 3
TOES = [Landmark.LEFT_FOOT_INDEX, Landmark.RIGHT_FOOT_INDEX]


@pytest.fixture
def protocol() -> V1:
    """A session that has started."""
    protocol = V1(LIMITS, 0.0)
    protocol.receive(START, 0.0)
    return protocol


@pytest.fixture(scope="module", params=[60, 120], ids="{}fps".format)
def landed(request: pytest.FixtureRequest) -> JumpTracker:
    """A tracker that saw a landing, with world landmarks and soles, just before the jump becomes final by itself."""
    clip = Clip([CountermovementJump(height_m=0.35)], fps=request.param, size=(640, 480))
    until_s = clip.truth[0].events_s["landing"] + 0.45
    tracker = JumpTracker()
    for time_s, seen in zip(clip.times_s, clip.landmarks(), strict=True):
        if time_s < until_s:
            tracker.update(time_s, seen, aspect=ASPECT, world=as_world(seen), soles=seen[TOES, Y])
    return tracker


def as_world(seen: Landmarks) -> Landmarks:
    """World landmarks (33, 4) like those of a picture that is 3 m high."""
    return seen * [3.0 * ASPECT, 3.0, 3.0 * ASPECT, 1.0]


def hold(beside: Beside, ratio: float, limit_ms: float) -> None:
    """Fails over a limit that is meant for a machine on which the bare library takes 9.2 ms a frame."""
    if beside.ratios is not None:  # else benchmarks are disabled
        assert ratio * BARE_MS <= limit_ms


def test_bare_library(beside: Beside, new_bare: Callable[[], Step]) -> None:
    """The bare library beside itself: how far from 1 is how little the machine lets the other ratios say."""
    beside(new_bare())


def test_gate(beside: Beside, jpegs: list[bytes]) -> None:
    beside(lambda: read_header(jpegs[0]))


def test_decode(beside: Beside, jpegs: list[bytes]) -> None:
    header = read_header(jpegs[0])
    beside(lambda: decode(jpegs[0], header))


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
def test_pose(beside: Beside, jpegs: list[bytes], mode: Mode) -> None:
    pictures = cycle([decode(jpeg, read_header(jpeg)) for jpeg in jpegs])
    with PoseGraph(MODEL, mode) as graph:
        beside(lambda: graph.detect(next(pictures)))


def test_tracker_step(beside: Beside, clip: Clip) -> None:
    """Held to its limit where steps follow each other; beside the bare library each finds the caches cold."""
    landmarks, clock = cycle(clip.landmarks()), count()
    tracker = JumpTracker()

    def step() -> object:
        return tracker.update(next(clock) / clip.fps, next(landmarks), aspect=ASPECT)

    beside(step)
    in_a_row: list[Spent] = []
    for _ in range(300):
        spend(in_a_row, step)
    hold(beside, quantiles(spent.cpu_s for spent in in_a_row)[0] / (beside.bare_cpu_s or 1.0), STEP_MS)


def test_jump_analysed(beside: Beside, landed: JumpTracker) -> None:
    """What makes a jump that has landed final: the whole analysis of its flight and push-off, but for the poses."""
    (jump,) = beside(JumpTracker.finish, setup=lambda: (deepcopy(landed),), rounds=50)
    assert jump.final
    hold(beside, beside.ratios.cpu if beside.ratios else 0.0, JUMP_MS)


def test_start_message_read(beside: Beside) -> None:
    beside(V1.receive, setup=lambda: (V1(LIMITS, 0.0), START, 0.0))


def test_frame_message_read(beside: Beside, protocol: V1, jpegs: list[bytes]) -> None:
    """Header, order, rate and gate."""
    messages = (encode_frame(number, number * 33_333, jpegs[0]) for number in count())
    beside(protocol.receive, setup=lambda: (next(messages), 0.0))


def test_frame_answer_written(beside: Beside, protocol: V1, clip: Clip) -> None:
    """With the 33 points."""
    tracker, points = JumpTracker(height_m=1.8), list(clip.landmarks())
    for time_s, seen in zip(clip.times_s, points, strict=True):
        update = tracker.update(time_s, seen, aspect=ASPECT)
    timing_ms = dict.fromkeys(("queue", "decode", "pose", "kinematics", "total"), 1.23456)
    answer = Answer(89, 2_966_637, Tally(90, 60, 30), update.phase, points[-1], update.live, timing_ms)
    beside(lambda: protocol.answer(answer))


def test_jump_message_written(beside: Beside, protocol: V1, landed: JumpTracker) -> None:
    (jump,) = deepcopy(landed).finish()
    beside(lambda: protocol.jump(jump))


def test_replay_step(beside: Beside, jpegs: list[bytes]) -> None:
    """One frame of a jump done again: off the desk, decode, pose with the edges of the shoes."""
    pictures, numbers = cycle(jpegs), count()
    with PoseGraph(MODEL, Mode.FINAL) as graph:
        desk = ReplayDesk([graph], no_graph, lambda: None)
        replay = Replay(Span.around(0.0, inf), JumpTracker, lambda _: None)

        def setup() -> tuple[Frame]:
            number, jpeg = next(numbers), next(pictures)
            time_us = number * 200_000  # closer to each other, a search would leave some out
            return (Frame(number, time_us, time_us, jpeg, read_header(jpeg), 0.0),)

        def step(frame: Frame) -> None:
            desk.add(replay, [frame], complete=False)
            piece = desk.take()
            assert piece is not None
            piece.run()

        beside(step, setup)
    assert not replay.over  # or it failed


def test_session_step(beside: Beside, clip: Clip, jpegs: list[bytes], tmp_path: Path) -> None:
    """All that one frame costs but for the network, from its message received to its answer sent: a whole session."""
    standing = cycle(jpegs[: int(clip.truth[0].events_s["onset"] * clip.fps)])  # no jump is done again meanwhile
    numbers, client = count(), Client()
    with asyncio.Runner() as runner, PoseGraph(MODEL) as graph, services(graph, tmp_path) as shared:

        async def begin() -> asyncio.Task[None]:
            running = asyncio.create_task((await client.session(shared)).run())
            client.send(START)
            await client.hear("started")
            return running

        async def step() -> object:
            number = next(numbers)
            client.send(encode_frame(number, number * 33_333, next(standing)))
            return await client.hear("frame")

        async def end() -> None:
            client.leave()
            await running

        running = runner.run(begin())
        assert beside(lambda: runner.run(step()))["pose"] is not None
        runner.run(end())
