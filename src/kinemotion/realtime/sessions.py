"""The sessions that are connected, and how all of them are sent away when the server goes down."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Final

from kinemotion.realtime.session import Session

_FAREWELL_S: Final = 1.0
"""Of the time to drain, what is kept for the last words to those that did not come to an end by themselves."""

_log: Final = logging.getLogger(__name__)


class Sessions:
    """Lives on the event loop.

    Args:
        drain_s: how long draining may take, in seconds.

    Attributes:
        draining: whether the server is going down, and takes no more clients.
    """

    def __init__(self, drain_s: float) -> None:
        self.draining = False
        self._drain_s = drain_s
        self._here: set[Session] = set()
        self._gone = asyncio.Event()
        self._gone.set()

    @contextlib.contextmanager
    def having(self, session: Session) -> Iterator[None]:
        """Counts a session among those that are connected, for as long as the context lasts."""
        self._here.add(session)
        self._gone.clear()
        if self.draining:
            session.drain()
        try:
            yield
        finally:
            self._here.remove(session)
            if not self._here:
                self._gone.set()

    async def drain(self) -> None:
        """Takes no more clients, brings every session to its end, and returns when all are gone or time is up.

        Each session's frames come to an end, its jumps become final, and it closes with 1012. What is not done shortly
        before the time is up is left undone.
        """
        self.draining = True
        if self._here:
            _log.info("draining %d sessions", len(self._here))
        self._each(Session.drain)
        farewell_s = min(_FAREWELL_S, self._drain_s / 2)
        if not await self._empty(self._drain_s - farewell_s):
            self._each(Session.hurry)
            await self._empty(farewell_s)

    def overload(self) -> None:
        """Ends every session since nobody is left to work for them."""
        self._each(Session.overload)

    def _each(self, end: Callable[[Session], None]) -> None:
        """Ends every session; a fault of one keeps none of the others."""
        for session in tuple(self._here):
            try:
                end(session)
            except Exception:
                _log.exception("a session could not be ended")

    async def _empty(self, patience_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), patience_s)
        return not self._here
