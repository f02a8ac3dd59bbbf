"""Streams as a loaded server sees them: sparse, irregular, with poses lost and values that make no sense."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from tests.jumps.conftest import ASPECT, Motion, act, countermovement_jump, still, watch

from kinemotion.jumps import Jump, JumpTracker, Update

JUMP = act(countermovement_jump(0.35))
PICTURE, WORLD = JUMP.landmarks()


def thinned(motion: Motion, share: float, seed: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(np.random.default_rng(seed).random(len(motion.times_s)) < share)


@pytest.mark.parametrize("seed", range(12))
def test_a_random_third_of_the_frames_is_enough(seed: int) -> None:
    _, jumps = watch(JUMP, keep=thinned(JUMP, 1 / 3, seed), noise=0.001, seed=seed)
    assert [(jump.index, jump.final) for jump in jumps] == [(1, False), (1, True)]
    assert jumps[-1].metrics["jump_height_m"] == pytest.approx(0.35, abs=0.05)


def test_most_jumps_are_found_in_a_random_tenth_of_the_frames() -> None:
    motion = act(countermovement_jump(0.45), 60.0)
    found = [watch(motion, keep=thinned(motion, 1 / 10, seed))[1] for seed in range(20)]
    assert sum(len(jumps) == 2 for jumps in found) >= 14
    assert all(len(jumps) in (0, 2) for jumps in found)


@pytest.mark.parametrize("height_m", [0.20, 0.35])
@pytest.mark.parametrize("rate", [1.0, 1.2, 2.0, 3.0])
def test_a_jump_that_falls_between_frames_leaves_a_doubt(rate: float, height_m: float) -> None:
    motion = act([still(3.0), *countermovement_jump(height_m), still(3.0)])
    (takeoff_s,) = motion.takeoffs_s
    for first_s in np.linspace(0, 1 / rate, 15, endpoint=False):
        keep = np.zeros(len(motion.times_s), np.bool_)
        keep[np.searchsorted(motion.times_s, np.arange(first_s, motion.times_s[-1], 1 / rate))] = True
        updates, jumps = watch(motion, keep=keep)
        doubts = [update.unclear for update in updates if update.unclear is not None]
        assert jumps or any(start_s - 0.3 < takeoff_s < end_s + 0.3 for start_s, end_s in doubts)


@pytest.mark.parametrize("rate", [0.8, 1.0])
def test_a_flight_between_frames_too_far_apart_to_measure_it_is_in_doubt_and_not_told(rate: float) -> None:
    motion = act([still(4.0), *countermovement_jump(0.45), still(3.0)])
    for first_s in np.linspace(0, 1 / rate, 15, endpoint=False):
        keep = np.zeros(len(motion.times_s), np.bool_)
        keep[np.searchsorted(motion.times_s, np.arange(first_s, motion.times_s[-1], 1 / rate))] = True
        updates, jumps = watch(motion, keep=keep, longest_gap_s=0.8)
        assert jumps == []
        assert all(update.unclear is None or update.unclear[0] <= update.unclear[1] for update in updates)


@pytest.mark.parametrize(
    ("gap_s", "size", "known"), [(0.8, 1.0, True), (2.5, 1.0, True), (2.5, 0.6, False), (4.0, 1.0, False)]
)
def test_after_a_gap_whoever_is_as_tall_and_still_there_is_the_athlete(gap_s: float, size: float, known: bool) -> None:
    tracker, standing = JumpTracker(height_m=1.8), PICTURE[0]
    for number in range(30):
        tracker.update(number / 30, standing, aspect=ASPECT)
    after = standing.copy()
    after[:, :2] = 0.5 + size * (after[:, :2] - 0.5)
    after[:, 1] += 0.05
    update = tracker.update(1.0 + gap_s, after, aspect=ASPECT)
    assert (update.live["com_height_m"] < -0.05) is known  # a stranger's height is counted from where they stand


def test_after_frames_that_showed_nobody_whoever_comes_is_somebody_else() -> None:
    tracker, standing = JumpTracker(height_m=1.8), PICTURE[0]
    for number in range(30):
        tracker.update(number / 30, standing, aspect=ASPECT)
    for number in range(30, 75):
        tracker.update(number / 30, None, aspect=ASPECT)
    lower = standing.copy()
    lower[:, 1] += 0.05
    assert tracker.update(2.5, lower, aspect=ASPECT).live["com_height_m"] == pytest.approx(0.0, abs=1e-9)


def test_frames_far_apart_of_somebody_who_stands_leave_no_doubt() -> None:
    motion = act([still(6.0)], 1.0)
    updates, _ = watch(motion, noise=0.002)
    assert [update.unclear for update in updates] == [None] * len(updates)


@pytest.mark.parametrize("seed", range(5))
def test_jittered_times_do_not_matter(seed: int) -> None:
    jitter = np.random.default_rng(seed).uniform(-0.3, 0.3, len(JUMP.times_s))
    times = JUMP.times_s + jitter / 30
    tracker = JumpTracker()
    jumps: list[Jump] = []
    hips, toes = (np.interp(times, JUMP.times_s, course) for course in (JUMP.hips_m, JUMP.toes_m))
    picture, world = Motion(times, hips, toes).landmarks()
    for time, seen, metres in zip(times.tolist(), picture, world, strict=True):
        jumps += tracker.update(time, seen, aspect=ASPECT, world=metres).jumps
    assert len(jumps) == 2
    assert jumps[-1].metrics["jump_height_m"] == pytest.approx(0.35, abs=0.02)


def test_poses_lost_in_flight_do_not_lose_the_jump() -> None:
    tracker = JumpTracker()
    jumps: list[Jump] = []
    for number, time in enumerate(JUMP.times_s.tolist()):
        lost = JUMP.takeoffs_s[0] + 0.1 < time < JUMP.landings_s[0] - 0.1 and number % 3 > 0
        jumps += tracker.update(time, None if lost else PICTURE[number], aspect=ASPECT, world=WORLD[number]).jumps
    assert len(jumps) == 2
    assert jumps[-1].metrics["jump_height_m"] == pytest.approx(0.35, abs=0.02)


def test_a_flight_of_too_few_frames_is_in_doubt_at_the_end_too() -> None:
    tracker = JumpTracker()
    for wanted_s in (1.15, 1.35, 1.51, 1.65, 1.71, JUMP.landings_s[0] - 0.02, JUMP.landings_s[0] + 0.18):
        number = int(np.abs(JUMP.times_s - wanted_s).argmin())
        update = tracker.update(float(JUMP.times_s[number]), PICTURE[number], aspect=ASPECT, world=WORLD[number])
        assert update.jumps == ()
    assert tracker.finish() == ()  # the last frame showed the feet on the floor, which another would have confirmed
    assert tracker.unclear is not None
    first_s, last_s = tracker.unclear
    assert JUMP.takeoffs_s[0] < first_s <= last_s < JUMP.landings_s[0]
    assert tracker.finish() == ()
    assert tracker.unclear is None


def finite(update: Update) -> bool:
    numbers = [*update.live.values()]
    for jump in update.jumps:
        numbers += [*jump.events_s.values(), *jump.metrics.values(), *jump.uncertainty.values(), jump.quality.fps]
    return all(math.isfinite(number) for number in numbers)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_gaps_and_garbage_raise_nothing_and_let_nothing_infinite_out(data: st.DataObject) -> None:
    picture, world = PICTURE.copy(), WORLD.copy()
    wild = st.floats(allow_nan=True, allow_infinity=True, width=64)
    frames = st.integers(0, len(picture) - 1)
    lost = data.draw(st.sets(frames, max_size=40))
    for frame in data.draw(st.sets(frames, max_size=12)):
        picture[frame] = data.draw(npst.arrays(np.float64, (33, 4), elements=wild))
    for frame in data.draw(st.sets(frames, max_size=12)):
        picture[frame, data.draw(st.integers(0, 32)), data.draw(st.integers(0, 3))] = data.draw(wild)
    for frame in data.draw(st.sets(frames, max_size=6)):
        world[frame] = data.draw(npst.arrays(np.float64, (33, 4), elements=wild))
    tracker = JumpTracker(height_m=data.draw(st.none() | st.floats(1.0, 2.5)))
    for number, time in enumerate(JUMP.times_s.tolist()):
        seen = None if number in lost else picture[number]
        assert finite(tracker.update(time, seen, aspect=ASPECT, world=world[number]))
    assert finite(Update(phase=tracker.update(1e9, None, aspect=ASPECT).phase, jumps=tracker.finish()))


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(st.floats(1e-9, 1e6) | st.floats(0.001, 0.2), min_size=5, max_size=60),
    start=st.floats(-1e12, 1e12),
    body=st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(0.0, 2.0)), min_size=60, max_size=60),
)
def test_any_clock_and_any_body_raise_nothing(
    steps: list[float], start: float, body: list[tuple[float, float, float]]
) -> None:
    tracker, time = JumpTracker(), start
    for step, (right, down, size) in zip(steps, body, strict=False):
        time = max(time + step, math.nextafter(time, math.inf))
        seen = PICTURE[40].copy()
        seen[:, :2] = 0.5 + (seen[:, :2] - 0.5) * size + [right, down]
        assert finite(tracker.update(time, seen, aspect=ASPECT))
    tracker.finish()


def test_memory_stays_bounded() -> None:
    tracker = JumpTracker()
    for number in range(4_500):
        tracker.update(number / 1000, PICTURE[0], aspect=ASPECT)
    recorder = tracker._follower.recorder
    assert len(recorder.all()) == 2048
    assert recorder._rows.nbytes < 1_000_000
