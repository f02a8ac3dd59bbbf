"""The drawn body obeys mechanics: its segments' centre of mass, its feet and its limbs."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from kinemotion.synthetic import (
    Body,
    Clip,
    CountermovementJump,
    DropJump,
    Motion,
    RaisingArms,
    SquatJump,
    Squats,
    Standing,
    WalkingOnTheSpot,
)
from kinemotion.synthetic.skeleton import ANKLES, BALLS, HEELS, HIPS, KNEES, SOLES, TOES, Joint

Array = NDArray[np.float64]

G = 9.80665

JUMPS = (
    CountermovementJump(),
    CountermovementJump(height_m=0.6, depth_m=0.4, arms="swing"),
    CountermovementJump(height_m=0.10, depth_m=0.12),
    CountermovementJump(landing_flexion_deg=45.0),
    SquatJump(),
    SquatJump(height_m=0.45, depth_m=0.35, arms="swing"),
    DropJump(),
    DropJump(height_m=0.40, drop_height_m=0.60, contact_s=0.30),
    DropJump(height_m=0.20, drop_height_m=0.15, contact_s=0.18, arms="swing"),
)
QUIET = (Standing(), Squats(count=2), WalkingOnTheSpot(steps=4), RaisingArms(count=1), Squats(count=1, arms="swing"))

# de Leva (1996), men: share of the mass, and the centre of mass from the first joint towards the second. Limbs twice.
SEGMENTS: tuple[tuple[Sequence[Joint], Sequence[Joint], float, float], ...] = (
    ((Joint.VERTEX,), (Joint.CERVICALE,), 0.0694, 0.5002),
    ((Joint.CHEST,), (Joint.PELVIS,), 0.4346, 0.4310),
    ((Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER), (Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW), 0.0271, 0.5772),
    ((Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW), (Joint.LEFT_WRIST, Joint.RIGHT_WRIST), 0.0162, 0.4574),
    ((Joint.LEFT_WRIST, Joint.RIGHT_WRIST), (Joint.LEFT_KNUCKLE, Joint.RIGHT_KNUCKLE), 0.0061, 0.7900),
    ((Joint.LEFT_HIP, Joint.RIGHT_HIP), (Joint.LEFT_KNEE, Joint.RIGHT_KNEE), 0.1416, 0.4095),
    ((Joint.LEFT_KNEE, Joint.RIGHT_KNEE), (Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE), 0.0433, 0.4395),
    ((Joint.LEFT_HEEL, Joint.RIGHT_HEEL), (Joint.LEFT_BALL, Joint.RIGHT_BALL), 0.0137, 0.4415 / 0.72),
)


def segmental_height(joints: Array) -> Array:
    """Height of the centre of mass of poses (N, J, 3), segment by segment."""
    total, mass = np.zeros(len(joints)), 0.0
    for firsts, seconds, share, place in SEGMENTS:
        for first, second in zip(firsts, seconds, strict=True):
            total += share * ((1 - place) * joints[:, first, 2] + place * joints[:, second, 2])
            mass += share
    return total / mass


FILMS: dict[str, Clip] = {}


def film(motion: Motion) -> Clip:
    """One clip of each motion for all tests."""
    if repr(motion) not in FILMS:
        FILMS[repr(motion)] = Clip([motion])
    return FILMS[repr(motion)]


def dense(clip: Clip, rate: float = 250.0) -> Array:
    return np.arange(0.0, clip.duration_s, 1.0 / rate)


@pytest.mark.parametrize("motion", JUMPS + QUIET, ids=repr)
def test_the_segments_centre_of_mass_follows_the_prescribed_motion_to_a_micrometre(motion: Motion) -> None:
    clip = film(motion)
    times = dense(clip)
    found = segmental_height(clip.joints(times))
    standing = segmental_height(clip.joints([clip.duration_s]))[0]
    np.testing.assert_allclose(found - standing, clip.com_height_m(times), rtol=0, atol=1e-6)


@pytest.mark.parametrize("motion", JUMPS, ids=repr)
def test_in_flight_the_centre_of_mass_accelerates_with_gravity_and_nothing_else(motion: Motion) -> None:
    clip = film(motion)
    events = clip.truth[0].events_s
    step = 1e-3
    times = np.arange(events["takeoff"], events["landing"], step)
    joints = clip.joints(times)
    com = Body().centre_of_mass(joints)
    np.testing.assert_allclose(np.diff(com[:, 2], 2) / step**2, -G, atol=1e-5)
    np.testing.assert_allclose(np.diff(com[:, 0], 2) / step**2, 0.0, atol=1e-5)


@pytest.mark.parametrize("motion", JUMPS + QUIET, ids=repr)
def test_on_the_ground_velocity_and_acceleration_are_continuous(motion: Motion) -> None:
    clip = film(motion)
    step = 1e-4
    times = np.arange(0.0, clip.duration_s, step)
    if clip.truth and "contact" in clip.truth[0].events_s:  # the fall from the box starts from rest
        times = times[times > clip.truth[0].events_s["onset"] + 2 * step]
    acceleration = np.diff(clip.com_height_m(times), 2) / step**2
    assert np.abs(np.diff(acceleration)).max() < 0.5
    assert acceleration.min() > -G - 0.35


@pytest.mark.parametrize("motion", JUMPS, ids=repr)
def test_the_toes_leave_the_floor_at_takeoff_and_meet_it_at_landing(motion: Motion) -> None:
    clip = film(motion)
    events = clip.truth[0].events_s
    start = events.get("contact", 0.0)
    on_floor = np.concatenate(
        [np.arange(start, events["takeoff"], 1e-3), np.arange(events["landing"], clip.duration_s, 1e-3)]
    )
    in_air = np.arange(events["takeoff"] + 2e-3, events["landing"] - 2e-3, 1e-3)
    tips = clip.joints(on_floor)[:, TOES]
    np.testing.assert_allclose(tips[..., 2], 0.0, atol=1e-9)
    np.testing.assert_allclose(tips - tips[0], 0.0, atol=1e-9)
    assert clip.joints(in_air)[:, TOES, 2].min() > 0


@pytest.mark.parametrize("motion", JUMPS, ids=repr)
def test_heels_rise_before_takeoff_and_come_down_after_landing(motion: Motion) -> None:
    clip = film(motion)
    events = clip.truth[0].events_s
    takeoff, landing, later = clip.joints([events["takeoff"], events["landing"], events["landing"] + 0.15])[:, HEELS, 2]
    assert takeoff.min() > 0.10
    assert landing.min() > 0.05
    assert later.max() < 0.5 * landing.min()


@pytest.mark.parametrize("motion", JUMPS + QUIET, ids=repr)
def test_no_foot_goes_below_the_floor(motion: Motion) -> None:
    clip = film(motion)
    assert clip.joints(dense(clip))[:, SOLES, 2].min() > -1e-9


@pytest.mark.parametrize("motion", JUMPS + QUIET, ids=repr)
def test_limbs_keep_their_lengths_and_knees_stay_bent_forward(motion: Motion) -> None:
    clip = film(motion)
    joints = clip.joints(dense(clip, 200.0))
    for upper, lower in ((HIPS, KNEES), (KNEES, ANKLES), (HEELS, BALLS), (BALLS, TOES)):
        lengths = np.linalg.norm(joints[:, upper] - joints[:, lower], axis=-1)
        np.testing.assert_allclose(lengths - lengths[0], 0.0, atol=1e-9)
    leg = joints[:, ANKLES] - joints[:, HIPS]
    thigh = joints[:, KNEES] - joints[:, HIPS]
    assert (thigh[..., 2] * leg[..., 0] - thigh[..., 0] * leg[..., 2] > 0).all()


def test_the_pose_is_continuous_from_frame_to_frame() -> None:
    clip = Clip([CountermovementJump(arms="swing")])
    joints = clip.joints(dense(clip, 1000.0))
    assert np.abs(np.diff(joints, axis=0)).max() < 0.02  # 20 m/s: nothing jumps


@pytest.mark.parametrize("height_m", [1.5, 1.95])
def test_short_and_tall_athletes_of_both_sexes_can_do_all_three_jumps(height_m: float) -> None:
    for motion in (CountermovementJump(depth_m=0.25), SquatJump(depth_m=0.25), DropJump()):
        for sex in ("male", "female"):
            performance = motion.perform(Body(height_m, sex))
            assert performance.truth is not None
            assert performance.truth.metrics["jump_height_m"] == pytest.approx(motion.height_m)


def test_a_standing_body_is_as_tall_as_it_says() -> None:
    top = Clip([Standing()], body_height_m=1.80).joints([0.0])[0, Joint.VERTEX, 2]
    assert top == pytest.approx(1.80, abs=0.01)
