"""Names of files, which may be any bytes, though decoders and JSON take UTF-8 only."""

import os
from pathlib import Path

from kinemotion.errors import VideoError


def check_name(path: Path) -> None:
    """Refuses a file whose name, or that of a folder on the way to it, is not UTF-8.

    Raises:
        VideoError: such a name; the message has what is not UTF-8 as escapes.
    """
    try:
        f"{path}{os.path.realpath(path)}".encode()
    except UnicodeEncodeError:
        raise VideoError(f"{printable(path)}: its name, or its folder's, is not UTF-8; rename it") from None


def printable(path: Path) -> str:
    r"""A name with what is not UTF-8 as escapes, such as \\udcff for the byte 255."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")
