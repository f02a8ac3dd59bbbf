"""What a clip gave."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps import Jump, Movement, Phase
from kinemotion.jumps.athlete import Athlete
from kinemotion.pose.graph import Pose
from kinemotion.pose.landmarks import Landmarks
from kinemotion.video.curves import Curves, trace
from kinemotion.video.document import document
from kinemotion.video.facts import VideoFacts

Progress = Callable[[int, int], object]
"""Told the frames done, and how many there seem to be."""


@dataclass(slots=True)
class Track:
    """What was seen, frame by frame; the lists are equally long.

    Attributes:
        numbers: the frames' places in the file.
        times_s: their times in seconds of real time.
        poses: the body in each, or None.
        phases: what the athlete was doing.
        shifts: how far the camera's motion had moved the picture, as `JumpAnalyzer.feed` takes it; empty for a camera
            that stood still.
    """

    numbers: list[int] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    poses: list[Pose | None] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    shifts: list[NDArray[np.float64] | None] = field(default_factory=list)

    def landmarks(self, row: int) -> Landmarks | None:
        """(33, 4) normalised landmarks of one frame, or None."""
        pose = self.poses[row]
        return None if pose is None else pose.landmarks


@dataclass(frozen=True)
class VideoAnalysis:
    """A clip and what was found in it.

    Attributes:
        path: the clip.
        movement: the kind of jump that was looked for.
        jumps: the jumps, in order; times are seconds of real time since the first frame.
        video: the clip's own facts.
        software: version, model, mediapipe.
        athlete: what was stated of the athlete.
        track: what was seen, frame by frame.
        name: the athlete's, if it was stated.
    """

    path: Path
    movement: Movement
    jumps: tuple[Jump, ...]
    video: VideoFacts
    software: dict[str, str]
    athlete: Athlete
    track: Track
    name: str | None = None

    @cached_property
    def curves(self) -> Curves:
        """Height, velocity and joint angles over time."""
        track = self.track
        shifts = track.shifts or [None] * len(track.times_s)
        return trace(
            track.times_s, track.poses, shifts, track.phases, self.jumps, self.video.aspect, self.athlete.height_m
        )

    def to_dict(self) -> dict[str, object]:
        """What the command line prints as JSON."""
        return document(self.jumps, self.video, self.software, self.name)

    def write_report(self, path: str | Path, *, progress: Progress = lambda done, total: None) -> None:
        """Writes the report, one self-contained HTML file.

        Args:
            path: the file.
            progress: told after each frame that is looked at again.

        Raises:
            VideoError: the file cannot be written.
        """
        from kinemotion.video.outputs import write_outputs

        write_outputs(self, report=Path(path), progress=progress)

    def write_overlay(self, path: str | Path, *, progress: Progress = lambda done, total: None) -> None:
        """Writes the clip with skeleton, phase, events and figures drawn over it.

        Args:
            path: the file, `.mp4` or `.webm`, which is quicker where the `ffmpeg` program is not installed.
            progress: told after each frame.

        Raises:
            VideoError: the file cannot be written.
        """
        from kinemotion.video.outputs import write_outputs

        write_outputs(self, overlay=Path(path), progress=progress)
