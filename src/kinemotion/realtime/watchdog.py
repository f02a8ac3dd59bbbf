"""Looks after the workers now and then, from a thread of its own, so that a native call that hangs is noticed."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Final, Self

from kinemotion.realtime.scheduler import LOOKS

_log: Final = logging.getLogger(__name__)


class Watchdog:
    """Calls `look` so often that work which does not return for some seconds is noticed; a context manager.

    Args:
        look: `Scheduler.look`.
        patience_s: how long a piece of work may take, in seconds; it may take a quarter more until it is noticed.
    """

    def __init__(self, look: Callable[[], None], patience_s: float) -> None:
        self._look = look
        self._interval_s = patience_s / (LOOKS - 1)
        self._ended = Event()
        self._thread = Thread(target=self._watch, name="kinemotion-watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(self._interval_s):
            try:
                self._look()
            except Exception:
                _log.exception("the workers could not be looked after")
