"""What passes between a client and a session, whatever the dialect."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kinemotion.jumps import Movement, Phase
from kinemotion.pose.jpeg import JpegHeader
from kinemotion.pose.landmarks import Landmarks
from kinemotion.pose.models import Quality


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may do; `started` tells it. Times are seconds."""

    max_frame_bytes: int
    max_pixels: int
    max_fps: float
    start_s: float
    idle_s: float
    session_s: float


@dataclass(frozen=True, slots=True)
class Athlete:
    """Who jumps, as far as the client said."""

    id: str | None = None
    height_m: float | None = None
    mass_kg: float | None = None


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """What a session is to do, as the client asked for it or by default."""

    movement: Movement = Movement.AUTO
    athlete: Athlete = Athlete()
    drop_height_m: float | None = None
    quality: Quality = Quality.FAST
    send_pose: bool = True


@dataclass(frozen=True, slots=True)
class Start:
    """The client said what it wants."""

    config: SessionConfig


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: its number, the camera's time, the JPEG with what the gate read of it, and when it was received.

    `elapsed_us` is the camera's time since the session's first frame: the clock of every result.
    """

    seq: int
    capture_us: int
    elapsed_us: int
    jpeg: bytes
    header: JpegHeader
    received_s: float


@dataclass(frozen=True, slots=True)
class Stop:
    """No more frames will come."""


Event = Start | Frame | Stop


class Drop(StrEnum):
    """Why a frame that was taken is not analysed."""

    SUPERSEDED = "superseded"
    STALE = "stale"
    RATE_LIMITED = "rate_limited"


@dataclass(frozen=True, slots=True)
class Tally:
    """A session's frames so far."""

    received: int
    analysed: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one analysed frame. Durations are milliseconds, by stage."""

    seq: int
    t_us: int
    tally: Tally
    phase: Phase
    pose: Landmarks | None
    live: Mapping[str, float]
    timing_ms: Mapping[str, float]
