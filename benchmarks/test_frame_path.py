"""The parts that a frame passes, one by one, and the whole beside the bare library in the same run."""

from collections.abc import Callable, Iterator
from itertools import count, cycle

import cv2
import mediapipe
import numpy as np
import pytest
from mediapipe.tasks.python.core.base_options import BaseOptions
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode
from pytest_benchmark.fixture import BenchmarkFixture

from kinemotion.jumps import JumpTracker
from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.jpeg import decode, read_header
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime.messages import Frame, Limits, SessionConfig, Tally
from kinemotion.realtime.pipeline import Pipeline
from kinemotion.realtime.protocol import V1, encode_frame
from kinemotion.synthetic import Clip, CountermovementJump

MODEL = BUNDLED_FOLDER / MODELS[0].filename
LIMITS = Limits(max_frame_bytes=1 << 20, max_pixels=1 << 22, max_fps=1e9, start_s=5, idle_s=15, session_s=900)
ROUNDS = 150
STEP_MS = 0.3
JUMP_MS = 15.0


@pytest.fixture(scope="module")
def jpegs() -> list[bytes]:
    clip = Clip([CountermovementJump(height_m=0.35)], fps=30, size=(640, 480))
    return [jpeg for _, jpeg in clip.jpegs()]


@pytest.fixture(scope="module", autouse=True)
def one_opencv_thread() -> None:
    cv2.setNumThreads(1)


def run(benchmark: BenchmarkFixture, step: Callable[[], object]) -> None:
    benchmark.pedantic(step, rounds=ROUNDS, warmup_rounds=20)


def test_gate(benchmark: BenchmarkFixture, jpegs: list[bytes]) -> None:
    benchmark(read_header, jpegs[0])


def test_decode(benchmark: BenchmarkFixture, jpegs: list[bytes]) -> None:
    header = read_header(jpegs[0])
    benchmark(decode, jpegs[0], header)


@pytest.mark.parametrize("mode", list(Mode))
def test_pose(benchmark: BenchmarkFixture, jpegs: list[bytes], mode: Mode) -> None:
    pictures = cycle([decode(jpeg, read_header(jpeg)) for jpeg in jpegs])
    clock = count(0, 33_333)
    with PoseGraph(MODEL, mode) as graph:
        run(benchmark, lambda: graph.detect(next(pictures), next(clock)))


def hold(benchmark: BenchmarkFixture, limit_ms: float) -> None:
    """Fails where the lower quartile, which a busy machine hardly moves, is over a limit."""
    if benchmark.stats is not None:  # else benchmarks are disabled
        assert 1000 * benchmark.stats.stats.q1 <= limit_ms


def test_tracker_step(benchmark: BenchmarkFixture) -> None:
    clip = Clip([CountermovementJump(height_m=0.35)], fps=30, size=(640, 480))
    landmarks, clock = cycle(clip.landmarks()), count()
    tracker = JumpTracker()
    benchmark.pedantic(lambda: tracker.update(next(clock) / 30, next(landmarks), aspect=4 / 3), rounds=4 * ROUNDS)
    hold(benchmark, STEP_MS)


def test_jump_analysed(benchmark: BenchmarkFixture) -> None:
    """What makes a jump that has landed final: the whole analysis of its flight and push-off, but for the poses."""
    clip = Clip([CountermovementJump(height_m=0.35)], fps=60, size=(640, 480))
    until_s = clip.truth[0].events_s["landing"] + 0.45  # before it becomes final by itself
    frames = [(time_s, seen) for time_s, seen in zip(clip.times_s, clip.landmarks(), strict=True) if time_s < until_s]

    def landed() -> tuple[tuple[JumpTracker], dict[str, object]]:
        tracker = JumpTracker()
        for time_s, seen in frames:
            tracker.update(time_s, seen, aspect=4 / 3)
        return (tracker,), {}

    (jump,) = benchmark.pedantic(JumpTracker.finish, setup=landed, rounds=30, warmup_rounds=2)
    assert jump.final
    hold(benchmark, JUMP_MS)


@pytest.fixture
def bare(jpegs: list[bytes]) -> Iterator[Callable[[], object]]:
    """What anyone would write around the library: decode, find the pose."""
    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(MODEL)), running_mode=RunningMode.VIDEO
    )
    pictures, clock = cycle(jpegs), count(0, 33)
    with PoseLandmarker.create_from_options(options) as landmarker:

        def step() -> object:
            data = np.frombuffer(next(pictures), np.uint8)
            image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
            return landmarker.detect_for_video(mediapipe.Image(mediapipe.ImageFormat.SRGB, image), next(clock))

        yield step


def test_bare_library(benchmark: BenchmarkFixture, bare: Callable[[], object]) -> None:
    run(benchmark, bare)


def test_session_step(benchmark: BenchmarkFixture, jpegs: list[bytes]) -> None:
    """Gate, decode, pose, kinematics and answer: all that one frame costs but for the socket."""
    protocol = V1(LIMITS, 0.0)
    protocol.receive('{"type":"start"}', 0.0)
    pictures, numbers = cycle(jpegs), count()
    with PoseGraph(MODEL) as graph:
        pipeline = Pipeline(SessionConfig(), protocol, graph, lambda: Tally(0, 0, 0))

        def step() -> object:
            number = next(numbers)
            (frame,) = protocol.receive(encode_frame(number, number * 33_333, next(pictures)), number / 30)
            assert isinstance(frame, Frame)
            return pipeline.analyse(frame)

        run(benchmark, step)
