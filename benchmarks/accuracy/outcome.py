"""One clip's jumps beside the truth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from benchmarks.accuracy.filming import MODEL
from numpy.typing import NDArray

from kinemotion.analysis import JumpAnalyzer
from kinemotion.jumps import Jump, JumpTracker, Movement
from kinemotion.pose.graph import Mode, Pose, PoseGraph
from kinemotion.realtime import pipeline
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.replay import AFTER_LANDING_S, Poses, Replay, Span
from kinemotion.synthetic import Clip, JumpTruth
from kinemotion.synthetic.path import GRAVITY

Seen = Sequence[NDArray[np.float64] | None]

SAME_JUMP_S: Final = 0.3
MASS_KG: Final = 70.0
"""What the athlete states."""
_US_PER_S: Final = 1_000_000
EVENTS: Final = ("takeoff", "landing")


@dataclass(frozen=True)
class Outcome:
    """What came of one drawn jump.

    Attributes:
        movement: its kind.
        reported: how many jumps were reported.
        errors: found minus true, of every metric that both sides name, and of the events in ms; none if no jump
            was near.
        sds: the standard deviations given with these metrics.
    """

    movement: str
    reported: int
    errors: Mapping[str, float]
    sds: Mapping[str, float]


def follow(times: Iterable[float], poses: Iterable[Seen | None], movement: str, aspect: float) -> tuple[Jump, ...]:
    """The final jumps of a clip, as files are analysed; a pose is what `JumpAnalyzer.feed` takes after the time."""
    analyzer = JumpAnalyzer(movement, mass_kg=MASS_KG, aspect=aspect)
    for time_s, pose in zip(times, poses, strict=True):
        analyzer.feed(float(time_s), *(pose or (None,)))
    analyzer.finish()
    return analyzer.jumps


def follow_live(frames: Iterable[Frame], poses: Iterable[Pose | None], movement: str) -> tuple[Jump, ...]:
    """The final jumps in a stream of frames, where nothing is replayed."""
    tracker = JumpTracker(Movement(movement), mass_kg=MASS_KG)
    updates = [pipeline.follow(tracker, frame, pose) for frame, pose in zip(frames, poses, strict=True)]
    jumps = [jump for update in updates for jump in update.jumps] + list(tracker.finish())
    return tuple(jump for jump in jumps if jump.final)


def replay(frames: Sequence[Frame], live: Poses, jump: Jump) -> Jump | None:
    """What a server that is not busy makes final of a jump that the live path saw.

    Args:
        frames: all of its session.
        live: the poses that the live path found.
        jump: what it saw.
    """
    found: list[Jump] = []
    tracker = partial(JumpTracker, jump.movement, mass_kg=MASS_KG, settle_s=AFTER_LANDING_S)
    span = Span.of(jump)
    replay = Replay(span, tracker, found.extend)
    with PoseGraph(MODEL, Mode.FINAL) as graph:
        desk = ReplayDesk([graph], partial(PoseGraph, MODEL, Mode.FINAL), lambda: None, _has_ended)
        kept = [frame for frame in frames if span.from_s <= frame.elapsed_us / _US_PER_S <= span.until_s]
        desk.add(replay, kept, live, complete=True)
        while (piece := desk.take()) is not None:
            piece.run()
    return found[0] if found else None


def _has_ended(end: str, seconds: float) -> None:
    """Takes note of how a replay ended, for which there is one way here."""
    if end != "done":
        raise RuntimeError(f"a replay has {end}")


def compare(jumps: Sequence[Jump], truth: JumpTruth) -> Outcome:
    """The errors of the jump that is nearest to the truth."""

    def distance(jump: Jump) -> float:
        return abs(jump.events_s["takeoff"] - truth.events_s["takeoff"])

    near = min(jumps, key=distance, default=None)
    if near is None or distance(near) > SAME_JUMP_S:
        return Outcome(truth.movement, len(jumps), {}, {})
    both = [name for name in near.metrics if name in truth.metrics]
    errors = {name: near.metrics[name] - truth.metrics[name] for name in both}
    errors |= {f"{event}_ms": 1000 * (near.events_s[event] - truth.events_s[event]) for event in EVENTS}
    sds = {name: near.uncertainty[name] for name in both if name in near.uncertainty}
    return Outcome(truth.movement, len(jumps), errors, sds)


def jump_of(clip: Clip) -> JumpTruth:
    """The jump of a clip that has one; with the mean force of a squat jump, which is the work over the way."""
    (truth,) = clip.truth
    if truth.movement != "sj" or "onset" not in truth.events_s:
        return truth
    low, high = clip.com_height_m([truth.events_s["onset"], truth.events_s["takeoff"]])
    force = MASS_KG * GRAVITY * (truth.metrics["jump_height_m"] / (high - low) + 1)
    return replace(truth, metrics={**truth.metrics, "mean_force_n": float(force)})


def aspect(clip: Clip) -> float:
    """Width over height of a clip's pictures."""
    width, height = clip.size
    return width / height
