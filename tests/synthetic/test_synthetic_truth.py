"""What a clip says of its jumps agrees with itself, with mechanics, and with what was asked for."""

import numpy as np
import pytest

from kinemotion.synthetic import (
    Clip,
    CountermovementJump,
    DropJump,
    FollowedMotion,
    JumpTruth,
    RaisingArms,
    SquatJump,
    Squats,
    Standing,
    WalkingOnTheSpot,
)

G = 9.80665


def only(clip: Clip) -> JumpTruth:
    (truth,) = clip.truth
    return truth


@pytest.mark.parametrize("jump", [CountermovementJump(0.42), SquatJump(0.42), DropJump(0.42)], ids=repr)
def test_height_velocity_and_flight_time_agree(jump: CountermovementJump | SquatJump | DropJump) -> None:
    clip = Clip([jump])
    events, metrics = only(clip).events_s, only(clip).metrics
    assert metrics["jump_height_m"] == pytest.approx(0.42, abs=1e-9)
    assert metrics["takeoff_velocity_m_s"] == pytest.approx(np.sqrt(2 * G * 0.42))
    assert metrics["jump_height_takeoff_velocity_m"] == pytest.approx(0.42)
    assert metrics["flight_time_ms"] == pytest.approx(1000 * (events["landing"] - events["takeoff"]))
    assert metrics["jump_height_flight_time_m"] == pytest.approx(0.42, abs=1e-6)
    assert events["apex"] == pytest.approx((events["takeoff"] + events["landing"]) / 2, abs=1e-6)
    rise = clip.com_height_m([events["takeoff"], events["apex"]])
    assert rise[1] - rise[0] == pytest.approx(0.42)


def test_a_flexed_landing_lengthens_the_flight_and_the_truth_says_so() -> None:
    stiff, flexed = (only(Clip([CountermovementJump(landing_flexion_deg=angle)])).metrics for angle in (0.0, 40.0))
    assert flexed["jump_height_m"] == pytest.approx(stiff["jump_height_m"])
    assert flexed["jump_height_flight_time_m"] > stiff["jump_height_flight_time_m"] + 0.01


def test_a_countermovement_jump_reports_its_phases() -> None:
    clip = Clip([CountermovementJump(depth_m=0.28, eccentric_s=0.6)])
    events, metrics = only(clip).events_s, only(clip).metrics
    assert list(events) == ["onset", "lowest", "takeoff", "apex", "landing"]
    assert metrics["countermovement_depth_m"] == pytest.approx(0.28)
    assert metrics["eccentric_duration_ms"] == pytest.approx(600)
    assert metrics["concentric_duration_ms"] == pytest.approx(1000 * (events["takeoff"] - events["lowest"]))
    assert metrics["time_to_takeoff_ms"] == pytest.approx(1000 * (events["takeoff"] - events["onset"]))
    assert metrics["rsi_modified_m_s"] == pytest.approx(0.35 / (events["takeoff"] - events["onset"]))
    assert 0.5 < metrics["peak_eccentric_velocity_m_s"] < 2.0
    assert metrics["peak_concentric_velocity_m_s"] > metrics["takeoff_velocity_m_s"]
    assert 60 < metrics["knee_angle_lowest_deg"] < 110
    heights = clip.com_height_m(np.linspace(events["onset"], events["takeoff"], 5000))
    assert heights.min() == pytest.approx(-0.28, abs=1e-6)


def test_a_squat_jump_holds_and_then_only_rises() -> None:
    clip = Clip([SquatJump(hold_s=1.3)])
    events, metrics = only(clip).events_s, only(clip).metrics
    assert metrics["squat_hold_duration_ms"] == pytest.approx(1300)
    assert metrics["concentric_duration_ms"] == pytest.approx(1000 * (events["takeoff"] - events["onset"]))
    held = clip.com_height_m(np.linspace(events["lowest"], events["onset"], 50))
    rising = clip.com_height_m(np.linspace(events["onset"], events["takeoff"], 500))
    assert np.ptp(held) < 1e-12
    assert (np.diff(rising) > 0).all()


