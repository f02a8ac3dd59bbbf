"""Jumps from a stream of poses: for programs that have landmarks and want numbers."""

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps import Jump, JumpTracker, Movement, Phase, Update
from kinemotion.jumps.stance import STANDING_S
from kinemotion.pose.landmarks import Landmarks


class JumpAnalyzer:
    """Follows one athlete through a stream of poses, and gathers the jumps.

    A jump is final 2.5 s after its landing, or when the next one begins, or at the end: where the jumper stands by then
    tells when the feet met the floor.

    Args:
        movement: the kind of jump: `cmj`, `sj`, `dj`, or `auto` to tell it from what came before take-off.
        height_m: the athlete's stature, which makes lengths surer; 1.0 to 2.5 metres.
        mass_kg: the athlete's mass, which power and force need; 20 to 250 kilograms.
        drop_height_m: height of the box of a drop jump, 0.05 to 1.5 metres.
        aspect: the picture's width over its height.

    Raises:
        ValueError: the movement is not one of these, or a number is outside its range.
    """

    def __init__(
        self,
        movement: Movement | str = Movement.CMJ,
        *,
        height_m: float | None = None,
        mass_kg: float | None = None,
        drop_height_m: float | None = None,
        aspect: float,
    ) -> None:
        self._tracker = JumpTracker(
            Movement(movement),
            height_m=height_m,
            mass_kg=mass_kg,
            drop_height_m=drop_height_m,
            settle_s=STANDING_S,
        )
        self._aspect = aspect
        self._final: list[Jump] = []
        self.latest = Update(Phase.NO_POSE)
        """What the last frame told: the phase, the live figures, and the jumps that became known or final with it."""

    @property
    def jumps(self) -> tuple[Jump, ...]:
        """The final jumps so far."""
        return tuple(self._final)

    def feed(
        self,
        time_s: float,
        landmarks: Landmarks | None,
        world: Landmarks | None = None,
        soles: NDArray[np.float64] | None = None,
        shift: NDArray[np.float64] | None = None,
    ) -> tuple[Jump, ...]:
        """Takes one frame.

        Args:
            time_s: the frame's time in seconds, on the camera's clock; strictly increasing.
            landmarks: (33, 4) normalised landmarks as in `kinemotion.pose.landmarks`, or None where nobody is seen.
            world: (33, 4) landmarks in metres, if there are any.
            soles: (2,) y of the left and right shoe's lowest edge in picture heights, NaN where unseen, if they are
                known.
            shift: (2,) how far the camera's motion has moved the picture since the first frame, to the right in picture
                widths, down in picture heights, if that is known: `kinemotion.pose.stabiliser` sees it in pictures.

        Returns:
            Jumps that became known (`final` is False) or final with this frame.

        Raises:
            ValueError: the time does not increase, the aspect is not positive, or an array has another shape.
        """
        self.latest = self._tracker.update(
            time_s, landmarks, aspect=self._aspect, world=world, soles=soles, shift=shift
        )
        return self._keep(self.latest.jumps)

    def finish(self) -> tuple[Jump, ...]:
        """Ends the stream; returns the jumps that more frames would have made final."""
        return self._keep(self._tracker.finish())

    def _keep(self, jumps: tuple[Jump, ...]) -> tuple[Jump, ...]:
        self._final += [jump for jump in jumps if jump.final]
        return jumps
