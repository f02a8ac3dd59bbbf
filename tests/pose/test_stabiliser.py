"""How a camera moved, told from drawn rooms."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kinemotion.pose.stabiliser import Stabiliser, Watch
from kinemotion.synthetic import Camera, Clip, CountermovementJump

Grey = NDArray[np.uint8]

LOW = 0.8  # of the picture's height: where the feet are


def film(wobble_deg: float, size: tuple[int, int] = (480, 360)) -> Clip:
    """A jump, filmed from a hand or, at 0, from a tripod."""
    return Clip([CountermovementJump(height_m=0.4, arms="swing")], size=size, camera=Camera(wobble_deg=wobble_deg))


def grey(clip: Clip, time_s: float) -> Grey:
    return np.asarray(cv2.cvtColor(clip.image(time_s), cv2.COLOR_BGR2GRAY), np.uint8)


def true_shifts(clip: Clip, times_s: list[float]) -> NDArray[np.float64]:
    """(N, 2) how far the floor moved since the first time."""
    middle = np.array([0.5 * clip.size[0], LOW * clip.size[1], 1.0])
    first = clip.view_at(times_s[0])
    spots = [first.carry(clip.view_at(time_s)) @ middle for time_s in times_s]
    return np.asarray((np.array([spot[:2] / spot[2] for spot in spots]) - middle[:2]) / clip.size)


@pytest.mark.parametrize(("size", "every"), [((480, 360), 1), ((480, 360), 6), ((270, 480), 2)])
def test_a_hand_held_camera_is_followed(size: tuple[int, int], every: int) -> None:
    clip, stabiliser = film(0.4, size), Stabiliser()
    times_s = clip.times_s.tolist()[::every]
    found = [stabiliser.shift(grey(clip, time_s), clip.landmarks_at(time_s)) for time_s in times_s]
    true = true_shifts(clip, times_s)
    assert np.ptp(true[:, 1]) > 0.02
    assert np.abs(np.array(found) - true)[:, 1].max() < 0.003


@pytest.mark.parametrize(("contrast", "texture"), [(1.0, 3.0), (0.25, 3.0), (0.25, 6.0)])
def test_a_hand_held_camera_is_followed_before_wallpaper(contrast: float, texture: float) -> None:
    clip, stabiliser, random = film(0.4), Stabiliser(), np.random.default_rng(1)
    pattern = cv2.GaussianBlur(random.normal(0, 1, (480, 640)), (0, 0), 1.5)
    pattern *= texture / pattern.std()
    times_s = clip.times_s.tolist()[::2]
    found = []
    for time_s in times_s:
        carry = clip.view_at(0.0).carry(clip.view_at(time_s))
        wallpaper = cv2.warpPerspective(pattern, carry, clip.size, borderMode=cv2.BORDER_REFLECT)
        picture = 128 + contrast * (grey(clip, time_s) - 128.0) + wallpaper + random.normal(0, 1, wallpaper.shape)
        found.append(stabiliser.shift(np.clip(picture, 0, 255).astype(np.uint8), clip.landmarks_at(time_s)))
    assert np.abs(np.array(found) - true_shifts(clip, times_s))[:, 1].max() < 0.004


@pytest.mark.parametrize(("wobble_deg", "moved"), [(0.0, False), (0.2, True)])
def test_a_few_pictures_tell_a_hand_from_a_tripod(wobble_deg: float, moved: bool) -> None:
    clip, watch, looks = film(wobble_deg), Watch(), 0
    for time_s in clip.times_s.tolist():
        if watch.due(time_s):
            watch.look(time_s, grey(clip, time_s), clip.landmarks_at(time_s))
            looks += 1
    assert watch.moved is moved
    assert looks < 0.25 * len(clip.times_s)


def passed_behind(picture: Grey, share: float) -> Grey:
    """Somebody in black and white walks by."""
    left = round(share * 420)
    picture[130:300, left : left + 40] = 40
    picture[190:220, left : left + 40] = 210
    return picture


def darker(picture: Grey, share: float) -> Grey:
    return (picture * (1 - 0.3 * share)).astype(np.uint8)


@pytest.mark.parametrize("change", [passed_behind, darker])
def test_what_else_changes_in_the_room_moves_no_camera(change: Callable[[Grey, float], Grey]) -> None:
    clip, stabiliser = film(0.0), Stabiliser()
    room, athlete = grey(clip, 0.0), clip.landmarks_at(0.0)
    for number in range(60):
        _, down = stabiliser.shift(change(room.copy(), number / 60), athlete).tolist()
        assert abs(down) < 0.003


def bare(row: NDArray[np.float64], noise: float, quality: int) -> Grey:
    """A wall on which nothing goes across, as a JPEG shows it."""
    wall = np.random.default_rng(round(100 * noise)).normal(np.tile(row, (360, 1)), noise)
    jpeg = cv2.imencode(".jpg", np.clip(wall, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)


@pytest.mark.parametrize("noise", [1.0, 3.0, 6.0])
@pytest.mark.parametrize("stripe", [0.0, 40.0])
@pytest.mark.parametrize("quality", [60, 75])
def test_a_wall_without_edges_across_moves_no_camera_up_or_down(stripe: float, noise: float, quality: int) -> None:
    stabiliser, athlete = Stabiliser(), film(0.0).landmarks_at(0.0)
    row = 140 + stripe * np.sign(np.sin(np.arange(480) / 6))
    for number in range(20):
        _, down = stabiliser.shift(bare(row, noise + number / 100, quality), athlete).tolist()
        assert abs(down) < 0.001


def test_pictures_of_any_shape_are_taken() -> None:
    stabiliser, athlete, random = Stabiliser(), film(0.0).landmarks_at(0.0), np.random.default_rng(0)
    for shape in ((64, 64), (480, 64), (64, 1000), (720, 1280), (1280, 720)):
        picture = random.integers(0, 256, shape, np.uint8)
        for landmarks in (athlete, athlete + 3.0, athlete * 0.0):
            assert np.isfinite(stabiliser.shift(picture, landmarks)).all()
