"""A WebSocket connection below its messages: how many frames its peer may send, and how much waits for it."""

from time import monotonic
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Close, Frame

from kinemotion.realtime.bucket import Bucket

FRAMES_A_SECOND: Final = 2000
FRAMES_AT_ONCE: Final = 4000

_DONE: Final = 1000
_NO_CODE: Final = 1005
_POLICY: Final = 1008
_PART_BYTES: Final = 32_768
"""What is parsed before frames are counted: 5,461 of the shortest, which take 40 ms, of one read's 40,000."""


class Connection(WebSocketsSansIOProtocol):
    """uvicorn's own, but for a peer that floods it with frames, be they messages, pieces of one, or pings.

    uvicorn takes pings and pieces without end, and answers pings whether or not the answers are read. Here a flood ends
    the connection with 1008, `rate_limited`, and pings are not answered while earlier answers wait to be read, which
    RFC 6455 (5.5.3) allows.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._allowance = Bucket(FRAMES_A_SECOND, FRAMES_AT_ONCE, monotonic())

    def data_received(self, data: bytes) -> None:
        """Takes what came, in parts: the event loop is not held up by a read full of tiny frames."""
        for start in range(0, len(data), _PART_BYTES):
            if not self.transport.is_closing():
                super().data_received(data[start : start + _PART_BYTES])

    def handle_events(self) -> None:
        """Counts the frames that were parsed, and has them handled unless they are too many."""
        now = monotonic()
        if all(self._allowance.take(now) for _ in self.conn.events):
            super().handle_events()
            return
        self.conn.fail(_POLICY, "rate_limited")
        if self.conn.close_sent is None:  # it has not been let in yet
            self.transport.close()
        else:
            self.handle_parser_exception()
        if not self.writable.is_set():  # it would not read why, and be waited for
            self.transport.abort()

    def handle_close(self, event: Frame) -> None:
        """Takes a client's close without its code, which the application would take for one of the server's."""
        if self.conn.close_rcvd is not None and self.conn.close_rcvd.code != _DONE:
            self.conn.close_rcvd = Close(_NO_CODE, "")
        super().handle_close(event)

    def handle_ping(self) -> None:
        """Answers a ping, if answers are read."""
        if self.writable.is_set():
            super().handle_ping()
        elif self.conn.close_sent is None:
            self.conn.data_to_send()
