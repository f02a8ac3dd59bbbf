"""Where the pelvis must be for the centre of mass to be where the motion wants it."""

from collections.abc import Callable

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.skeleton import ANKLES, HIPS, KNEES, TOES, Angles, Array, knees, pose

_STEPS = 8
_NUDGE = 1e-6  # metres, for the derivative
_PLANE = [0, 2]  # forward and up; sideways the body is balanced by its symmetry
_FEET = slice(ANKLES.start, TOES.stop)


def balanced(body: Body, com: Array, ankles: Array, angles: Angles) -> Array:
    """The pose whose feet are given and whose centre of mass is where it should be.

    Newton's method on the pelvis. All but the knees moves with the pelvis or not at all, so only knees are recomputed.

    Args:
        body: The athlete.
        com: Wanted centre of mass, forward and up, (N, 2) metres.
        ankles: Ankles (N, 2, 3) metres.
        angles: The posture's other angles at the same N instants.

    Returns:
        Joints (N, J, 3) in metres. Legs may be stretched where the wish is out of reach: `reach_error` tells.
    """
    start = np.zeros((len(com), 3))
    start[:, 0], start[:, 2] = com[:, 0], com[:, 1] - 0.05 * body.height_m
    joints = pose(start, ankles, angles, body.lengths)
    hips = joints[:, HIPS] - start[:, None]
    unbent = body.weights.copy()
    unbent[KNEES] = 0.0
    share = float(unbent.sum() - unbent[_FEET].sum())
    rest = np.einsum("njc,j->nc", joints, unbent)

    def miss(shift: Array) -> Array:
        bent = knees(hips + (start + shift)[:, None], ankles, body.lengths)
        total = rest + share * shift + np.einsum("njc,j->nc", bent, body.weights[KNEES])
        return np.asarray(total[:, _PLANE] - com, dtype=np.float64)

    shift = _root(miss, np.zeros_like(start))
    return pose(start + shift, ankles, angles, body.lengths)


def _root(miss: Callable[[Array], Array], shift: Array) -> Array:
    forward, up = _NUDGE * np.eye(3)[_PLANE]
    for _ in range(_STEPS):
        here = miss(shift)
        if np.max(np.abs(here), initial=0.0) < 1e-12:
            break
        columns = [(miss(shift + nudge) - here) / _NUDGE for nudge in (forward, up)]
        slope = np.stack(columns, axis=-1)
        step = np.linalg.solve(slope, here[..., None])[..., 0]
        shift[:, _PLANE] -= np.clip(step, -0.15, 0.15)
    return shift
