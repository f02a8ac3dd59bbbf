"""What the tracker says of jumps that are known exactly: phases, events, heights, kinds."""

import math

import numpy as np
import pytest
from tests.jumps.conftest import (
    ASPECT,
    TIPTOE,
    Motion,
    act,
    countermovement_jump,
    drop_jump,
    fly,
    hops,
    move,
    phases,
    still,
    watch,
)

from kinemotion.jumps import Jump, JumpTracker, Movement, Phase

FRAME_RATES = (10.0, 15.0, 30.0, 60.0, 120.0, 240.0)


def test_the_phases_of_a_countermovement_jump_come_in_order(cmj: Motion) -> None:
    updates, _ = watch(cmj)
    assert phases(updates) == ["standing", "countermovement", "propulsion", "flight", "landing", "standing"]


def test_the_phases_of_a_squat_jump_come_in_order() -> None:
    updates, _ = watch(act(countermovement_jump(hold_s=1.0)))
    expected = ["standing", "countermovement", "squat", "propulsion", "flight", "landing", "standing"]
    assert phases(updates) == expected


def test_the_phases_of_a_drop_jump_come_in_order() -> None:
    updates, _ = watch(act(drop_jump()))
    assert phases(updates) == ["standing", "drop", "contact", "flight", "landing", "standing"]


def test_a_frame_without_a_pose_has_no_phase(cmj: Motion) -> None:
    tracker = JumpTracker()
    update = tracker.update(0.0, None, aspect=ASPECT)
    assert update.phase is Phase.NO_POSE
    assert update.live == {}


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("height_m", [0.10, 0.35, 0.60])
def test_a_jump_is_found_once_first_then_final(fps: float, height_m: float) -> None:
    motion = act(countermovement_jump(height_m), fps)
    _, jumps = watch(motion)
    assert [(jump.index, jump.final) for jump in jumps] == [(1, False), (1, True)]
    assert all(jump.movement is Movement.CMJ for jump in jumps)


@pytest.mark.parametrize("fps", FRAME_RATES)
@pytest.mark.parametrize("height_m", [0.10, 0.35, 0.60])
def test_take_off_landing_and_height_are_right(fps: float, height_m: float) -> None:
    motion = act(countermovement_jump(height_m), fps)
    for jump in watch(motion)[1]:
        assert jump.events_s["takeoff"] == pytest.approx(motion.takeoffs_s[0], abs=0.015)
        assert jump.events_s["landing"] == pytest.approx(motion.landings_s[0], abs=0.015)
        assert jump.metrics["jump_height_m"] == pytest.approx(height_m, abs=0.02)


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
def test_noise_changes_the_height_by_less_than_its_uncertainty_says(fps: float) -> None:
    motion = act(countermovement_jump(0.35), fps)
    finals = [watch(motion, noise=0.002, seed=seed)[1][-1] for seed in range(5)]
    errors = [(jump.metrics["jump_height_m"] - 0.35) / jump.uncertainty["jump_height_m"] for jump in finals]
    assert max(map(abs, errors)) < 2


def test_the_landing_is_told_within_two_frames_and_is_final_within_600_ms(cmj: Motion) -> None:
    updates, _ = watch(cmj)
    told = {jump.final: float(time) for time, update in zip(cmj.times_s, updates, strict=True) for jump in update.jumps}
    assert told[False] - cmj.landings_s[0] < 2.5 / 30
    assert told[True] - cmj.landings_s[0] < 0.6


@pytest.mark.parametrize("turn_deg", [0.0, 45.0, 90.0])
@pytest.mark.parametrize("world", [True, False])
def test_a_jump_is_found_from_every_side(turn_deg: float, world: bool) -> None:
    motion = act(countermovement_jump(0.30))
    _, jumps = watch(motion, turn_deg=turn_deg, world=world)
    assert len(jumps) == 2
    assert jumps[-1].metrics["jump_height_m"] == pytest.approx(0.30, abs=0.015)


