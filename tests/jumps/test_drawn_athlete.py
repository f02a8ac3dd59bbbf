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


def by_truth(clip: Clip) -> list[Jump]:
    tracker = JumpTracker()
    frames = zip(clip.times_s.tolist(), clip.landmarks(), strict=True)
    aspect = clip.size[0] / clip.size[1]
    return [jump for time, seen in frames for jump in tracker.update(time, seen, aspect=aspect).jumps]


def by_mediapipe(clip: Clip) -> list[Jump]:
    tracker = JumpTracker()
    jumps: list[Jump] = []
    with PoseGraph(MODEL, Mode.LIVE) as graph:
        for time, image in clip.frames():
            pose = graph.detect(np.ascontiguousarray(image[:, :, ::-1]), round(time * 1e6))
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
