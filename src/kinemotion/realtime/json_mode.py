"""The JSON dialect, for clients without binary framing: a picture as base64 in each message, one reply to each."""

import binascii
from base64 import b64decode
from collections import deque
from typing import Final

import orjson

from kinemotion.errors import BadFrame, BadMessage, ClientError, WrongMessageType
from kinemotion.jumps import Jump, Movement
from kinemotion.pose.models import Quality
from kinemotion.realtime.fields import Fields
from kinemotion.realtime.messages import Answer, Drop, Event, Limits, SessionConfig, Start, Tally
from kinemotion.realtime.protocol import Protocol, State, rounded

_ENVELOPE_BYTES: Final = 1024
_MOST_COMMAS: Final = 16
_MAX_INDEX: Final = (1 << 53) - 1
_MAX_T_MS: Final = 4e12
_US_PER_MS: Final = 1000
_US_PER_S: Final = 1_000_000


def message_bytes(max_frame_bytes: int) -> int:
    """The length of a message that carries the largest frame."""
    return (max_frame_bytes + 2) // 3 * 4 + _ENVELOPE_BYTES


class JsonMode(Protocol):
    """One JSON object for each frame, and one in reply.

    Args:
        limits: what the client may do.
        now: the present, in seconds of a monotonic clock.
        movement: what the connection's address asks for.
    """

    answers_every_frame = True

    def __init__(self, limits: Limits, now: float, movement: Movement) -> None:
        super().__init__(limits, now)
        self._movement = movement
        self._quality = Quality.FAST
        self._jumps: deque[Jump] = deque()

    def _binary(self, message: bytes, now: float) -> list[Event]:
        raise WrongMessageType("without the kinemotion.v1 subprotocol every message is JSON text")

    def _text(self, message: str, now: float) -> list[Event]:
        if _commas_exceed(message, _MOST_COMMAS):
            raise BadMessage("a message holds a frame and a few fields, and nothing else")
        fields = Fields.parse(message, message_bytes(self.limits.max_frame_bytes))
        index = fields.whole("frame_index", _MAX_INDEX)
        try:
            return self._frame(index, fields, now)
        except ClientError as error:
            error.seq = index
            raise

    def _frame(self, index: int, fields: Fields, now: float) -> list[Event]:
        quality = fields.choice("quality", Quality) or Quality.FAST
        t_ms = fields.number("t_ms", 0, _MAX_T_MS)
        data = _picture(fields.bulk("frame"))
        fields.finish()
        frame = self._admit(index, round(now * _US_PER_S if t_ms is None else t_ms * _US_PER_MS), data, now)
        if self.state is State.STREAMING:
            return [frame]
        self._begin()
        return [Start(SessionConfig(movement=self._movement, quality=quality, send_pose=False)), frame]

    def started(self, session: str, config: SessionConfig, model: str) -> None:
        """Says nothing now: every reply names the quality that serves."""
        self._quality = config.quality

    def answer(self, answer: Answer) -> str:
        """The frame's live metrics, and a jump where one became known."""
        fields = {"frame_index": answer.seq, "quality": self._quality, "metrics": rounded(answer.live)}
        return _write(fields | ({"jump": self._jumps.popleft().to_dict()} if self._jumps else {}))

    def dropped(self, seq: int, cause: Drop) -> str:
        """Tells that a frame was not analysed."""
        return _write({"frame_index": seq, "dropped": True})

    def jump(self, jump: Jump) -> None:
        """Keeps the jump for the next reply."""
        self._jumps.append(jump)

    def error(self, error: ClientError) -> str:
        """What was wrong with a frame."""
        return _write({"frame_index": error.seq, "error": f"{error.code}: {error.message}"})

    def summary(self, tally: Tally, jumps: list[Jump]) -> None:
        """Says nothing: a client of this dialect just closes."""


def _commas_exceed(text: str, most: int) -> bool:
    """Whether there are more commas, and so perhaps more values: parsing 1.4 MB of empty lists takes 0.15 s."""
    place = -1
    for _ in range(most + 1):
        place = text.find(",", place + 1)
        if place < 0:
            return False
    return True


def _picture(text: str) -> bytes:
    try:
        return b64decode(text.removeprefix("data:image/jpeg;base64,"), validate=True)
    except (binascii.Error, ValueError):
        raise BadFrame("the frame is not base64") from None


def _write(fields: dict[str, object]) -> str:
    return orjson.dumps(fields).decode()
