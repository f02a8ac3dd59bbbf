"""What the tracker answers: phases while the athlete moves, and jumps."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Final, Literal

_DECIMALS: Final = 4
_RATE_DECIMALS: Final = 2


class Movement(StrEnum):
    """The kind of vertical jump; `AUTO` leaves it to what came before take-off."""

    AUTO = "auto"
    CMJ = "cmj"
    SJ = "sj"
    DJ = "dj"


class Phase(StrEnum):
    """What the athlete is doing at one frame."""

    NO_POSE = "no_pose"
    STANDING = "standing"
    COUNTERMOVEMENT = "countermovement"
    SQUAT = "squat"
    PROPULSION = "propulsion"
    FLIGHT = "flight"
    LANDING = "landing"
    DROP = "drop"
    CONTACT = "contact"


Grade = Literal["A", "B", "C", "D"]


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a jump's numbers can be trusted.

    Attributes:
        grade: A (laboratory use) to D (only that a jump happened is certain).
        fps: frames a second that were analysed around the jump.
        frames: frames analysed from the onset to the landing.
        frames_in_flight: of these, the frames between take-off and landing.
        warnings: reasons for doubt, as words a program can compare.
    """

    grade: Grade
    fps: float
    frames: int
    frames_in_flight: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Jump:
    """One jump.

    Attributes:
        index: 1 for the session's first jump.
        final: False when the landing has just been seen; True once nothing more will change.
        movement: what kind it was; never `AUTO`.
        events_s: seconds on the clock of the frames: takeoff, apex and landing always; onset and lowest if seen;
            contact (the touch-down before take-off) for a drop jump.
        metrics: name to value; the suffix is the unit. A metric that cannot be had is absent.
        uncertainty: one standard deviation of each metric that has one.
        quality: how far to trust them.
    """

    index: int
    final: bool
    movement: Movement
    events_s: dict[str, float]
    metrics: dict[str, float]
    uncertainty: dict[str, float]
    quality: Quality

    def to_dict(self) -> dict[str, object]:
        """The jump as JSON has it, on the wire and in files, without digits that mean nothing."""
        return {
            "index": self.index,
            "final": self.final,
            "movement": self.movement.value,
            "events_s": _rounded(self.events_s),
            "metrics": _rounded(self.metrics),
            "uncertainty": _rounded(self.uncertainty),
            "quality": asdict(self.quality) | {"fps": round(self.quality.fps, _RATE_DECIMALS)},
        }


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, _DECIMALS) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class Update:
    """What one frame told.

    Attributes:
        phase: what the athlete is doing.
        live: joint angles (`knee_angle_left_deg`, …) and, once there is a scale, `com_height_m` (over standing) and
            `com_velocity_m_s` (up positive); finite numbers only.
        jumps: jumps that became known, or final, with this frame.
        unclear: first and last time, in seconds, of a stretch in which there may be a jump that these frames do not
            show: they had left the floor and were too few, or came down from a box. Most often there is none.
    """

    phase: Phase
    live: dict[str, float] = field(default_factory=dict)
    jumps: tuple[Jump, ...] = ()
    unclear: tuple[float, float] | None = None
