"""Motions that are no jumps, and must not be taken for one."""

import numpy as np
import pytest
from tests.jumps.conftest import ASPECT, SPAN_M, STANDING, TIPTOE, Array, Piece, act, move, still, watch

from kinemotion.jumps import Jump, JumpTracker


def follow(times_s: Array, picture: list[Array | None], world: Array) -> list[Jump]:
    tracker = JumpTracker()
    frames = zip(times_s.tolist(), picture, world, strict=True)
    jumps = [
        jump for time, seen, metres in frames for jump in tracker.update(time, seen, aspect=ASPECT, world=metres).jumps
    ]
    return jumps + list(tracker.finish())


def again(height_m: float, duration_s: float, count: int = 4) -> list[Piece]:
    there = move(duration_s, (STANDING, 0, 0), (height_m, 0, 0))
    back = move(duration_s, (height_m, 0, 0), (STANDING, 0, 0))
    return [still(1.0), *count * [there, back], still(1.0)]


def on_a_chair(duration_s: float) -> list[Piece]:
    down, up = (move(duration_s, (start, 0, 0), (end, 0, 0)) for start, end in ((STANDING, 0.48), (0.48, STANDING)))
    return [still(1.0), down, still(1.0, 0.48), up, still(1.0)]


@pytest.mark.parametrize("fps", [10.0, 30.0, 120.0])
@pytest.mark.parametrize("noise", [0.0, 0.008])
@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([still(4.0)], id="standing"),
        pytest.param(again(STANDING - 0.35, 0.8), id="squatting"),
        pytest.param(again(STANDING - 0.30, 0.35), id="bouncing"),
        pytest.param(again(TIPTOE, 0.25), id="rising on the toes"),
        pytest.param(on_a_chair(0.8), id="sitting down and standing up"),
        pytest.param(on_a_chair(0.4), id="sitting down and standing up quickly"),
    ],
)
def test_feet_on_the_floor_make_no_jump(pieces: list[Piece], noise: float, fps: float) -> None:
    assert watch(act(pieces, fps), noise=noise)[1] == []


def test_raised_arms_make_no_jump() -> None:
    motion = act([still(4.0)])
    raised = np.clip(2 * np.sin(3 * motion.times_s), 0, 1)
    picture, world = motion.landmarks(arms_up=raised)
    assert follow(motion.times_s, list(picture), world) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_bumped_camera_makes_no_jump(seed: int) -> None:
    motion = act([still(4.0)])
    picture, world = motion.landmarks()
    random = np.random.default_rng(seed)
    size, duration = random.uniform(0.02, 0.15), random.uniform(0.1, 0.8)
    share = np.clip((motion.times_s - 2) / duration, 0, 1)
    picture[:, :, 1] -= size * (4 * share * (1 - share) if seed % 2 else share)[:, None]
    assert follow(motion.times_s, list(picture), world) == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("pieces", [[still(4.0)], again(STANDING - 0.35, 0.6), on_a_chair(0.8)], ids=len)
def test_a_knock_against_the_tripod_makes_no_jump(pieces: list[Piece], seed: int) -> None:
    motion = act(pieces)
    picture, world = motion.landmarks()
    random = np.random.default_rng(seed)
    share = np.clip((motion.times_s - random.uniform(1.0, 2.5)) / 0.3, 0, 1)
    picture[:, :, 1] -= 0.05 / SPAN_M * np.sin(np.pi * share)[:, None]
    picture[:, :, :2] += random.normal(0, 0.002, picture[:, :, :2].shape)
    assert follow(motion.times_s, list(picture), world) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_camera_thrown_up_while_somebody_stands_makes_no_jump(seed: int) -> None:
    motion = act([still(4.0)])
    picture, world = motion.landmarks()
    random = np.random.default_rng(seed)
    share = np.clip((motion.times_s - random.uniform(1.0, 2.5)) / 0.3, 0, 1)
    picture[:, :, 1] -= 0.10 / SPAN_M * np.sin(np.pi * share)[:, None]
    picture[:, :, :2] += random.normal(0, 0.002, picture[:, :, :2].shape)
    assert follow(motion.times_s, list(picture), world) == []


@pytest.mark.parametrize("fps", [10.0, 30.0, 60.0])
@pytest.mark.parametrize("bend_deg", [30.0, 60.0, 90.0])
def test_picking_something_up_makes_no_jump(bend_deg: float, fps: float) -> None:
    motion = act(again(STANDING - 0.20, 0.5, count=2), fps)
    picture, world = motion.landmarks()
    bent = np.radians(bend_deg) * np.clip((STANDING - motion.hips_m) / 0.20, 0, 1)[:, None]
    for points, width in ((picture, ASPECT), (world, 1.0)):
        hips = points[:, 23:25, :2].mean(1, keepdims=True)
        across, down = ((points[:, :23, axis] - hips[..., axis]) * (width, 1.0)[axis] for axis in (0, 1))
        points[:, :23, 0] = hips[..., 0] + (np.cos(bent) * across - np.sin(bent) * down) / width
        points[:, :23, 1] = hips[..., 1] + np.sin(bent) * across + np.cos(bent) * down
    picture += np.random.default_rng(0).normal(0, 0.002, picture.shape)
    assert follow(motion.times_s, list(picture), world) == []


@pytest.mark.parametrize("pieces", [again(STANDING - 0.35, 0.4), on_a_chair(0.5), again(TIPTOE, 0.2)], ids=len)
def test_a_child_who_does_not_jump_makes_no_jump(pieces: list[Piece]) -> None:
    motion = act(pieces)
    picture, world = motion.landmarks()
    picture[:, :, :2] = 0.5 + (picture[:, :, :2] - 0.5) * 0.6
    picture[:, :, :2] += np.random.default_rng(0).normal(0, 0.002, picture[:, :, :2].shape)
    assert follow(motion.times_s, list(picture), 0.6 * world) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_pose_lost_and_found_elsewhere_makes_no_jump(seed: int) -> None:
    motion = act([still(4.0)])
    picture, world = motion.landmarks()
    random = np.random.default_rng(seed)
    gap = int(random.integers(0, 40))
    picture[60 + gap :, :, :2] += random.uniform(-0.3, 0.3, 2)
    frames = [None if 60 <= number < 60 + gap else seen for number, seen in enumerate(picture)]
    assert follow(motion.times_s, frames, world) == []


def test_steps_make_no_jump() -> None:
    motion = act([still(6.0)], 30.0)
    picture, world = motion.landmarks()
    swing = 0.05 * np.sin(2 * np.pi * 0.9 * motion.times_s)
    sides = np.arange(33) % 2 == 1
    picture[:, 27:, 1] -= np.where(sides[27:], np.maximum(swing, 0)[:, None], np.maximum(-swing, 0)[:, None])
    picture[:, :, 1] -= 0.006 * np.abs(np.sin(2 * np.pi * 0.9 * motion.times_s))[:, None]
    assert follow(motion.times_s, list(picture), world) == []


def test_who_leaves_the_picture_makes_no_jump() -> None:
    motion = act([still(4.0)])
    picture, world = motion.landmarks()
    picture[:, :, 0] -= np.clip(0.25 * (motion.times_s - 1), 0, 0.7)[:, None]
    outside = picture[:, 23:25, 0].mean(1) < 0.05
    picture[outside] += np.random.default_rng(1).normal(0, 0.03, (int(outside.sum()), 33, 4))
    assert follow(motion.times_s, list(picture), world) == []
