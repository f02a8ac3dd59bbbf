"""Files that appear whole, or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from kinemotion.errors import VideoError
from kinemotion.video.names import check_name


def is_special(path: Path) -> bool:
    """Whether there is a device, a pipe or the like, which no file must take the place of."""
    return os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path))


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` once all is well, and goes away otherwise.

    A link stays, and what it leads to is replaced.

    Raises:
        VideoError: the place cannot be written to, or is a device or a pipe.
    """
    check_name(path)
    if is_special(path):
        raise VideoError(f"{path}: is no ordinary file; name one for the result")
    place = Path(os.path.realpath(path))
    part = place.with_name(f".{place.stem[:40]}-{secrets.token_hex(4)}{place.suffix}")
    with _refusals_told(path):
        place.parent.mkdir(parents=True, exist_ok=True)
        part.touch(exist_ok=False)
        try:
            yield part
            os.replace(part, place)
        finally:
            part.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Writes a file; a device or a pipe is written to.

    Raises:
        VideoError: the place cannot be written to.
    """
    if is_special(path):
        with _refusals_told(path):
            path.write_bytes(content)
        return
    with replacing(path) as part:
        part.write_bytes(content)


@contextlib.contextmanager
def _refusals_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise VideoError(f"{path}: cannot be written ({error.strerror or error})") from None