def test_the_metrics_of_a_countermovement_jump_are_right(cmj: Motion) -> None:
    jump = watch(cmj, height_m=1.75)[1][-1]
    lowest = float(cmj.times_s[np.argmin(cmj.hips_m[: np.searchsorted(cmj.times_s, cmj.takeoffs_s[0])])])
    expected = {
        "jump_height_m": (0.35, 0.015),
        "jump_height_flight_time_m": (0.35, 0.015),
        "jump_height_takeoff_velocity_m": (0.35, 0.015),
        "flight_time_ms": (534, 15),
        "takeoff_velocity_m_s": (2.62, 0.05),
        "countermovement_depth_m": (0.30, 0.03),
        "concentric_duration_ms": (1000 * (cmj.takeoffs_s[0] - lowest), 20),
        "time_to_takeoff_ms": (1000 * (cmj.takeoffs_s[0] - 1.2), 120),
    }
    for name, (value, tolerance) in expected.items():
        assert jump.metrics[name] == pytest.approx(value, abs=tolerance), name
    total_s = jump.metrics["time_to_takeoff_ms"] / 1000
    assert jump.metrics["rsi_modified_m_s"] == pytest.approx(jump.metrics["jump_height_m"] / total_s)
    assert jump.metrics["eccentric_duration_ms"] + jump.metrics["concentric_duration_ms"] == pytest.approx(
        jump.metrics["time_to_takeoff_ms"]
    )


@pytest.mark.parametrize("height_m", [None, 1.75])
def test_every_metric_has_an_uncertainty_and_every_number_is_a_finite_float(
    cmj: Motion, height_m: float | None
) -> None:
    for jump in watch(cmj, height_m=height_m)[1]:
        assert jump.metrics.keys() == jump.uncertainty.keys()
        for values in (jump.metrics, jump.uncertainty, jump.events_s):
            assert all(type(value) is float and math.isfinite(value) for value in values.values())


@pytest.mark.parametrize(("hold_s", "movement"), [(0.0, Movement.CMJ), (1.0, Movement.SJ)])
def test_a_stated_mass_gives_peak_power(hold_s: float, movement: Movement) -> None:
    motion = act(countermovement_jump(0.35, hold_s=hold_s))
    picture, metres = motion.landmarks(45.0)
    tracker = JumpTracker(mass_kg=75.0, settle_s=10.0)
    for time_s, points, world in zip(motion.times_s, picture, metres, strict=True):
        tracker.update(float(time_s), points, aspect=ASPECT, world=world)
    (jump,) = tracker.finish()
    assert jump.movement is movement
    height_m = jump.metrics["jump_height_m"]
    assert jump.metrics["peak_power_w"] == pytest.approx(60.7 * 100 * height_m + 45.3 * 75 - 2055)
    assert jump.uncertainty["peak_power_w"] > 355


def test_events_come_in_order(cmj: Motion) -> None:
    events = watch(cmj)[1][-1].events_s
    assert list(events) == ["onset", "lowest", "takeoff", "apex", "landing"]
    assert list(events.values()) == sorted(events.values())


def test_a_held_squat_makes_a_squat_jump() -> None:
    jump = watch(act(countermovement_jump(hold_s=1.0)))[1][-1]
    assert jump.movement is Movement.SJ
    assert jump.metrics["squat_hold_duration_ms"] == pytest.approx(1000, abs=150)
    assert "countermovement_depth_m" not in jump.metrics


