"""The landmarker against the one of MediaPipe's own package, on the same drawn frames."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python.core.base_options import BaseOptions
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode
from numpy.typing import NDArray

from kinemotion.pose.jpeg import decode, read_header
from kinemotion.pose.landmarker import Landmarker
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS

MODEL = BUNDLED_FOLDER / MODELS[0].filename
EMPTY = np.zeros((240, 320, 3), np.uint8)


@pytest.fixture
def landmarker() -> Iterator[Landmarker]:
    with closing(Landmarker(MODEL, masks=False)) as one:
        yield one


def theirs(points: list[Any]) -> NDArray[np.float64]:
    return np.array([(point.x, point.y, point.z, point.visibility) for point in points])


@pytest.mark.parametrize("masks", [False, True])
def test_it_sees_to_the_bit_what_the_package_sees(masks: bool, drawn_frames: list[tuple[float, bytes]]) -> None:
    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(MODEL)),
        running_mode=RunningMode.VIDEO,
        output_segmentation_masks=masks,
    )
    with PoseLandmarker.create_from_options(options) as package, closing(Landmarker(MODEL, masks=masks)) as ours:
        for number, (_, jpeg) in enumerate(drawn_frames[:40:4], 1):
            picture = decode(jpeg, read_header(jpeg))
            wanted = package.detect_for_video(Image(ImageFormat.SRGB, picture), 33 * number)
            with ours.look(picture, 33 * number) as seen:
                assert seen is not None
                np.testing.assert_array_equal(seen.landmarks, theirs(wanted.pose_landmarks[0]))
                np.testing.assert_array_equal(seen.world, theirs(wanted.pose_world_landmarks[0]))
                assert (seen.mask is not None) == masks
                if seen.mask is not None:
                    np.testing.assert_array_equal(seen.mask, wanted.segmentation_masks[0].numpy_view()[..., 0])


def test_nobody_is_seen_in_an_empty_picture(landmarker: Landmarker) -> None:
    with landmarker.look(EMPTY, 1) as seen:
        assert seen is None


def test_a_part_of_a_picture_is_a_picture(drawn_frames: list[tuple[float, bytes]]) -> None:
    _, jpeg = drawn_frames[0]
    picture = decode(jpeg, read_header(jpeg))
    wide = np.hstack([picture, picture])[:, : picture.shape[1]]  # its rows do not follow each other in memory
    found = []
    for one in (picture, wide):
        with closing(Landmarker(MODEL, masks=False)) as landmarker, landmarker.look(one, 1) as seen:
            assert seen is not None
            found.append(seen.landmarks)
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("picture", [EMPTY[..., :1], EMPTY[..., 0], EMPTY.astype(np.float32)])
def test_other_arrays_are_refused_before_the_library_reads_them(
    landmarker: Landmarker, picture: NDArray[np.uint8]
) -> None:
    with pytest.raises(ValueError, match="bytes"), landmarker.look(picture, 1):
        pass


def test_a_mask_of_a_width_that_would_end_the_process_is_refused() -> None:
    with (
        closing(Landmarker(MODEL, masks=True)) as landmarker,
        pytest.raises(ValueError, match="multiple of 4"),
        landmarker.look(EMPTY[:, 1:], 1),
    ):
        pass


def test_time_goes_forward_and_a_refused_picture_does_no_harm(landmarker: Landmarker) -> None:
    with landmarker.look(EMPTY, 2):
        pass
    with pytest.raises(ValueError, match="timestamp"), landmarker.look(EMPTY, 2):
        pass
    with landmarker.look(EMPTY, 3) as seen:
        assert seen is None


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"missing\.task"):
        Landmarker(tmp_path / "missing.task", masks=False)
    other = tmp_path / "other.task"
    other.write_bytes(b"no model")
    with pytest.raises((ValueError, RuntimeError)):
        Landmarker(other, masks=False)


def test_it_is_closed_once_and_then_says_so() -> None:
    one = Landmarker(MODEL, masks=False)
    one.close()
    one.close()
    with pytest.raises(RuntimeError, match="closed"), one.look(EMPTY, 1):
        pass


def test_it_may_be_closed_while_what_it_saw_is_read(drawn_frames: list[tuple[float, bytes]]) -> None:
    _, jpeg = drawn_frames[0]
    landmarker = Landmarker(MODEL, masks=True)
    with landmarker.look(decode(jpeg, read_header(jpeg)), 1) as seen:
        landmarker.close()
        assert seen is not None
        assert seen.mask is not None
        assert 0.9 < seen.mask.max() <= 1
        with pytest.raises(ValueError, match="read-only"):
            seen.mask[0, 0] = 1
