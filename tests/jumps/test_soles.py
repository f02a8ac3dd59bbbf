"""Contacts from the edges of the shoes: surer than the toes, and left aside where they make no sense."""

import numpy as np
import pytest
from tests.jumps.conftest import ASPECT, SPAN_M, Array, Motion, act, countermovement_jump

from kinemotion.jumps import Jump, JumpTracker
from kinemotion.jumps.lift import floor_of, sole_lift

NOISE = 0.001


def watched(motion: Motion, soles: Array, seed: int = 0) -> Jump:
    rng = np.random.default_rng(seed)
    picture, world = motion.landmarks()
    picture = picture + rng.normal(0, NOISE, picture.shape) * [1, 1, 1, 0]
    tracker = JumpTracker(settle_s=5.0)
    for at, one, metres, edges in zip(motion.times_s.tolist(), picture, world, soles, strict=True):
        tracker.update(at, one, aspect=ASPECT, world=metres, soles=edges)
    (jump,) = tracker.finish()
    return jump


@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_soles_make_the_height_surer(fps: float) -> None:
    motion = act(countermovement_jump(), fps)
    unseen = np.full((len(motion.times_s), 2), np.nan)
    by_toes, by_soles = watched(motion, unseen), watched(motion, motion.soles())
    assert by_soles.metrics["jump_height_m"] == pytest.approx(0.35, abs=0.01)
    assert by_soles.uncertainty["jump_height_m"] < 0.7 * by_toes.uncertainty["jump_height_m"]


@pytest.mark.parametrize("fps", [30.0, 60.0])
@pytest.mark.parametrize("lowest", [0.0, 0.8])
def test_random_soles_do_no_harm(lowest: float, fps: float) -> None:
    motion = act(countermovement_jump(), fps)
    for seed in range(6):
        soles = np.random.default_rng(seed).uniform(lowest, 0.95, (len(motion.times_s), 2))
        jump = watched(motion, soles, seed)
        assert abs(jump.metrics["jump_height_m"] - 0.35) < 2.5 * jump.uncertainty["jump_height_m"]


def test_soles_that_never_leave_the_floor_or_lag_behind_are_left_aside() -> None:
    motion = act(countermovement_jump(), 60.0)
    unseen = np.full((len(motion.times_s), 2), np.nan)
    late = np.interp(motion.times_s - 0.15, motion.times_s, motion.soles()[:, 0])
    by_toes = watched(motion, unseen)
    for soles in (np.full_like(unseen, 0.93), np.repeat(late[:, None], 2, axis=1)):
        assert watched(motion, soles).metrics == by_toes.metrics


def test_a_shoe_below_its_floor_is_the_other_foots() -> None:
    """In the dark feet are mistaken for each other, of which one is nearer to the camera and lower in the picture."""
    floor, stature = np.array([-0.90, -0.93]), 0.5
    right, mistaken, flying = floor, floor[::-1], floor + 0.1
    heights = sole_lift(np.array([right, mistaken, flying]), floor, stature).height
    np.testing.assert_allclose(heights, [0.0, np.nan, 0.1])


def test_soles_that_rest_by_turns_show_no_floor() -> None:
    turns = np.tile([[0.0, 0.3], [0.3, 0.0]], (8, 1)) - 0.9
    assert floor_of(turns, 1.75 / SPAN_M) is None
    assert floor_of(turns[:1], 1.75 / SPAN_M) is None
    np.testing.assert_array_equal(floor_of(np.full((4, 2), -0.9), 1.75 / SPAN_M), [-0.9, -0.9])