@pytest.mark.parametrize("fps", [30.0, 60.0, 240.0])
def test_a_step_off_a_box_makes_a_drop_jump(fps: float) -> None:
    motion = act(drop_jump(), fps)
    _, jumps = watch(motion)
    assert [(jump.index, jump.final, jump.movement) for jump in jumps] == [
        (1, False, Movement.DJ),
        (1, True, Movement.DJ),
    ]
    metrics = jumps[-1].metrics
    assert metrics["ground_contact_time_ms"] == pytest.approx(250, abs=15)
    assert metrics["jump_height_m"] == pytest.approx(0.30, abs=0.015)
    contact_s = metrics["ground_contact_time_ms"] / 1000
    assert metrics["reactive_strength_index_m_s"] == pytest.approx(metrics["jump_height_m"] / contact_s)
    assert metrics["flight_contact_ratio"] == pytest.approx(metrics["flight_time_ms"] / 1000 / contact_s)


def test_a_drop_without_a_jump_is_no_jump() -> None:
    updates, jumps = watch(act([*drop_jump()[:2], move(0.3, (TIPTOE, -2.4, 10.0), (0.6, 0, 5.0)), still(1.0, 0.6)]))
    assert jumps == []
    assert "drop" in phases(updates)


@pytest.mark.parametrize("fps", [15.0, 30.0, 240.0])
def test_a_hop_off_a_box_is_no_jump(fps: float) -> None:
    pieces = countermovement_jump(0.10)[1:3]
    up = [(duration, lambda t, h=hips: h(t) + 0.4, lambda t: np.full(t.shape, 0.4)) for duration, hips, _ in pieces]
    down = [fly(0.10, ground_m=0.4), move(0.3, (TIPTOE, -3.1, 10.0), (0.6, 0, 5.0)), still(1.0, 0.6)]
    _, jumps = watch(act([still(1.0, toes_m=0.4), *up, *down], fps))
    assert jumps == []


def test_every_hop_is_a_jump_of_its_own() -> None:
    motion = act(hops(5))
    finals = [jump for jump in watch(motion)[1] if jump.final]
    assert [jump.index for jump in finals] == [1, 2, 3, 4, 5]
    assert [jump.movement for jump in finals] == [Movement.CMJ, *4 * [Movement.DJ]]
    for jump, takeoff_s in zip(finals, motion.takeoffs_s, strict=True):
        assert jump.events_s["takeoff"] == pytest.approx(takeoff_s, abs=0.015)
        assert jump.metrics["jump_height_m"] == pytest.approx(0.15, abs=0.015)
    assert all(jump.metrics["ground_contact_time_ms"] == pytest.approx(240, abs=20) for jump in finals[1:])


def test_several_jumps_in_one_session_are_numbered() -> None:
    motion = act([*countermovement_jump(0.20), *countermovement_jump(0.30, hold_s=1.0), *countermovement_jump(0.40)])
    finals = [jump for jump in watch(motion)[1] if jump.final]
    assert [(jump.index, jump.movement) for jump in finals] == [(1, "cmj"), (2, "sj"), (3, "cmj")]
    assert [jump.metrics["jump_height_m"] for jump in finals] == pytest.approx([0.20, 0.30, 0.40], abs=0.015)


def test_a_squat_is_held_from_when_it_was_entered_not_from_the_landing_before() -> None:
    motion = act([*countermovement_jump(0.20, depth_m=0.45), *countermovement_jump(0.30, hold_s=1.0)])
    *_, squat_jump = watch(motion)[1]
    assert squat_jump.movement is Movement.SJ
    assert squat_jump.metrics["squat_hold_duration_ms"] == pytest.approx(1000, abs=150)


@pytest.mark.parametrize("movement", [Movement.CMJ, Movement.SJ, Movement.DJ])
def test_a_stated_movement_is_believed(cmj: Motion, movement: Movement) -> None:
    assert {jump.movement for jump in watch(cmj, movement=movement)[1]} == {movement}


def test_the_stream_may_end_right_after_the_landing(cmj: Motion) -> None:
    keep = cmj.times_s < cmj.landings_s[0] + 0.06
    _, jumps = watch(cmj, keep=keep)
    assert [(jump.index, jump.final) for jump in jumps] == [(1, False), (1, True)]


