"""The drawn athlete following jumps that force plates measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import orjson
from benchmarks.accuracy.drawn import HEIGHT
from benchmarks.accuracy.filming import filmed, seen
from benchmarks.accuracy.findings import (
    EVENT_NAMES,
    Requirement,
    Section,
    Table,
    all_found,
    label,
    limit_of,
    shown,
    yes,
)
from benchmarks.accuracy.outcome import Outcome, aspect, compare, follow

from kinemotion.pose.graph import Mode
from kinemotion.synthetic import Camera, Clip, FollowedMotion, plate_motion
from kinemotion.synthetic.posture import Arms
from kinemotion.synthetic.truth import JumpTruth, Movement

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "forceplate"
TITLE: Final = "Measured jumps, drawn"
CONTACT: Final = "ground_contact_time_ms"
HEIGHT_CM: Final = 1.5
CONTACT_MS: Final = 15.0
SIZES: Final = ((640, 480), (480, 854))
# Whose body can follow: movement, arms, stature in m. Nobody measured them; those who leave the plate 13 cm over
# standing had their arms up.
ATHLETES: Final[dict[str, tuple[Movement, Arms, float]]] = {
    "cmj": ("cmj", "hips", 1.75),
    "cmj_bmc1": ("cmj", "swing", 1.80),
    "cmj_bmc2": ("cmj", "swing", 1.85),
    "sj": ("sj", "hips", 1.75),
    "dj": ("dj", "hips", 1.85),
}
VIEWS: Final = ((25.0, 45.0), (30.0, -30.0), (60.0, 20.0))
"""Frames a second and the camera's yaw in degrees."""


@dataclass(frozen=True)
class Followed:
    """What came of one record in one view.

    Attributes:
        name: the record.
        fps: frames a second.
        yaw_deg: where the camera stood.
        truth: the plate's figures.
        outcome: the errors.
    """

    name: str
    fps: float
    yaw_deg: float
    truth: JumpTruth
    outcome: Outcome


def motion(name: str) -> FollowedMotion:
    """The jump of a record; its truth is what the plate's owner found."""
    movement, arms, _ = ATHLETES[name]
    time_s, force_n = np.loadtxt(FOLDER / f"{name}.csv", delimiter=",", skiprows=1).T
    followed = plate_motion(time_s, force_n, movement, arms)
    plate = orjson.loads((FOLDER / "truth.json").read_bytes())[f"{name}.csv"]
    figures = {HEIGHT: plate["jump_height_takeoff_velocity_m"]}
    if movement == "dj":
        figures[CONTACT] = 1000 * plate["ground_contact_time_s"]
    assert followed.truth is not None
    return replace(followed, truth=replace(followed.truth, metrics={**followed.truth.metrics, **figures}))


def follow_record(name: str, view: int) -> Followed:
    """One record, drawn in one view, through JPEG and MediaPipe."""
    cv2.setNumThreads(1)
    fps, yaw_deg = VIEWS[view]
    clip = Clip(
        [motion(name)],
        fps=fps,
        size=SIZES[view % len(SIZES)],
        camera=Camera(yaw_deg=yaw_deg, distance_m=3.0 + 0.5 * view),
        body_height_m=ATHLETES[name][2],
        seed=100 + view,
        phase=0.2 * view,
        lead_s=0.7,
        tail_s=0.5,
    )
    (truth,) = clip.truth
    jumps = follow(clip.times_s, seen(filmed(clip), Mode.FINAL), truth.movement, aspect(clip))
    return Followed(name, fps, yaw_deg, truth, compare(jumps, truth))


def section(clips: Sequence[Followed]) -> Section:
    """How near the plates' figures what is seen comes."""
    drops = [clip for clip in clips if CONTACT in clip.truth.metrics]
    requirements = [
        all_found([clip.outcome for clip in clips]),
        _within(clips, HEIGHT, HEIGHT_CM),
        _within(drops, CONTACT, CONTACT_MS),
    ]
    head = ("record", "frames/s", "view", "plate: height, cm", "error", "plate: contact, ms", "error")
    about = (
        "The drawn athlete moves as the force on a plate tells: the centre of mass follows it, and the feet leave and "
        "meet the floor when they left and met the plate. Measured through JPEG and MediaPipe; the plate's height is "
        "that of its take-off velocity."
    )
    events = ("take-off: error, ms", "landing: error, ms", "holds")
    lines = [_line(clip) for clip in clips]
    return Section(TITLE, about, requirements, [Table((*head, *events), lines)])


def _within(clips: Sequence[Followed], name: str, limit: float) -> Requirement:
    """Whether a metric is near enough in every clip; the limit is as shown: cm, ms."""
    near = [_near(clip, name, limit) for clip in clips]
    sizes = [abs(clip.outcome.errors[name]) for clip in clips if name in clip.outcome.errors]
    worst = shown(name, max(sizes), 1) if sizes else "none"
    reached = f"{sum(near)} of {len(clips)} clips, worst {worst}"
    return Requirement(f"{label(name)}: error in every clip", f"at most {limit:.1f}", reached, all(near))


def _near(clip: Followed, name: str, limit: float) -> bool:
    return abs(clip.outcome.errors.get(name, np.inf)) <= limit_of(name, limit)


def _line(clip: Followed) -> tuple[str, ...]:
    errors = {name: f"{float(shown(name, error)):+g}" for name, error in clip.outcome.errors.items()}
    plate = {name: shown(name, clip.truth.metrics[name]) for name in (HEIGHT, CONTACT) if name in clip.truth.metrics}
    holds = _near(clip, HEIGHT, HEIGHT_CM) and (CONTACT not in plate or _near(clip, CONTACT, CONTACT_MS))
    return (
        clip.name,
        f"{clip.fps:g}",
        f"{clip.yaw_deg:g}°",
        plate[HEIGHT],
        errors.get(HEIGHT, "not found"),
        plate.get(CONTACT, ""),
        errors.get(CONTACT, ""),
        *(errors.get(event, "") for event in EVENT_NAMES),
        yes(holds),
    )
