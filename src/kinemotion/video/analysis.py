"""A clip to jumps: read, follow the body through its frames."""

import math
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kinemotion import __version__
from kinemotion.analysis import JumpAnalyzer
from kinemotion.errors import VideoError
from kinemotion.jumps import Jump, Movement
from kinemotion.jumps.athlete import Athlete
from kinemotion.jumps.quality import steadier
from kinemotion.pose.graph import Pose
from kinemotion.pose.models import ModelStore, PoseModel, Quality
from kinemotion.pose.stabiliser import Stabiliser, Watch
from kinemotion.settings import Settings
from kinemotion.video.facts import facts
from kinemotion.video.poses import poses
from kinemotion.video.reader import Frame, Reader
from kinemotion.video.result import Progress, Track, VideoAnalysis

_FEWEST_FRAMES: Final = 3


def analyze_video(
    path: str | Path,
    movement: Movement | str = Movement.CMJ,
    *,
    height_m: float | None = None,
    mass_kg: float | None = None,
    drop_height_m: float | None = None,
    quality: Quality | str = Quality.FAST,
    speed: float = 1.0,
    name: str | None = None,
    progress: Progress = lambda done, total: None,
) -> VideoAnalysis:
    """Finds and measures the jumps in a clip.

    Args:
        path: a video file.
        movement: the kind of jump: `cmj`, `sj`, `dj`, or `auto` to tell it from what came before take-off.
        height_m: the athlete's stature, which makes lengths surer; 1.0 to 2.5 metres.
        mass_kg: the athlete's mass, which power and force need; 20 to 250 kilograms.
        drop_height_m: height of the box of a drop jump, 0.05 to 1.5 metres.
        quality: `fast`, `balanced` or `accurate`; where its model is not installed, the best one below it.
        speed: how many times slower than life the file plays: 8 for 240 frames a second stored at 30.
        name: the athlete's, for the report and the JSON.
        progress: told after each frame; once more from the first on, if the camera was held by hand.

    Raises:
        VideoError: the file cannot be read, or holds no film.
        ModelError: the pose model is missing or not the pinned one.
        ValueError: an argument makes no sense.
    """
    if not 0 < speed < math.inf:
        raise ValueError(f"speed must be a positive number, not {speed}")
    athlete = Athlete(height_m, mass_kg, drop_height_m)
    movement = Movement(movement)
    store = ModelStore(Settings.from_environment().model_dir)
    model = store.best(Quality(quality))
    store.verify(model)
    cv2.setNumThreads(1)  # what OpenCV does here is too little to be shared
    with Reader(Path(path), speed) as reader:
        seen = _Seen(movement, athlete)
        with closing(poses(store.path(model), reader.frames())) as found:
            for done, (frame, pose) in enumerate(found, start=1):
                seen.take(frame, pose)
                progress(done, max(reader.stated_frames, done))
        progress(len(seen.track.times_s), len(seen.track.times_s))
        if len(seen.track.times_s) < _FEWEST_FRAMES:
            raise VideoError(f"{path}: {_too_few(reader)}")
        seen.finish()
        if seen.watch.moved:
            with suppress(VideoError):  # what was measured outlives a file that is gone by now
                seen.steady(_shifts(Path(path), speed, seen.track, progress))
        bodies = sum(pose is not None for pose in seen.track.poses)
        video = facts(reader, seen.size, np.array(seen.track.times_s), speed, bodies)
    return VideoAnalysis(Path(path), movement, seen.jumps, video, _software(model), athlete, seen.track, name)


class _Seen:
    """Follows the athlete, and remembers every frame."""

    def __init__(self, movement: Movement, athlete: Athlete) -> None:
        self.track = Track()
        self.size = (0, 0)
        self.watch = Watch()
        self.jumps: tuple[Jump, ...] = ()
        self._movement = movement
        self._athlete = athlete
        self._analyzer: JumpAnalyzer | None = None

    def take(self, frame: Frame, pose: Pose | None) -> None:
        if self._analyzer is None:
            height, width = frame.image.shape[:2]
            self.size = (width, height)
            self._analyzer = _analyzer(self._movement, self._athlete, width / height)
        _feed(self._analyzer, frame.time_s, pose)
        if pose is not None and self.watch.due(frame.time_s):
            self.watch.look(frame.time_s, _grey(frame), pose.landmarks)
        self.track.numbers.append(frame.number)
        self.track.times_s.append(frame.time_s)
        self.track.poses.append(pose)
        self.track.phases.append(self._analyzer.latest.phase)

    def finish(self) -> None:
        """Ends the clip."""
        assert self._analyzer is not None
        self._analyzer.finish()
        self.jumps = self._analyzer.jumps

    def steady(self, shifts: list[NDArray[np.float64] | None]) -> None:
        """Follows the athlete once more, knowing how the camera moved, and keeps what is better.

        Args:
            shifts: as `JumpAnalyzer.feed` takes them, for every frame.
        """
        width, height = self.size
        analyzer, phases = _analyzer(self._movement, self._athlete, width / height), []
        for time_s, pose, shift in zip(self.track.times_s, self.track.poses, shifts, strict=True):
            _feed(analyzer, time_s, pose, shift)
            phases.append(analyzer.latest.phase)
        analyzer.finish()
        if steadier(self.jumps, analyzer.jumps):
            self.jumps = analyzer.jumps
            self.track.phases, self.track.shifts = phases, shifts


def _feed(analyzer: JumpAnalyzer, time_s: float, pose: Pose | None, shift: NDArray[np.float64] | None = None) -> None:
    if pose is None:
        analyzer.feed(time_s, None)
    else:
        analyzer.feed(time_s, pose.landmarks, pose.world, pose.soles, shift)


def _shifts(path: Path, speed: float, track: Track, progress: Progress) -> list[NDArray[np.float64] | None]:
    """How far the camera's motion had moved each frame that shows a body, from the pictures, read once more."""
    stabiliser, count = Stabiliser(), len(track.numbers)
    poses = dict(zip(track.numbers, track.poses, strict=True))
    shifts = dict[int, NDArray[np.float64]]()
    with Reader(path, speed) as reader:
        for done, frame in enumerate(reader.frames(poses.__contains__), start=1):
            pose = poses[frame.number]
            if pose is not None:
                shifts[frame.number] = stabiliser.shift(_grey(frame), pose.landmarks)
            progress(min(done, count), count)
    return [shifts.get(number) for number in track.numbers]


def _grey(frame: Frame) -> NDArray[np.uint8]:
    return cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _analyzer(movement: Movement, athlete: Athlete, aspect: float) -> JumpAnalyzer:
    return JumpAnalyzer(
        movement,
        height_m=athlete.height_m,
        mass_kg=athlete.mass_kg,
        drop_height_m=athlete.drop_height_m,
        aspect=aspect,
    )


def _too_few(reader: Reader) -> str:
    if reader.timeless > 0:
        return "its frames have no times; record it as mp4 or mov, or export it as such from the app that made it"
    return "holds a still picture, not a film"


def _software(model: PoseModel) -> dict[str, str]:
    return {
        "name": "kinemotion",
        "version": __version__,
        "model": model.name,
        "quality": model.quality.value,
        "mediapipe": version("mediapipe"),
    }
