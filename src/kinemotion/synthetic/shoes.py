"""The shoes."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.camera import View
from kinemotion.synthetic.look import Look, mixed, toned
from kinemotion.synthetic.shapes import Fill, Part, flat, hulls
from kinemotion.synthetic.skeleton import Array, Joint

_TURN: Final = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
# Cross-sections from heel (0) to ball (1) and toe tip (2): half width, half height, height of the middle; statures.
_UPPER: Final = (
    (-0.04, 0.0170, 0.0170, 0.0220), (0.10, 0.0225, 0.0280, 0.0310), (0.42, 0.0235, 0.0270, 0.0310),
    (1.00, 0.0290, 0.0165, 0.0205), (1.65, 0.0265, 0.0120, 0.0165), (2.02, 0.0150, 0.0075, 0.0135),
)  # fmt: skip
_CAP: Final = ((1.45, 0.0275, 0.0125, 0.0165), (1.75, 0.0255, 0.0105, 0.0155), (2.03, 0.0150, 0.0075, 0.0135))
_LACES: Final = (
    (0.46, 0.0235, 0.0275, 0.0310), (0.54, 0.0240, 0.0265, 0.0300), (0.62, 0.0250, 0.0250, 0.0285),
    (0.80, 0.0270, 0.0215, 0.0250), (0.88, 0.0280, 0.0195, 0.0230), (1.00, 0.0290, 0.0170, 0.0207),
)  # fmt: skip
_SOLE: Final = (
    (-0.07, 0.0160, 0.0055, 0.0060), (0.10, 0.0235, 0.0055, 0.0055), (1.00, 0.0300, 0.0055, 0.0055),
    (1.65, 0.0275, 0.0050, 0.0050), (2.08, 0.0140, 0.0045, 0.0060),
)  # fmt: skip
_INSTEP: Final = slice(2, 7)
"""The points around a shoe that look upwards."""
_OVER_SHANK: Final = 0.01  # metres

_Sections = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Shoes:
    """Draws shoes."""

    body: Body
    look: Look

    def part(self, side: int, joints: Array, view: View) -> Part:
        """The left (0) or right (1) shoe of joints (J, 3)."""
        rings = (_rings(side, joints, sections, self.body) for sections in (_SOLE, _UPPER, _CAP))
        (sole, _), (upper, depth), (cap, _) = (view.project(ring) for ring in rings)
        fills = hulls(sole, self.look.soles)[:2] + hulls(upper, self.look.shoes)
        fills.append(flat(cap.reshape(-1, 2), mixed(self.look.shoes, self.look.soles, 0.15)))
        shank = joints[[Joint.LEFT_KNEE + side, Joint.LEFT_ANKLE + side]]
        over = float(view.project(shank)[1].mean()) - _OVER_SHANK
        return min(float(depth.mean()), over), fills + self._laces(side, joints, view)

    def _laces(self, side: int, joints: Array, view: View) -> list[Fill]:
        """The tongue and laces, if the foot's back is turned to the camera."""
        above = _rings(side, joints, _LACES, self.body)[:, _INSTEP]
        sole = joints[Joint.LEFT_BALL + side]
        upward = np.cross(sole - joints[Joint.LEFT_HEEL + side], above[0, 0] - above[0, -1])
        if upward @ (view.position - sole) < 0:
            return []
        seen = view.project(above)[0]
        tongue = flat(seen.reshape(-1, 2), toned(self.look.shoes, 0.62))
        return [tongue, *(flat(pair.reshape(-1, 2), self.look.soles) for pair in (seen[1:3], seen[3:5]))]


def _rings(side: int, joints: Array, sections: _Sections, body: Body) -> Array:
    """Shoe cross-sections (R, Q, 3) in metres; the shoe bends at the ball."""
    heel, ball, toe = joints[[Joint.LEFT_HEEL + side, Joint.LEFT_BALL + side, Joint.LEFT_TOE + side]]
    rear, fore = ball - heel, toe - ball
    place, width, height, middle = np.array(sections).T[..., None]
    centres = heel + np.minimum(place, 1.0) * rear + np.maximum(place - 1.0, 0.0) * fore
    across = np.array([-rear[1], rear[0], 0.0])
    across /= np.linalg.norm(across)
    rear_up, fore_up = (np.cross(part, across) / np.linalg.norm(part) for part in (rear, fore))
    bent = np.clip(place - 0.5, 0.0, 1.0)
    up = (1.0 - bent) * rear_up + bent * fore_up
    around = (width * np.cos(_TURN))[..., None] * across + (middle + height * np.sin(_TURN))[..., None] * up[:, None]
    return np.asarray(centres[:, None] + body.height_m * around, dtype=np.float64)
