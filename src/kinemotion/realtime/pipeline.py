"""What a worker does with a frame: decode, find the pose, follow the jump, write the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from time import monotonic
from typing import Final

from kinemotion.jumps import Jump, JumpTracker, Update
from kinemotion.pose import jpeg
from kinemotion.pose.graph import PoseGraph
from kinemotion.realtime.messages import Answer, Frame, SessionConfig, Tally
from kinemotion.realtime.protocol import Protocol

_STAGES: Final = ("queue", "decode", "pose", "kinematics")
_MS_PER_S: Final = 1000
_US_PER_S: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Analysed:
    """What came of a frame: jumps that became known or final with it, and what goes to the client."""

    frame: Frame
    found: bool
    jumps: tuple[Jump, ...]
    notices: tuple[str, ...]
    answer: str


class Pipeline:
    """One session's frames, from bytes to answers. Used by one thread at a time.

    Args:
        config: what the session is to do.
        protocol: writes the answers.
        graph: the session's own live pose graph.
        tally: reads the session's counts.
    """

    def __init__(self, config: SessionConfig, protocol: Protocol, graph: PoseGraph, tally: Callable[[], Tally]) -> None:
        self._config = config
        self._protocol = protocol
        self._graph = graph
        self._tally = tally
        self._first_us: int | None = None
        self._jumps = 0
        self._tracker = JumpTracker(
            config.movement,
            height_m=config.athlete.height_m,
            mass_kg=config.athlete.mass_kg,
            drop_height_m=config.drop_height_m,
        )

    def analyse(self, frame: Frame) -> Analysed:
        """Works on one frame; frames come in the order of their times.

        Raises:
            BadFrame: its picture data cannot be decoded.
        """
        times = [frame.received_s, monotonic()]
        image = jpeg.decode(frame.jpeg, frame.header)
        times.append(monotonic())
        pose = self._graph.detect(image, self._elapsed_us(frame))
        times.append(monotonic())
        update = self._tracker.update(
            self._elapsed_us(frame) / _US_PER_S,
            None if pose is None else pose.landmarks,
            aspect=frame.header.width / frame.header.height,
            world=None if pose is None else pose.world,
        )
        times.append(monotonic())
        notices = self.report(update.jumps)
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
        return Analysed(frame, pose is not None, update.jumps, notices, self._protocol.answer(answer))

    def finish(self) -> tuple[Jump, ...]:
        """Completes the jumps that more frames would have completed."""
        return self._tracker.finish()

    def report(self, jumps: tuple[Jump, ...]) -> tuple[str, ...]:
        """Writes the messages that tell of jumps, where the dialect has such."""
        return tuple(text for text in map(self._protocol.jump, jumps) if text is not None)

    def _elapsed_us(self, frame: Frame) -> int:
        if self._first_us is None:
            self._first_us = frame.capture_us
        return frame.capture_us - self._first_us

    def _live(self, update: Update) -> dict[str, float]:
        self._jumps = max([self._jumps, *(jump.index for jump in update.jumps)])
        return update.live | {"jumps": self._jumps}


def _timing(times: list[float]) -> dict[str, float]:
    spent = dict(zip(_STAGES, (end - start for start, end in pairwise(times)), strict=True))
    spent["total"] = times[-1] - times[0]
    return {stage: duration * _MS_PER_S for stage, duration in spent.items()}
