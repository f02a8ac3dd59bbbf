"""Arms and legs: shaded capsules along the bones."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.camera import View
from kinemotion.synthetic.look import Colour, Look, toned
from kinemotion.synthetic.shapes import Part, ball, chain_fills, rounded
from kinemotion.synthetic.skeleton import Array, Joint


@dataclass(frozen=True)
class _Limb:
    """What is drawn along a bone, the later over the earlier.

    Attributes:
        start: Its upper joint on the left side.
        end: Its lower joint.
        layers: A colour's name in `Look`, and discs: (place from `start` 0 to `end` 1, radius in statures).
        nearer: Statures by which it is drawn before what has the same depth.
    """

    start: Joint
    end: Joint
    layers: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    nearer: float = 0.0


_LIMBS: Final = (
    _Limb(Joint.LEFT_HIP, Joint.LEFT_KNEE, (
        ("skin", ((0.30, 0.050), (0.55, 0.0455), (0.86, 0.034), (1.0, 0.0315))),
        ("shorts", ((0.0, 0.057), (0.30, 0.0575), (0.58, 0.054))),
    )),
    _Limb(Joint.LEFT_KNEE, Joint.LEFT_ANKLE, (
        ("skin", ((0.0, 0.0315), (0.27, 0.0345), (0.68, 0.024), (1.0, 0.0195))),
        ("socks", ((0.93, 0.0205), (1.04, 0.0205))),
    )),
    _Limb(Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW, (
        ("skin", ((0.2, 0.029), (0.55, 0.026), (1.0, 0.0215))),
        ("shirt", ((0.0, 0.0335), (0.25, 0.0345), (0.56, 0.0325))),
    ), 0.014),
    _Limb(Joint.LEFT_ELBOW, Joint.LEFT_WRIST, (
        ("skin", ((0.0, 0.0215), (0.25, 0.0235), (0.72, 0.0175), (1.0, 0.0145))),
    ), 0.02),
    _Limb(Joint.LEFT_WRIST, Joint.LEFT_KNUCKLE, (
        ("skin", ((0.0, 0.0145), (0.55, 0.0195), (1.0, 0.019), (1.75, 0.0115))),
    ), 0.04),
)  # fmt: skip

_KNEECAP: Final = (0.0185, 0.012)  # radius, and how far before the joint; statures


class Limbs:
    """Draws arms and legs. The discs of all of them are kept in one row, to be projected at once."""

    def __init__(self, body: Body, look: Look) -> None:
        self._size = body.height_m
        self._skin = look.skin
        rows: list[tuple[int, int, float, float]] = []
        self._limbs: list[tuple[list[tuple[slice, Colour]], float]] = []
        for limb in _LIMBS:
            for side in (0, 1):
                chains: list[tuple[slice, Colour]] = []
                for colour, discs in limb.layers:
                    chains.append((slice(len(rows), len(rows) + len(discs)), getattr(look, colour)))
                    rows += [(limb.start + side, limb.end + side, place, radius) for place, radius in discs]
                self._limbs.append((chains, limb.nearer * self._size))
        starts, ends, places, radii = zip(*rows, strict=True)
        self._starts, self._ends = np.array(starts), np.array(ends)
        self._places, self._radii = np.array(places)[:, None], np.array(radii) * self._size

    def parts(self, joints: Array, view: View) -> list[Part]:
        """All limbs of joints (J, 3)."""
        bones = joints[self._ends] - joints[self._starts]
        centres, depth = view.project(joints[self._starts] + self._places * bones)
        outlines = rounded(centres, view.focal_px / depth * self._radii)
        parts = [self._kneecap(side, joints, view) for side in (0, 1)]
        for chains, nearer in self._limbs:
            fills = [fill for chain, colour in chains for fill in chain_fills(outlines, chain, colour)]
            parts.append((float(depth[chains[0][0]].mean()) - nearer, fills))
        return parts

    def _kneecap(self, side: int, joints: Array, view: View) -> Part:
        radius, before = np.array(_KNEECAP) * self._size
        hip, knee, ankle = joints[[Joint.LEFT_HIP + side, Joint.LEFT_KNEE + side, Joint.LEFT_ANKLE + side]]
        front = 2.0 * knee - hip - ankle
        front[0] += 0.2 * self._size
        centre, depth = view.project(knee + before * front / np.linalg.norm(front))
        axes = radius * view.focal_px / depth * np.array([[1.0, 0.0], [0.0, 1.15]])
        return float(depth) - 0.02, ball(centre, axes, toned(self._skin, 1.0))[1:3]
