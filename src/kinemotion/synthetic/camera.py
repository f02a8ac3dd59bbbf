"""A pin-hole camera that looks at the athlete."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.synthetic.skeleton import Array

Size = tuple[int, int]

_FILL: Final = 0.90  # of the picture for everything the athlete does, with no stated share
_MARGIN: Final = 0.06  # of the stature around what the athlete does
_WOBBLE_HZ: Final = (0.45, 0.31, 0.23)


@dataclass(frozen=True)
class Camera:
    """Where the camera stands and how it is held.

    Args:
        distance_m: From the athlete, along the floor, 1 to 20 m.
        height_m: Of the lens over the floor.
        yaw_deg: Around the athlete, -90 to 90: 0 in front, positive towards the athlete's left, 90 the side.
        share: The standing athlete's height in picture heights; None zooms so that the whole motion fits.
        place: Where the middle of the motion is in the picture, in widths and heights.
        wobble_deg: Standard deviation of hand-held turning.
    """

    distance_m: float = 3.5
    height_m: float = 1.1
    yaw_deg: float = 0.0
    share: float | None = None
    place: tuple[float, float] = (0.5, 0.5)
    wobble_deg: float = 0.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.distance_m <= 20.0:
            raise ValueError(f"camera distance must be 1 to 20 m, not {self.distance_m}")
        if not -90.0 <= self.yaw_deg <= 90.0:
            raise ValueError(f"camera yaw must be -90 to 90 degrees, not {self.yaw_deg}")
        if self.share is not None and not 0.05 <= self.share <= 2.0:
            raise ValueError(f"share must be 0.05 to 2 picture heights, not {self.share}")


@dataclass(frozen=True)
class View:
    """A camera aimed and zoomed: projects metres to pixels.

    Attributes:
        position: The lens (3,) in metres.
        turn: Rotation (3, 3): its rows are the picture's right, down, and the direction of view.
        focal_px: Focal length in pixels.
        centre_px: The optical axis in the picture.
    """

    position: Array
    turn: Array
    focal_px: float
    centre_px: Array

    @classmethod
    def aimed(cls, camera: Camera, size: Size, reach: Array, stature_m: float) -> "View":
        """The view in which a camera has a motion.

        Args:
            camera: The camera.
            size: Picture width and height in pixels.
            reach: Points (N, 3) in metres that the motion reaches.
            stature_m: The athlete's height.
        """
        low, high = reach.min(axis=0), reach.max(axis=0)
        target = np.array([0.0, 0.0, 0.5 * (low[2] + high[2])])
        yaw = np.radians(camera.yaw_deg)
        offset = camera.distance_m * np.array([np.cos(yaw), np.sin(yaw), 0.0])
        position = offset + np.array([0.0, 0.0, camera.height_m])
        view = cls(position, _looking(target - position), 1.0, np.zeros(2))
        spots = view.project(reach)[0]
        lower, upper = spots.min(axis=0), spots.max(axis=0)
        margin = 2.0 * _MARGIN * stature_m / camera.distance_m
        if camera.share is None:
            focal = _FILL * float((np.array(size) / (upper - lower + margin)).min())
        else:
            focal = camera.share * size[1] * camera.distance_m / stature_m
        centre = np.array(camera.place) * size - 0.5 - 0.5 * focal * (lower + upper)
        return cls(position, view.turn, focal, centre)

    def turned(self, angles: Array) -> "View":
        """The same camera turned a little by yaw, pitch and roll (3,) in radians."""
        yaw, pitch, roll = angles
        small = np.array([[1.0, -roll, -yaw], [roll, 1.0, -pitch], [yaw, pitch, 1.0]])
        return View(
            self.position, np.linalg.qr(small.T)[0].T * _signs(small) @ self.turn, self.focal_px, self.centre_px
        )

    def project(self, points: Array) -> tuple[Array, Array]:
        """Pixels (..., 2) and depths (...) in metres of points (..., 3) in metres; pixel centres are whole numbers."""
        seen = (points - self.position) @ self.turn.T
        depth = seen[..., 2]
        return self.focal_px * seen[..., :2] / depth[..., None] + self.centre_px, depth

    def carry(self, other: "View") -> NDArray[np.float64]:
        """The homography (3, 3) that takes this view's pixels to those of another view from the same place."""
        here, there = self._matrix(), other._matrix()
        return np.asarray(there @ other.turn @ self.turn.T @ np.linalg.inv(here), dtype=np.float64)

    def _matrix(self) -> Array:
        return np.array([[self.focal_px, 0, self.centre_px[0]], [0, self.focal_px, self.centre_px[1]], [0, 0, 1.0]])


def _looking(direction: Array) -> Array:
    ahead = direction / np.linalg.norm(direction)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(ahead, right), ahead])


def _signs(small: Array) -> Array:
    """QR leaves the sign of each axis open; these bring it back to the small rotation's."""
    axes = np.linalg.qr(small.T)[0].T
    return np.asarray(np.sign(np.sum(axes * small, axis=1, keepdims=True)), dtype=np.float64)


def wobble(camera: Camera, time_s: float, seed: int) -> Array:
    """Yaw, pitch and roll (3,) in radians of a hand-held camera at a time."""
    phases = np.random.default_rng([seed, 77]).uniform(0.0, 2.0 * np.pi, (3, 3))
    rates = np.outer([1.0, 0.8, 0.6], _WOBBLE_HZ) * 4.0
    waves = np.sin(2.0 * np.pi * rates * time_s + phases).sum(axis=1) / np.sqrt(1.5)
    return np.asarray(np.radians(camera.wobble_deg) * waves * [1.0, 1.0, 0.4], dtype=np.float64)
