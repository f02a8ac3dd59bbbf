"""Motion followed from a measurement."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.box import Box
from kinemotion.synthetic.check import feasible
from kinemotion.synthetic.path import Knot, Path
from kinemotion.synthetic.performance import Contact, Performance
from kinemotion.synthetic.posture import HANGING, Arms, Stances, Touch
from kinemotion.synthetic.skeleton import Array
from kinemotion.synthetic.truth import JumpTruth
from kinemotion.synthetic.upward import ARMS_AHEAD, ARMS_BACK, ARMS_UP

_BACK_BEFORE_LOWEST_S: Final = 0.15
_ARMS_TAKE_S: Final = 0.4
_TOUCH_KNEE: Final = np.radians(16.0)


@dataclass(frozen=True)
class FollowedMotion:
    """Any vertical motion of the centre of mass, as a force plate gives it.

    Args:
        time_s: Sample times, increasing, (N,) seconds; the motion's time 0 is the first of them.
        com_height_m: Centre of mass over standing, (N,) metres, smooth and in free fall outside the contacts.
        contacts_s: When the feet are on the ground: (start, end) pairs in order, on the samples' clock. The last
            one lasts to the end; if the first one begins late, the body comes falling.
        arms: Hands on the hips, or swinging up with each take-off.
        truth: What is known of the jump, if anything, on the samples' clock.
        drop_height_m: Height of the box that the first contact is on, if there is one; the body then steps off it.
    """

    time_s: ArrayLike
    com_height_m: ArrayLike
    contacts_s: Sequence[tuple[float, float]]
    arms: Arms = "hips"
    truth: JumpTruth | None = None
    drop_height_m: float | None = None

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done or the arrays don't fit."""
        time, height = self._samples()
        start, path = float(time[0]), Path.sampled(time - time[0], height)
        spans = [(max(begin - start, 0.0), min(end - start, path.end_s)) for begin, end in self.contacts_s]
        stances = Stances(body, self.arms)
        box = None if self.drop_height_m is None else Box(self.drop_height_m, spans.pop(0)[1])
        arms = None if self.arms == "hips" else _swing(path, spans)
        contacts = tuple(_contacts(stances, path, spans, arms))
        truth = self.truth.shifted(-start) if self.truth else None
        if box is None:
            return feasible(Performance(stances, path, contacts, arms=arms, truth=truth))
        forward = box.forward(body, *spans[0])
        return feasible(Performance(stances, path, (box.contact, *contacts), forward, arms, truth, box=box.place(body)))

    def _samples(self) -> tuple[Array, Array]:
        time, height = np.asarray(self.time_s, dtype=np.float64), np.asarray(self.com_height_m, dtype=np.float64)
        if time.ndim != 1 or time.shape != height.shape or len(time) < 3 or (np.diff(time) <= 0).any():
            raise ValueError("time_s must increase and have as many samples as com_height_m, at least 3")
        edges = [edge for contact in self.contacts_s for edge in contact]
        if not edges or (np.diff(edges) <= 0).any() or edges[-1] < time[-1] - 1e-9:
            raise ValueError("contacts_s must be (start, end) pairs in order, the last one lasting to the end")
        if self.drop_height_m is not None and len(edges) < 4:
            raise ValueError("with a drop height, contacts_s must begin with the box and have the floor after it")
        return time, height


def _contacts(
    stances: Stances, path: Path, spans: list[tuple[float, float]], arms: tuple[Path, Path] | None
) -> Iterator[Contact]:
    """Contacts with the floor; the feet leave and meet it with the knees nearly straight."""

    def touch(time: float) -> Touch:
        arm = (float(arms[0](time)), float(arms[1](time))) if arms else stances.rest
        return stances.touch_at(float(path(time)), _TOUCH_KNEE, arm)

    for begin, end in spans:
        landing = touch(begin) if begin > 0 else None
        takeoff = touch(end) if end < spans[-1][1] else None
        yield Contact(begin, end, landing, takeoff)


def _swing(path: Path, spans: list[tuple[float, float]]) -> tuple[Path, Path]:
    """Shoulder and elbow paths of arms that swing up before each flight and come down after it."""
    keys = [(0.0, *HANGING)]
    for begin, end in spans[:-1]:
        if begin > 0 and end - begin < 2 * _ARMS_TAKE_S:
            keys += [(begin, *ARMS_BACK), (end, *ARMS_UP)]
            continue
        if begin > 0:
            keys += [(begin, *ARMS_AHEAD)]
        lowest = path.lowest(begin, end)
        back = max(lowest - _BACK_BEFORE_LOWEST_S, 0.5 * (begin + lowest))
        ready = back - _ARMS_TAKE_S
        keys += [(ready, *HANGING)] if ready > keys[-1][0] + _ARMS_TAKE_S else []
        keys += [(back, *ARMS_BACK), (end, *ARMS_UP)]
    begin, end = spans[-1]
    if begin > 0:
        keys += [(begin, *ARMS_AHEAD)]
    keys += [(min(max(begin, keys[-1][0]) + 2 * _ARMS_TAKE_S, end), *HANGING)]
    return Path([Knot(time, upper) for time, upper, _ in keys]), Path([Knot(time, lower) for time, _, lower in keys])
