"""Keeps what native libraries write past Python off the terminal."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def native_remarks_hidden() -> Iterator[None]:
    """Sends the process's standard error nowhere for a while; Python's own `sys.stderr` goes on as before.

    MediaPipe remarks on each graph that it makes, FFmpeg on each damaged picture; neither can be told not to.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    python, own = sys.stderr, _goes_to_2()
    if own:
        sys.stderr = os.fdopen(os.dup(kept), "w", buffering=1, errors="backslashreplace")
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        if own:
            sys.stderr.close()
            sys.stderr = python


def _goes_to_2() -> bool:
    try:
        return sys.stderr.fileno() == 2
    except (OSError, AttributeError, ValueError):
        return False
