"""What a video file is, as far as its own bytes tell: whole or cut off, and why it cannot be opened."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from kinemotion.errors import VideoError
from kinemotion.video.names import check_name

_HEADER: Final = 8
_LONG_HEADER: Final = 16
_MOVIE_HEADER: Final = 40
_MOST_BOXES: Final = 10_000
_MATROSKA: Final = b"\x1a\x45\xdf\xa3"
_RIFF: Final = b"RIFF"
_CODECS: Final = {
    "avc1": "h264",
    "fmp4": "mpeg4",
    "mp4v": "mpeg4",
    "hvc1": "hevc",
    "hev1": "hevc",
    "vp80": "vp8",
    "vp90": "vp9",
    "vp09": "vp9",
    "av01": "av1",
    "mjpg": "mjpeg",
}


class Box(NamedTuple):
    """A box of an ISO media file (mp4, mov): its kind, where its payload starts, and where it says that it ends."""

    kind: bytes
    start: int
    end: int


def check_file(path: Path) -> None:
    """Refuses what is no readable file with something in it.

    Raises:
        VideoError: in one line, which file and why.
    """
    check_name(path)
    if os.path.isdir(path):
        raise VideoError(f"{path}: is a folder; name the clips in it, such as '{path}/*.mp4'")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise VideoError(f"{path}: is empty; copy it from the camera again")
    except FileNotFoundError:
        raise VideoError(f"{path}: there is no such file") from None
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror})") from None


def why_not(path: Path) -> str:
    """Why no decoder takes a file that can be read, and what to do about it."""
    with path.open("rb") as file:
        head = file.read(_LONG_HEADER)
        kinds = [box.kind for box in boxes(file)] if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") else None
    if kinds is not None and b"moov" not in kinds:
        return "was cut off: its index is missing; copy it from the camera again"
    if kinds is not None or head[:4] in (_MATROSKA, _RIFF):
        return "holds no pictures that can be read: it is damaged, or has sound only"
    return "is not a video file"


def cut_off(path: Path) -> bool:
    """Whether an mp4 or mov file is shorter than it says itself; False for other containers."""
    with path.open("rb") as file:
        head = file.read(_HEADER)
        size = os.fstat(file.fileno()).st_size
        return head[4:8] == b"ftyp" and any(box.end > size for box in boxes(file))


def stated_duration_s(path: Path) -> float:
    """How long an mp4 or mov file says that it plays, cuts taken into account; 0 for others."""
    with path.open("rb") as file:
        if file.read(_HEADER)[4:8] != b"ftyp":
            return 0.0
        movie = next((box for box in boxes(file) if box.kind == b"moov"), None)
        if movie is None:
            return 0.0
        file.seek(movie.start)
        header = file.read(_MOVIE_HEADER)
    if len(header) < _MOVIE_HEADER or header[4:8] != b"mvhd":
        return 0.0
    wide = header[8] == 1
    scale = int.from_bytes(header[28:32] if wide else header[20:24])
    duration = int.from_bytes(header[32:40] if wide else header[24:28])
    return duration / scale if scale else 0.0


def boxes(file: BinaryIO) -> Iterator[Box]:
    """The outermost boxes of an ISO media file."""
    size = os.fstat(file.fileno()).st_size
    position = 0
    for _ in range(_MOST_BOXES):
        file.seek(position)
        header = file.read(_LONG_HEADER)
        if len(header) < _HEADER:
            return
        length, start = int.from_bytes(header[:4]), position + _HEADER
        if length == 1:
            length, start = int.from_bytes(header[8:16]), position + _LONG_HEADER
        elif length == 0:
            length = size - position
        if position + length < start:
            return
        yield Box(header[4:8], start, position + length)
        position += length


def codec_name(fourcc: int) -> str:
    """The usual name of a codec that a container states as four characters."""
    text = (fourcc & 0xFFFFFFFF).to_bytes(4, "little").decode("ascii", "replace").strip("\0 ").lower()
    return _CODECS.get(text, text if text.isprintable() and text else "unknown")
