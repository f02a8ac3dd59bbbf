"""Real MediaPipe on drawn frames."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kinemotion.pose.graph import Mode, Pose, PoseGraph
from kinemotion.pose.jpeg import decode, read_header
from kinemotion.pose.landmarks import VISIBILITY, Landmark, Y
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.synthetic import Clip, CountermovementJump

MODEL = BUNDLED_FOLDER / MODELS[0].filename
SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
EMPTY = np.zeros((240, 320, 3), np.uint8)


@pytest.mark.parametrize("mode", list(Mode))
def test_the_drawn_athlete_is_found(mode: Mode, drawn_frames: list[tuple[float, bytes]]) -> None:
    with PoseGraph(MODEL, mode) as graph:
        for _, jpeg in drawn_frames[:5]:
            pose = graph.detect(decode(jpeg, read_header(jpeg)))
            assert isinstance(pose, Pose)
            assert pose.landmarks.shape == pose.world.shape == (33, 4)
            assert pose.landmarks[:, VISIBILITY].mean() > 0.9
            assert pose.landmarks[Landmark.NOSE, Y] < pose.landmarks[Landmark.LEFT_ANKLE, Y]


def test_landmarks_are_normalised_to_the_full_picture_whatever_the_scale_of_decoding() -> None:
    poses = []
    for size in ((640, 480), (1280, 960), (1920, 1440)):
        ((_, jpeg),) = Clip([CountermovementJump()], size=size, frame_times=[0.0]).jpegs()
        with PoseGraph(MODEL) as graph:
            poses.append(graph.detect(decode(jpeg, read_header(jpeg))))
    first, *others = [pose.landmarks[:, : Y + 1] for pose in poses if pose is not None]
    assert len(others) == 2
    for other in others:
        np.testing.assert_allclose(other, first, atol=0.02)


def test_an_empty_picture_has_no_pose() -> None:
    with PoseGraph(MODEL) as graph:
        assert graph.detect(EMPTY) is None


def test_a_live_graph_does_not_lag_behind_one_that_remembers_nothing(drawn_frames: list[tuple[float, bytes]]) -> None:
    frames = drawn_frames[: len(drawn_frames) // 2]
    time_s = np.array([time_s for time_s, _ in frames])
    live, fresh = heights(frames), heights(frames, forgetful=True)
    speed = np.gradient(fresh, time_s)
    behind_s = (live - fresh) @ speed / (speed @ speed)
    assert abs(behind_s) < 0.002  # smoothed ones lag by 0.004


def test_a_graph_that_forgot_is_as_good_as_new(drawn_frames: list[tuple[float, bytes]]) -> None:
    pictures = [decode(jpeg, read_header(jpeg)) for _, jpeg in drawn_frames]
    with PoseGraph(MODEL, Mode.FINAL) as used, PoseGraph(MODEL, Mode.FINAL) as fresh:
        for picture in pictures[:10]:
            used.detect(picture)
        used.forget()
        for picture in pictures[60:64]:
            one, other = used.detect(picture), fresh.detect(picture)
            assert one is not None
            assert other is not None
            np.testing.assert_array_equal(one.landmarks[:, :VISIBILITY], other.landmarks[:, :VISIBILITY])


@pytest.mark.parametrize(("mode", "apart"), [(Mode.LIVE, 6), (Mode.FINAL, 10), (Mode.LIVE, 20)])
def test_a_body_that_moved_far_since_the_last_picture_is_found_where_it_is(
    mode: Mode, apart: int, drawn_frames: list[tuple[float, bytes]]
) -> None:
    pictures = [decode(jpeg, read_header(jpeg)) for _, jpeg in drawn_frames]
    below_the_head = slice(Landmark.LEFT_SHOULDER, None)
    with PoseGraph(MODEL, mode) as graph, PoseGraph(MODEL, mode) as fresh:
        for picture in pictures[::apart]:
            fresh.forget()
            there, found = fresh.detect(picture), graph.detect(picture)
            assert there is not None
            assert found is not None
            off = found.landmarks[below_the_head, Y] - there.landmarks[below_the_head, Y]
            assert abs(off).max() < 0.03  # without a second look up to 0.25


@pytest.mark.parametrize("size", [(639, 480), (641, 480), (642, 480), (643, 482), (683, 512), (854, 640), (321, 240)])
def test_pictures_may_have_any_width(size: tuple[int, int], drawn_frames: list[tuple[float, bytes]]) -> None:
    drawn = decode(drawn_frames[0][1], read_header(drawn_frames[0][1]))
    picture = np.asarray(cv2.resize(drawn, size), np.uint8)
    width, added = size[0], -size[0] % 4
    wider = np.asarray(cv2.copyMakeBorder(picture, 0, 0, 0, added, cv2.BORDER_REPLICATE), np.uint8)
    with PoseGraph(MODEL, Mode.FINAL) as one, PoseGraph(MODEL, Mode.FINAL) as other:
        found, there = one.detect(picture), other.detect(wider)
    assert found is not None
    assert there is not None
    scales = [(width + added) / width, 1.0, (width + added) / width, 1.0]
    np.testing.assert_allclose(found.landmarks, there.landmarks * scales, rtol=1e-9)
    assert found.soles is not None
    assert there.soles is not None
    np.testing.assert_allclose(found.soles, there.soles, atol=1e-3)


def test_a_camera_of_30_frames_a_second_needs_one_look_at_each_and_none_takes_more_than_three(
    drawn_frames: list[tuple[float, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [decode(jpeg, read_header(jpeg)) for _, jpeg in drawn_frames]
    with PoseGraph(MODEL) as graph:
        look, looks = graph._look, list[Pose | None]()

        def counted(image: NDArray[np.uint8]) -> tuple[Pose | None, bool]:
            pose, cut_off = look(image)
            looks.append(pose)
            return pose, cut_off

        monkeypatch.setattr(graph, "_look", counted)
        for picture in pictures:
            graph.detect(picture)
        assert len(looks) == len(pictures)
        for shift in (200, 0, 200):  # at once somewhere else in the room
            looks.clear()
            graph.detect(np.roll(pictures[0], shift, axis=1))
            assert 2 <= len(looks) <= 3
        looks.clear()
        for _ in range(3):
            graph.detect(EMPTY)
        assert len(looks) == 2 + 1 + 1  # who left is looked for once more
        looks.clear()
        for shift in [200, 0] * 50:
            graph.detect(np.roll(pictures[0], shift, axis=1))
        assert len(looks) <= 100 + 16 + 50  # in the long run half a look more than who stands still


def test_feet_that_are_cut_off_get_one_more_look_while_bodies_that_move_have_looks_left(
    drawn_frames: list[tuple[float, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = decode(drawn_frames[0][1], read_header(drawn_frames[0][1]))
    with PoseGraph(MODEL, Mode.FINAL) as graph:
        pose, looks = graph.detect(picture), list[Pose | None]()

        def cut_off(image: NDArray[np.uint8]) -> tuple[Pose | None, bool]:
            looks.append(None if len(looks) == 1 else pose)
            return looks[-1], True

        monkeypatch.setattr(graph, "_look", cut_off)
        assert graph.detect(picture) is pose  # what was seen is kept where the second look finds nobody
        assert len(looks) == 2
        for _ in range(60):
            graph.detect(picture)
        assert len(looks) <= 61 + 8 + 31


def heights(frames: list[tuple[float, bytes]], *, forgetful: bool = False) -> NDArray[np.float64]:
    """Height of the shoulders in every frame, picture heights."""
    poses = []
    with PoseGraph(MODEL, Mode.LIVE) as graph:
        for _, jpeg in frames:
            if forgetful:
                graph.forget()
            poses.append(graph.detect(decode(jpeg, read_header(jpeg))))
    return np.array([np.nan if pose is None else pose.landmarks[SHOULDERS, Y].mean() for pose in poses])


def test_a_closed_graph_says_so() -> None:
    graph = PoseGraph(MODEL)
    graph.close()
    graph.close()
    with pytest.raises(RuntimeError, match="closed"):
        graph.detect(EMPTY)
