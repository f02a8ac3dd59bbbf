"""What one camera sent and what came back, frame by frame. No sockets, no clock, no Locust."""

from array import array
from collections import Counter
from typing import Final, Protocol

PATIENCE_S: Final = 2.0
"""A frame that no answer has acknowledged by then is an error: nobody watches a picture that stands still."""


class Emit(Protocol):
    """Where each event goes, for Locust's own statistics."""

    def __call__(self, name: str, duration_s: float | None, size: int = 0, fault: str | None = None) -> object:
        """Takes an event: how long it took, if that can be said, the answer's bytes, and what went wrong, if so."""


class Account:
    """One camera's frames, over all of its sessions.

    A frame ends in one of four ways: *answered*; *dropped*, when a later frame was answered in its stead; *unanswered*,
    an error, when that took longer than `PATIENCE_S` or never happened, or when the server refused the frame; *open*,
    when it was sent too shortly before the end to say. Durations count from when a frame was due, not from when it
    could be sent, unless something else is said.

    Args:
        label: which kind of camera it is.
        emit: is told every answer and every error.

    Attributes:
        latency_ms: from due to answered, of the answered frames.
        acknowledged_ms: from due to the first answer that acknowledges it, of these and of the dropped frames.
        late_ms: from due to sent, of every frame; the load generator's own lag, and the server's back pressure.
        start_ms: from the wish to connect to `started`, of every session.
        first_answer_ms: from the first frame sent to the first answer, of every session that got one.
        by_second: answers in each second of the clock.
        errors: how many, by kind.
        began_s: when the first frame was due; None before.
        ended_s: when the last frame was sent.
    """

    def __init__(self, label: str, emit: Emit) -> None:
        self.label = label
        self.emit = emit
        self.sent = self.answered = self.dropped = self.unanswered = self.open = 0
        self.latency_ms = array("f")
        self.acknowledged_ms = array("f")
        self.late_ms = array("f")
        self.start_ms = array("f")
        self.first_answer_ms = array("f")
        self.by_second: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()
        self.began_s: float | None = None
        self.ended_s = 0.0
        self._due_s: dict[int, float] = {}
        self._first_sent_s: float | None = None
        self._heard = False

    def start(self, duration_s: float) -> None:
        """A session has started."""
        self.start_ms.append(1000 * duration_s)
        self.emit("start", duration_s)

    def send(self, seq: int, due_s: float, now_s: float) -> None:
        """A frame is about to be sent."""
        if self.began_s is None:
            self.began_s = due_s
        self.ended_s = now_s
        if self._first_sent_s is None:
            self._first_sent_s = now_s
        self.sent += 1
        self.late_ms.append(1000 * (now_s - due_s))
        self._due_s[seq] = due_s

    def answer(self, seq: int, now_s: float, size: int = 0) -> None:
        """An answer came: to `seq`, and so to every frame before it."""
        if seq not in self._due_s:
            self.fail("unknown_seq")
            return
        self._hear_first(now_s)
        for passed in [open_seq for open_seq in self._due_s if open_seq < seq]:
            self._pass(self._due_s.pop(passed), now_s)
        latency_s = now_s - self._due_s.pop(seq)
        self.answered += 1
        self.by_second[int(now_s)] += 1
        self.latency_ms.append(1000 * latency_s)
        self.acknowledged_ms.append(1000 * latency_s)
        self.emit("frame", latency_s, size)

    def fail(self, fault: str, seq: int | None = None, duration_s: float | None = None) -> None:
        """Something went wrong; with a frame, if `seq` says which."""
        if seq is not None:
            self.unanswered += self._due_s.pop(seq, None) is not None
        self.errors[fault] += 1
        self.emit("frame", duration_s, fault=fault)

    def end_session(self, ended_s: float) -> None:
        """A session that ended, or was told to stop, at `ended_s` is over: what is open will not be answered."""
        for due_s in self._due_s.values():
            if ended_s - due_s > PATIENCE_S:
                self._miss(ended_s - due_s)
            else:
                self.open += 1
        self._due_s.clear()
        self._first_sent_s, self._heard = None, False

    def _hear_first(self, now_s: float) -> None:
        """Books the session's first answer; later ones change nothing."""
        if self._heard or self._first_sent_s is None:
            return
        self._heard = True
        self.first_answer_ms.append(1000 * (now_s - self._first_sent_s))
        self.emit("first answer", now_s - self._first_sent_s)

    def _pass(self, due_s: float, now_s: float) -> None:
        """A later frame was answered in this one's stead."""
        self.acknowledged_ms.append(1000 * (now_s - due_s))
        if now_s - due_s > PATIENCE_S:
            self._miss(now_s - due_s)
        else:
            self.dropped += 1

    def _miss(self, duration_s: float) -> None:
        self.unanswered += 1
        self.fail("unanswered", duration_s=duration_s)
