"""Real people as MediaPipe's tracking mode saw them; the truth was read from the feet by eye."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kinemotion.analysis import JumpAnalyzer
from kinemotion.jumps import Jump, JumpTracker

Floats = NDArray[np.float64]

DATA = Path(__file__).parents[3] / "shared" / "data" / "landmarks"

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    if not DATA.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"no reference data at {DATA}")
        pytest.skip("no reference data beside the checkout")
    found: dict[str, Any] = json.loads((DATA / "truth.json").read_text())
    return found


def read(name: str, mode: str) -> tuple[Floats, Floats, Floats, float]:
    with np.load(DATA / f"{name}.npz") as data:
        width, height = data["size_px"]
        picture, world = data[mode][..., :4].astype(float), data["world"][..., :4].astype(float)
        return data["time_s"], picture, world, width / height


def follow(name: str, mode: str, share: float = 1.0, seed: int = 0) -> tuple[list[Jump], Floats]:
    times, picture, world, aspect = read(name, mode)
    keep = np.random.default_rng(seed).random(len(times)) < share
    tracker = JumpTracker()
    jumps: list[Jump] = []
    for time, seen, metres in zip(times[keep].tolist(), picture[keep], world[keep], strict=True):
        jumps += tracker.update(time, seen, aspect=aspect, world=metres).jumps
    return jumps + list(tracker.finish()), times


@pytest.mark.parametrize("mode", ["video_mode", "image_mode"])
@pytest.mark.parametrize("name", ["pause_cmj", "small_cmj60", "sj"])
def test_the_jump_is_found_where_the_feet_leave_and_meet_the_floor(truth: dict[str, Any], name: str, mode: str) -> None:
    jumps, times = follow(name, mode)
    assert [(jump.index, jump.final, jump.movement.value) for jump in jumps] == [
        (1, False, truth[name]["movement"]),
        (1, True, truth[name]["movement"]),
    ]
    for event in ("takeoff", "landing"):
        first, last = truth[name][f"{event}_frame"]
        seen = float(np.interp(jumps[-1].events_s[event], times, np.arange(len(times))))
        assert first - 1 <= seen <= last + 1


@pytest.mark.parametrize("name", ["pause_cmj", "small_cmj60", "sj"])
def test_in_a_whole_clip_the_flight_lasts_as_long_as_was_read(truth: dict[str, Any], name: str) -> None:
    times, picture, world, aspect = read(name, "video_mode")
    analyzer = JumpAnalyzer("auto", aspect=aspect)
    for time, seen, metres in zip(times.tolist(), picture, world, strict=True):
        analyzer.feed(time, seen, metres)
    analyzer.finish()
    (jump,) = analyzer.jumps
    shortest, longest = truth[name]["flight_time_s"]
    assert 1000 * shortest <= jump.metrics["flight_time_ms"] <= 1000 * longest


@pytest.mark.parametrize("mode", ["video_mode", "image_mode"])
@pytest.mark.parametrize("name", ["walk", "squat"])
@pytest.mark.parametrize("share", [1.0, 0.33])
def test_walking_and_squatting_make_no_jump(truth: dict[str, Any], name: str, mode: str, share: float) -> None:
    assert truth[name]["jumps"] == 0
    for seed in range(1 if share == 1.0 else 8):
        assert follow(name, mode, share, seed)[0] == []


@pytest.mark.parametrize("name", ["pause_cmj", "small_cmj60", "sj"])
def test_nearly_every_jump_is_found_in_a_third_of_the_frames(truth: dict[str, Any], name: str) -> None:
    found = [len(follow(name, "video_mode", 1 / 3, seed)[0]) for seed in range(20)]
    assert set(found) <= {0, truth[name]["jumps"] * 2}
    assert found.count(2) >= 18
