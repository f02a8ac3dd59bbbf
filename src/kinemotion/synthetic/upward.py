"""What all jumps share: from the lowest point, through the air, to standing again."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.check import feasible
from kinemotion.synthetic.path import GRAVITY, Knot, Path
from kinemotion.synthetic.performance import Performance
from kinemotion.synthetic.posture import Arms, Stances, Touch
from kinemotion.synthetic.timing import absorption, flight_duration
from kinemotion.synthetic.truth import JumpTruth, Movement, flight_metrics

_TAKEOFF_HEEL: Final = np.radians(58.0)
_TAKEOFF_KNEE: Final = np.radians(15.0)
_SINKING_M: Final = 5e-4
ARMS_UP: Final = (np.radians(150.0), np.radians(12.0))
ARMS_BACK: Final = (np.radians(-48.0), np.radians(12.0))
ARMS_AHEAD: Final = (np.radians(75.0), np.radians(25.0))


@dataclass(frozen=True)
class Upward:
    """Take-off, flight and landing of a jump.

    Attributes:
        stances: The standing body.
        takeoff: Its posture at take-off.
        landing: Its posture at landing.
        speed: Upward velocity at take-off (m/s).
    """

    stances: Stances
    takeoff: Touch
    landing: Touch
    speed: float

    @classmethod
    def of(cls, body: Body, arms: Arms, height_m: float, landing_flexion_deg: float) -> "Upward":
        """What a jump of `height_m` asks of a body. Raises ValueError outside 0.10 to 0.70 m."""
        within("jump height", height_m, 0.10, 0.70, "m")
        within("landing flexion", landing_flexion_deg, 0.0, 70.0, "degrees")
        stances = Stances(body, arms)
        up, down = (ARMS_UP, ARMS_AHEAD) if arms == "swing" else (stances.rest, stances.rest)
        takeoff = stances.touch(_TAKEOFF_HEEL, _TAKEOFF_KNEE, up)
        flexion = np.radians(landing_flexion_deg)
        heel = max(_TAKEOFF_HEEL - 0.5 * flexion, 0.3)
        landing = stances.touch(heel, _TAKEOFF_KNEE + flexion, down)
        return cls(stances, takeoff, landing, float(np.sqrt(2.0 * GRAVITY * height_m)))

    def landing_s(self, takeoff_s: float) -> float:
        """When the feet meet the floor again."""
        return takeoff_s + flight_duration(self.speed, self.takeoff.com_m - self.landing.com_m)

    def knots(self, takeoff_s: float, landing_depth_m: float | None) -> list[Knot]:
        """The centre of mass over standing from take-off on. Raises ValueError for an odd landing depth."""
        within("landing depth", landing_depth_m, 0.02, 1.0, "m")
        landing_s = self.landing_s(takeoff_s)
        fall = self.speed - GRAVITY * (landing_s - takeoff_s)
        airborne = Knot(takeoff_s, self.takeoff.com_m, self.speed, -GRAVITY)
        return [airborne, *absorption(landing_s, self.landing.com_m, -fall, landing_depth_m)]

    def swing(self, *keys: tuple[float, tuple[float, float]]) -> tuple[Path, Path] | None:
        """Arm paths through times and (shoulder, elbow) angles; none for hands on the hips."""
        if np.isnan(self.stances.rest[0]):
            return None
        shoulder = Path([Knot(time, pose[0]) for time, pose in keys])
        return shoulder, Path([Knot(time, pose[1]) for time, pose in keys])


def within(what: str, value: float | None, least: float, most: float, unit: str) -> None:
    """Raises ValueError unless `least` ≤ `value` ≤ `most`; None is left to a default."""
    if value is not None and not least <= value <= most:
        raise ValueError(f"{what} must be {least} to {most} {unit}, not {value}")


def measured(
    performance: Performance, movement: Movement, events: dict[str, float], metrics: dict[str, float]
) -> Performance:
    """The performance with its truth: `metrics`, and what take-off and landing define.

    Raises:
        ValueError: If the body can't do it.
    """
    height, takeoff, landing = performance.height, events["takeoff"], events["landing"]
    path = height(np.linspace(min(events.values()), takeoff, 500))
    if path.min() < float(height(events["lowest"])) - _SINKING_M:
        raise ValueError("the push-off is too slow for its distance: the body would sink again before take-off")
    events = events | {"apex": takeoff + float(height(takeoff, 1)) / GRAVITY}
    in_order = dict(sorted(events.items(), key=lambda event: event[1]))
    truth = JumpTruth(movement, in_order, flight_metrics(height, takeoff, landing) | metrics)
    return feasible(replace(performance, truth=truth))
