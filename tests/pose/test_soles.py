"""The lowest edges of the shoes: in made-up masks, and in drawn pictures through MediaPipe."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.landmarks import COLUMNS, POINTS, Landmark, Landmarks, Y
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.pose.soles import soles
from kinemotion.synthetic import Camera, Clip, CountermovementJump

HEIGHT, WIDTH = 200, 100
FAINT = np.float32(1e-9)  # of a mask where the body is not
_L = Landmark


def standing() -> Landmarks:
    """Shanks of 40 pixels, feet 10 pixels long whose toes and heels lie in row 150."""
    landmarks = np.zeros((POINTS, COLUMNS))
    for knee, ankle, heel, toes, x in (
        (_L.LEFT_KNEE, _L.LEFT_ANKLE, _L.LEFT_HEEL, _L.LEFT_FOOT_INDEX, 65),
        (_L.RIGHT_KNEE, _L.RIGHT_ANKLE, _L.RIGHT_HEEL, _L.RIGHT_FOOT_INDEX, 25),
    ):
        for point, (across, down) in {knee: (x, 105), ankle: (x, 145), heel: (x - 3, 150), toes: (x + 7, 150)}.items():
            landmarks[point, : Y + 1] = across / WIDTH, down / HEIGHT
    return landmarks


def legs(left: float, right: float) -> NDArray[np.float32]:
    """Two legs that end at a height in pixels; the last row is covered as far as the leg reaches into it."""
    mask = np.full((HEIGHT, WIDTH), FAINT)
    for end, columns in ((left, slice(60, 75)), (right, slice(20, 35))):
        mask[: int(end), columns] = 1.0
        if end < HEIGHT:
            mask[int(end), columns] = end % 1
    return mask


def test_each_sole_is_found_between_the_pixels() -> None:
    assert soles(legs(152.3, 155.8), standing()).y * HEIGHT == pytest.approx([152.3, 155.8], abs=0.5)


@pytest.mark.parametrize("ahead", [1, -1])
def test_a_foot_is_not_taken_for_the_nearer_one_behind_it(ahead: int) -> None:
    """Seen from an angle, feet stand at two heights, and the nearer one's toes reach over the other one's heel."""
    landmarks, mask = standing(), np.full((HEIGHT, WIDTH), FAINT)
    for ankle, heel, toes, x, end in (
        (_L.LEFT_ANKLE, _L.LEFT_HEEL, _L.LEFT_FOOT_INDEX, 50 - 5 * ahead, 160),
        (_L.RIGHT_ANKLE, _L.RIGHT_HEEL, _L.RIGHT_FOOT_INDEX, 50 + 5 * ahead, 150),
    ):
        for point, across in {ankle: x + 2 * ahead, heel: x, toes: x + 8 * ahead}.items():
            landmarks[point, : Y + 1] = across / WIDTH, (end - 6) / HEIGHT
        first, last = sorted((x - 2 * ahead, x + 11 * ahead))
        mask[:end, first : last + 1] = 1.0
    assert soles(mask, landmarks).y * HEIGHT == pytest.approx([160, 150], abs=0.5)


def test_something_below_the_foot_is_not_the_foot() -> None:
    mask = legs(152, 152)
    mask[158:165] = 1.0
    assert soles(mask, standing()).y * HEIGHT == pytest.approx([152, 152], abs=0.5)


def test_a_foot_that_the_mask_does_not_show_is_unseen() -> None:
    left, right = soles(legs(152, 90), standing()).y
    assert np.isfinite(left)
    assert np.isnan(right)


def test_a_mask_that_goes_on_below_the_foot_has_no_sole() -> None:
    assert np.isnan(soles(legs(HEIGHT, HEIGHT), standing()).y).all()


def test_feet_outside_the_picture_are_unseen() -> None:
    for shift in (-2.0, 2.0):
        assert np.isnan(soles(legs(152, 152), standing() + shift).y).all()


@pytest.mark.parametrize(("end", "cut_off"), [(152.0, False), (158.0, True), (160.0, True)])
def test_a_foot_that_ends_with_what_was_looked_at_is_cut_off(end: float, cut_off: bool) -> None:
    mask = legs(end, 152)
    mask[160:] = 0.0
    found = soles(mask, standing())
    assert found.cut_off is cut_off
    assert found.y * HEIGHT == pytest.approx([end, 152], abs=0.5)


def test_a_foot_beyond_what_was_looked_at_is_cut_off() -> None:
    mask = legs(152, 152)
    mask[140:] = 0.0
    assert soles(mask, standing()).cut_off


def test_what_was_looked_at_may_end_aslant() -> None:
    mask = legs(160, 152)
    mask[160:, :76] = 0.0
    mask[170:] = 0.0
    assert soles(mask, standing()).cut_off


@pytest.mark.parametrize("end", [152, HEIGHT - 2, HEIGHT - 1, HEIGHT])
def test_a_foot_at_the_pictures_edge_is_not_cut_off(end: float) -> None:
    assert not soles(legs(end, 152), standing()).cut_off


def test_a_foot_that_is_unseen_at_the_pictures_edge_is_not_cut_off() -> None:
    mask = legs(HEIGHT - 2, 152)
    mask[HEIGHT - 1 :] = 0.0
    found = soles(mask, standing())
    assert np.isnan(found.y[0])
    assert not found.cut_off


def test_the_soles_of_the_drawn_athlete_are_within_two_centimetres_around_take_off() -> None:
    clip = Clip([CountermovementJump(height_m=0.35)], size=(640, 480))
    (truth,) = clip.truth
    times = clip.times_s
    chosen = times[(times < 0.2) | (np.abs(times - truth.events_s["takeoff"]) < 0.12)]
    toes = -clip.landmarks()[np.isin(times, chosen)][:, [_L.LEFT_FOOT_INDEX, _L.RIGHT_FOOT_INDEX], Y]
    film = Clip([CountermovementJump(height_m=0.35)], size=(640, 480), frame_times=chosen)
    with PoseGraph(BUNDLED_FOLDER / MODELS[0].filename, Mode.FINAL) as graph:
        poses = [graph.detect(np.ascontiguousarray(image[:, :, ::-1])) for _, image in film.frames()]
    seen = np.array([-pose.soles for pose in poses if pose is not None and pose.soles is not None])
    assert len(seen) == len(chosen)
    at_rest = chosen < 0.2
    lift, truly = (heights.min(1) - heights[at_rest].min(1).mean() for heights in (seen, toes))
    picture_m = clip.body.height_m / 0.5  # about: the athlete fills half of the picture
    assert np.abs(lift - truly).max() * picture_m < 0.02
    assert truly.max() * picture_m > 0.15


def test_feet_that_come_down_beside_the_camera_are_seen_to_the_toes() -> None:
    """The pose model looks where the body was a frame ago, which is too high for pointed feet."""
    jump = CountermovementJump(height_m=0.45)
    (truth,) = Clip([jump]).truth
    landing_s = truth.events_s["landing"]
    times = landing_s - 0.015 + np.arange(-7, 9) / 24
    clip = Clip([jump], size=(640, 480), camera=Camera(yaw_deg=-90, height_m=0.65), frame_times=times)
    toes = -clip.landmarks()[:, [_L.LEFT_FOOT_INDEX, _L.RIGHT_FOOT_INDEX], Y].max(1)
    with PoseGraph(BUNDLED_FOLDER / MODELS[0].filename, Mode.FINAL) as graph:
        poses = [graph.detect(np.ascontiguousarray(image[:, :, ::-1])) for _, image in clip.frames()]
    seen = np.array([-np.nanmax(pose.soles) for pose in poses if pose is not None and pose.soles is not None])
    lift, truly = (heights - np.median(heights[-4:]) for heights in (seen, toes))
    picture_m = clip.body.height_m / np.ptp(clip.landmarks()[-1, :, Y])
    falling = (times < landing_s) & (times > landing_s - 0.15)
    assert np.abs(lift - truly)[falling].max() * picture_m < 0.05  # without a second look 0.12
