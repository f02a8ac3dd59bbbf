"""A few seconds of fuzzing, each time; `make fuzz` has hours. And properties of what goes out, whatever came in."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from tests.jumps.conftest import act, countermovement_jump

from kinemotion.errors import ClientError
from kinemotion.jumps import Jump, Movement
from kinemotion.pose.graph import Pose
from kinemotion.realtime.json_mode import JsonMode
from kinemotion.realtime.messages import Athlete, Frame, Limits, SessionConfig, Tally
from kinemotion.realtime.pipeline import Pipeline
from kinemotion.realtime.protocol import V1, encode_frame

ROOT = Path(__file__).parents[2]
SECONDS = 1
LIMITS = Limits(max_frame_bytes=65_536, max_pixels=1_000_000, max_fps=1000, start_s=5, idle_s=15, session_s=900)
PLAIN = cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
PICTURE, WORLD = act(countermovement_jump(0.35)).landmarks()


async def fuzzed(target: str, folder: Path) -> tuple[int | None, str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    command = (sys.executable, "-m", "fuzz", target, str(SECONDS))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, cwd=folder, env=environment)
    output, _ = await process.communicate()
    return process.returncode, output.decode(errors="replace")


async def test_a_moment_of_fuzzing_finds_nothing(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="it is there for Linux on x86-64 only")
    targets = ("picture", "frames", "start", "json")
    for code, output in await asyncio.gather(*(fuzzed(target, tmp_path) for target in targets)):
        assert code == 0, output[-4000:]
        assert "Done" in output, output[-4000:]


class Seen:
    """A pose graph that sees what a test says."""

    def __init__(self) -> None:
        self.pose: Pose | None = None

    def detect(self, image: object) -> Pose | None:
        return self.pose


@st.composite
def poses(draw: st.DrawFn) -> Pose | None:
    """Nobody, somebody, or what no body looks like: any finite number that a graph's 32 bits hold."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return None
    moment = draw(st.integers(0, len(PICTURE) - 1))
    soles = np.array([draw(st.floats(-2, 2) | st.just(float("nan"))) for _ in range(2)])
    if kind < 3:
        return Pose(PICTURE[moment], WORLD[moment], soles)
    wild = npst.arrays(np.float32, (33, 4), elements=st.floats(allow_nan=False, allow_infinity=False, width=32))
    return Pose(draw(wild).astype(np.float64), draw(wild).astype(np.float64), soles)


def numbers(message: Any) -> list[Any]:
    """Everything in a message that is no text and no flag: numbers, and null in the place of one."""
    if isinstance(message, dict):
        return [one for key, value in message.items() if key != "pose" or value for one in numbers(value)]
    if isinstance(message, list):
        return [one for value in message for one in numbers(value)]
    return [] if isinstance(message, str | bool) else [message]


def finite(text: str | None) -> bool:
    """Whether all numbers of a message are there; the encoder writes null for what is not finite."""
    return text is None or None not in numbers(orjson.loads(text))


@settings(max_examples=60, deadline=None)
@given(
    times_us=st.lists(st.integers(0, 2_000_000) | st.integers(0, (1 << 64) - 1), min_size=1, max_size=40),
    seen=st.lists(poses(), min_size=8, max_size=8),
    height_m=st.none() | st.floats(1.0, 2.5),
)
def test_whatever_times_and_poses_come_in_only_finite_numbers_go_out(
    times_us: list[int], seen: list[Pose | None], height_m: float | None
) -> None:
    graph = Seen()
    for protocol in (V1(LIMITS, 0.0), JsonMode(LIMITS, 0.0, Movement.AUTO)):
        config = SessionConfig(athlete=Athlete(height_m=height_m))
        line = Pipeline(config, protocol, graph, lambda: Tally(1, 1, 0), lambda: 0)  # type: ignore[arg-type]
        jumps: list[Jump] = []
        for number, frame in enumerate(frames(times_us)):
            graph.pose = seen[number % len(seen)]
            analysed = line.analyse(frame)
            jumps += analysed.jumps
            assert finite(analysed.answer)
        jumps += line.finish()
        assert all(finite(protocol.jump(jump)) for jump in jumps)
        assert finite(protocol.summary(Tally(1, 1, 0), jumps))


def frames(times_us: list[int]) -> list[Frame]:
    """What the gate lets through of frames with such times."""
    gate = V1(LIMITS, 0.0)
    gate.receive('{"type":"start"}', 0.0)
    kept: list[Frame] = []
    for seq, time_us in enumerate(times_us):
        with contextlib.suppress(ClientError):
            (event,) = gate.receive(encode_frame(seq, time_us, PLAIN), 0.0)
            assert isinstance(event, Frame)
            kept.append(event)
    assert all(early.elapsed_us < late.elapsed_us < 1 << 52 for early, late in pairwise(kept))
    return kept
