"""What waits to be sent to one client: durable messages in order, and one slot for the newest answer."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from kinemotion.errors import SlowConsumer

MAX_WAITING: Final = 256


@dataclass(frozen=True, slots=True)
class Message:
    """A text to send; for an answer, when its frame was received and when the answer was written."""

    text: str
    received_s: float | None = None
    written_s: float | None = None


class Outbox:
    """Filled by a session, emptied by its sender; both on the event loop."""

    def __init__(self) -> None:
        self._durable: deque[Message] = deque()
        self._newest: Message | None = None
        self._farewell: Message | None = None
        self._close_code: int | None = None
        self._filled = asyncio.Event()

    def put(self, text: str, received_s: float | None = None, written_s: float | None = None) -> None:
        """Adds a message that must arrive.

        Raises:
            SlowConsumer: too many of them wait already.
        """
        if len(self._durable) >= MAX_WAITING:
            raise SlowConsumer("answers are not read")
        self._durable.append(Message(text, received_s, written_s))
        self._filled.set()

    def replace(self, text: str, received_s: float, written_s: float | None = None) -> float | None:
        """Puts an answer in place of one that was not sent yet.

        Returns:
            When the frame of that one was received, if there was one.
        """
        if self._close_code is not None:
            return None
        replaced, self._newest = self._newest, Message(text, received_s, written_s)
        self._filled.set()
        return None if replaced is None else replaced.received_s

    def finish(self, close_code: int, farewell: str | None = None) -> None:
        """Ends the outbox once it is empty; only the first call counts.

        Args:
            close_code: what to close the connection with.
            farewell: the last message of all, which finds room however many wait.
        """
        if self._close_code is not None:
            return
        self._close_code = close_code
        if farewell is not None:
            self._farewell = Message(farewell)
        self._filled.set()

    async def next(self) -> Message | int:
        """Waits for the next message; at the end, gives the close code."""
        while True:
            if self._durable:
                return self._durable.popleft()
            if self._newest is not None:
                message, self._newest = self._newest, None
                return message
            if self._farewell is not None:
                message, self._farewell = self._farewell, None
                return message
            if self._close_code is not None:
                return self._close_code
            self._filled.clear()
            await self._filled.wait()
