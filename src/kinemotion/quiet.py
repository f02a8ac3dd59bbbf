"""Keeps what native libraries write past Python off the terminal."""

import contextlib
import faulthandler
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def native_remarks_hidden() -> Iterator[None]:
    """Sends the process's standard error nowhere for a while; Python's own `sys.stderr` goes on as before.

    MediaPipe remarks on each graph that it makes, FFmpeg and libjpeg on each damaged picture; none can be told not to.
    What Python has to say of a crash is still said.
    """
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    python, own, told = sys.stderr, _goes_to_2(), faulthandler.is_enabled()
    if own:
        sys.stderr = os.fdopen(os.dup(kept), "w", buffering=1, errors="backslashreplace")
        faulthandler.enable(sys.stderr)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        if own:
            if told:
                faulthandler.enable(python)
            else:
                faulthandler.disable()
            sys.stderr.close()
            sys.stderr = python


def _goes_to_2() -> bool:
    try:
        return sys.stderr.fileno() == 2
    except (OSError, AttributeError, ValueError):
        return False
