"""What the cameras film: drawn athletes, each picture drawn and encoded once and shown by every camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from kinemotion.synthetic import Clip, CountermovementJump

HEIGHTS_M: Final = (0.33, 0.25, 0.40, 0.29, 0.46, 0.36)
"""One clip for each, every one with another look."""

_STANDING_S: Final = 1.0
_GOLDEN: Final = 0.6180339887


@dataclass(frozen=True, slots=True)
class Loop:
    """An athlete who stands a while and jumps, over and over; the end of one round fits the start of the next.

    Attributes:
        fps: pictures a second.
        standing: JPEGs of standing still, shown in turn until the jump.
        jump: JPEGs of the jump, from standing to standing; none for an athlete who only stands.
        length: pictures in one round.
        takeoff_s: of the jump, from a round's start.
        landing_s: of the jump, from a round's start.
        height_m: how high the jump really is.
    """

    fps: float
    standing: Sequence[bytes]
    jump: Sequence[bytes]
    length: int
    takeoff_s: float
    landing_s: float
    height_m: float

    @classmethod
    def draw(cls, number: int, fps: float, jump_every_s: float) -> Self:
        """Draws one loop, which takes some seconds.

        Args:
            number: which of them; another number, another look and height.
            fps: pictures a second.
            jump_every_s: a round's length; 0 for an athlete who only stands.

        Raises:
            ValueError: a round is too short for a jump.
        """
        clip = Clip(
            [CountermovementJump(height_m=HEIGHTS_M[number % len(HEIGHTS_M)])],
            fps=fps, seed=number, lead_s=_STANDING_S,
        )  # fmt: skip
        still = int(_STANDING_S * fps)
        length = round(jump_every_s * fps)
        if jump_every_s and length < len(clip.times_s) + still:
            raise ValueError(f"a jump and the standing around it take {clip.duration_s + _STANDING_S:.1f} s")
        frames = clip.jpegs()
        standing = [next(frames)[1] for _ in range(still)]
        jump = [*standing, *(jpeg for _, jpeg in frames)] if jump_every_s else []
        before_s = (length - len(jump)) / fps
        truth = clip.truth[0]
        return cls(
            fps=fps,
            standing=standing,
            jump=jump,
            length=length or still,
            takeoff_s=before_s + truth.events_s["takeoff"],
            landing_s=before_s + truth.events_s["landing"],
            height_m=truth.metrics["jump_height_m"],
        )

    @property
    def period_s(self) -> float:
        """A round's length in s."""
        return self.length / self.fps

    def picture(self, place: int) -> bytes:
        """The JPEG at a place in the endless row of pictures."""
        place %= self.length
        wait = self.length - len(self.jump)
        return self.standing[place % len(self.standing)] if place < wait else self.jump[place - wait]

    def start(self, camera: int) -> int:
        """The place at which a camera starts: while the athlete stands, and evenly spread over the cameras."""
        return int(camera * _GOLDEN % 1 * (self.length - len(self.jump)))
