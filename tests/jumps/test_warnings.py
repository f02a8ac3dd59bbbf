"""What speaks against a jump's numbers: each warning where it belongs, and not elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from tests.jumps.conftest import (
    ASPECT,
    SPAN_M,
    STANDING,
    STATURE,
    TIPTOE,
    Array,
    G,
    Motion,
    Piece,
    act,
    countermovement_jump,
    drop_jump,
    hops,
    move,
    still,
    watch,
)

from kinemotion.jumps import Jump, JumpTracker, Movement
from kinemotion.jumps.quality import _grade, steadier, without
from kinemotion.pose.landmarks import Landmark
from kinemotion.synthetic import Clip, CountermovementJump

NOISE = 0.002


def seen(
    motion: Motion,
    change: Callable[[Array, Array], None] = lambda times_s, picture: None,
    *,
    movement: Movement = Movement.AUTO,
    height_m: float | None = None,
    drop_height_m: float | None = None,
    seed: int = 0,
) -> list[Jump]:
    """The final jumps of a motion whose (N, 33, 4) noisy landmarks were changed in place."""
    picture, world = motion.landmarks()
    picture = picture + np.random.default_rng(seed).normal(0, NOISE, picture.shape) * [1, 1, 1, 0]
    change(motion.times_s, picture)
    tracker = JumpTracker(movement, height_m=height_m, drop_height_m=drop_height_m)
    frames = zip(motion.times_s.tolist(), picture, world, strict=True)
    jumps = [jump for at, one, m in frames for jump in tracker.update(at, one, aspect=ASPECT, world=m).jumps]
    return [jump for jump in [*jumps, *tracker.finish()] if jump.final]


def warnings(jumps: list[Jump]) -> tuple[str, ...]:
    (jump,) = jumps
    return jump.quality.warnings


def shake(size_m: float, rate_hz: float) -> Callable[[Array, Array], None]:
    """A hand that trembles by this standard deviation."""

    def change(times_s: Array, picture: Array) -> None:
        phases = 2 * np.pi * rate_hz * times_s[:, None] + np.array([0.4, 2.0])
        picture[:, :, :2] += (np.sqrt(2) * size_m / SPAN_M * np.sin(phases) / [ASPECT, 1.0])[:, None]

    return change


def test_a_good_jump_has_no_warning(cmj: Motion) -> None:
    for seed in range(5):
        assert warnings(seen(cmj, height_m=STATURE, movement=Movement.CMJ, seed=seed)) == ()


@pytest.mark.parametrize("fps", [30.0, 60.0])
@pytest.mark.parametrize(("rate_hz", "size_m"), [(1.0, 0.025), (2.0, 0.015), (3.0, 0.015)])
@pytest.mark.parametrize("hold_s", [0.0, 1.0])
def test_a_trembling_camera_is_told(fps: float, rate_hz: float, size_m: float, hold_s: float) -> None:
    motion = act(countermovement_jump(hold_s=hold_s), fps)
    (jump,) = seen(motion, shake(size_m, rate_hz))
    assert "camera_moved" in jump.quality.warnings
    assert jump.quality.grade in "CD"


def test_a_camera_that_pans_is_told(cmj: Motion) -> None:
    def pan(times_s: Array, picture: Array) -> None:
        picture[:, :, 0] += 0.03 * (times_s - 1.0)[:, None]

    assert "camera_moved" in warnings(seen(cmj, pan))


def test_a_camera_pushed_during_the_flight_is_told(cmj: Motion) -> None:
    apex_s = (cmj.takeoffs_s[0] + cmj.landings_s[0]) / 2

    def push(times_s: Array, picture: Array) -> None:
        picture[:, :, 0] += 0.05 * np.clip((times_s - apex_s) / 0.1, 0, 1)[:, None]

    assert "camera_moved" in warnings(seen(cmj, push))


@pytest.mark.parametrize("fps", [30.0, 120.0])
@pytest.mark.parametrize("down", [-0.03, 0.03])
@pytest.mark.parametrize("after_s", [-0.25, 0.0, 0.05])
def test_a_camera_that_is_knocked_once_is_told(after_s: float, down: float, fps: float) -> None:
    motion = act(countermovement_jump(), fps)

    def knock(times_s: Array, picture: Array) -> None:
        picture[:, :, 1] += down * np.clip((times_s - motion.landings_s[0] - after_s) / 0.08, 0, 1)[:, None]

    (jump,) = seen(motion, knock)
    assert "camera_moved" in jump.quality.warnings
    assert abs(jump.metrics["jump_height_m"] - 0.35) < 3 * jump.uncertainty["jump_height_m"]


def test_a_camera_that_jolts_in_flight_is_told(cmj: Motion) -> None:
    apex_s = (cmj.takeoffs_s[0] + cmj.landings_s[0]) / 2

    def jolt(times_s: Array, picture: Array) -> None:
        picture[:, :, 1] += 0.04 * np.exp(-(((times_s - apex_s) / 0.05) ** 2))[:, None]

    assert "camera_moved" in warnings(seen(cmj, jolt))


@pytest.mark.parametrize("step_m", [-0.3, 0.1, 0.3])
def test_landing_elsewhere_is_no_camera_move(cmj: Motion, step_m: float) -> None:
    share = np.clip((cmj.times_s - cmj.takeoffs_s[0]) / (cmj.landings_s[0] - cmj.takeoffs_s[0]), 0, 1)

    def forwards(times_s: Array, picture: Array) -> None:
        picture[:, :, 0] += (share * step_m / SPAN_M / ASPECT)[:, None]

    def nearer(times_s: Array, picture: Array) -> None:
        picture[:, :, :2] = 0.5 + (picture[:, :, :2] - 0.5) * (1 + 0.3 * share * step_m)[:, None, None]

    for change in (forwards, nearer):
        assert "camera_moved" not in warnings(seen(cmj, change))


@pytest.mark.parametrize("step_m", [0.2, 0.5])
def test_a_step_into_place_is_no_camera_move(step_m: float) -> None:
    motion = act([still(1.0), *countermovement_jump()])
    feet = np.arange(25, 33)

    def step(times_s: Array, picture: Array) -> None:
        left, right = (np.clip((times_s - start_s) / 0.35, 0, 1) - 1 for start_s in (1.3, 1.75))
        across = np.repeat(((left + right) / 2)[:, None], 33, axis=1)
        across[:, feet] = np.where(feet % 2, left[:, None], right[:, None])
        picture[:, :, 0] += across * step_m / SPAN_M / ASPECT

    assert "camera_moved" not in warnings(seen(motion, step))


@pytest.mark.parametrize("pieces", [hops(4), drop_jump()], ids=["hops", "drop jump"])
def test_a_still_camera_is_believed_in_other_jumps(pieces: list[Piece]) -> None:
    jumps = seen(act(pieces))
    assert jumps
    assert all("camera_moved" not in jump.quality.warnings for jump in jumps)


def raised(by: float) -> Callable[[Array, Array], None]:
    def change(times_s: Array, picture: Array) -> None:
        picture[:, :, 1] -= by

    return change


def test_a_head_out_of_the_picture_is_told(cmj: Motion) -> None:
    (jump,) = seen(cmj, raised(0.25))
    assert jump.quality.warnings == ("head_out_of_picture",)
    assert jump.quality.grade == "B"
    assert warnings(seen(cmj, raised(0.02))) == ()


@pytest.mark.parametrize(("frames", "told"), [(1, False), (2, True)])
def test_one_frame_is_no_head_out_of_the_picture(cmj: Motion, frames: int, told: bool) -> None:
    def outlier(times_s: Array, picture: Array) -> None:
        first = int(np.searchsorted(times_s, cmj.takeoffs_s[0] - 0.2))
        picture[first : first + frames, Landmark.NOSE, 1] = -0.02

    assert ("head_out_of_picture" in warnings(seen(cmj, outlier))) is told


def test_feet_out_of_the_picture_are_told(cmj: Motion) -> None:
    (jump,) = seen(cmj, raised(-0.15))
    assert jump.quality.warnings == ("feet_out_of_picture",)
    assert jump.quality.grade == "C"


@pytest.mark.parametrize("side", [-1, 1])
def test_a_foot_beyond_a_side_of_the_picture_is_told_and_loses_no_jump(cmj: Motion, side: int) -> None:
    def aside(times_s: Array, picture: Array) -> None:
        feet = picture[:, Landmark.LEFT_HEEL :, 0]
        picture[..., 0] += -0.02 - feet.min() if side < 0 else 1.02 - feet.max()

    (jump,) = seen(cmj, aside)
    assert "feet_out_of_picture" in jump.quality.warnings
    assert jump.metrics["jump_height_m"] == pytest.approx(cmj.heights_m[0], abs=0.02)


def test_feet_at_the_edge_of_the_picture_are_told(cmj: Motion) -> None:
    assert warnings(seen(cmj, raised(-0.06))) == ("feet_out_of_picture",)  # at 0.973
    assert warnings(seen(cmj, raised(-0.03))) == ()


Frames = np.ndarray[Any, np.dtype[np.int64]]


def other(times_s: Array, picture: Array, *, frames: Frames, across: float, size: float = 0.9) -> None:
    """Put somebody who stands beside into these frames."""
    picture[frames] = picture[5]
    picture[frames, :, :2] = 0.5 + (picture[frames, :, :2] - 0.5) * size + [across, 0.0]


def test_a_pose_that_leaps_between_two_people_keeps_to_the_jumper() -> None:
    motion = act(countermovement_jump(), 60.0)
    (jump,) = seen(motion, partial(other, frames=np.arange(6, len(motion.times_s), 2), across=0.3))
    assert "second_person" in jump.quality.warnings
    assert jump.quality.grade in "CD"
    assert jump.metrics["jump_height_m"] == pytest.approx(0.35, abs=0.04)


@pytest.mark.parametrize("after_s", [-0.4, 0.1, 0.5, 0.7])
def test_somebody_who_walks_through_neither_breaks_nor_invents_a_jump(cmj: Motion, after_s: float) -> None:
    frames = np.flatnonzero(np.abs(cmj.times_s - cmj.takeoffs_s[0] - after_s) < 0.09)

    def through(times_s: Array, picture: Array) -> None:
        other(times_s, picture, frames=frames, across=0.0, size=0.7)
        picture[frames, :, 0] += np.linspace(0.25, 0.35, len(frames))[:, None]

    (jump,) = seen(cmj, through)
    assert "second_person" in jump.quality.warnings
    assert jump.metrics["jump_height_m"] == pytest.approx(0.35, abs=0.06)


def test_one_bad_frame_and_somebody_long_before_are_no_second_person(cmj: Motion) -> None:
    for frames in (np.array([60]), np.arange(6, 12)):
        motion = act([still(1.5), *countermovement_jump()])
        assert "second_person" not in warnings(seen(motion, partial(other, frames=frames, across=0.3)))


def test_two_people_who_stand_make_no_jump() -> None:
    motion = act([still(5.0)])
    for seed in range(10):
        frames = np.flatnonzero(np.random.default_rng(seed).random(len(motion.times_s)) < 0.4)
        between = partial(other, frames=frames[frames > 5], across=0.25, size=0.8)
        assert seen(motion, between, seed=seed) == []


def test_a_successor_is_followed_after_a_moment() -> None:
    motion = act([still(2.0), *countermovement_jump()])

    def handed_over(times_s: Array, picture: Array) -> None:
        picture[times_s < 1.0, :, 0] -= 0.4

    assert "second_person" not in warnings(seen(motion, handed_over))


@pytest.mark.parametrize(("stated", "told"), [(1.0, False), (0.9, False), (1.1, False), (0.65, True), (1.42, True)])
def test_a_stated_height_that_the_fall_contradicts_is_told(cmj: Motion, stated: float, told: bool) -> None:
    (jump,) = seen(cmj, height_m=stated * STATURE)
    assert ("scale_disagrees" in jump.quality.warnings) is told
    assert jump.metrics["countermovement_depth_m"] == pytest.approx(0.30, abs=0.05)


@pytest.mark.parametrize(("stated_m", "told"), [(None, False), (0.25, False), (0.35, False), (0.45, True)])
def test_a_stated_box_that_the_fall_contradicts_is_told(stated_m: float | None, told: bool) -> None:
    (jump,) = seen(act(drop_jump(box_m=0.30)), movement=Movement.DJ, drop_height_m=stated_m)
    assert ("drop_height_disagrees" in jump.quality.warnings) is told
    assert jump.metrics["drop_height_m"] == pytest.approx(0.30, abs=0.05)


def test_a_stated_height_that_even_a_fall_badly_seen_contradicts_is_no_scale() -> None:
    (jump,) = seen(act(countermovement_jump(0.2), 15.0), height_m=0.58 * STATURE)
    assert "scale_disagrees" in jump.quality.warnings
    assert "countermovement_depth_m" not in jump.metrics
    assert abs(jump.metrics["jump_height_m"] - 0.2) < 2 * jump.uncertainty["jump_height_m"]


def test_metres_need_a_scale_that_is_sound() -> None:
    sparse = act(countermovement_jump(0.2), 10.0)
    (without,), (stated,) = seen(sparse), seen(sparse, height_m=STATURE)
    assert "countermovement_depth_m" not in without.metrics
    assert "jump_height_m" in without.metrics
    assert stated.metrics["countermovement_depth_m"] == pytest.approx(0.30, abs=0.06)


@pytest.mark.parametrize(
    ("pieces", "done"),
    [
        (countermovement_jump(), Movement.CMJ),
        (countermovement_jump(hold_s=1.0), Movement.SJ),
        (drop_jump(), Movement.DJ),
    ],
    ids=["cmj", "sj", "dj"],
)
@pytest.mark.parametrize("asked", list(Movement))
def test_another_movement_than_asked_for_is_told(pieces: list[Piece], done: Movement, asked: Movement) -> None:
    (jump,) = seen(act(pieces), movement=asked)
    assert ("movement_unlike" in jump.quality.warnings) is (asked not in (done, Movement.AUTO))
    assert jump.movement is (done if asked is Movement.AUTO else asked)


@pytest.mark.parametrize(("dip_m", "told"), [(0.02, False), (0.12, True)])
def test_a_squat_jump_that_sinks_first_is_told(dip_m: float, told: bool) -> None:
    low, speed = STANDING - 0.25, float(np.sqrt(2 * G * 0.3))
    pieces = countermovement_jump(0.3)
    dip = [
        still(0.8, low),
        move(0.2, (low, 0, 0), (low - dip_m, 0, 8.0)),
        move(1.9 * (0.36 + dip_m) / speed, (low - dip_m, 0, 8.0), (TIPTOE, speed, -G)),
    ]
    motion = act([still(1.2), move(0.5, (STANDING, 0, 0), (low, 0, 0)), *dip, *pieces[3:]])
    assert ("movement_unlike" in warnings(seen(motion, movement=Movement.SJ))) is told


def test_landing_with_bent_legs_is_told_with_what_it_does_to_the_height() -> None:
    for flexion_deg, told in ((0.0, False), (40.0, True)):
        clip = Clip([CountermovementJump(0.35, landing_flexion_deg=flexion_deg)], tail_s=0.8)
        picture = clip.landmarks()
        tracker = JumpTracker(settle_s=5.0)
        for at, one in zip(clip.times_s.tolist(), picture, strict=True):
            tracker.update(at, one, aspect=clip.size[0] / clip.size[1])
        (truth,), (jump,) = clip.truth, tracker.finish()
        excess = jump.metrics["jump_height_flight_time_m"] - jump.metrics["jump_height_m"]
        true_excess = G * (truth.metrics["flight_time_ms"] / 1000) ** 2 / 8 - truth.metrics["jump_height_m"]
        assert ("landing_flexed" in jump.quality.warnings) is told
        assert 0.3 * true_excess - 0.005 < excess < true_excess + 0.012


def test_a_jump_whose_beginning_was_not_seen_says_so() -> None:
    late = act(countermovement_jump(hold_s=1.0))
    keep = late.times_s > 1.2 + 0.5 + 1.0
    jump = watch(late, keep=keep)[1][-1]
    assert "onset_not_seen" in jump.quality.warnings


def test_frames_that_are_missing_are_told(cmj: Motion) -> None:
    keep = np.abs(cmj.times_s - cmj.takeoffs_s[0] + 0.2) > 0.1
    jump = watch(cmj, keep=keep)[1][-1]
    assert "irregular_frames" in jump.quality.warnings
    acquitted = without(replace(jump, uncertainty={"jump_height_m": 0.01}), "irregular_frames")
    assert (acquitted.quality.grade, acquitted.quality.warnings) == ("A", ())


@pytest.mark.parametrize(
    ("plain", "steadied", "better"),
    [
        ("", "", True),
        ("s", "s", True),
        ("m", "s", True),
        ("m", "m", True),
        ("", "s", True),
        ("ms", "ss", True),
        ("s", "m", False),
        ("ms", "mm", False),
        ("m", "", False),
        ("ss", "s", False),
    ],
)
def test_what_a_steadied_camera_shows_is_taken_unless_it_looks_less_steady_or_loses_a_jump(
    cmj: Motion, plain: str, steadied: str, better: bool
) -> None:
    still = watch(cmj)[1][-1]
    moved = replace(still, quality=replace(still.quality, warnings=("camera_moved",)))
    jumps = {"s": still, "m": moved}
    assert steadier([jumps[one] for one in plain], [jumps[one] for one in steadied]) is better


@pytest.mark.parametrize(
    ("warning", "grade"),
    [
        ("irregular_frames", "B"),
        ("landing_flexed", "B"),
        ("head_out_of_picture", "B"),
        ("movement_unlike", "B"),
        ("drop_height_disagrees", "B"),
        ("few_frames_in_flight", "C"),
        ("feet_out_of_picture", "C"),
        ("camera_moved", "C"),
        ("second_person", "C"),
        ("scale_disagrees", "C"),
    ],
)
def test_a_warning_bounds_the_grade(warning: str, grade: str) -> None:
    assert _grade(0.005, ()) == "A"
    assert _grade(0.005, (warning,)) == grade
    assert _grade(0.005, ("irregular_frames", warning)) == grade
    assert _grade(0.07, (warning,)) == "C"
    assert _grade(0.09, (warning,)) == "D"
