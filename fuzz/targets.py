"""What is fuzzed: each parser of a stranger's bytes, with the exceptions that it may raise, and seeds to begin with.

A target takes any bytes; whatever leaves it is a fault.
"""

import contextlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import orjson

from kinemotion.errors import BadFrame, ClientError, UnsupportedImage
from kinemotion.jumps import Movement
from kinemotion.pose import jpeg
from kinemotion.realtime.json_mode import JsonMode
from kinemotion.realtime.messages import Frame, Limits, SessionConfig, Start
from kinemotion.realtime.protocol import V1, Protocol, State, encode_frame

_LIMITS: Final = Limits(max_frame_bytes=65_536, max_pixels=1_000_000, max_fps=120, start_s=5, idle_s=15, session_s=900)
_LARGEST_US: Final = 1 << 52
_START: Final = '{"type":"start"}'


@dataclass(frozen=True, slots=True)
class Target:
    """One parser.

    Attributes:
        check: takes any bytes.
        seeds: some that the parser understands, or nearly so.
        words: what is worth trying anywhere.
    """

    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...]


def picture(data: bytes) -> None:
    """The gate and the decoders."""
    with contextlib.suppress(BadFrame, UnsupportedImage):
        header = jpeg.read_header(data, max_pixels=_LIMITS.max_pixels)
        image = jpeg.decode(data, header)
        assert header.width * header.height <= _LIMITS.max_pixels
        assert image.shape[0] <= header.height
        assert image.shape[1] <= header.width
        assert image.shape[2] == 3
        grey = jpeg.decode_grey(data, header, 64)
        assert grey.shape[0] <= header.height
        assert grey.shape[1] <= header.width


def frames(data: bytes) -> None:
    """Binary messages, as many as the bytes hold: each begins with its length, in two bytes."""
    protocol = V1(_LIMITS, 0.0)
    protocol.receive(_START, 0.0)
    last = -1, -1
    while data:
        size = int.from_bytes(data[:2])
        for event in _received(protocol, data[2 : 2 + size]):
            assert isinstance(event, Frame)
            assert (event.seq, event.capture_us) > last
            assert 0 <= event.elapsed_us <= event.capture_us < _LARGEST_US
            last = event.seq, event.capture_us
        data = data[2 + size :]


def start(data: bytes) -> None:
    """The `start` message."""
    protocol = V1(_LIMITS, 0.0)
    for event in _received(protocol, data.decode(errors="surrogateescape")):
        assert isinstance(event, Start)
        _check_config(event.config)
        assert orjson.loads(protocol.started("s", event.config, "lite"))["config"]["quality"] == event.config.quality
        assert protocol.state is State.STREAMING


def json_frame(data: bytes) -> None:
    """A message of the JSON dialect."""
    protocol = JsonMode(_LIMITS, 0.0, Movement.AUTO)
    for event in _received(protocol, data.decode(errors="surrogateescape")):
        assert isinstance(event, Start | Frame)
        if isinstance(event, Frame):
            assert 0 <= event.capture_us < _LARGEST_US


def _received(protocol: Protocol, message: str | bytes) -> list[object]:
    """What a message means; one that is refused must be refused in words that can be sent."""
    try:
        return list(protocol.receive(message, 0.0))
    except ClientError as error:
        orjson.loads(protocol.error(error))
        return []


def _check_config(config: SessionConfig) -> None:
    assert config.drop_height_m is None or 0.05 <= config.drop_height_m <= 1.5
    assert config.athlete.height_m is None or 1.0 <= config.athlete.height_m <= 2.5
    assert config.athlete.mass_kg is None or 20 <= config.athlete.mass_kg <= 250
    assert config.athlete.id is None or len(config.athlete.id) <= 128


def _messages(*messages: bytes) -> bytes:
    return b"".join(len(message).to_bytes(2) + message for message in messages)


def _pictures() -> tuple[bytes, ...]:
    image = np.random.default_rng(1).integers(0, 255, (64, 72, 3), np.uint8)
    progressive = (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    colour, grey, scans = (
        cv2.imencode(".jpg", one, parameters)[1].tobytes()
        for one, parameters in ((image, ()), (image[:, :, 0], ()), (image, progressive))
    )
    return colour, grey, scans, colour.replace(b"\xff\xda", b"\xff\xfe\x00\x04hi\xff\xda", 1), colour + b"\0\0"


_JPEG: Final = _pictures()[1]
_FULL_START: Final = (
    b'{"type":"start","movement":"dj","athlete":{"id":"A7","height_m":1.8,"mass_kg":75},'
    b'"drop_height_m":0.3,"quality":"accurate","send_pose":false}'
)

_MARKERS: Final = tuple(bytes([0xFF, marker]) for marker in (*range(0xC0, 0xE2), 0xFE, 0xFF))
_JSON: Final = (
    b"null",
    b"true",
    b"NaN",
    b"-0.0",
    b"1e999",
    b"1.8",
    b'"\\ud800"',
    b"[]",
    b"{}",
    b"{",
    b"}",
    b",",
    b":",
    b'"',
)
_NAMES: Final = (
    b'"type"', b'"start"', b'"stop"', b'"movement"', b'"dj"', b'"athlete"', b'"id"', b'"height_m"', b'"mass_kg"',
    b'"drop_height_m"', b'"quality"', b'"accurate"', b'"send_pose"', b'"frame"', b'"frame_index"', b'"t_ms"',
)  # fmt: skip

TARGETS: Final = {
    "picture": Target(picture, _pictures(), _MARKERS),
    "frames": Target(
        frames,
        (_messages(encode_frame(1, 5, _JPEG), encode_frame(2, 9, _JPEG)), _messages(b"\x01")),
        (*_MARKERS, encode_frame(3, 99, b"")),
    ),
    "start": Target(
        start,
        (_START.encode(), _FULL_START, b'{"type":"stop"}', b'{"type":"start","athlete":{}}'),
        (*_JSON, *_NAMES),
    ),
    "json": Target(
        json_frame,
        (
            orjson.dumps({"frame_index": 1, "frame": b64encode(_JPEG).decode(), "quality": "fast", "t_ms": 33.3}),
            orjson.dumps({"frame_index": 2, "frame": "data:image/jpeg;base64," + b64encode(_JPEG).decode()}),
        ),
        (*_JSON, *_NAMES),
    ),
}