def test_a_drop_jump_falls_its_box_height_from_rest_and_stays_its_contact_time() -> None:
    clip = Clip([DropJump(height_m=0.32, drop_height_m=0.40, contact_s=0.21)])
    events, metrics = only(clip).events_s, only(clip).metrics
    assert list(events) == ["onset", "contact", "lowest", "takeoff", "apex", "landing"]
    assert events["contact"] - events["onset"] == pytest.approx(np.sqrt(2 * 0.40 / G))
    assert events["takeoff"] - events["contact"] == pytest.approx(0.21)
    assert metrics["ground_contact_time_ms"] == pytest.approx(210)
    assert metrics["reactive_strength_index_m_s"] == pytest.approx(0.32 / 0.21)
    assert metrics["flight_contact_ratio"] == pytest.approx(metrics["flight_time_ms"] / 210)
    assert metrics["drop_height_m"] == 0.40
    before, fallen = clip.com_height_m([events["onset"], events["contact"]])
    assert before - fallen == pytest.approx(0.40)


def test_several_jumps_in_a_clip_are_told_apart_and_separated_by_standing() -> None:
    clip = Clip([DropJump(), CountermovementJump(), SquatJump()], lead_s=0.7, pause_s=1.2, tail_s=0.5)
    assert [truth.movement for truth in clip.truth] == ["dj", "cmj", "sj"]
    first, second, third = (truth.events_s for truth in clip.truth)
    assert first["landing"] + 1.2 < second["onset"] < second["landing"] + 1.2 < third["lowest"]
    assert clip.com_height_m([second["onset"] - 0.6, clip.duration_s]) == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize("motion", [Standing(), Squats(), WalkingOnTheSpot(), RaisingArms()], ids=repr)
def test_what_is_no_jump_has_no_truth(motion: Standing | Squats | WalkingOnTheSpot | RaisingArms) -> None:
    assert Clip([motion]).truth == ()


def test_measured_motion_is_followed_sample_by_sample() -> None:
    source = Clip([CountermovementJump(height_m=0.3)])
    truth = only(source)
    times = np.arange(0.0, source.duration_s, 1e-3)
    landing, takeoff = truth.events_s["landing"], truth.events_s["takeoff"]
    heights = source.com_height_m(times)
    followed = FollowedMotion(times + 5.0, heights, [(5.0, 5.0 + takeoff), (5.0 + landing, float(times[-1] + 5.0))])
    clip = Clip([followed], lead_s=0.0, tail_s=0.0)
    np.testing.assert_allclose(clip.com_height_m(times), heights, atol=1e-7)
    joints = clip.joints(times)
    found = clip.body.centre_of_mass(joints)[:, 2]
    np.testing.assert_allclose(found - found[0], heights, atol=1e-6)
    toes = joints[:, 14:16, 2].max(axis=1)
    assert toes[times < takeoff].max() < 1e-9
    assert toes[(times > takeoff + 0.01) & (times < landing - 0.01)].min() > 0


@pytest.mark.parametrize(
    ("motion", "reason"),
    [
        (CountermovementJump(height_m=0.05), "jump height"),
        (CountermovementJump(depth_m=0.75), "too deep|too short"),
        (CountermovementJump(eccentric_s=0.2), "pull"),
        (CountermovementJump(concentric_s=0.8), "too slow"),
        (CountermovementJump(eccentric_s=0.0), "eccentric duration"),
        (SquatJump(height_m=0.9), "jump height"),
        (SquatJump(hold_s=-1.0), "hold"),
        (SquatJump(landing_depth_m=0.9), "too deep|short"),
        (DropJump(drop_height_m=1.5), "drop height"),
        (DropJump(contact_s=0.9), "bend|short|pull"),
        (FollowedMotion([0.0, 1.0, 2.0], [0.0, 0.3, 0.0], [(0.0, 2.0)]), "short|pull"),
        (FollowedMotion([0.0, 1.0, 0.5], [0.0, 0.0, 0.0], [(0.0, 1.0)]), "increase"),
        (FollowedMotion([0.0, 0.5, 1.0], [0.0, 0.0, 0.0], [(0.0, 0.5)]), "lasting to the end"),
    ],
    ids=repr,
)
def test_what_a_body_cannot_do_is_refused_with_the_reason(
    motion: CountermovementJump | SquatJump | DropJump | FollowedMotion, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Clip([motion])
