"""Files that appear whole, or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from kinemotion.errors import VideoError
from kinemotion.video.names import check_name


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to; it takes the place of `path` once all is well, and goes away otherwise.

    Raises:
        VideoError: the place cannot be written to.
    """
    check_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(4)}{path.suffix}")
        part.touch(exist_ok=False)
    except OSError as error:
        raise _refused(path, error) from None
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Writes a file.

    Raises:
        VideoError: the place cannot be written to.
    """
    with replacing(path) as part:
        part.write_bytes(content)


def _refused(path: Path, error: OSError) -> VideoError:
    return VideoError(f"{path}: cannot be written ({error.strerror or error})")
