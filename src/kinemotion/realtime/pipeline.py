"""What a worker does with a frame: decode, find the pose, follow the jump, write the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps import Jump, JumpTracker, Update
from kinemotion.pose import jpeg
from kinemotion.pose.graph import Pose, PoseGraph
from kinemotion.realtime.messages import Answer, Frame, SessionConfig, Tally
from kinemotion.realtime.protocol import Protocol

_STAGES: Final = ("queue", "decode", "pose", "kinematics")
_LONGEST_GAP_S: Final = 0.8  # over which a flight could only be guessed at
_MS_PER_S: Final = 1000
_US_PER_S: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Analysed:
    """What came of a frame: the answer for the client, and the jumps that became known or final with it.

    `unclear` is a stretch, in seconds, that held too few frames to tell whether there was a jump. `times_s` is when the
    frame was received, began to be worked on, was decoded, had its pose, was followed, and was answered in writing.
    """

    frame: Frame
    pose: Pose | None
    answer: str
    jumps: tuple[Jump, ...]
    unclear: tuple[float, float] | None
    times_s: tuple[float, ...]


class Pipeline:
    """One session's frames, from bytes to answers. Used by one thread at a time.

    Args:
        config: what the session is to do.
        protocol: writes the answers.
        graph: the session's own live pose graph.
        tally: reads the session's counts.
        jumps: reads how many jumps the client was told.
    """

    def __init__(
        self,
        config: SessionConfig,
        protocol: Protocol,
        graph: PoseGraph,
        tally: Callable[[], Tally],
        jumps: Callable[[], int],
    ) -> None:
        self._config = config
        self._protocol = protocol
        self._graph = graph
        self._tally = tally
        self._jumps = jumps
        self._tracker = new_tracker(config, longest_gap_s=_LONGEST_GAP_S)

    def analyse(self, frame: Frame) -> Analysed:
        """Works on one frame; frames come in the order of their times.

        Raises:
            BadFrame: its picture data cannot be decoded.
        """
        times = [frame.received_s, monotonic()]
        image = jpeg.decode(frame.jpeg, frame.header)
        times.append(monotonic())
        pose = self._graph.detect(image)
        times.append(monotonic())
        update = follow(self._tracker, frame, pose)
        times.append(monotonic())
        landmarks = pose.landmarks if pose is not None and self._config.send_pose else None
        answer = Answer(
            seq=frame.seq,
            t_us=frame.capture_us,
            tally=self._tally(),
            phase=update.phase,
            pose=landmarks,
            live=self._live(update),
            timing_ms=_timing(times),
        )
        text = self._protocol.answer(answer)
        times.append(monotonic())
        return Analysed(frame, pose, text, update.jumps, update.unclear, tuple(times))

    @property
    def unclear(self) -> tuple[float, float] | None:
        """A stretch, in seconds, that the last frame, or `finish`, found to hold too few to tell of a jump in it."""
        return self._tracker.unclear

    def finish(self) -> tuple[Jump, ...]:
        """Completes the jumps that more frames would have completed; where even then it is unclear, `unclear` says."""
        return self._tracker.finish()

    def _live(self, update: Update) -> dict[str, float]:
        return update.live | {"jumps": self._jumps() + sum(not jump.final for jump in update.jumps)}


def new_tracker(config: SessionConfig, **options: float) -> JumpTracker:
    """A tracker for what a session is to do; the options are the tracker's own."""
    return JumpTracker(
        config.movement,
        height_m=config.athlete.height_m,
        mass_kg=config.athlete.mass_kg,
        drop_height_m=config.drop_height_m,
        **options,
    )


def follow(tracker: JumpTracker, frame: Frame, pose: Pose | None, shift: NDArray[np.float64] | None = None) -> Update:
    """Feeds a tracker with what was found in a frame, and how far the camera's motion moved it, if that is known."""
    return tracker.update(
        frame.elapsed_us / _US_PER_S,
        None if pose is None else pose.landmarks,
        aspect=frame.header.width / frame.header.height,
        world=None if pose is None else pose.world,
        soles=None if pose is None else pose.soles,
        shift=shift,
    )


def _timing(times: list[float]) -> dict[str, float]:
    spent = dict(zip(_STAGES, (end - start for start, end in pairwise(times)), strict=True))
    spent["total"] = times[-1] - times[0]
    return {stage: duration * _MS_PER_S for stage, duration in spent.items()}
