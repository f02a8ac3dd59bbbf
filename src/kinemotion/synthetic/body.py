"""The athlete's body: segment lengths, masses and centres of mass.

Masses, lengths and positions of the centres of mass are those of de Leva (1996), Adjustments to
Zatsiorsky-Seluyanov's segment inertia parameters, J Biomech 29(9):1223-1230, with joint centres as end points.
Widths and the ankle's height, which de Leva does not give, follow Winter (2009), Biomechanics and Motor Control.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from kinemotion.synthetic.skeleton import JOINTS, Joint, Lengths

Sex = Literal["male", "female"]
Weights = NDArray[np.float64]

# Per segment: proximal joint, distal joint, then for each sex its share of the mass and where its centre of mass
# lies, from the proximal joint (0) to the distal one (1).
_SEGMENTS: Final[tuple[tuple[Joint, Joint, tuple[float, float], tuple[float, float]], ...]] = (
    (Joint.VERTEX, Joint.CERVICALE, (0.0694, 0.5002), (0.0668, 0.4841)),
    (Joint.CHEST, Joint.PELVIS, (0.4346, 0.4310), (0.4257, 0.3782)),
    (Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW, (0.0271, 0.5772), (0.0255, 0.5754)),
    (Joint.LEFT_ELBOW, Joint.LEFT_WRIST, (0.0162, 0.4574), (0.0138, 0.4559)),
    (Joint.LEFT_WRIST, Joint.LEFT_KNUCKLE, (0.0061, 0.7900), (0.0056, 0.7474)),
    (Joint.LEFT_HIP, Joint.LEFT_KNEE, (0.1416, 0.4095), (0.1478, 0.3612)),
    (Joint.LEFT_KNEE, Joint.LEFT_ANKLE, (0.0433, 0.4395), (0.0481, 0.4352)),
    # The foot's centre of mass is given from heel to toe tip; the ball lies at 0.72 of that and bends beyond it.
    (Joint.LEFT_HEEL, Joint.LEFT_BALL, (0.0137, 0.4415 / 0.72), (0.0129, 0.4014 / 0.72)),
)

# Metres at a stature of one metre; de Leva's lengths, 1.8 % shorter for the male column so that they add up upright.
_LENGTHS: Final[dict[Sex, Lengths]] = {
    "male": Lengths(
        thigh=0.2380, shank=0.2482, ankle_height=0.039, trunk=0.2905, cervicale=0.0494, head=0.1370,
        upper_arm=0.1588, forearm=0.1516, hand=0.0486, hip_half_width=0.050, shoulder_half_width=0.103,
        heel_to_ankle=0.037, ankle_to_ball=0.070, ball_to_toe=0.0415,
    ),
    "female": Lengths(
        thigh=0.2124, shank=0.2528, ankle_height=0.039, trunk=0.2870, cervicale=0.0674, head=0.1405,
        upper_arm=0.1586, forearm=0.1523, hand=0.0450, hip_half_width=0.052, shoulder_half_width=0.094,
        heel_to_ankle=0.033, ankle_to_ball=0.062, ball_to_toe=0.0366,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Body:
    """An athlete's measures.

    Args:
        height_m: Stature, 1.0 to 2.5 m.
        sex: The column of de Leva's table.

    Raises:
        ValueError: If the stature lies outside its range or the column is unknown.
    """

    height_m: float = 1.75
    sex: Sex = "male"

    def __post_init__(self) -> None:
        if not 1.0 <= self.height_m <= 2.5:
            raise ValueError(f"body height must be 1.0 to 2.5 m, not {self.height_m}")
        if self.sex not in _LENGTHS:
            raise ValueError(f"sex must be 'male' or 'female', not {self.sex!r}")

    @cached_property
    def lengths(self) -> Lengths:
        """Segment lengths in metres."""
        return _LENGTHS[self.sex].scaled(self.height_m)

    @cached_property
    def weights(self) -> Weights:
        """What each joint's position counts in the centre of mass: (J,), adding up to 1.

        A segment's centre of mass lies on the line between its joints, so the whole body's is linear in the joints.
        """
        weights = np.zeros(JOINTS)
        column = 0 if self.sex == "male" else 1
        for proximal, distal, *columns in _SEGMENTS:
            mass, place = columns[column]
            for side in range(2 if proximal >= Joint.LEFT_HIP else 1):
                weights[proximal + side] += mass * (1.0 - place)
                weights[distal + side] += mass * place
        return np.asarray(weights / weights.sum(), dtype=np.float64)

    def centre_of_mass(self, joints: NDArray[np.float64]) -> NDArray[np.float64]:
        """The centre of mass of a pose.

        Args:
            joints: Joint positions (..., J, 3) in metres.

        Returns:
            The centre of mass (..., 3) in metres.
        """
        return np.asarray(np.einsum("...jc,j->...c", joints, self.weights), dtype=np.float64)
