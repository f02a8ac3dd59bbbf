"""One session of a camera: frames go out at their times, whatever comes back, and what comes back is booked."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Final

import gevent
import orjson
from websockets.exceptions import InvalidState

from kinemotion.realtime.protocol import encode_frame
from loadtests.account import Account
from loadtests.clips import Loop
from loadtests.connection import Connection
from loadtests.jumpbook import FilmedJump, JumpBook

_START_S: Final = 10.0
_SUMMARY_S: Final = 30.0
_US_PER_S: Final = 1_000_000
_DONE: Final = 1000


@dataclass(frozen=True, slots=True)
class Film:
    """What a camera films, and how.

    Attributes:
        loop: the pictures.
        start: the place in the loop where it begins.
        send_pose: whether it asks for the 33 points.
        session_s: after how many seconds it stops; 0 for never.
    """

    loop: Loop
    start: int
    send_pose: bool
    session_s: float


class Session:
    """One connection of a camera, from `start` to `summary`.

    Args:
        connection: open, and used by nobody else.
        film: what to send.
        account: where frames are booked.
        leaving: says whether the camera is to stop.

    Attributes:
        jumps: what was filmed.
        strays: final results of jumps that nobody did.
    """

    def __init__(self, connection: Connection, film: Film, account: Account, leaving: Callable[[], bool]) -> None:
        self._connection = connection
        self._film = film
        self._account = account
        self._leaving = leaving
        self._messages = (orjson.loads(message) for message in connection.messages())
        self._frames = 0
        self._stopped_s: float | None = None
        self._explained = False
        self.jumps: list[FilmedJump] = []
        self.strays = 0

    def run(self) -> None:
        """Streams until it is time to stop or the connection ends; then `jumps` and `strays` are complete."""
        if not self._start():
            return
        began_s = monotonic()
        book = JumpBook(self._film.loop, self._film.start, began_s)
        hearing = gevent.spawn(self._hear, book)
        try:
            self._send(began_s, hearing)
            hearing.join(_SUMMARY_S)
            if not self._explained:
                self._account.fail(f"closed_{self._connection.close_code}" if hearing.ready() else "no_summary")
        finally:
            hearing.kill()
            self._account.end_session(self._stopped_s or monotonic())
            self.jumps, self.strays = book.close(self._frames), book.strays

    def _start(self) -> bool:
        wish = {"type": "start", "movement": "cmj", "send_pose": self._film.send_pose}
        self._connection.send_text(orjson.dumps(wish))
        first = None
        with gevent.Timeout(_START_S, False):
            first = next(self._messages, None)
        if first is None or first["type"] != "started":
            self._account.fail("not_started" if first is None else str(first.get("code", first["type"])))
            return False
        self._account.start(monotonic() - self._connection.called_s)
        return True

    def _send(self, began_s: float, hearing: gevent.Greenlet) -> None:
        """Each frame has its time, counted from the first one; one that is late delays none of the times after it."""
        film = self._film
        try:
            for number in count():
                due_s = began_s + number / film.loop.fps
                _sleep_until(due_s)
                if hearing.ready():
                    return
                if self._leaving() or 0 < film.session_s <= number / film.loop.fps:
                    break
                picture = film.loop.picture(film.start + number)
                self._account.send(number, due_s, monotonic())
                self._connection.send(encode_frame(number, round(number * _US_PER_S / film.loop.fps), picture))
                self._frames += 1
            self._stopped_s = monotonic()
            self._connection.send_text(b'{"type":"stop"}')
        except (OSError, InvalidState):
            return  # the close code says why

    def _hear(self, book: JumpBook) -> None:
        account = self._account
        for message in self._messages:
            now_s = monotonic()
            match message["type"]:
                case "frame":
                    account.answer(message["seq"], now_s)
                case "jump":
                    after_s = book.hear(message, now_s)
                    if after_s is not None:
                        account.emit("final jump", after_s)
                case "summary":
                    self._explained = True
                case "error":
                    account.fail(message["code"], message.get("seq"))
                    self._explained |= message["fatal"]
                case _:
                    account.fail("unknown_message")


def _sleep_until(due_s: float) -> None:
    """Lets the other cameras on, at least once; gevent alone may wake a little early."""
    gevent.sleep(max(0.0, due_s - monotonic()))
    while (left_s := due_s - monotonic()) > 0:
        gevent.sleep(left_s)
