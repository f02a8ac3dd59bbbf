"""Frames, times, pictures and landmarks of a clip."""

import cv2
import numpy as np
import pytest

from kinemotion.pose.landmarks import VISIBILITY, Landmark, X, Y
from kinemotion.synthetic import Camera, Clip, CountermovementJump, DropJump, Look, Standing
from kinemotion.synthetic.skeleton import Joint

QUIET = Look(noise=0.0)


def markers(jpeg: bytes) -> list[int]:
    """The JPEG's segment markers up to the start of scan."""
    found, at = [], 2
    while True:
        kind = jpeg[at + 1]
        found.append(kind)
        if kind == 0xDA:
            return found
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")


def test_the_same_seed_gives_the_same_film_and_another_seed_another() -> None:
    one, same, other = (Clip([CountermovementJump()], seed=seed, fps=5) for seed in (3, 3, 4))
    np.random.default_rng().random(100)
    assert [jpeg for _, jpeg in one.jpegs()] == [jpeg for _, jpeg in same.jpegs()]
    assert (one.image(1.0) != other.image(1.0)).any()
    assert one.look != other.look


def test_a_picture_does_not_depend_on_which_pictures_came_before() -> None:
    clip, again = Clip([CountermovementJump()]), Clip([CountermovementJump()])
    again.image(0.3)
    np.testing.assert_array_equal(clip.image(1.7), again.image(1.7))


def test_noise_differs_between_frames_of_a_still_scene() -> None:
    clip = Clip([Standing()])
    difference = clip.image(0.1).astype(int) - clip.image(0.2)
    assert 1.0 < difference.std() < 6.0


def test_frame_times_are_regular_by_default() -> None:
    clip = Clip([CountermovementJump()], fps=50.0, phase=0.25)
    np.testing.assert_allclose(clip.times_s, (np.arange(len(clip.times_s)) + 0.25) / 50.0)
    assert clip.duration_s - 0.02 <= clip.times_s[-1] <= clip.duration_s


def test_jittered_times_still_increase_and_keep_the_mean_rate() -> None:
    times = Clip([CountermovementJump()], fps=30.0, jitter_s=0.01).times_s
    assert (np.diff(times) > 0).all()
    assert np.diff(times).std() > 0.004
    assert np.diff(times).mean() == pytest.approx(1 / 30, rel=0.01)


def test_a_cameras_own_frame_times_are_kept() -> None:
    asked = [0.0, 0.1, 0.11, 0.5]
    clip = Clip([CountermovementJump()], frame_times=asked)
    assert [time for time, _ in clip.frames()] == asked
    assert clip.landmarks().shape == (4, 33, 4)


@pytest.mark.parametrize("size", [(640, 480), (480, 854), (270, 480), (1280, 960)])
def test_frames_have_the_size_asked_for_and_hold_the_whole_body(size: tuple[int, int]) -> None:
    clip = Clip([CountermovementJump(height_m=0.6, depth_m=0.4, arms="swing")], size=size, fps=10)
    assert clip.image(0.5).shape == (size[1], size[0], 3)
    assert clip.image(0.5).dtype == np.uint8
    spots = clip.landmarks()[:, :, :2]
    assert spots.min() > 0.02
    assert spots.max() < 0.98


def test_jpegs_are_baseline() -> None:
    _, jpeg = next(Clip([Standing()]).jpegs(quality=80))
    assert jpeg[:2] == b"\xff\xd8"
    assert 0xC0 in markers(jpeg)
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (480, 640, 3)


def test_motion_of_a_hundredth_of_a_pixel_is_seen() -> None:
    clip = Clip([CountermovementJump()], look=QUIET)
    apex = clip.truth[0].events_s["apex"]
    first, second = clip.image(apex + 0.1), clip.image(apex + 0.1 + 5e-5)  # 1 m/s, 0.2 px/mm
    assert (first != second).any()


