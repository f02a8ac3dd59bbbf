"""The drawn athlete, by its true landmarks and through MediaPipe's tracking mode."""

from pathlib import Path

import numpy as np
import pytest

import kinemotion.pose
from kinemotion.jumps import Jump, JumpTracker
from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.synthetic import (
    Camera,
    Clip,
    CountermovementJump,
    DropJump,
    Motion,
    RaisingArms,
    SquatJump,
    Squats,
    WalkingOnTheSpot,
)

MODEL = Path(kinemotion.pose.__file__).parent / "weights" / "pose_landmarker_lite.task"


def film(motion: Motion, yaw_deg: float, size: tuple[int, int] = (480, 360)) -> Clip:
    return Clip([motion], camera=Camera(yaw_deg=yaw_deg), size=size, lead_s=0.7, tail_s=0.3, phase=0.3)


def by_truth(clip: Clip, height_m: float | None = None) -> list[Jump]:
    tracker = JumpTracker(height_m=height_m)
    frames = zip(clip.times_s.tolist(), clip.landmarks(), strict=True)
    aspect = clip.size[0] / clip.size[1]
    return [jump for time, seen in frames for jump in tracker.update(time, seen, aspect=aspect).jumps]


def by_mediapipe(clip: Clip) -> list[Jump]:
    tracker = JumpTracker()
    jumps: list[Jump] = []
    with PoseGraph(MODEL, Mode.LIVE) as graph:
        for time, image in clip.frames():
            pose = graph.detect(np.ascontiguousarray(image[:, :, ::-1]))
            seen, world = (pose.landmarks, pose.world) if pose else (None, None)
            jumps += tracker.update(time, seen, aspect=clip.size[0] / clip.size[1], world=world).jumps
    return jumps + list(tracker.finish())


@pytest.mark.parametrize("yaw_deg", [0.0, 60.0])
@pytest.mark.parametrize("motion", [CountermovementJump(0.35), SquatJump(0.25), DropJump(0.30)], ids=type)
def test_true_landmarks_give_the_true_jump(motion: Motion, yaw_deg: float) -> None:
    clip = film(motion, yaw_deg)
    (truth,), jumps = clip.truth, by_truth(clip)
    assert [(jump.index, jump.final, jump.movement.value) for jump in jumps] == [
        (1, False, truth.movement),
        (1, True, truth.movement),
    ]
    found = jumps[-1]
    for event in ("takeoff", "apex", "landing"):
        assert found.events_s[event] == pytest.approx(truth.events_s[event], abs=0.02)
    assert found.metrics["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.025)
    assert found.metrics.keys() == truth.metrics.keys()
    for name, value in truth.metrics.items():
        assert abs(found.metrics[name] - value) < 2 * found.uncertainty[name], name
        if name.startswith("peak"):
            assert found.metrics[name] == pytest.approx(value, abs=0.09), name


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
@pytest.mark.parametrize("flexion_deg", [45.0, 55.0, 60.0])
@pytest.mark.parametrize("height_m", [0.25, 0.40, 0.55])
def test_a_soft_landing_ends_where_the_feet_meet_the_floor(height_m: float, flexion_deg: float, fps: float) -> None:
    clip = Clip([CountermovementJump(height_m, landing_flexion_deg=flexion_deg)], fps=fps, lead_s=0.7, tail_s=0.8)
    (truth,), found = clip.truth, by_truth(clip)[-1]
    for event in ("takeoff", "landing"):
        assert found.events_s[event] == pytest.approx(truth.events_s[event], abs=0.01)
    assert abs(found.metrics["jump_height_m"] - height_m) < 2 * found.uncertainty["jump_height_m"]


@pytest.mark.parametrize("stated_m", [1.0, 1.6, 1.75, 1.9, 2.5])
@pytest.mark.parametrize("flexion_deg", [0.0, 45.0])
def test_no_stated_height_hides_or_bends_a_jump(stated_m: float, flexion_deg: float) -> None:
    clip = Clip([CountermovementJump(0.35, landing_flexion_deg=flexion_deg)], lead_s=0.7, tail_s=0.8)
    (truth,), without, stated = clip.truth, by_truth(clip)[-1], by_truth(clip, stated_m)[-1]
    contradicted = stated_m in (1.0, 2.5)
    assert ("scale_disagrees" in stated.quality.warnings) is contradicted
    for name in ("jump_height_m", "countermovement_depth_m"):
        assert abs(stated.metrics[name] - truth.metrics[name]) < 2 * stated.uncertainty[name], name
    if contradicted:
        assert stated.events_s == without.events_s
        assert stated.metrics["jump_height_m"] == without.metrics["jump_height_m"]


@pytest.mark.parametrize("motion", [Squats(count=2), WalkingOnTheSpot(), RaisingArms()], ids=type)
def test_the_true_landmarks_of_other_motions_give_no_jump(motion: Motion) -> None:
    assert by_truth(film(motion, 30.0)) == []


@pytest.mark.parametrize(
    ("motion", "yaw_deg"), [(CountermovementJump(0.35), 30.0), (DropJump(0.30), 60.0)], ids=["cmj", "dj"]
)
def test_a_jump_is_measured_through_mediapipe_within_its_uncertainty(motion: Motion, yaw_deg: float) -> None:
    clip = film(motion, yaw_deg)
    (truth,), jumps = clip.truth, by_mediapipe(clip)
    assert [(jump.index, jump.final, jump.movement.value) for jump in jumps] == [
        (1, False, truth.movement),
        (1, True, truth.movement),
    ]
    errors = {name: jumps[-1].metrics[name] - value for name, value in truth.metrics.items()}
    assert all(abs(error) < 2.5 * jumps[-1].uncertainty[name] for name, error in errors.items()), errors
    assert abs(errors["jump_height_m"]) < 0.08