def test_a_pose_lost_at_the_landing_does_not_lose_the_jump(cmj: Motion) -> None:
    picture, world = cmj.landmarks()
    tracker = JumpTracker()
    jumps: list[Jump] = []
    for time, seen, metres in zip(cmj.times_s, picture, world, strict=True):
        lost = time > cmj.landings_s[0] + 0.04
        update = tracker.update(float(time), None if lost else seen, aspect=ASPECT, world=metres)
        jumps += update.jumps
    assert [(jump.index, jump.final) for jump in jumps] == [(1, False), (1, True)]


def test_height_over_standing_follows_the_body(cmj: Motion) -> None:
    updates, _ = watch(cmj, height_m=1.75)
    heights = [update.live["com_height_m"] for update in updates]
    assert heights[20] == pytest.approx(0, abs=0.005)
    assert max(heights) == pytest.approx(0.35 + 0.08, abs=0.05)
    assert min(heights[:60]) == pytest.approx(-0.30, abs=0.05)
    speeds = [update.live["com_velocity_m_s"] for update in updates]
    assert max(speeds) == pytest.approx(2.6, abs=0.4)


def test_without_a_stated_height_gravity_gives_the_scale_after_a_jump(cmj: Motion) -> None:
    updates, _ = watch(cmj)
    assert all("com_height_m" not in update.live for update in updates[:80])
    assert updates[-1].live["com_height_m"] == pytest.approx(0, abs=0.02)


def test_joint_angles_are_live_in_every_frame(cmj: Motion) -> None:
    updates, _ = watch(cmj)
    names = {f"{joint}_angle_{side}_deg" for joint in ("hip", "knee", "ankle") for side in ("left", "right")}
    assert all(names <= update.live.keys() for update in updates)
    knees = [update.live["knee_angle_left_deg"] for update in updates]
    assert knees[0] > 160
    assert min(knees) < 120


def test_few_frames_lower_the_grade(cmj: Motion) -> None:
    full = watch(cmj)[1][-1].quality
    sparse = watch(act(countermovement_jump(), 10.0))[1][-1].quality
    assert full.grade == "B"
    assert sparse.grade in "CD"
    assert "few_frames_in_flight" in sparse.warnings
    assert full.fps == pytest.approx(30)
    assert full.frames_in_flight in (15, 16, 17)


@pytest.mark.parametrize("time_s", [1.0, 0.5, math.nan, math.inf])
def test_time_must_increase_and_be_finite(time_s: float) -> None:
    tracker = JumpTracker()
    tracker.update(1.0, None, aspect=ASPECT)
    with pytest.raises(ValueError, match="time"):
        tracker.update(time_s, None, aspect=ASPECT)


@pytest.mark.parametrize(
    ("name", "low", "high", "unit"),
    [("height_m", 1.0, 2.5, "metres"), ("mass_kg", 20, 250, "kilograms"), ("drop_height_m", 0.05, 1.5, "metres")],
)
def test_what_no_athlete_is_is_refused_by_name_with_the_range(name: str, low: float, high: float, unit: str) -> None:
    for value in (low, high):
        JumpTracker(**{name: value})  # type: ignore[arg-type]
    for value in (0.99 * low, 1.01 * high, 182.0 if unit == "metres" else 74_000.0, -low, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"{name} must be {low:g} to {high:g} {unit}, not {value:g}"):
            JumpTracker(**{name: value})  # type: ignore[arg-type]


def test_impossible_arguments_are_refused(cmj: Motion) -> None:
    picture, _ = cmj.landmarks()
    with pytest.raises(ValueError, match="aspect"):
        JumpTracker().update(0.0, picture[0], aspect=0.0)
    with pytest.raises(ValueError, match="shape"):
        JumpTracker().update(0.0, picture[0, :, :3], aspect=ASPECT)
    with pytest.raises(ValueError, match="world"):
        JumpTracker().update(0.0, picture[0], aspect=ASPECT, world=picture[0, :5])