def test_the_drawing_moves_with_the_body_to_a_tenth_of_a_pixel() -> None:
    clip = Clip([CountermovementJump()], look=QUIET)
    apex = clip.truth[0].events_s["apex"]
    true, seen = [], []
    for time in apex + np.linspace(0.02, 0.12, 11):
        column, nose = clip.landmarks_at(time)[Landmark.NOSE, [X, Y]] * clip.size
        grey = clip.image(time)[: round(nose) - 8, round(column)].astype(float).mean(axis=1)
        half = 0.5 * (grey[:5].mean() + grey.min())
        row = int(np.argmax(grey < half))
        seen.append(row - (half - grey[row]) / (grey[row - 1] - grey[row]))  # the wall gives way to the hair
        true.append(nose)
    assert np.ptp(true) > 8
    off_line = np.array(seen) - np.polyval(np.polyfit(true, seen, 1), true)
    assert np.abs(off_line).max() < 0.1


def test_landmarks_are_where_the_joints_are_seen() -> None:
    clip = Clip([Standing()], camera=Camera(yaw_deg=0.0, place=(0.3, 0.5)))
    found = clip.landmarks()[0]
    assert found[:, VISIBILITY].min() == 1.0
    assert found[Landmark.LEFT_HIP, X] > found[Landmark.RIGHT_HIP, X]  # facing the camera
    assert found[Landmark.NOSE, Y] < found[Landmark.LEFT_SHOULDER, Y] < found[Landmark.LEFT_KNEE, Y]
    assert found[:, X].mean() == pytest.approx(0.3, abs=0.02)


def test_from_the_side_the_nearer_shoulder_is_the_left_one() -> None:
    found = Clip([Standing()], camera=Camera(yaw_deg=90.0)).landmarks()[0]
    assert found[Landmark.LEFT_SHOULDER, 2] < found[Landmark.RIGHT_SHOULDER, 2]
    assert found[Landmark.NOSE, X] < found[Landmark.LEFT_EAR, X]  # looking to the picture's left


def test_the_figures_share_of_the_picture_can_be_chosen() -> None:
    clip = Clip([Standing()], camera=Camera(share=0.5, height_m=0.9, distance_m=6.0))
    joints = clip.joints([0.0])[0]
    spots = clip.landmarks()[0]
    seen = spots[Landmark.LEFT_FOOT_INDEX, Y] - spots[Landmark.NOSE, Y]
    true = joints[Joint.VERTEX, 2] - 0.12
    assert seen == pytest.approx(0.5 * true / 1.75, rel=0.05)


def test_a_hand_held_camera_moves_the_whole_picture_a_little() -> None:
    still, held = (Clip([Standing()], camera=Camera(wobble_deg=wobble), look=QUIET) for wobble in (0.0, 0.3))
    moved = (held.landmarks() - still.landmarks())[:, :, :2] * still.size
    assert 0.5 < np.abs(moved).max() < 20
    assert np.ptp(moved, axis=1).max() < 2
    assert (held.image(0.5) != still.image(0.5)).any()


def test_looks_vary_with_the_seed_and_are_repeatable() -> None:
    assert Look.from_seed(5) == Look.from_seed(5)
    assert len({Look.from_seed(seed) for seed in range(20)}) > 10


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"motions": []}, "at least one"),
        ({"motions": [Standing()], "fps": 0.0}, "fps"),
        ({"motions": [Standing()], "size": (8, 8)}, "pixels"),
        ({"motions": [Standing()], "frame_times": [0.0, 0.0]}, "increasing"),
        ({"motions": [Standing()], "body_height_m": 3.0}, "body height"),
        ({"motions": [CountermovementJump(), CountermovementJump(arms="swing")]}, "alike"),
        ({"motions": [CountermovementJump(), DropJump()]}, "first motion"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_nonsense_is_refused(arguments: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Clip(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"distance_m": 0.1}, {"yaw_deg": 120.0}, {"share": 0.0}], ids=str)
def test_a_camera_that_cannot_be_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"camera|share"):
        Camera(**options)  # type: ignore[arg-type]
