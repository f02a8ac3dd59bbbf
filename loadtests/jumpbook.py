"""Which jumps a camera filmed in one session, and which of them the server found."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Final

from loadtests.clips import Loop

SAME_JUMP_S: Final = 0.3
"""A jump found is the one filmed if their take-offs are no farther apart."""

SETTLED_S: Final = 1.5
"""How long the film must go on after a landing for the jump to be asked for."""

_LIVE_ONLY: Final = "live_frames_only"


@dataclass(slots=True)
class FilmedJump:
    """A jump that was filmed, with what the server said of it.

    Attributes:
        takeoff_s: when, on the session's clock.
        true_m: its height.
        asked: whether the film went on for long enough after it.
        finals: how many final results came; one is right.
        height_m: as the final result has it.
        first_after_s: from when the landing frame was due to the first result.
        final_after_s: and to the final one.
        replayed: whether the final result comes from every frame, not only from those analysed live.
    """

    takeoff_s: float
    true_m: float
    asked: bool = False
    finals: int = 0
    height_m: float | None = None
    first_after_s: float | None = None
    final_after_s: float | None = None
    replayed: bool = False


class JumpBook:
    """The jumps of one session.

    Args:
        loop: what is filmed.
        start: the place in the loop where the session began.
        began_s: when its first frame was due.
    """

    def __init__(self, loop: Loop, start: int, began_s: float) -> None:
        self._loop = loop
        self._shift_s = start / loop.fps
        self._began_s = began_s
        self._jumps: dict[int, FilmedJump] = {}
        self.strays = 0
        """Final results of jumps that nobody did."""

    def hear(self, message: Mapping[str, Any], now_s: float) -> float | None:
        """Takes a `jump` message.

        Returns:
            For the final result of a jump that was filmed: the time since its landing was due, in s.
        """
        jump, number = self._find(message["events_s"].get("takeoff"))
        if jump is None:
            self.strays += bool(message["final"])
            return None
        after_s = now_s - self._landing_due_s(number)
        if not message["final"]:
            jump.first_after_s = after_s
            return None
        jump.finals += 1
        jump.height_m = message["metrics"].get("jump_height_m")
        jump.final_after_s = after_s
        jump.replayed = _LIVE_ONLY not in message["quality"]["warnings"]
        return after_s

    def close(self, frames: int) -> list[FilmedJump]:
        """Every jump of a session of so many frames, in order; those that the server never spoke of, too."""
        filmed_s = frames / self._loop.fps
        for number in range(self._rounds(filmed_s)):
            jump = self._jump(number)
            jump.asked = jump.takeoff_s + self._flight_s + SETTLED_S <= filmed_s
        return [jump for _, jump in sorted(self._jumps.items())]

    @property
    def _flight_s(self) -> float:
        return self._loop.landing_s - self._loop.takeoff_s

    def _rounds(self, filmed_s: float) -> int:
        if not self._loop.jump:
            return 0
        return max(0, floor((filmed_s - self._loop.landing_s + self._shift_s) / self._loop.period_s) + 1)

    def _find(self, takeoff_s: float | None) -> tuple[FilmedJump | None, int]:
        if takeoff_s is None or not self._loop.jump:
            return None, 0
        number = round((takeoff_s - self._takeoff_s(0)) / self._loop.period_s)
        if number < 0 or abs(takeoff_s - self._takeoff_s(number)) > SAME_JUMP_S:
            return None, 0
        return self._jump(number), number

    def _jump(self, number: int) -> FilmedJump:
        new = FilmedJump(takeoff_s=self._takeoff_s(number), true_m=self._loop.height_m)
        return self._jumps.setdefault(number, new)

    def _takeoff_s(self, number: int) -> float:
        return self._loop.takeoff_s - self._shift_s + number * self._loop.period_s

    def _landing_due_s(self, number: int) -> float:
        """When the first frame that shows the athlete on the floor again was due."""
        landing_s = self._takeoff_s(number) + self._flight_s
        return self._began_s + ceil(landing_s * self._loop.fps) / self._loop.fps
