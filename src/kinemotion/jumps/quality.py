"""How far a jump's numbers can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from kinemotion.jumps.flight import Flight
from kinemotion.jumps.jump import Grade, Jump, Movement, Quality
from kinemotion.jumps.pushoff import PushOff
from kinemotion.jumps.signal import Array, Samples

_FEW_FRAMES: Final = 6
_FLEXED_M: Final = 0.012  # by which bent legs make the height from flight time too high: two standard deviations
_FEWEST: Final = 2  # frames that tell of something; one may be an error of the pose model
_AROUND_S: Final = 0.5  # before and after a jump
_LANDED_S: Final = 0.1  # after landing
_DIP: Final = 0.03  # statures by which a squat jump may sink before it rises
_DIP_S: Final = 0.4  # before the rise, in which it would

_MOVED: Final = "camera_moved"
_BEST: Final[dict[str, Grade]] = {
    "few_frames_in_flight": "C",
    "feet_out_of_picture": "C",
    _MOVED: "C",
    "second_person": "C",
    "scale_disagrees": "C",
}
"""The best grade that a warning allows; any other allows B.

These touch what the height is made of: the contacts of the feet, the curve of the flight, the clock, whose jump it was.
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a jump beside its numbers.

    Attributes:
        samples: motion around it.
        flight: its flight.
        push: what came before, as the movement that was asked for.
        seen: the kind of jump that it looked like.
        asked: the kind that was asked for, or `AUTO`.
        excess_m: by how much the height from flight time is too high.
        camera_moved: whether the camera moved.
        scales_agree: whether gravity and the stated stature agree on the scale.
        box_contradicted: whether the fall that was seen is not one from the box that was stated.
        strange_s: times of frames that showed somebody else.
    """

    samples: Samples
    flight: Flight
    push: PushOff
    seen: Movement
    asked: Movement
    excess_m: float
    camera_moved: bool
    scales_agree: bool
    box_contradicted: bool
    strange_s: Sequence[float]

    @property
    def start_s(self) -> float:
        """Where the jump begins, as far as it was seen."""
        known = (self.push.onset_s, self.push.contact_s, self.push.lowest_s, self.flight.takeoff_s)
        return min(time_s for time_s in known if time_s is not None)


def judge(evidence: Evidence, height_sd_m: float) -> Quality:
    """Grade a jump by the uncertainty of its height, and say what speaks against it."""
    samples, flight = evidence.samples, evidence.flight
    whole = samples.between(evidence.start_s, flight.landing_s)
    gaps = np.diff(samples.between(flight.takeoff_s - 0.5, flight.landing_s + 0.1).time)
    fps = float(1 / np.median(gaps)) if len(gaps) else 0.0
    warnings = _warnings(evidence, whole, gaps)
    return Quality(_grade(height_sd_m, warnings), fps, len(whole), flight.frames, warnings)


def without(jump: Jump, warning: str) -> Jump:
    """A jump without a warning that does not hold after all, graded as if it had never been."""
    warnings = tuple(name for name in jump.quality.warnings if name != warning)
    grade = _grade(jump.uncertainty["jump_height_m"], warnings)
    return replace(jump, quality=replace(jump.quality, grade=grade, warnings=warnings))


def steadier(jumps: Sequence[Jump], steadied: Sequence[Jump]) -> bool:
    """Whether jumps whose camera's shift was told are to be preferred to the same ones without it.

    Something large that moves behind the athlete may pass for a moving camera. So no fewer jumps may have been found,
    and no fewer that look as if the camera had stood still.
    """
    before, after = ([jump for jump in found if _MOVED not in jump.quality.warnings] for found in (jumps, steadied))
    return len(steadied) >= len(jumps) and len(after) >= len(before)


def _grade(height_sd_m: float, warnings: tuple[str, ...]) -> Grade:
    by_height: Grade = "A" if height_sd_m < 0.015 else "B" if height_sd_m < 0.04 else "C" if height_sd_m < 0.08 else "D"
    return max([by_height, *(_BEST.get(name, "B") for name in warnings)])


def _warnings(evidence: Evidence, whole: Samples, gaps: Array) -> tuple[str, ...]:
    flight = evidence.flight
    unlike = _unlike(evidence)
    found = {
        "few_frames_in_flight": flight.frames < _FEW_FRAMES,
        "irregular_frames": len(gaps) > 0 and bool(gaps.max() > 3 * np.median(gaps)),
        "landing_flexed": evidence.excess_m > _FLEXED_M,
        "feet_out_of_picture": flight.outside or _beside(evidence) >= _FEWEST,
        "head_out_of_picture": int((whole.head > 0).sum()) >= _FEWEST,
        _MOVED: evidence.camera_moved,
        "second_person": _strangers(evidence) >= _FEWEST,
        "scale_disagrees": not evidence.scales_agree,
        "drop_height_disagrees": evidence.box_contradicted,
        "movement_unlike": unlike,
        "onset_not_seen": not unlike and evidence.push.movement is not Movement.DJ and evidence.push.onset_s is None,
    }
    return tuple(name for name, present in found.items() if present)


def _beside(evidence: Evidence) -> int:
    """Frames that show a foot beyond the picture's left or right edge, where the pose model only guesses."""
    around = evidence.samples.between(evidence.start_s, evidence.flight.landing_s + _LANDED_S)
    return int((around.beside > 0).sum())


def _strangers(evidence: Evidence) -> int:
    start_s, end_s = evidence.start_s - _AROUND_S, evidence.flight.landing_s + _AROUND_S
    return sum(start_s <= time_s <= end_s for time_s in evidence.strange_s)


def _unlike(evidence: Evidence) -> bool:
    """Whether another kind of jump was asked for: no drop, no held squat, or one that sank again before it rose."""
    if evidence.asked is Movement.AUTO:
        return False
    return evidence.seen is not evidence.asked or (evidence.asked is Movement.SJ and _dipped(evidence))


def _dipped(evidence: Evidence) -> bool:
    """Whether the body sank out of a held squat before it rose."""
    push = evidence.push
    if push.onset_s is None or push.hold_s <= _DIP_S:
        return False
    held = evidence.samples.between(push.onset_s - push.hold_s, push.onset_s - _DIP_S).com
    after = evidence.samples.between(push.onset_s - _DIP_S, evidence.flight.takeoff_s).com
    if not len(held) or not len(after):
        return False
    return float(np.median(held) - after.min()) > _DIP * evidence.flight.stature
