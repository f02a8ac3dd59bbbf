"""What a motion makes of a body: the pose at any time."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from kinemotion.synthetic.balance import balanced
from kinemotion.synthetic.body import Body
from kinemotion.synthetic.flight import afloat, flown, postures_of
from kinemotion.synthetic.footwork import Footwork, Planted
from kinemotion.synthetic.path import Path
from kinemotion.synthetic.posture import Stances, Touch, home_x, lean_for, rolled
from kinemotion.synthetic.skeleton import JOINTS, Angles, Array, ankles_over
from kinemotion.synthetic.truth import JumpTruth

_HEEL_RISE_FROM: Final = 0.35  # of the way up from the lowest point to take-off
_HEEL_LEVER: Final = 0.052  # statures by which the body rises per radian of rising heels
_MOST_HEEL: Final = np.radians(65.0)
_INSTANT: Final = 1e-4  # seconds, for rates


@dataclass(frozen=True)
class Contact:
    """An interval in which feet are on the ground.

    Attributes:
        start_s: Its beginning.
        end_s: Its end.
        landing: Posture at the beginning, if that is a landing.
        takeoff: Posture at the end, if that is a take-off.
        footwork: Where the feet are; None has both at home, the heels rising as far as the motion asks.
        ground_m: Height of what the feet stand on.
    """

    start_s: float
    end_s: float
    landing: Touch | None = None
    takeoff: Touch | None = None
    footwork: Footwork | None = None
    ground_m: float = 0.0


@dataclass(frozen=True)
class Performance:
    """A motion of a given body from its own time 0, standing at both ends.

    Attributes:
        stances: The body standing, with its arms.
        height: Centre of mass over standing (m).
        forward: Centre of mass forward of where it is when standing (m).
        contacts: The intervals on the ground, in order; the body flies between them.
        arms: Shoulder and elbow paths (rad); None for hands on the hips.
        truth: What can be measured, for a jump.
        box: The box the athlete starts on: height and the distance of its front edge behind the ankles (m).
    """

    stances: Stances
    height: Path
    contacts: tuple[Contact, ...]
    forward: Path | None = None
    arms: tuple[Path, Path] | None = None
    truth: JumpTruth | None = None
    box: tuple[float, float] | None = None

    @property
    def body(self) -> Body:
        """The athlete."""
        return self.stances.body

    @property
    def duration_s(self) -> float:
        """When the body stands again."""
        return self.contacts[-1].end_s

    @cached_property
    def _turns(self) -> list[tuple[float, float]]:
        return [self._turn(contact) for contact in self.contacts]

    def _turn(self, contact: Contact) -> tuple[float, float]:
        """When the landing's lowering ends and when the take-off's rise begins."""
        times = np.linspace(contact.start_s, contact.end_s, 2000)
        speed = self.height(times, 1)
        rising, falling = np.flatnonzero(speed >= 0), np.flatnonzero(speed <= 0)
        first = float(times[rising[0]]) if contact.landing and rising.size else contact.start_s
        last = float(times[falling[-1]]) if contact.takeoff and falling.size else contact.end_s
        return first, last

    def joints(self, times: Array) -> Array:
        """Joints (N, J, 3) in metres at `times` (N,)."""
        times = np.clip(times, 0.0, self.duration_s)
        joints = np.empty((len(times), JOINTS, 3))
        left_ground = -np.inf
        for number, contact in enumerate(self.contacts):
            here = (times >= contact.start_s) & (times <= contact.end_s)
            before = (times > left_ground) & (times < contact.start_s)
            joints[here] = self._on_ground(number, times[here])[0]
            joints[before] = self._in_air(number, times[before])
            left_ground = contact.end_s
        return joints

    def com(self, times: Array) -> Array:
        """The centre of mass the motion prescribes, forward and up, (N, 2) in metres."""
        ahead = self.forward(times) if self.forward else np.zeros_like(times)
        return np.stack([home_x(self.body) + ahead, self.stances.standing_m + self.height(times)], axis=1)

    def _heel(self, number: int, times: Array) -> Array:
        """How far the heels rise, (N,) radians: with take-off and landing, and wherever the legs would not reach."""
        contact, (first, last) = self.contacts[number], self._turns[number]
        if contact.footwork:
            return np.zeros_like(times)
        heights = self.height(times)
        above = heights - self.stances.lift(self._arm(times))
        needed = np.maximum(above, 0.0) / (_HEEL_LEVER * self.body.height_m)
        heel = np.minimum(needed, _MOST_HEEL)
        for touch, turn, side in ((contact.landing, first, times < first), (contact.takeoff, last, times > last)):
            if touch:
                low = float(self.height(turn))
                start = low + _HEEL_RISE_FROM * (touch.com_m - low)
                risen = np.maximum(heights - start, 0.0) / (touch.com_m - start)
                heel = np.where(side, np.maximum(touch.heel * risen**2, np.minimum(needed, touch.heel)), heel)
        return np.asarray(heel, dtype=np.float64)

    def _arm(self, times: Array) -> Array:
        if self.arms is None:
            return np.tile(self.stances.rest, (len(times), 1))
        return np.stack([path(times) for path in self.arms], axis=1)

    def _on_ground(self, number: int, times: Array) -> tuple[Array, Angles]:
        contact = self.contacts[number]
        balls, heel, toe = (contact.footwork or Planted())(self.body, times)
        push = np.repeat(self._heel(number, times)[:, None], 2, axis=1)
        balls, rolling = rolled(balls, push, self.body.lengths)
        heel, toe = heel + push, toe + rolling
        lean = lean_for(self.body, self.height(times) - contact.ground_m)
        angles = Angles(lean, heel, toe, self._arm(times))
        return balanced(self.body, self.com(times), ankles_over(balls, heel, self.body.lengths), angles), angles

    @cached_property
    def _edges(self) -> list[tuple[Array, Array, Array]]:
        """Of each contact, the posture at its beginning, and that at its end with its rate."""
        edges = []
        for number, contact in enumerate(self.contacts):
            times = np.array([contact.start_s, contact.end_s - _INSTANT, contact.end_s])
            first, before, last = postures_of(*self._on_ground(number, times), self.body.lengths)
            edges.append((first, last, (last - before) / _INSTANT))
        return edges

    def _in_air(self, number: int, times: Array) -> Array:
        """Poses on the way to a contact."""
        landing = self._edges[number][0]
        if number:
            (_, takeoff, rate), takeoff_s = self._edges[number - 1], self.contacts[number - 1].end_s
            span = self.contacts[number].start_s - takeoff_s
            postures = flown(takeoff, rate, landing, times - takeoff_s, span)
        else:
            postures = np.tile(landing, (len(times), 1))
        joints = afloat(postures, self._arm(times), self.body.lengths)
        wanted, found = self.com(times), self.body.centre_of_mass(joints)
        joints[..., 0] += (wanted[:, 0] - found[:, 0])[:, None]
        joints[..., 2] += (wanted[:, 1] - found[:, 2])[:, None]
        return joints
