"""The wire, `kinemotion.v1`: bytes to messages and back, and what may follow what. No sockets, no clock, no threads.

A `Protocol` is one connection's state machine:

    WAITING ──start──> STREAMING ──stop──> STOPPED
              frames ──┘      └── frames

It turns each message that arrives into events, or raises the `ClientError` that the client is to be told, and it
writes every message that leaves. `V1` is the binary dialect; `kinemotion.realtime.json_mode` is the other one.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from struct import Struct
from typing import Final

import orjson

from kinemotion.errors import (
    BadFrame,
    BadMessage,
    ClientError,
    FrameTooLarge,
    IdleTimeout,
    OutOfOrder,
    RateLimited,
    SessionExpired,
    WrongMessageType,
)
from kinemotion.jumps import Jump, Movement
from kinemotion.jumps.athlete import DROP_HEIGHT_M, HEIGHT_M, MASS_KG
from kinemotion.pose.jpeg import Gate
from kinemotion.pose.models import Quality
from kinemotion.realtime.bucket import Bucket
from kinemotion.realtime.fields import Fields
from kinemotion.realtime.messages import Answer, Athlete, Drop, Event, Frame, Limits, SessionConfig, Start, Stop, Tally

SUBPROTOCOL: Final = "kinemotion.v1"
MAX_TEXT_BYTES: Final = 4096
MAX_FAULTS: Final = 30
FRAME_HEADER: Final = Struct(">BBHIQ")
"""kind, flags, reserved, seq, capture_us."""

_FRAME_KIND: Final = 1
_BURST_S: Final = 2.0
_PATIENCE_S: Final = 10.0
_EXCESS: Final = 0.5  # who goes on beyond the greatest rate by a larger share of it is throttled
_EXCESS_S: Final = 1.0  # so much of that share may come at once
_THROTTLED_S: Final = 1.0  # after the last frame beyond it
_MAX_CAPTURE_US: Final = 1 << 52
_POSE_DECIMALS: Final = 5
_LIVE_DECIMALS: Final = 4


class State(StrEnum):
    """Where a connection stands."""

    WAITING = "waiting for start"
    STREAMING = "streaming"
    STOPPED = "stopped"


class Protocol(ABC):
    """One connection's state: what may come next, by when, and how fast.

    Args:
        limits: what the client may do.
        now: the present, in seconds of a monotonic clock; the same clock as in every other call.
    """

    answers_every_frame: bool
    """Whether each frame gets a reply of its own; otherwise a newer reply replaces one that was not sent yet."""

    flooding = False
    """Whether the last frame was one too many by far: nothing more need be read from this client for a moment."""

    throttled_until_s = float("-inf")
    """Until when the client gets few answers since it sends far too many frames, on the clock of `now`."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.limits = limits
        self.state = State.WAITING
        self._opened_s = self._last_s = now
        self._awaited = True
        self._faults = 0
        self._last_seq = self._last_capture_us = -1
        self._first_us: int | None = None
        self._gate = Gate(limits.max_pixels)
        self._rate = Bucket(limits.max_fps, limits.max_fps * _BURST_S, now)
        self._patience = Bucket(limits.max_fps, limits.max_fps * _PATIENCE_S, now)
        self._excess = Bucket(_EXCESS * limits.max_fps, _EXCESS * limits.max_fps * _EXCESS_S, now)

    def receive(self, message: str | bytes, now: float) -> list[Event]:
        """Takes one message.

        Returns:
            What it means, in order.

        Raises:
            ClientError: what is wrong with it; unless that is fatal, the connection goes on. One that makes
                `MAX_FAULTS` more faults than good messages is fatal.
        """
        try:
            events = self._text(message, now) if isinstance(message, str) else self._binary(message, now)
        except RateLimited:  # what a stalled network delivers at once is no fault
            raise
        except ClientError as error:
            self._faults += 1
            error.fatal |= self._faults >= MAX_FAULTS
            raise
        self._faults = max(self._faults - 1, 0)
        return events

    def ready(self, now: float) -> None:
        """Expects frames from now on: until the client is told that its session has begun, it may be silent."""
        self._awaited, self._last_s = True, now

    def deadline(self) -> float:
        """When the client must have sent something by, on the clock of `now`."""
        expires_s = self._opened_s + self.limits.session_s
        if not self._awaited:
            return expires_s
        patience = self.limits.start_s if self.state is State.WAITING else self.limits.idle_s
        return min(self._last_s + patience, expires_s)

    def overdue(self, now: float) -> ClientError:
        """What to tell a client that let the deadline pass."""
        if now >= self._opened_s + self.limits.session_s:
            return SessionExpired(f"a session lasts at most {self.limits.session_s:g} s")
        if self.state is State.WAITING:
            return IdleTimeout(f"no start came within {self.limits.start_s:g} s")
        return IdleTimeout(f"no frame came for {self.limits.idle_s:g} s")

    @abstractmethod
    def _text(self, message: str, now: float) -> list[Event]: ...

    @abstractmethod
    def _binary(self, message: bytes, now: float) -> list[Event]: ...

    @abstractmethod
    def started(self, session: str, config: SessionConfig, model: str) -> str | None:
        """Tells the client how its session is set up."""

    @abstractmethod
    def answer(self, answer: Answer) -> str:
        """Answers the newest frame."""

    @abstractmethod
    def dropped(self, seq: int, cause: Drop) -> str | None:
        """Tells that a frame will not be answered, where the dialect has a word for it."""

    @abstractmethod
    def jump(self, jump: Jump) -> str | None:
        """Reports a jump."""

    @abstractmethod
    def error(self, error: ClientError) -> str:
        """Reports a fault."""

    @abstractmethod
    def summary(self, tally: Tally, jumps: list[Jump]) -> str | None:
        """Closes the account of a session."""

    def _begin(self) -> None:
        self.state, self._awaited = State.STREAMING, False

    def _admit(self, seq: int, capture_us: int, data: bytes, now: float) -> Frame:
        """Lets a frame in, unless something is wrong with its order, rate, size or header."""
        self._last_s = now
        self._check_rate(seq, now)
        self._check_order(seq, capture_us)
        if len(data) > self.limits.max_frame_bytes:
            raise FrameTooLarge(f"a frame has at most {self.limits.max_frame_bytes} bytes", seq=seq)
        try:
            header = self._gate.read(data)
        except ClientError as error:
            error.seq = seq
            raise
        if self._first_us is None:
            self._first_us = capture_us
        return Frame(seq, capture_us, capture_us - self._first_us, data, header, now)

    def _check_order(self, seq: int, capture_us: int) -> None:
        if seq <= self._last_seq:
            raise OutOfOrder(f"frame {seq} came after frame {self._last_seq}", seq=seq)
        if capture_us >= _MAX_CAPTURE_US:
            raise OutOfOrder(f"the frame's capture time is not below {_MAX_CAPTURE_US} µs", seq=seq)
        if capture_us <= self._last_capture_us:
            raise OutOfOrder("the frame's capture time does not follow that of the frame before it", seq=seq)
        self._last_seq, self._last_capture_us = seq, capture_us

    def _check_rate(self, seq: int, now: float) -> None:
        """Refuses frames beyond the greatest rate; what a stalled network delivers at once has room in the bucket.

        Frames that are refused come out of two others: who empties the smaller one gets few answers for a while, who
        empties the larger one is read no faster. A camera that is a little too fast empties neither.
        """
        if self._rate.take(now):
            self.flooding = False
            return
        self.flooding = not self._patience.take(now)
        if not self._excess.take(now):
            self.throttled_until_s = now + _THROTTLED_S
        raise RateLimited(f"at most {self.limits.max_fps:g} frames a second are taken", seq=seq)


