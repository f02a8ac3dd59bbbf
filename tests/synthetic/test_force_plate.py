"""What force plates measured is what the drawn athlete does, and what its landmarks tell."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from kinemotion.analysis import JumpAnalyzer
from kinemotion.synthetic import Camera, Clip, CountermovementJump, DropJump, SquatJump, plate_motion
from kinemotion.synthetic.posture import Arms
from kinemotion.synthetic.skeleton import SOLES, TOES
from kinemotion.synthetic.truth import Movement

G = 9.80665
MASS_KG = 70.0
RECORDS: list[tuple[str, Movement, Arms, float]] = [
    ("cmj", "cmj", "hips", 1.75),
    ("cmj_bmc1", "cmj", "swing", 1.80),
    ("cmj_bmc2", "cmj", "swing", 1.85),
    ("sj", "sj", "hips", 1.75),
    ("dj", "dj", "hips", 1.85),
]
"""Record, movement, and a body that can follow it: its arms and its stature."""

Array = NDArray[np.float64]


@pytest.fixture(scope="module", params=RECORDS, ids=lambda record: record[0])
def followed(request: pytest.FixtureRequest, shared_folder: Path) -> tuple[Clip, dict[str, Any]]:
    """The drawn athlete following one record, and what the plate's owner found in it."""
    name, movement, arms, height_m = request.param
    folder = shared_folder / "data" / "forceplate"
    time_s, force_n = np.loadtxt(folder / f"{name}.csv", delimiter=",", skiprows=1).T
    plate = json.loads((folder / "truth.json").read_text())[f"{name}.csv"]
    motion = plate_motion(time_s, force_n, movement, arms)
    clip = Clip([motion], fps=60, camera=Camera(yaw_deg=30), body_height_m=height_m, lead_s=0.5, tail_s=0.5)
    return clip, plate


@pytest.mark.shared
def test_a_record_integrates_to_what_its_owner_found(followed: tuple[Clip, dict[str, Any]]) -> None:
    clip, plate = followed
    metrics = clip.truth[0].metrics
    assert metrics["takeoff_velocity_m_s"] == pytest.approx(plate["takeoff_velocity_m_s"], abs=0.015)
    assert metrics["jump_height_m"] == pytest.approx(plate["jump_height_takeoff_velocity_m"], abs=0.004)
    assert metrics["flight_time_ms"] == pytest.approx(1000 * plate["flight_time_s"], abs=2.5)
    if "countermovement_depth_m" in plate:
        assert metrics["countermovement_depth_m"] == pytest.approx(plate["countermovement_depth_m"], abs=0.01)
    if "contact_start_s" in plate:
        assert metrics["ground_contact_time_ms"] == pytest.approx(1000 * plate["ground_contact_time_s"], abs=2.0)
        assert metrics["drop_height_m"] == pytest.approx(plate["drop_height_m"], abs=0.01)


@pytest.mark.shared
def test_the_body_follows_the_plate_and_touches_the_floor_when_the_plate_is_loaded(
    followed: tuple[Clip, dict[str, Any]],
) -> None:
    clip, plate = followed
    times = np.arange(0.0, clip.duration_s, 1e-3)
    joints, events = clip.joints(times), clip.truth[0].events_s
    height = clip.body.centre_of_mass(joints)[:, 2]
    np.testing.assert_allclose(height - height[-1], clip.com_height_m(times), atol=1e-6)
    airborne = joints[:, SOLES, 2].min(axis=1) > 1e-4
    flight = (times > events["takeoff"]) & (times < events["landing"])
    assert airborne[flight].mean() > 0.99
    assert not airborne[(times > events.get("contact", 0.0)) & (times < events["takeoff"])].any()
    assert not airborne[times > events["landing"]].any()
    assert joints[times > events["landing"]][:, TOES, 2].max() < 1e-6
    assert events["landing"] - events["takeoff"] == pytest.approx(plate["flight_time_s"], abs=0.0025)


@pytest.mark.shared
def test_its_landmarks_give_the_height_and_the_contact_that_the_plate_gave(
    followed: tuple[Clip, dict[str, Any]],
) -> None:
    clip, plate = followed
    (truth,) = clip.truth
    analyzer = JumpAnalyzer(truth.movement, aspect=clip.size[0] / clip.size[1])
    for time_s, landmarks in zip(clip.times_s.tolist(), clip.landmarks(), strict=True):
        analyzer.feed(time_s, landmarks)
    analyzer.finish()
    (jump,) = analyzer.jumps
    assert jump.metrics["jump_height_m"] == pytest.approx(plate["jump_height_takeoff_velocity_m"], abs=0.015)
    if "ground_contact_time_s" in plate:
        assert jump.metrics["ground_contact_time_ms"] == pytest.approx(1000 * plate["ground_contact_time_s"], abs=15)


@pytest.mark.parametrize("rate_hz", [400.0, 1000.0])
@pytest.mark.parametrize("motion", [CountermovementJump(0.35), SquatJump(0.30), DropJump(0.30)], ids=type)
def test_the_force_of_a_drawn_jump_gives_the_jump_back(
    motion: CountermovementJump | SquatJump | DropJump, rate_hz: float
) -> None:
    clip = Clip([motion], lead_s=1.5, tail_s=1.5)
    (truth,) = clip.truth
    times, force = on_a_plate(clip, rate_hz)
    again = Clip([plate_motion(times, force, truth.movement)], body_height_m=1.80).truth[0]
    for name in ("jump_height_m", "jump_height_flight_time_m", "countermovement_depth_m", "drop_height_m"):
        if name in again.metrics:
            assert again.metrics[name] == pytest.approx(truth.metrics[name], abs=0.006)
    assert again.metrics["flight_time_ms"] == pytest.approx(truth.metrics["flight_time_ms"], abs=6)


def on_a_plate(clip: Clip, rate_hz: float) -> tuple[Array, Array]:
    """Times and vertical force of a clip's motion; of a squat jump from the squat on, of a drop from the air on."""
    events = clip.truth[0].events_s
    start = {"cmj": 0.0, "sj": events["onset"] - 0.99, "dj": events["onset"] + 0.02}[clip.truth[0].movement]
    step = 1e-4
    times = np.arange(start, clip.duration_s, 1 / rate_hz)
    around = [clip.com_height_m(times + shift) for shift in (-step, 0.0, step)]
    force = MASS_KG * (G + (around[0] - 2 * around[1] + around[2]) / step**2)
    force[(times > events["takeoff"]) & (times < events["landing"])] = 0.0
    if clip.truth[0].movement == "dj":
        force[times < events["contact"]] = 0.0
    return times, np.maximum(force, 0.0)


def test_a_record_without_a_jump_is_refused() -> None:
    times = np.arange(0.0, 5.0, 1e-3)
    with pytest.raises(ValueError, match="no flight"):
        plate_motion(times, np.full_like(times, 700.0), "cmj")
