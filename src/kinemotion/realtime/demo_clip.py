"""The drawn athlete as a camera for the page: `GET /demo/clip?movement=cmj`.

The answer is a stream of records, each a length (u32, network byte order) and as many bytes. The first record is JSON:
frame rate, size, number of frames, and the truth about each jump; every other one is a frame: `capture_us` (u64,
network byte order) and a JPEG.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from struct import Struct
from threading import Lock
from typing import Final

import orjson

from kinemotion.jumps import Movement
from kinemotion.synthetic import Clip, CountermovementJump, DropJump, Motion, SquatJump

_LENGTH: Final = Struct(">I")
_CAPTURE_US: Final = Struct(">Q")
_US_PER_S: Final = 1_000_000
_FRAMES_AT_ONCE: Final = 10

_MOTIONS: Final[dict[Movement, tuple[Motion, ...]]] = {
    Movement.CMJ: (CountermovementJump(height_m=0.35), CountermovementJump(height_m=0.42)),
    Movement.SJ: (SquatJump(height_m=0.30), SquatJump(height_m=0.36)),
    Movement.DJ: (DropJump(height_m=0.28),),
}


class DemoClip:
    """One clip: drawn when first asked for, as far as somebody reads, and kept.

    Args:
        movement: which jump the athlete does; not `auto`.
    """

    def __init__(self, movement: Movement) -> None:
        self._clip = Clip(_MOTIONS[movement])
        self._records: list[bytes] = [_record(_description(self._clip))]
        self._frames: Iterator[tuple[float, bytes]] = self._clip.jpegs()
        self._drawing = Lock()
        self._complete = False

    async def records(self) -> AsyncIterator[bytes]:
        """Gives the clip's records from the first."""
        sent = 0
        while True:
            while sent < len(self._records):
                yield self._records[sent]
                sent += 1
            if self._complete:
                return
            await asyncio.to_thread(self._draw, sent)

    def _draw(self, wanted: int) -> None:
        """Draws some more, unless that many records are there; a reader that goes away does not stop it."""
        with self._drawing:
            if wanted < len(self._records) or self._complete:
                return
            drawn = [
                _record(_CAPTURE_US.pack(round(time_s * _US_PER_S)) + jpeg)
                for time_s, jpeg in islice(self._frames, _FRAMES_AT_ONCE)
            ]
            self._records += drawn
            self._complete = len(drawn) < _FRAMES_AT_ONCE


def _record(payload: bytes) -> bytes:
    return _LENGTH.pack(len(payload)) + payload


def _description(clip: Clip) -> bytes:
    width, height = clip.size
    return orjson.dumps(
        {"fps": clip.fps, "width": width, "height": height, "frames": len(clip.times_s), "truth": clip.truth}
    )
