"""Each metric from a flight and a push-off made up for it."""

from dataclasses import replace

import pytest

from kinemotion.jumps import Movement
from kinemotion.jumps.flight import Flight
from kinemotion.jumps.metrics import Athlete, evaluate
from kinemotion.jumps.pushoff import PushOff
from kinemotion.jumps.scale import Metres, Scale

G = 9.80665
SPAN_M = 2.5  # metres in the picture's height
HALF_S = 0.25  # from take-off to apex

FLIGHT = Flight(
    takeoff_s=5.0,
    landing_s=5.0 + 2 * HALF_S,
    apex_s=5.0 + HALF_S,
    takeoff_sd_s=0.008,
    landing_sd_s=0.008,
    apex_sd_s=0.003,
    gravity=G / SPAN_M,
    gravity_sd=0.03,
    shrinkage=0.0,
    stature=1.75 / SPAN_M,
    frames=15,
    plausible=True,
)
SCALE = Scale(Metres(SPAN_M, 0.03 * SPAN_M), None)
CMJ = PushOff(
    Movement.CMJ,
    onset_s=4.2,
    lowest_s=4.72,
    depth=0.30 / SPAN_M,
    gap_s=1 / 30,
    distance=0.40 / SPAN_M,
    sinking=1.1 / SPAN_M,
    overshoot=1.06,
    angles_deg={"knee": 85.0, "hip": 90.0, "ankle": 75.0},
)
SJ = replace(CMJ, movement=Movement.SJ, onset_s=4.7, hold_s=1.2, depth=None, sinking=None, angles_deg={})
DJ = PushOff(
    Movement.DJ, lowest_s=4.9, contact_s=4.8, gap_s=1 / 30, touching=((2 * G * 0.30) ** 0.5 / SPAN_M, 0.05 / SPAN_M)
)
FLIGHT_ONLY = {
    "jump_height_m",
    "jump_height_flight_time_m",
    "jump_height_takeoff_velocity_m",
    "flight_time_ms",
    "takeoff_velocity_m_s",
}


def values(push: PushOff, **stated: float) -> dict[str, float]:
    return {name: value.value for name, value in evaluate(FLIGHT, push, Athlete(**stated), SCALE).items()}


def deviations(push: PushOff, **stated: float) -> dict[str, float]:
    return {name: value.sd for name, value in evaluate(FLIGHT, push, Athlete(**stated), SCALE).items()}


def test_a_flight_is_as_high_as_its_time_and_its_velocity_say() -> None:
    found = values(CMJ)
    assert found["takeoff_velocity_m_s"] == pytest.approx(G * HALF_S)
    assert found["flight_time_ms"] == pytest.approx(2000 * HALF_S)
    for name in ("jump_height_m", "jump_height_flight_time_m", "jump_height_takeoff_velocity_m"):
        assert found[name] == pytest.approx(G * HALF_S**2 / 2)


def test_a_countermovement_jump_has_its_phases_velocities_and_posture() -> None:
    found = values(CMJ)
    assert found.keys() - FLIGHT_ONLY == {
        "eccentric_duration_ms",
        "concentric_duration_ms",
        "time_to_takeoff_ms",
        "rsi_modified_m_s",
        "countermovement_depth_m",
        "peak_eccentric_velocity_m_s",
        "peak_concentric_velocity_m_s",
        "knee_angle_lowest_deg",
        "hip_angle_lowest_deg",
        "ankle_angle_lowest_deg",
    }
    assert found["countermovement_depth_m"] == pytest.approx(0.30)
    assert found["peak_eccentric_velocity_m_s"] == pytest.approx(1.1)
    assert found["peak_concentric_velocity_m_s"] == pytest.approx(1.06 * G * HALF_S)
    assert found["time_to_takeoff_ms"] == pytest.approx(800)
    assert found["rsi_modified_m_s"] == pytest.approx(found["jump_height_m"] / 0.8)
    assert found["knee_angle_lowest_deg"] == 85.0


def test_a_squat_jump_has_its_hold_its_rise_and_with_a_mass_its_mean_force() -> None:
    assert values(SJ).keys() - FLIGHT_ONLY == {
        "squat_hold_duration_ms",
        "concentric_duration_ms",
        "peak_concentric_velocity_m_s",
    }
    found = values(SJ, mass_kg=70.0)
    assert found["concentric_duration_ms"] == pytest.approx(300)
    assert found["squat_hold_duration_ms"] == pytest.approx(1200)
    work = 70.0 * G * (found["jump_height_m"] + 0.40)
    assert found["mean_force_n"] * 0.40 == pytest.approx(work)


def test_a_drop_jump_has_contact_time_and_what_follows_from_it() -> None:
    found = values(DJ)
    assert found["ground_contact_time_ms"] == pytest.approx(200)
    assert found["reactive_strength_index_m_s"] == pytest.approx(found["jump_height_m"] / 0.2)
    assert found["flight_contact_ratio"] == pytest.approx(0.5 / 0.2)
    assert found["drop_height_m"] == pytest.approx(0.30)
    assert "peak_power_w" not in values(DJ, mass_kg=70.0)


def test_a_stated_box_is_weighed_against_the_fall_that_was_seen() -> None:
    boxes = (Athlete(drop_height_m=box) for box in (None, 0.34, 0.90))
    alone, near, far = (evaluate(FLIGHT, DJ, athlete, SCALE)["drop_height_m"] for athlete in boxes)
    assert 0.30 < near.value < 0.34
    assert far == alone
    unseen = evaluate(FLIGHT, replace(DJ, touching=None), Athlete(drop_height_m=0.40), SCALE)["drop_height_m"]
    assert unseen.value == 0.40
    assert unseen.sd > 0
    assert "drop_height_m" not in values(replace(DJ, touching=None))


@pytest.mark.parametrize("push", [CMJ, SJ, DJ], ids=lambda push: push.movement)
def test_without_a_scale_lengths_are_absent_and_times_remain(push: PushOff) -> None:
    scaled = values(push, mass_kg=70.0)
    lengths = {"countermovement_depth_m", "peak_eccentric_velocity_m_s", "mean_force_n", "drop_height_m"}
    unscaled = evaluate(FLIGHT, push, Athlete(mass_kg=70.0), Scale(None, None))
    assert {name: one.value for name, one in unscaled.items()} == {
        name: value for name, value in scaled.items() if name not in lengths
    }


def test_what_was_not_seen_is_absent() -> None:
    for kind in (Movement.CMJ, Movement.SJ, Movement.DJ):
        assert values(PushOff(kind)).keys() == FLIGHT_ONLY


@pytest.mark.parametrize("push", [CMJ, SJ, DJ], ids=lambda push: push.movement)
def test_frames_far_apart_make_no_figure_surer_and_those_found_among_them_less_sure(push: PushOff) -> None:
    dense, sparse = deviations(push), deviations(replace(push, gap_s=0.20))
    assert all(sparse[name] >= dense[name] for name in dense)
    among = {"concentric_duration_ms", "ground_contact_time_ms", "countermovement_depth_m", "knee_angle_lowest_deg"}
    assert all(sparse[name] > 1.2 * dense[name] for name in among & dense.keys())
