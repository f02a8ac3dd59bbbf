"""The room: wall, floor, box, shadow, and the sensor's noise."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np

from kinemotion.synthetic.camera import Size, View
from kinemotion.synthetic.look import Look, toned
from kinemotion.synthetic.shapes import Image, flat, paint, subpixels
from kinemotion.synthetic.skeleton import HEELS, SOLES, TOES, Array, Joint

_WALL_BEHIND: Final = 2.2  # metres from the athlete
_BOARDS: Final = np.arange(-8.0, 8.1, 0.45)
_BOX: Final = (0.55, 0.60)  # metres deep and wide
_NOISE_PAD: Final = 64
_NOISE_ZERO: Final = 32
_ROUND: Final = np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False)


@dataclass(frozen=True)
class Scene:
    """Everything but the athlete.

    Attributes:
        look: Colours.
        size: Picture width and height.
        view: The camera at rest.
        box: Height of a drop jump's box and how far behind the ankles' place its front edge is (m).
        seed: Of the noise.
    """

    look: Look
    size: Size
    view: View
    box: tuple[float, float] | None
    seed: int

    @cached_property
    def room(self) -> Image:
        """The empty room (H, W, 3) as the resting camera sees it, BGR."""
        width, height = self.size
        horizon = self._floor_line()
        rows = np.arange(height, dtype=np.float64)[:, None, None]
        columns = (np.arange(width) - 0.4 * width)[:, None] / max(width, height)
        wall = np.array(self.look.wall) * (1.03 - 0.10 * np.clip(rows / height, 0.0, 1.0))
        below = np.clip((rows - horizon) / max(height - horizon, 1.0), 0.0, 1.0)
        floor = np.array(self.look.floor) * (0.86 + 0.16 * below)
        picture = np.where(rows < horizon, wall, floor) * (1.04 - 0.22 * columns**2)
        image = np.clip(picture, 0, 255).astype(np.uint8)
        self._boards(image)
        self._skirting(image)
        if self.box:
            self._draw_box(image, *self.box)
        return cv2.GaussianBlur(image, (3, 3), 0.8).astype(np.uint8)

    @cached_property
    def _away(self) -> Array:
        """Along the floor, away from the camera (3,)."""
        away = self.view.turn[2] * [1.0, 1.0, 0.0]
        return np.asarray(away / np.linalg.norm(away), dtype=np.float64)

    def _floor_line(self) -> float:
        return float(self.view.project(_WALL_BEHIND * self._away)[0][1])

    def _boards(self, image: Image) -> None:
        across = np.cross(self._away, [0.0, 0.0, 1.0])
        near, far = -1.6 * self._away, _WALL_BEHIND * self._away
        for board in _BOARDS:
            ends = self.view.project(np.stack([near + board * across, far + board * across]))[0]
            if np.abs(ends).max() < 1e5:
                start, end = subpixels(ends)
                cv2.line(image, start.tolist(), end.tolist(), toned(self.look.floor, 0.80), 1, cv2.LINE_AA, 6)

    def _skirting(self, image: Image) -> None:
        tall = self.view.focal_px * 0.08 / (self.view.project(_WALL_BEHIND * self._away)[1])
        line = self._floor_line()
        top, bottom, width = line - float(tall), line, self.size[0]
        board = np.array([[-2.0, top], [width + 2.0, top], [width + 2.0, bottom], [-2.0, bottom]])
        paint(image, [flat(board, toned(self.look.wall, 0.84))])

    def _draw_box(self, image: Image, height: float, edge: float) -> None:
        deep, wide = _BOX
        x, y = np.array([-edge, -edge - deep]), np.array([0.5, -0.5]) * wide
        corners = np.array([[[[a, b, c] for c in (0.0, height)] for b in y] for a in x])
        sides: list[tuple[Array, float]] = [(corners[:, :, 1].reshape(4, 3), 1.06)]
        if self.view.position[1] > wide / 2:
            sides.insert(0, (corners[:, 0].reshape(4, 3), 0.84))
        if self.view.position[1] < -wide / 2:
            sides.insert(0, (corners[:, 1].reshape(4, 3), 0.84))
        sides.insert(0, (corners[0].reshape(4, 3), 0.95))
        paint(image, [flat(self.view.project(side)[0], toned(self.look.box, tone)) for side, tone in sides])

    def empty(self, view: View) -> Image:
        """A fresh picture of the empty room (H, W, 3), BGR, from the resting camera or one turned a little."""
        if view is self.view:
            return self.room.copy()
        carry = self.view.carry(view)
        warped = cv2.warpPerspective(
            self.room, carry, self.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(warped, dtype=np.uint8)

    def shade(self, image: Image, joints: Array, view: View) -> None:
        """Draws the soft shadow of joints (J, 3) on the floor, or on the box under the feet."""
        low = float(joints[SOLES, 2].min())
        ground, edge = self.box or (0.0, 0.0)
        ground = ground if joints[Joint.LEFT_ANKLE, 0] < -edge and low > ground - 0.02 else 0.0
        spots = [(joints[Joint.PELVIS], 0.30, 0.24, 0.26), *((foot, 0.15, 0.085, 0.42) for foot in self._feet(joints))]
        for middle, long, wide, dark in spots:
            lift = max(low - ground, 0.0)
            spread = 1.0 + 0.5 * lift
            ring = np.stack([long * np.cos(_ROUND), wide * np.sin(_ROUND), 0.0 * _ROUND], axis=1) * spread
            outline = view.project(np.array([middle[0], middle[1], ground + 0.001]) + ring)[0]
            _darken(image, outline, dark / (1.0 + 5.0 * lift), 0.10 + 0.5 * lift)

    def _feet(self, joints: Array) -> list[Array]:
        heels, toes = joints[HEELS], joints[TOES]
        return list(0.45 * heels + 0.55 * toes)

    @cached_property
    def _noise(self) -> Image:
        """Noise around `_NOISE_ZERO`, larger than the picture so that it can be shifted."""
        rng = np.random.default_rng([self.seed, 11])
        width, height = self.size
        shape = (height + _NOISE_PAD, width + _NOISE_PAD, 3)
        noise = rng.standard_normal(shape, dtype=np.float32) * self.look.noise + _NOISE_ZERO
        return np.asarray(np.clip(np.rint(noise), 0, 255), dtype=np.uint8)

    def expose(self, image: Image, time_s: float) -> Image:
        """The picture (H, W, 3) as the sensor gives it: slightly soft, with noise."""
        soft = cv2.GaussianBlur(image, (3, 3), 0.6)
        if self.look.noise <= 0:
            return np.asarray(soft, dtype=np.uint8)
        rng = np.random.default_rng([self.seed, 12, round(abs(time_s) * 1e6)])
        down, across = (int(offset) for offset in rng.integers(0, _NOISE_PAD, 2))
        width, height = self.size
        noise = self._noise[down : down + height, across : across + width]
        return np.asarray(cv2.addWeighted(soft, 1.0, noise, 1.0, -float(_NOISE_ZERO)), dtype=np.uint8)


def _darken(image: Image, outline: Array, share: float, softness: float) -> None:
    """Darkens a convex region (N, 2) of the picture by a share, softly over a part of its width."""
    soft = max(1, round(min(softness, 0.3) * float(np.ptp(outline[:, 0]))))
    low = np.floor(outline.min(axis=0)).astype(int) - 2 * soft
    high = np.ceil(outline.max(axis=0)).astype(int) + 2 * soft
    left, top = np.maximum(low, 0)
    right, bottom = np.minimum(high, [image.shape[1], image.shape[0]])
    if right - left < 2 or bottom - top < 2:
        return
    mask = np.zeros((bottom - top, right - left), dtype=np.uint8)
    cv2.fillConvexPoly(mask, subpixels(outline - [left, top]), 255, cv2.LINE_AA, 6)
    kernel = (2 * soft + 1, max(3, (2 * soft + 1) // 3 | 1))
    mask = cv2.blur(cv2.blur(mask, kernel), kernel).astype(np.uint8)
    region = image[top:bottom, left:right]
    kept = cv2.cvtColor(cv2.convertScaleAbs(mask, alpha=-share, beta=255.0), cv2.COLOR_GRAY2BGR)
    cv2.multiply(region, kept, dst=region, scale=1.0 / 255.0)
