"""The box of a drop jump: standing on it, stepping off it, and how the body gets from over it to the landing place."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.footwork import StepOff
from kinemotion.synthetic.path import Knot, Path
from kinemotion.synthetic.performance import Contact

_BACK: Final = 0.20  # statures from the landing place to where the feet stand on the box
_LEAVING: Final = 0.115  # statures by which the body is still behind the landing place when it leaves the box
_HEEL: Final = np.radians(38.0)
_BRAKING_S: Final = 0.25


@dataclass(frozen=True)
class Box:
    """A box that is left at a time.

    Attributes:
        height_m: Its height.
        off_s: When the body leaves it, having stood on it since time 0.
    """

    height_m: float
    off_s: float

    @property
    def contact(self) -> Contact:
        """Standing on it, and the step."""
        step = StepOff(self.height_m, _BACK, 0.0, self.off_s, float(_HEEL))
        return Contact(0.0, self.off_s, footwork=step, ground_m=self.height_m)

    def place(self, body: Body) -> tuple[float, float]:
        """Its height, and the distance of its front edge behind the ankles (m)."""
        lengths = body.lengths
        return self.height_m, _BACK * body.height_m - lengths.ankle_to_ball - 0.4 * lengths.ball_to_toe

    def forward(self, body: Body, contact_s: float, takeoff_s: float) -> Path:
        """The centre of mass from over the box to over the landing place (m); uniform in the air."""
        start, edge = -_BACK * body.height_m, -_LEAVING * body.height_m
        brake = min(takeoff_s - contact_s, _BRAKING_S)
        fall = contact_s - self.off_s
        speed = -edge / (fall + 0.4 * brake)
        leaving, meeting = Knot(self.off_s, edge, speed), Knot(contact_s, edge + speed * fall, speed)
        return Path([Knot(0.0, start), leaving, meeting, Knot(contact_s + brake, 0.0)])
