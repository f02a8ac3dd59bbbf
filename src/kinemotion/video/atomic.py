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
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.stem[:40]}-{secrets.token_hex(4)}{place.suffix}")
        part.touch(exist_ok=False)
    except OSError as error:
        raise _refused(path, error) from None
    try:
        yield part
        os.replace(part, place)
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Writes a file; a device or a pipe is written to.

    Raises:
        VideoError: the place cannot be written to.
    """
    if is_special(path):
        try:
            path.write_bytes(content)
        except OSError as error:
            raise _refused(path, error) from None
        return
    with replacing(path) as part:
        part.write_bytes(content)


def _refused(path: Path, error: OSError) -> VideoError:
    return VideoError(f"{path}: cannot be written ({error.strerror or error})")