class V1(Protocol):
    """`kinemotion.v1`: frames are binary, everything else is JSON in text messages."""

    answers_every_frame = False

    def _text(self, message: str, now: float) -> list[Event]:
        fields = Fields.parse(message, MAX_TEXT_BYTES)
        kind = fields.text("type")
        if kind == "start" and self.state is State.WAITING:
            config = _start_config(fields)
            self._begin()
            return [Start(config)]
        if kind == "stop" and self.state is State.STREAMING:
            fields.finish()
            self.state = State.STOPPED
            return [Stop()]
        if kind in ("start", "stop"):
            raise BadMessage(f"{kind} is not expected while {self.state}")
        raise BadMessage('the message\'s "type" is neither start nor stop')

    def _binary(self, message: bytes, now: float) -> list[Event]:
        if self.state is State.WAITING:
            raise WrongMessageType("send a start message, as text, before the first frame")
        if self.state is State.STOPPED:
            raise BadMessage(f"frames are not expected while {self.state}")
        if len(message) < FRAME_HEADER.size:
            raise BadFrame(f"a binary message starts with a header of {FRAME_HEADER.size} bytes")
        kind, flags, reserved, seq, capture_us = FRAME_HEADER.unpack_from(message)
        if (kind, flags, reserved) != (_FRAME_KIND, 0, 0):
            raise BadFrame("the frame's header must have kind 1, and 0 for flags and reserved")
        return [self._admit(seq, capture_us, message[FRAME_HEADER.size :], now)]

    def started(self, session: str, config: SessionConfig, model: str) -> str:
        """`started`: the effective configuration and the limits."""
        limits = self.limits
        return _write(
            {
                "type": "started",
                "session": session,
                "config": {
                    "movement": config.movement,
                    "athlete": config.athlete,
                    "drop_height_m": config.drop_height_m,
                    "quality": config.quality,
                    "model": model,
                    "send_pose": config.send_pose,
                },
                "limits": {
                    "max_frame_bytes": limits.max_frame_bytes,
                    "max_pixels": limits.max_pixels,
                    "max_fps": limits.max_fps,
                    "idle_s": limits.idle_s,
                    "session_s": limits.session_s,
                },
            }
        )

    def answer(self, answer: Answer) -> str:
        """`frame`: acknowledges every frame up to its own."""
        return _write(
            {
                "type": "frame",
                "seq": answer.seq,
                "t_us": answer.t_us,
                "received": answer.tally.received,
                "dropped": answer.tally.dropped,
                "phase": answer.phase,
                "pose": None if answer.pose is None else answer.pose.round(_POSE_DECIMALS),
                "live": rounded(answer.live),
                "timing_ms": rounded(answer.timing_ms),
            }
        )

    def dropped(self, seq: int, cause: Drop) -> None:
        """Says nothing: the next `frame` acknowledges this one, and counts it."""

    def jump(self, jump: Jump) -> str:
        """`jump`: first as an estimate, then final."""
        return _write({"type": "jump"} | jump.to_dict())

    def error(self, error: ClientError) -> str:
        """`error`: a fatal one is followed by the close."""
        fields = {"type": "error", "code": error.code, "message": error.message, "fatal": error.fatal}
        return _write(fields if error.seq is None else fields | {"seq": error.seq})

    def summary(self, tally: Tally, jumps: list[Jump]) -> str:
        """`summary`: the last message."""
        return _write({"type": "summary", "frames": tally, "jumps": [jump.to_dict() for jump in jumps]})


