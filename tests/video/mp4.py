"""Clips of the drawn athlete as files, and what phones and trouble make of them: edits of a few boxes of an mp4."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

_FOLDERS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_UPRIGHT_AFTER_90: Final = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
_MATRIX: Final = 40  # where it begins in the payload of tkhd


def save(path: Path, images: Iterable[Image], fps: float) -> Path:
    """Writes pictures at a constant rate, as MPEG-4."""
    writer: cv2.VideoWriter | None = None
    for image in images:
        if writer is None:
            size = (image.shape[1], image.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
            assert writer.isOpened()
        writer.write(image)
    assert writer is not None
    writer.release()
    return path


def turned(path: Path, target: Path) -> Path:
    """The same file, saying that it is to be shown turned by 90 degrees clockwise."""

    def turn(kind: bytes, payload: bytes) -> bytes:
        if kind != b"tkhd":
            return payload
        matrix = b"".join(value.to_bytes(4, signed=True) for value in _UPRIGHT_AFTER_90)
        return payload[:_MATRIX] + matrix + payload[_MATRIX + len(matrix) :]

    target.write_bytes(_edited(path.read_bytes(), turn))
    return target


def at_times(path: Path, target: Path, ticks: Iterable[int]) -> Path:
    """The same frames, each lasting as many of the first one's durations as `ticks` says."""
    lasting = list(ticks)

    def stretch(kind: bytes, payload: bytes) -> bytes:
        if kind != b"stts":
            return payload
        one = int.from_bytes(payload[12:16])
        entries = b"".join((1).to_bytes(4) + (one * tick).to_bytes(4) for tick in lasting)
        return payload[:4] + len(lasting).to_bytes(4) + entries

    target.write_bytes(_edited(path.read_bytes(), stretch).replace(b"edts", b"free"))
    return target


def index_first(path: Path, target: Path) -> Path:
    """The same file with its index before the pictures, as downloads have it."""
    data = path.read_bytes()
    found = dict(_boxes(data))
    moved = len(found[b"moov"]) + 8

    def shift(kind: bytes, payload: bytes) -> bytes:
        if kind != b"stco":
            return payload
        offsets = (int.from_bytes(payload[at : at + 4]) + moved for at in range(8, len(payload), 4))
        return payload[:8] + b"".join(offset.to_bytes(4) for offset in offsets)

    index = _edited(_box(b"moov", found.pop(b"moov")), shift)
    rest = [_box(kind, payload) for kind, payload in found.items()]
    target.write_bytes(rest[0] + index + b"".join(rest[1:]))
    return target


def _edited(data: bytes, edit: Callable[[bytes, bytes], bytes]) -> bytes:
    return b"".join(
        _box(kind, _edited(payload, edit) if kind in _FOLDERS else edit(kind, payload))
        for kind, payload in _boxes(data)
    )


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 4])
        assert length >= 8, "a box of a kind that OpenCV does not write"
        yield data[position + 4 : position + 8], data[position + 8 : position + length]
        position += length


def _box(kind: bytes, payload: bytes) -> bytes:
    return (len(payload) + 8).to_bytes(4) + kind + payload
