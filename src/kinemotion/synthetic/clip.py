"""A film of the drawn athlete."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike

from kinemotion.synthetic.body import Body, Sex
from kinemotion.synthetic.camera import Camera, Size, View, wobble
from kinemotion.synthetic.figure import Figure
from kinemotion.synthetic.look import Look
from kinemotion.synthetic.marks import landmarks
from kinemotion.synthetic.performance import Performance
from kinemotion.synthetic.posture import Arms
from kinemotion.synthetic.scene import Scene
from kinemotion.synthetic.shapes import Image
from kinemotion.synthetic.skeleton import JOINTS, Array
from kinemotion.synthetic.truth import JumpTruth

_HEAD_AND_HANDS: Final = 0.02  # statures by which the drawing reaches beyond the joints


class Motion(Protocol):
    """Something the athlete can do, beginning and ending with quiet standing."""

    @property
    def arms(self) -> Arms:
        """How the arms are held."""

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done."""


class Clip:
    """One athlete doing one motion after another, filmed.

    Args:
        motions: What the athlete does. All hold their arms alike, and a drop jump can only come first.
        fps: Frames a second.
        size: Picture width and height in pixels.
        camera: Where the camera is.
        look: Colours; None takes one by `seed`.
        body_height_m: Stature.
        sex: The column of de Leva's table of body segments.
        seed: Of the look, the noise, the wobble and the jitter; a clip depends on nothing else.
        lead_s: Standing before the first motion.
        pause_s: Standing between motions.
        tail_s: Standing after the last one.
        jitter_s: Standard deviation of the frame times around their regular ones.
        phase: Time of the first frame, in frame intervals, 0 to 1.
        frame_times: Increasing frame times in s, instead of regular ones.

    Raises:
        ValueError: If the body can't do a motion, or an argument lies outside its range.
    """

    def __init__(
        self,
        motions: Sequence[Motion],
        *,
        fps: float = 30.0,
        size: Size = (640, 480),
        camera: Camera | None = None,
        look: Look | None = None,
        body_height_m: float = 1.75,
        sex: Sex = "male",
        seed: int = 0,
        lead_s: float = 1.0,
        pause_s: float = 1.5,
        tail_s: float = 1.0,
        jitter_s: float = 0.0,
        phase: float = 0.0,
        frame_times: ArrayLike | None = None,
    ) -> None:
        _check(motions, fps, size)
        if min(lead_s, pause_s, tail_s) < 0 or jitter_s < 0 or not 0 <= phase <= 1:
            raise ValueError("lead, pause, tail and jitter can't be negative, and the phase is 0 to 1")
        self.size = size
        self.fps = fps
        self.camera = camera or Camera()
        self.look = look or Look.from_seed(seed)
        self.body = Body(body_height_m, sex)
        self.seed = seed
        self.motions = tuple(motions)
        self._performances = [motion.perform(self.body) for motion in motions]
        durations = [performance.duration_s + pause_s for performance in self._performances]
        self._starts = lead_s + np.concatenate([[0.0], np.cumsum(durations)[:-1]])
        self._duration = float(lead_s + sum(durations) - pause_s + tail_s)
        self._times = self._frame_times(fps, phase, jitter_s) if frame_times is None else _increasing(frame_times)

    def _frame_times(self, fps: float, phase: float, jitter_s: float) -> Array:
        regular = (phase + np.arange(int(np.floor(self._duration * fps - phase)) + 1)) / fps
        if jitter_s <= 0:
            return np.asarray(regular, dtype=np.float64)
        shift = np.random.default_rng([self.seed, 21]).normal(0.0, jitter_s, len(regular))
        return np.asarray(regular + np.clip(shift, -0.45 / fps, 0.45 / fps), dtype=np.float64)

    @cached_property
    def truth(self) -> tuple[JumpTruth, ...]:
        """The jumps, in order, on the clip's clock."""
        pairs = zip(self._performances, self._starts, strict=True)
        return tuple(one.truth.shifted(float(start)) for one, start in pairs if one.truth)

    @property
    def duration_s(self) -> float:
        """The clip's length in s."""
        return self._duration

    @property
    def times_s(self) -> Array:
        """The frames' times (N,) in s."""
        return self._times.copy()

    def _current(self, times: Array) -> Array:
        """Which performance is on, (N,)."""
        return np.clip(np.searchsorted(self._starts, times, side="right") - 1, 0, len(self._starts) - 1)

    def com_height_m(self, times: ArrayLike) -> Array:
        """The centre of mass over standing (N,) in m at `times` (N,) in s."""
        asked = np.asarray(times, dtype=np.float64)
        current = self._current(asked)
        height = np.zeros_like(asked)
        for number, performance in enumerate(self._performances):
            height = np.where(current == number, performance.height(asked - self._starts[number]), height)
        return height

    def joints(self, times: ArrayLike) -> Array:
        """Joints (N, J, 3) in m at `times` (N,) in s; rows as in `kinemotion.synthetic.skeleton.Joint`."""
        asked = np.asarray(times, dtype=np.float64)
        current = self._current(asked)
        found = np.empty((len(asked), JOINTS, 3))
        for number, performance in enumerate(self._performances):
            mine = current == number
            if mine.any():
                found[mine] = performance.joints(asked[mine] - self._starts[number])
        return found

    @cached_property
    def _known(self) -> dict[float, Array]:
        return dict(zip(self._times.tolist(), self.joints(self._times), strict=True))

    def _joints_at(self, time_s: float) -> Array:
        known = self._known.get(time_s)
        return self.joints([time_s])[0] if known is None else known

    @cached_property
    def _view(self) -> View:
        times = np.arange(0.0, self._duration, 1.0 / 60.0)
        reach = self.joints(times).reshape(-1, 3)
        edge = np.array([[0.0, 0.0, _HEAD_AND_HANDS * self.body.height_m]])
        return View.aimed(self.camera, self.size, np.concatenate([reach, reach + edge]), self.body.height_m)

    def view_at(self, time_s: float) -> View:
        """What the camera has in view at a time in s."""
        if self.camera.wobble_deg <= 0:
            return self._view
        return self._view.turned(wobble(self.camera, time_s, self.seed))

    @cached_property
    def _scene(self) -> Scene:
        return Scene(self.look, self.size, self._view, self._performances[0].box, self.seed)

    @cached_property
    def _figure(self) -> Figure:
        return Figure(self.body, self.look)

    def image(self, time_s: float) -> Image:
        """The picture (H, W, 3) at a time in s: uint8, blue-green-red as OpenCV has it."""
        joints, view = self._joints_at(time_s), self.view_at(time_s)
        picture = self._scene.empty(view)
        self._scene.shade(picture, joints, view)
        self._figure.draw(picture, joints, view)
        return self._scene.expose(picture, time_s)

    def frames(self) -> Iterator[tuple[float, Image]]:
        """Time in s and picture (H, W, 3), BGR, of every frame."""
        for time in self._times.tolist():
            yield time, self.image(time)

    def jpegs(self, quality: int = 85) -> Iterator[tuple[float, bytes]]:
        """Time in s and baseline JPEG of every frame."""
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, 0]
        for time, image in self.frames():
            yield time, cv2.imencode(".jpg", image, options)[1].tobytes()

    def landmarks(self) -> Array:
        """The true landmarks (N, 33, 4) of every frame, as `kinemotion.pose.landmarks` lays them out."""
        return np.array([self.landmarks_at(time) for time in self._times.tolist()])

    def landmarks_at(self, time_s: float) -> Array:
        """The true landmarks (33, 4) at a time in s."""
        return landmarks(self._joints_at(time_s), self.body, self.view_at(time_s), self.size)


def _check(motions: Sequence[Motion], fps: float, size: Size) -> None:
    if not motions:
        raise ValueError("a clip needs at least one motion")
    if not 1.0 <= fps <= 1000.0:
        raise ValueError(f"fps must be 1 to 1000, not {fps}")
    if not all(32 <= side <= 8192 for side in size):
        raise ValueError(f"width and height must be 32 to 8192 pixels, not {size}")
    if len({motion.arms for motion in motions}) > 1:
        raise ValueError("all motions of a clip must hold their arms alike")
    if any(getattr(motion, "drop_height_m", 0.0) for motion in motions[1:]):
        raise ValueError("a drop jump can only be a clip's first motion: the athlete starts on the box")


def _increasing(times: ArrayLike) -> Array:
    found = np.asarray(times, dtype=np.float64)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all() or (np.diff(found) <= 0).any():
        raise ValueError("frame_times must be increasing")
    return found