def encode_frame(seq: int, capture_us: int, data: bytes) -> bytes:
    """Writes the binary message of one frame, as a client does.

    Args:
        seq: the frame's number; each is greater than the one before.
        capture_us: when it was taken, on the camera's own monotonic clock.
        data: a baseline JPEG.
    """
    return FRAME_HEADER.pack(_FRAME_KIND, 0, 0, seq, capture_us) + data


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Cuts digits that mean nothing."""
    return {name: round(value, _LIVE_DECIMALS) for name, value in values.items()}


def _start_config(fields: Fields) -> SessionConfig:
    athlete = fields.nested("athlete")
    config = SessionConfig(
        movement=fields.choice("movement", Movement) or Movement.AUTO,
        athlete=Athlete(
            id=athlete.text("id"),
            height_m=athlete.number("height_m", *HEIGHT_M),
            mass_kg=athlete.number("mass_kg", *MASS_KG),
        ),
        drop_height_m=fields.number("drop_height_m", *DROP_HEIGHT_M),
        quality=fields.choice("quality", Quality) or Quality.FAST,
        send_pose=fields.flag("send_pose", default=True),
    )
    athlete.finish()
    fields.finish()
    return config


def _write(fields: Mapping[str, object]) -> str:
    return orjson.dumps(fields, option=orjson.OPT_SERIALIZE_NUMPY).decode()
