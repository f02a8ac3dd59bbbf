"""Each metric from a flight and a push-off made up for it."""

from dataclasses import replace

import numpy as np
import pytest

from kinemotion.jumps import Movement
from kinemotion.jumps.athlete import Athlete
from kinemotion.jumps.flight import Flight
from kinemotion.jumps.metrics import evaluate
from kinemotion.jumps.pushoff import PushOff
from kinemotion.jumps.scale import Scale
from kinemotion.jumps.value import Value

G = 9.80665
SPAN_M = 2.5  # metres in the picture's height
HALF_S = 0.25  # from take-off to apex

FLIGHT = Flight(
    takeoff_s=5.0,
    landing_s=5.0 + 2 * HALF_S,
    apex_s=5.0 + HALF_S,
    takeoff_sd_s=0.008,
    landing_sd_s=0.008,
    gravity=G / SPAN_M,
    gravity_sd=0.03,
    shrinkage=0.0,
    stature=1.75 / SPAN_M,
    frames=15,
    plausible=True,
)
SCALE = Scale(Value(SPAN_M, 0.03 * SPAN_M), None)
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
    Movement.DJ,
    lowest_s=4.9,
    contact_s=4.8,
    contact_sd_s=0.012,
    gap_s=1 / 30,
    touching=((2 * G * 0.30) ** 0.5 / SPAN_M, 0.05 / SPAN_M),
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


def metrics(push: PushOff, flight: Flight = FLIGHT, **stated: float) -> dict[str, Value]:
    return evaluate(flight, push, Athlete(**stated), SCALE)


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
    assert near.sd < alone.sd  # two that know nothing of each other
    assert far == alone
    unseen = evaluate(FLIGHT, replace(DJ, touching=None), Athlete(drop_height_m=0.40), SCALE)["drop_height_m"]
    assert unseen.value == 0.40
    assert unseen.sd > 0
    assert "drop_height_m" not in values(replace(DJ, touching=None))


def test_a_stated_box_counts_only_for_a_drop_that_was_seen() -> None:
    assert "drop_height_m" not in values(PushOff(Movement.DJ), drop_height_m=0.40)
    assert values(replace(DJ, rebound=True), drop_height_m=0.34)["drop_height_m"] == pytest.approx(0.30)


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
    dense, sparse = deviations(push), deviations(replace(push, gap_s=0.20, contact_sd_s=0.06))
    assert all(sparse[name] >= dense[name] for name in dense)
    among = {"concentric_duration_ms", "ground_contact_time_ms", "countermovement_depth_m", "knee_angle_lowest_deg"}
    assert all(sparse[name] > 1.2 * dense[name] for name in among & dense.keys())


def test_a_drop_jump_is_as_unsure_as_its_three_contacts_together() -> None:
    flight = replace(FLIGHT, takeoff_sd_s=0.006, landing_sd_s=0.004)
    rng = np.random.default_rng(0)
    touched, off, on = (rng.normal(at, sd, 100_000) for at, sd in ((4.8, 0.012), (5.0, 0.006), (5.5, 0.004)))
    found, contact = metrics(DJ, flight), off - touched
    heights = G * (on - off) ** 2 / 8 + rng.normal(0, 0.006, off.shape)
    for name, seen in {
        "ground_contact_time_ms": 1000 * contact,
        "flight_contact_ratio": (on - off) / contact,
        "reactive_strength_index_m_s": heights / contact,
    }.items():
        assert found[name].sd == pytest.approx(seen.std(), rel=0.05), name


def test_a_contact_is_as_unsure_as_its_touch_down() -> None:
    sure, unsure = metrics(DJ), metrics(replace(DJ, contact_sd_s=0.05))
    for name in ("ground_contact_time_ms", "flight_contact_ratio", "reactive_strength_index_m_s", "drop_height_m"):
        assert unsure[name].sd > 1.5 * sure[name].sd, name


@pytest.mark.parametrize("push", [CMJ, SJ, DJ], ids=lambda push: push.movement)
def test_a_flight_without_a_way_up_divides_by_nothing(push: PushOff) -> None:
    flight = replace(FLIGHT, apex_s=FLIGHT.takeoff_s, shrinkage=0.6)
    found = metrics(push, flight, mass_kg=70.0)
    assert found["jump_height_m"].value == 0.0
    assert "takeoff_velocity_m_s" not in found
    assert all(value.value > 0 for name, value in found.items() if not name.startswith("jump_height"))


def test_phases_of_no_duration_are_absent() -> None:
    takeoff_s = FLIGHT.takeoff_s
    assert "concentric_duration_ms" not in values(replace(SJ, onset_s=takeoff_s))
    assert "squat_hold_duration_ms" not in values(replace(SJ, hold_s=0.0))
    for push in (replace(CMJ, lowest_s=takeoff_s), replace(CMJ, onset_s=CMJ.lowest_s)):
        assert values(push).keys().isdisjoint({"eccentric_duration_ms", "concentric_duration_ms", "rsi_modified_m_s"})


def test_power_that_cannot_be_is_absent() -> None:
    low = replace(FLIGHT, landing_s=FLIGHT.takeoff_s + 0.2, apex_s=FLIGHT.takeoff_s + 0.1)
    assert "peak_power_w" not in metrics(CMJ, low, mass_kg=30.0)


@pytest.mark.parametrize(("push", "error_w"), [(SJ, 372.9), (CMJ, 442.8)], ids=["sj", "cmj"])
def test_power_has_the_error_of_its_kind_of_jump(push: PushOff, error_w: float) -> None:
    found = metrics(push, mass_kg=70.0)
    assert found["peak_power_w"].sd == pytest.approx(float(np.hypot(error_w, 6070 * found["jump_height_m"].sd)))
