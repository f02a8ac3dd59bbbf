"""The head: hair, face and neck. All measures are metres at a stature of 1.75 m."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.camera import View
from kinemotion.synthetic.look import Colour, Look, mixed, toned
from kinemotion.synthetic.shapes import Fill, ball, chain_fills, flat, rounded
from kinemotion.synthetic.skeleton import Array, Joint

_STATURE: Final = 1.75
_SKULL: Final = np.array([0.094, 0.076, 0.112])  # half axes forward, sideways, up
_HAIR_AT: Final = np.array([-0.008, 0.0, 0.012])
_FACE: Final = np.array([0.084, 0.0705, 0.090])
_FACE_AT: Final = np.array([0.015, 0.0, -0.022])
_CENTRE: Final = np.array([0.018, 0.0, -0.116])  # from the vertex
_JAW: Final = (np.array([0.028, 0.0, -0.066]), np.array([0.064, 0.052, 0.050]))
_EAR: Final = (np.array([-0.010, 0.073, -0.012]), np.array([0.017, 0.008, 0.030]))

_EYE_Y, _EYE_Z = 0.031, 0.004
NOSE_TIP: Final = np.array([0.117, 0.0, -0.040])
MOUTH_CORNER: Final = (0.024, -0.070)
_CIRCLE: Final = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
_RING: Final = np.stack([np.cos(_CIRCLE), np.sin(_CIRCLE)], axis=1)
_EYE_WHITE: Final = (236, 234, 232)
_IRIS: Final = (40, 46, 58)
_LASH: Final = (36, 38, 46)

# Outlines on the face: to the left and up; the brow's is the left one, lips and lashes are from their own middle.
_BROW: Final = np.array([[13, 21], [30, 29], [49, 23], [48, 19], [30, 23], [14, 16]]) / 1000.0
_LASHES: Final = np.array([[-16.0, 3.5], [0.0, 9.8], [16.0, 3.5], [0.0, 6.8]]) / 1000.0
_UPPER_LIP: Final = np.array([[-24, 0], [-8, 7], [8, 7], [24, 0], [0, -2]]) / 1000.0
_LOWER_LIP: Final = np.array([[-24, 0], [0, -2], [24, 0], [11, -10], [-11, -10]]) / 1000.0
_LIP_LINE: Final = np.array([[-24.0, 1.2], [24.0, 1.2], [24.0, -1.6], [-24.0, -1.6]]) / 1000.0
# Forward, left and up of the bridge (twice) and the tip (twice); of the wings and the tip.
_RIDGE: Final = np.array([[4, 4, 0], [4, -4, 0], [0, 7, 4], [0, -7, 4]]) / 1000.0
_NOSTRILS: Final = np.array([[6, -6, -1], [6, 6, -1], [-8, 0, -8]]) / 1000.0


def on_face(side: Array, height: Array) -> Array:
    """Points (..., 3) of the face's surface at `side` to the left and `height` over the head's centre (...)."""
    inside = 1.0 - (side / _FACE[1]) ** 2 - ((height - _FACE_AT[2]) / _FACE[2]) ** 2
    ahead = _FACE_AT[0] + _FACE[0] * np.sqrt(np.maximum(inside, 0.0))
    return np.stack([ahead, side, height], axis=-1)


def head_marks(sign: float) -> dict[str, Array]:
    """The left (1) or right (-1) eye corners, ear and mouth corner (3,) from the head's centre."""

    def at(side: float, height: float) -> Array:
        return on_face(np.array(sign * side), np.array(height))

    return {
        "eye_inner": at(_EYE_Y - 0.013, _EYE_Z),
        "eye": at(_EYE_Y, _EYE_Z),
        "eye_outer": at(_EYE_Y + 0.013, _EYE_Z),
        "ear": _EAR[0] * [1.0, sign, 1.0],
        "mouth": at(*MOUTH_CORNER),
    }


def head_frame(joints: Array, body: Body) -> tuple[Array, Array]:
    """The head's centre (3,), and the matrix (3, 3) that takes its measures to metres, for joints (J, 3)."""
    up = joints[Joint.VERTEX] - joints[Joint.CERVICALE]
    up = up / np.linalg.norm(up)
    axes = np.stack([np.array([up[2], 0.0, -up[0]]), np.array([0.0, 1.0, 0.0]), up]) * (body.height_m / _STATURE)
    return joints[Joint.VERTEX] + _CENTRE @ axes, axes


