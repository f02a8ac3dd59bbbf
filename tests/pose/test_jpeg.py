"""The gate and the decoder of `kinemotion.pose.jpeg`."""

import contextlib
import struct
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinemotion import MAX_PIXELS
from kinemotion.errors import BadFrame, UnsupportedImage
from kinemotion.pose.jpeg import Gate, JpegHeader, decode, decode_grey, read_header


def picture(width: int, height: int) -> NDArray[np.uint8]:
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2] = (200, 30, 10)  # blue on the left, in OpenCV's order
    return image


def encoded(image: NDArray[np.uint8], kind: str = ".jpg", *parameters: int) -> bytes:
    return cv2.imencode(kind, image, parameters)[1].tobytes()


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    """Changes the size that the header claims."""
    place = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:place] + struct.pack(">HH", height, width) + jpeg[place + 4 :]


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


PLAIN = encoded(picture(640, 480))


def test_the_gate_reads_size_and_components() -> None:
    assert read_header(PLAIN) == JpegHeader(640, 480, 3)
    assert read_header(encoded(picture(640, 480)[:, :, 0])) == JpegHeader(640, 480, 1)


def test_pictures_are_decoded_to_rgb() -> None:
    image = decode(PLAIN, read_header(PLAIN))
    assert image.shape == (480, 640, 3)
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image[240, 100], (10, 30, 200), atol=3)


def test_grey_pictures_get_three_channels() -> None:
    grey = encoded(np.full((100, 120), 77, np.uint8))
    np.testing.assert_allclose(decode(grey, read_header(grey)), np.full((100, 120, 3), 77), atol=1)


