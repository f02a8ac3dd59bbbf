"""What is going on at a moment of a clip, now that all of it is known."""

from collections.abc import Sequence
from typing import Final

from kinemotion.jumps import Jump, Movement, Phase
from kinemotion.video import words

_SAME_S: Final = 0.005
_BEFORE_TAKEOFF: Final = {
    "contact": Phase.CONTACT,
    "onset": Phase.COUNTERMOVEMENT,
    "lowest": Phase.PROPULSION,
    "takeoff": Phase.FLIGHT,
}
"""What begins with each event."""


class Timeline:
    """The jumps of a clip by time.

    Args:
        jumps: final jumps, in order.
    """

    def __init__(self, jumps: Sequence[Jump]) -> None:
        self._jumps = tuple(jumps)

    def phase(self, time_s: float, seen: Phase) -> Phase:
        """The phase at a time: by the jumps' events; outside of them as it was seen live, a moment late."""
        for jump in self._jumps:
            began = [name for name, at in jump.events_s.items() if name in _BEFORE_TAKEOFF and at <= time_s]
            if began and time_s < jump.events_s["landing"]:
                return _phase(jump, max(began, key=lambda name: jump.events_s[name]))
            if time_s >= jump.events_s["landing"] and seen is Phase.FLIGHT and not self._aloft(time_s):
                return Phase.LANDING
        return seen

    def told(self, time_s: float) -> Jump | None:
        """The jump whose figures are to be shown: the last one that has landed, until the next one begins."""
        landed = [jump for jump in self._jumps if jump.events_s["landing"] <= time_s]
        begun = [jump for jump in self._jumps if start_s(jump) <= time_s < jump.events_s["landing"]]
        return landed[-1] if landed and not begun else None

    def event(self, time_s: float, lasting_s: float) -> tuple[str, Jump, float] | None:
        """The newest event at most `lasting_s` ago: its name, its jump, and how long ago it was."""
        ages = [
            (time_s - at, name, jump)
            for jump in self._jumps
            for name, at in told_events(jump).items()
            if 0 <= time_s - at <= lasting_s
        ]
        if not ages:
            return None
        age, name, jump = min(ages, key=lambda entry: entry[0])
        return name, jump, age

    def _aloft(self, time_s: float) -> bool:
        return any(jump.events_s["takeoff"] <= time_s < jump.events_s["landing"] for jump in self._jumps)


def start_s(jump: Jump) -> float:
    """When a jump began, as far as that was seen."""
    return min(jump.events_s.values())


def _phase(jump: Jump, event: str) -> Phase:
    """What a jump's event begins: the onset of a squat jump is the push-off, there being no way down."""
    if event == "onset" and jump.movement is Movement.SJ:
        return Phase.PROPULSION
    if event == "lowest" and jump.movement is Movement.DJ:
        return Phase.CONTACT
    return _BEFORE_TAKEOFF[event]


def told_events(jump: Jump) -> dict[str, float]:
    """A jump's events in the order in which they happen; of two at the same moment, the first."""
    known = sorted(
        (jump.events_s[name], number, name) for number, name in enumerate(words.EVENTS) if name in jump.events_s
    )
    told: dict[str, float] = {}
    for at, _, name in known:
        if not told or at - max(told.values()) > _SAME_S:
            told[name] = at
    return told
