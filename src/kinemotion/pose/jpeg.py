"""JPEG bytes to pixels: first a gate that reads only the header, then the decoder.

The gate exists because decoders believe headers: a small file may claim 20,000 x 20,000 pixels and cost seconds and
gigabytes. It lets through what cameras and browsers make, and nothing else: 8-bit Huffman-coded sequential JPEG with
all components in one scan. (Progressive files, and sequential ones with a scan for each component, may hold thousands
of scans over the same picture.)
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kinemotion import MAX_PIXELS
from kinemotion.errors import BadFrame, UnsupportedImage

MIN_SIDE_PX: Final = 64
MAX_SIDE_PX: Final = 8192  # MediaPipe ends the process over a side of 32,768
MODEL_NEEDS_PX: Final = 360
"""The pose model looks at 256 x 256 pixels around the athlete; a shorter side of this many pixels loses it nothing."""

_MAX_SEGMENTS: Final = 64
_BASELINE: Final = frozenset({0xC0, 0xC1})
_OTHER_FRAMES: Final = frozenset({0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_START_OF_SCAN: Final = 0xDA
# Tables, restart interval, comment, application data: what else may stand in a header. Markers without a length must
# not: decoders step over them without one, and would read another picture than this gate.
_HARMLESS: Final = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_FLAGS: Final = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_GREY_FLAGS: Final = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
# OpenCV refuses RGB together with its REDUCED_COLOR flags, which say BGR; the grey ones only carry the scale.
_REDUCED: Final = (
    (8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    (4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    (2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
)


@dataclass(frozen=True, slots=True)
class JpegHeader:
    """What the gate read: the size in pixels and the number of colour components."""

    width: int
    height: int
    components: int


def read_header(data: bytes, *, max_pixels: int = MAX_PIXELS) -> JpegHeader:
    """Reads a JPEG's header and refuses what the decoder should never see.

    Args:
        data: the whole file.
        max_pixels: the largest picture that is let through.

    Raises:
        BadFrame: the bytes are no JPEG, or one that ends early or has a broken header.
        UnsupportedImage: a JPEG of a kind or size that is not taken.
    """
    return Gate(max_pixels).read(data)


class Gate:
    """`read_header` for one camera: a header with the very bytes of the last one need not be read again.

    Args:
        max_pixels: the largest picture that is let through.
    """

    def __init__(self, max_pixels: int = MAX_PIXELS) -> None:
        self._max_pixels = max_pixels
        self._last: tuple[bytes, JpegHeader] | None = None

    def read(self, data: bytes) -> JpegHeader:
        """Reads the header of a whole file; raises what `read_header` does."""
        if data[:3] != b"\xff\xd8\xff":
            raise BadFrame("the frame is not a JPEG")
        if data[-2:] != b"\xff\xd9" and not data.rstrip(b"\0").endswith(b"\xff\xd9"):
            raise BadFrame("the JPEG ends before its end marker")
        if self._last is None or not data.startswith(self._last[0]):
            header, end = _walk(data, self._max_pixels)
            self._last = data[:end], header
        return self._last[1]


def _walk(data: bytes, max_pixels: int) -> tuple[JpegHeader, int]:
    """Reads the segments up to the scan; says where its data start."""
    header: JpegHeader | None = None
    position = 2
    for _ in range(_MAX_SEGMENTS):
        marker, start, end = _segment(data, position)
        if marker in _BASELINE:
            header = _frame_header(data[start:end], max_pixels, repeated=header is not None)
        elif marker in _OTHER_FRAMES:
            raise UnsupportedImage("only baseline JPEG is taken; this one is progressive, lossless or arithmetic-coded")
        elif marker == _START_OF_SCAN:
            return _with_whole_scan(header, data[start:end]), end
        elif marker not in _HARMLESS:
            raise BadFrame("the JPEG's header is broken")
        position = end
    raise BadFrame("the JPEG's header has too many segments")


def decode(data: bytes, header: JpegHeader) -> NDArray[np.uint8]:
    """Decodes a JPEG that passed the gate, at a smaller scale where the picture is much larger than the model needs.

    Returns:
        The picture, shape (height, width, 3), RGB; each side divided by 1, 2, 4 or 8 and rounded up.

    Raises:
        BadFrame: the picture data are broken.
    """
    return _decoded(data, min(header.width, header.height) / MODEL_NEEDS_PX, _FLAGS)


def decode_grey(data: bytes, header: JpegHeader, longer_px: int) -> NDArray[np.uint8]:
    """Decodes a JPEG that passed the gate, without its colours.

    Args:
        data: the whole file.
        header: what the gate read of it.
        longer_px: how many pixels the longer side needs; the picture may come at a smaller scale that has them.

    Returns:
        The picture, shape (height, width); each side divided by 1, 2, 4 or 8 and rounded up.

    Raises:
        BadFrame: the picture data are broken.
    """
    return _decoded(data, max(header.width, header.height) / longer_px, _GREY_FLAGS)


def _decoded(data: bytes, surplus: float, flags: int) -> NDArray[np.uint8]:
    """A picture, reduced by no more than it is larger than needed."""
    flags = next((flag | flags for scale, flag in _REDUCED if surplus >= scale), flags)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        image = None
    if image is None:
        raise BadFrame("the JPEG's picture data cannot be decoded")
    return image.astype(np.uint8, copy=False)


def _segment(data: bytes, position: int) -> tuple[int, int, int]:
    """The marker at a position, and where its payload starts and ends."""
    while data[position : position + 2] == b"\xff\xff":  # fill bytes may stand before a marker
        position += 1
    if len(data) < position + 4 or data[position] != 0xFF:
        raise BadFrame("the JPEG's header is broken")
    length = int.from_bytes(data[position + 2 : position + 4])
    end = position + 2 + length
    if length < 2 or end > len(data):
        raise BadFrame("the JPEG's header is broken")
    return data[position + 1], position + 4, end


def _frame_header(payload: bytes, max_pixels: int, *, repeated: bool) -> JpegHeader:
    if repeated or len(payload) < 6:
        raise BadFrame("the JPEG's header is broken")
    precision, components = payload[0], payload[5]
    height, width = int.from_bytes(payload[1:3]), int.from_bytes(payload[3:5])
    if precision != 8 or components not in (1, 3):
        raise UnsupportedImage("only 8-bit grey or colour JPEG is taken")
    if min(width, height) < MIN_SIDE_PX:
        raise UnsupportedImage(f"the picture is smaller than {MIN_SIDE_PX} pixels on a side")
    if max(width, height) > MAX_SIDE_PX:
        raise UnsupportedImage(f"the picture is larger than {MAX_SIDE_PX} pixels on a side")
    if width * height > max_pixels:
        raise UnsupportedImage(f"the picture has more than {max_pixels} pixels")
    return JpegHeader(width, height, components)


def _with_whole_scan(header: JpegHeader | None, scan: bytes) -> JpegHeader:
    if header is None or not scan:
        raise BadFrame("the JPEG's header is broken")
    if scan[0] != header.components:
        raise UnsupportedImage("only JPEG with all its components in one scan is taken")
    return header
