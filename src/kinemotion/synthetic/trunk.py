"""The trunk in shirt and shorts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.camera import View
from kinemotion.synthetic.look import Look, mixed, toned
from kinemotion.synthetic.shapes import Fill, Part, flat, hulls
from kinemotion.synthetic.skeleton import Array, Joint

_TURN: Final = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
_SHIRT_NEARER: Final = 0.08  # it hangs over the shorts until the thighs are lifted

# Trunk cross-sections: place from pelvis (0) to chest (1), half width, half depth, and how far forward; statures.
_SHIRT: Final = (
    (1.13, 0.034, 0.036, -0.004), (1.075, 0.068, 0.042, -0.003), (1.02, 0.105, 0.050, 0.0), (0.95, 0.112, 0.060, 0.0),
    (0.74, 0.103, 0.068, 0.006),
    (0.46, 0.088, 0.060, 0.004), (0.18, 0.094, 0.062, 0.0), (0.04, 0.099, 0.066, 0.0),
)  # fmt: skip
_SHORTS: Final = ((0.17, 0.093, 0.062, 0.0), (-0.02, 0.101, 0.067, 0.0), (-0.13, 0.090, 0.060, 0.0))
_BAND: Final = ((0.80, 0.1045, 0.0665, 0.005), (0.66, 0.1045, 0.0665, 0.005))
_COLLAR: Final = ((1.13, 0.037, 0.037, 0.0),)

_Sections = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Trunk:
    """Draws the trunk."""

    body: Body
    look: Look

    def part(self, joints: Array, view: View) -> Part:
        """The trunk of joints (J, 3), without the neck."""
        shirt, shorts, collar = (
            view.project(_rings(joints, sections, self.body))[0] for sections in (_SHIRT, _SHORTS, _COLLAR)
        )
        fills = hulls(shorts, self.look.shorts) + hulls(shirt, self.look.shirt) + self._band(joints, view)
        fills.append(flat(collar[0], toned(self.look.shirt, 0.75)))
        waist = 0.85 * joints[Joint.PELVIS] + 0.15 * joints[Joint.CHEST]
        return float(view.project(waist)[1]) - _SHIRT_NEARER * self.body.height_m, fills

    def _band(self, joints: Array, view: View) -> list[Fill]:
        """A stripe across the chest, the part of it that is seen."""
        rings = _rings(joints, _BAND, self.body)
        middle = rings.mean(axis=(0, 1))
        seen = np.sum((rings[0] - middle) * (view.position - middle), axis=1) > 0.01 * self.body.height_m
        upper, lower = view.project(rings)[0]
        colour = mixed(self.look.stripe, self.look.shirt, 0.15)
        following = np.roll(np.arange(len(_TURN)), -1)
        pairs = [(a, b) for a, b in enumerate(following) if seen[a] and seen[b]]
        return [flat(np.stack([upper[a], upper[b], lower[b], lower[a]]), colour) for a, b in pairs]


def _rings(joints: Array, sections: _Sections, body: Body) -> Array:
    """Trunk cross-sections (R, Q, 3) in metres."""
    back = joints[Joint.CHEST] - joints[Joint.PELVIS]
    forward = np.array([back[2], 0.0, -back[0]]) / np.linalg.norm(back)
    place, width, depth, ahead = np.array(sections).T[..., None, None]
    side = np.cos(_TURN)[:, None] * np.array([0.0, 1.0, 0.0])
    front = np.sin(_TURN)[:, None] * forward
    around = width * side + depth * front + ahead * forward
    return np.asarray(joints[Joint.PELVIS] + place * back + body.height_m * around, dtype=np.float64)