@dataclass(frozen=True)
class _Seen:
    """A head in a view."""

    centre: Array
    axes: Array
    view: View

    def pixels(self, points: Array) -> Array:
        """Pixels (..., 2) of points (..., 3) in the head's measures."""
        return self.view.project(self.centre + points @ self.axes)[0]

    def ball(self, middle: Array, half_axes: Array, colour: Colour) -> list[Fill]:
        """An ellipsoid with half axes along the head's."""
        ends = self.pixels(middle + np.diag(half_axes))
        at = self.pixels(middle)
        return ball(at, ends - at, colour)

    def faces(self, point: Array, middle: Array) -> bool:
        """Whether the surface at `point`, bulging from `middle`, turns towards the camera."""
        outward = ((point - middle) / _FACE**2) @ self.axes
        return bool(outward @ (self.view.position - self.centre) > 0)

    def patch(self, outline: Array, colour: Colour) -> list[Fill]:
        """A piece of the face's surface, outlined by (N, 2) side and height, if it is seen."""
        points = on_face(outline[:, 0], outline[:, 1])
        if not self.faces(points.mean(axis=0), _FACE_AT):
            return []
        return [flat(self.pixels(points), colour)]


@dataclass(frozen=True)
class Head:
    """Draws heads."""

    body: Body
    look: Look

    def fills(self, joints: Array, view: View) -> list[Fill]:
        """The head and neck of joints (J, 3)."""
        centre, axes = head_frame(joints, self.body)
        seen = _Seen(centre, axes, view)
        skin, hair = self.look.skin, self.look.hair
        fills = self._neck(joints, centre, view)
        fills += seen.ball(_HAIR_AT, _SKULL * 1.05, hair)
        near, far = (1.0, -1.0) if view.position[1] > 0 else (-1.0, 1.0)
        fills += self._ear(seen, far)
        fills += seen.ball(*_JAW, toned(skin, 0.97)) + seen.ball(_FACE_AT, _FACE, skin)
        fills += self._ear(seen, near)
        return fills + self._features(seen)

    def _neck(self, joints: Array, centre: Array, view: View) -> list[Fill]:
        low = joints[Joint.CHEST] + 0.25 * (joints[Joint.CERVICALE] - joints[Joint.CHEST])
        spots, depth = view.project(np.stack([low, 0.45 * centre + 0.55 * joints[Joint.CERVICALE]]))
        radii = view.focal_px / depth * 0.031 * self.body.height_m
        return chain_fills(rounded(spots, radii), slice(0, 2), toned(self.look.skin, 0.86))

    def _ear(self, seen: _Seen, sign: float) -> list[Fill]:
        return seen.ball(_EAR[0] * [1.0, sign, 1.0], _EAR[1], toned(self.look.skin, 0.92))

    def _features(self, seen: _Seen) -> list[Fill]:
        brow = mixed(self.look.hair, self.look.skin, 0.15)
        fills = self._mouth(seen)
        for sign in (1.0, -1.0):
            fills += self._eye(seen, sign) + seen.patch(_BROW * [sign, 1.0], brow)
        return fills + self._nose(seen)

    def _eye(self, seen: _Seen, sign: float) -> list[Fill]:
        middle = np.array([sign * _EYE_Y, _EYE_Z])
        shapes = (
            (_RING * [0.0175, 0.0105], toned(self.look.skin, 0.74)),
            (_RING * [0.0145, 0.0070], _EYE_WHITE),
            (_RING * 0.0066, _IRIS),
            (_LASHES, _LASH),
        )
        return [fill for shape, colour in shapes for fill in seen.patch(middle + shape, colour)]

    def _nose(self, seen: _Seen) -> list[Fill]:
        skin = self.look.skin
        bridge, left, right = on_face(np.array([0.0, 0.017, -0.017]), np.array([0.006, -0.044, -0.044]))
        shade = np.stack([bridge, NOSE_TIP, left, right])
        ridge = np.stack([bridge, bridge, NOSE_TIP, NOSE_TIP]) + _RIDGE
        nostrils = np.stack([left, right, NOSE_TIP]) + _NOSTRILS
        tones = ((shade, 0.88), (nostrils, 0.62), (ridge, 1.06))
        return [flat(seen.pixels(points), toned(skin, tone)) for points, tone in tones]

    def _mouth(self, seen: _Seen) -> list[Fill]:
        lips = mixed(self.look.skin, (70, 66, 160), 0.45)
        shapes = ((_LOWER_LIP, 1.04), (_UPPER_LIP, 0.88), (_LIP_LINE, 0.60))
        at = np.array([0.0, MOUTH_CORNER[1]])
        return [fill for shape, tone in shapes for fill in seen.patch(shape + at, toned(lips, tone))]
