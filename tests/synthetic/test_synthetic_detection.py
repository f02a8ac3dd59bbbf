"""MediaPipe takes the drawing for a person, and sees it where it is."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import mediapipe
import numpy as np
import pytest
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

import kinemotion.pose
from kinemotion.pose.landmarks import VISIBILITY, Landmark, Y
from kinemotion.synthetic import Camera, Clip, CountermovementJump, JumpTruth

LIMBS = np.r_[Landmark.LEFT_SHOULDER : Landmark.LEFT_WRIST, Landmark.LEFT_HIP : Landmark.RIGHT_FOOT_INDEX + 1]
"""Without the hands, which the hips hide from one side."""

MODEL = Path(kinemotion.pose.__file__).parent / "weights" / "pose_landmarker_lite.task"


@pytest.fixture(scope="module")
def landmarker() -> Iterator[vision.PoseLandmarker]:
    options = vision.PoseLandmarkerOptions(base_options=BaseOptions(model_asset_buffer=MODEL.read_bytes()))
    with vision.PoseLandmarker.create_from_options(options) as landmarker:
        yield landmarker


def detect(landmarker: vision.PoseLandmarker, clip: Clip) -> NDArray[np.float64]:
    """Landmarks (N, 33, 4) found in every frame; NaN where there is no body."""
    found = np.full((len(clip.times_s), 33, 4), np.nan)
    for row, (_, jpeg) in zip(found, clip.jpegs(quality=85), strict=True):
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
        result = landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=picture))
        if result.pose_landmarks:
            row[:] = [(mark.x, mark.y, mark.z, mark.visibility) for mark in result.pose_landmarks[0]]
    return found


def filmed(camera: Camera, seed: int, *moments: tuple[str, float, float]) -> tuple[Clip, JumpTruth]:
    """A jump filmed at 30 frames/s only from so long after to so long after some of its events."""
    jump = CountermovementJump()
    (truth,) = Clip([jump]).truth
    times = [
        np.arange(truth.events_s[event] + start, truth.events_s[event] + end, 1 / 30) for event, start, end in moments
    ]
    return Clip([jump], camera=camera, seed=seed, frame_times=np.concatenate(times)), truth


@pytest.mark.parametrize(("yaw_deg", "seed"), [(0.0, 0), (35.0, 1)])
def test_the_body_is_found_standing_squatting_and_in_the_air(
    landmarker: vision.PoseLandmarker, yaw_deg: float, seed: int
) -> None:
    clip, truth = filmed(
        Camera(yaw_deg=yaw_deg), seed, ("onset", -0.2, 0.0), ("lowest", -0.1, 0.1), ("takeoff", 0.0, 0.5)
    )
    found, times, events = detect(landmarker, clip), clip.times_s, truth.events_s
    assert np.isfinite(found).all()
    standing, flying = times < events["onset"], times >= events["takeoff"]
    for phase in (standing, flying, ~standing & ~flying):
        assert found[phase][:, LIMBS, VISIBILITY].mean() > 0.9
        assert found[phase][:, :, VISIBILITY].mean() > 0.85


def test_the_hips_fly_the_parabola_of_the_body(landmarker: vision.PoseLandmarker) -> None:
    clip, truth = filmed(Camera(), 1, ("takeoff", 0.0, 0.53))
    hips = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
    found, true = (marks[:, hips, Y].mean(axis=1) for marks in (detect(landmarker, clip), clip.landmarks()))
    since = clip.times_s - truth.events_s["apex"]
    (curve, slope, _), (true_curve, *_) = (np.polyfit(since, heights, 2) for heights in (found, true))
    assert -slope / (2 * curve) == pytest.approx(0.0, abs=0.012)  # the apex, in s
    assert curve == pytest.approx(true_curve, rel=0.08)