@pytest.mark.parametrize(
    ("size", "decoded"),
    [
        ((640, 480), (480, 640)),
        ((480, 854), (854, 480)),
        ((1280, 720), (360, 640)),
        ((1280, 960), (480, 640)),
        ((1080, 1920), (960, 540)),
        ((2048, 1536), (384, 512)),
    ],
)
def test_large_pictures_are_decoded_at_a_smaller_scale(size: tuple[int, int], decoded: tuple[int, int]) -> None:
    jpeg = encoded(picture(*size))
    image = decode(jpeg, read_header(jpeg))
    assert image.shape[:2] == decoded
    np.testing.assert_allclose(image[decoded[0] // 2, decoded[1] // 4], (10, 30, 200), atol=3)


@pytest.mark.parametrize(("longer_px", "decoded"), [(320, (240, 320)), (321, (480, 640)), (100, (120, 160))])
def test_a_grey_picture_is_as_large_as_it_needs_to_be(longer_px: int, decoded: tuple[int, int]) -> None:
    jpeg = cv2.imencode(".jpg", np.full((480, 640, 3), (255, 0, 0), np.uint8))[1].tobytes()
    picture = decode_grey(jpeg, read_header(jpeg), longer_px)
    np.testing.assert_allclose(picture, np.full(decoded, 29), atol=1)  # what the eye makes of blue
    with pytest.raises(BadFrame):
        decode_grey(jpeg[:300], JpegHeader(640, 480, 3), longer_px)


@pytest.mark.parametrize("kind", [".png", ".bmp", ".tiff", ".webp"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(BadFrame, match="not a JPEG"):
        read_header(encoded(picture(64, 64), kind))


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8\xff", b"hello", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xff\xd9"]
)
def test_scraps_are_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        read_header(data)


def test_a_picture_cut_short_is_refused() -> None:
    with pytest.raises(BadFrame, match="ends before"):
        read_header(PLAIN[: len(PLAIN) // 2])


def test_padding_after_the_end_is_no_fault() -> None:
    assert read_header(PLAIN + b"\0" * 7) == JpegHeader(640, 480, 3)


@pytest.mark.parametrize(
    "size", [(20_000, 20_000), (65_500, 65_500), (8192, MAX_PIXELS // 8192 + 1), (8193, 64), (64, 32_767), (65_000, 64)]
)
def test_a_header_that_claims_a_giant_picture_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedImage, match=r"more than|larger than"):
        read_header(with_size(PLAIN, *size))


def test_opencv_by_itself_refuses_a_giant_picture_too() -> None:
    with pytest.raises(cv2.error, match="CV_IO_MAX_IMAGE_PIXELS"):
        cv2.imdecode(np.frombuffer(with_size(PLAIN, 20_000, 20_000), np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize("marker", [0x00, 0x01, 0xD0, 0xD7, 0xD8, 0xD9, 0xDC, 0xDE, 0xC8, 0xF0, 0xFD])
def test_markers_that_could_hide_another_picture_are_refused(marker: int) -> None:
    progressive = encoded(picture(640, 480), ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)[2:]
    with pytest.raises(BadFrame, match="broken"):
        read_header(PLAIN[:2] + segment(marker, progressive[:60_000]) + PLAIN[2:])


@given(st.integers(0, len(PLAIN) - 1), st.binary(max_size=40), st.integers(0, 40))
def test_whatever_is_changed_only_documented_errors_leave(place: int, scrap: bytes, gone: int) -> None:
    changed = PLAIN[:place] + scrap + PLAIN[place + gone :]
    with contextlib.suppress(BadFrame, UnsupportedImage):
        decode(changed, read_header(changed))


@given(st.integers(0, len(PLAIN) - 1), st.binary(max_size=40), st.integers(0, 40))
def test_what_the_gate_has_seen_does_not_change_what_it_says(place: int, scrap: bytes, gone: int) -> None:
    changed = PLAIN[:place] + scrap + PLAIN[place + gone :]
    gate = Gate()
    for data in (PLAIN, changed, changed, PLAIN):
        assert said(gate.read, data) == said(read_header, data)


def said(read: Callable[[bytes], JpegHeader], data: bytes) -> JpegHeader | str:
    try:
        return read(data)
    except (BadFrame, UnsupportedImage) as error:
        return error.message


@pytest.mark.parametrize("size", [(0, 0), (63, 480), (640, 1)])
def test_a_tiny_picture_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedImage, match="smaller than"):
        read_header(with_size(PLAIN, *size))


def test_a_lower_limit_holds() -> None:
    with pytest.raises(UnsupportedImage, match="more than 1000 pixels"):
        read_header(PLAIN, max_pixels=1000)


def test_progressive_pictures_are_refused() -> None:
    with pytest.raises(UnsupportedImage, match="baseline"):
        read_header(encoded(picture(640, 480), ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1))


def test_a_sequential_picture_with_a_scan_for_each_component_is_refused() -> None:
    place = PLAIN.index(b"\xff\xda")
    one_component = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    with pytest.raises(UnsupportedImage, match="one scan"):
        read_header(PLAIN[:place] + one_component + PLAIN[place + 14 :])


@pytest.mark.parametrize(
    ("precision", "components"),
    [(12, 3), (8, 4), (8, 2)],
)
def test_other_depths_and_colour_models_are_refused(precision: int, components: int) -> None:
    place = PLAIN.index(b"\xff\xc0") + 4
    changed = (
        PLAIN[:place] + bytes([precision]) + PLAIN[place + 1 : place + 5] + bytes([components]) + PLAIN[place + 6 :]
    )
    with pytest.raises(UnsupportedImage, match="8-bit"):
        read_header(changed)


def test_endless_headers_are_refused() -> None:
    comments = segment(0xFE, b"x") * 100
    with pytest.raises(BadFrame, match="too many segments"):
        read_header(PLAIN[:2] + comments + PLAIN[2:])


def test_a_second_frame_header_is_refused() -> None:
    place = PLAIN.index(b"\xff\xc0")
    header = PLAIN[place : place + 19]
    with pytest.raises(BadFrame, match="broken"):
        read_header(PLAIN[:place] + header + PLAIN[place:])


def test_broken_picture_data_raise_the_documented_error() -> None:
    place = PLAIN.index(b"\xff\xc4")  # the Huffman tables
    broken = PLAIN[: place + 4] + b"\xff" * 16 + PLAIN[place + 20 :]
    with pytest.raises(BadFrame, match="cannot be decoded"):
        decode(broken, read_header(broken))
