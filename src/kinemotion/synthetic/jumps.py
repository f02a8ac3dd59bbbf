"""The three jumps of the laboratory."""

from dataclasses import dataclass

import numpy as np

from kinemotion.synthetic.body import Body
from kinemotion.synthetic.box import Box
from kinemotion.synthetic.path import GRAVITY, Knot, Path
from kinemotion.synthetic.performance import Contact, Performance
from kinemotion.synthetic.posture import HANGING, Arms, Touch
from kinemotion.synthetic.timing import lowering, push_acceleration, push_duration, squat_push_duration
from kinemotion.synthetic.truth import angle_metrics, countermovement_metrics
from kinemotion.synthetic.upward import ARMS_AHEAD, ARMS_BACK, ARMS_UP, Upward, measured, within


@dataclass(frozen=True)
class CountermovementJump:
    """Down and up without a stop.

    Args:
        height_m: Rise of the centre of mass from take-off to apex, 0.10 to 0.70 m.
        depth_m: How far the centre of mass sinks before.
        eccentric_s: Time to the lowest point.
        concentric_s: Time from there to take-off; None takes a natural one.
        landing_flexion_deg: Knee flexion at landing beyond that at take-off; flight is longer for it.
        landing_depth_m: How far below standing the landing is absorbed; None takes a natural depth.
        arms: Hands on the hips, or swinging.
    """

    height_m: float = 0.35
    depth_m: float = 0.30
    eccentric_s: float = 0.55
    concentric_s: float | None = None
    landing_flexion_deg: float = 0.0
    landing_depth_m: float | None = None
    arms: Arms = "hips"

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done."""
        within("countermovement depth", self.depth_m, 0.05, 1.0, "m")
        within("eccentric duration", self.eccentric_s, 0.1, 5.0, "s")
        within("concentric duration", self.concentric_s, 0.05, 5.0, "s")
        up = Upward.of(body, self.arms, self.height_m, self.landing_flexion_deg)
        distance = self.depth_m + up.takeoff.com_m
        lowest = self.eccentric_s
        takeoff = lowest + (self.concentric_s or push_duration(distance, up.speed))
        down = lowering(self.depth_m, lowest, push_acceleration(distance, up.speed))
        height = Path([*down, *up.knots(takeoff, self.landing_depth_m)])
        landing, end = up.landing_s(takeoff), height.end_s
        arms = up.swing(
            (0.0, HANGING),
            (lowest - 0.3 * self.eccentric_s, ARMS_BACK),
            (takeoff, ARMS_UP),
            (landing, ARMS_AHEAD),
            (end, HANGING),
        )
        contacts = (Contact(0.0, takeoff, takeoff=up.takeoff), Contact(landing, end, landing=up.landing))
        events = {"onset": 0.0, "lowest": lowest, "takeoff": takeoff, "landing": landing}
        performance = Performance(up.stances, height, contacts, arms=arms)
        metrics = countermovement_metrics(height, 0.0, lowest, takeoff)
        metrics |= angle_metrics(performance.joints(np.array([lowest]))[0])
        return measured(performance, "cmj", events, metrics)


@dataclass(frozen=True)
class SquatJump:
    """Down, a hold, and up without any lowering.

    Args:
        height_m: Rise of the centre of mass from take-off to apex, 0.10 to 0.70 m.
        depth_m: How far below standing the centre of mass is held.
        descent_s: Time to go down.
        hold_s: Time held.
        concentric_s: Time from the first rise to take-off; None takes a natural one.
        landing_flexion_deg: Knee flexion at landing beyond that at take-off; flight is longer for it.
        landing_depth_m: How far below standing the landing is absorbed; None takes a natural depth.
        arms: Hands on the hips, or swinging.
    """

    height_m: float = 0.30
    depth_m: float = 0.28
    descent_s: float = 1.0
    hold_s: float = 1.0
    concentric_s: float | None = None
    landing_flexion_deg: float = 0.0
    landing_depth_m: float | None = None
    arms: Arms = "hips"

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done."""
        within("squat depth", self.depth_m, 0.05, 1.0, "m")
        within("descent", self.descent_s, 0.2, 10.0, "s")
        within("hold", self.hold_s, 0.0, 60.0, "s")
        within("concentric duration", self.concentric_s, 0.05, 5.0, "s")
        up = Upward.of(body, self.arms, self.height_m, self.landing_flexion_deg)
        distance = self.depth_m + up.takeoff.com_m
        lowest, onset = self.descent_s, self.descent_s + self.hold_s
        takeoff = onset + (self.concentric_s or squat_push_duration(distance, up.speed))
        held = [Knot(0.0, 0.0), Knot(lowest, -self.depth_m), Knot(onset, -self.depth_m)]
        height = Path([*held, *up.knots(takeoff, self.landing_depth_m)])
        landing, end = up.landing_s(takeoff), height.end_s
        arms = up.swing(
            (0.0, HANGING),
            (lowest, ARMS_BACK),
            (onset, ARMS_BACK),
            (takeoff, ARMS_UP),
            (landing, ARMS_AHEAD),
            (end, HANGING),
        )
        contacts = (Contact(0.0, takeoff, takeoff=up.takeoff), Contact(landing, end, landing=up.landing))
        events = {"onset": onset, "lowest": lowest, "takeoff": takeoff, "landing": landing}
        up_times = np.linspace(onset, takeoff, 2000)
        metrics = {
            "squat_hold_duration_ms": 1000.0 * self.hold_s,
            "concentric_duration_ms": 1000.0 * (takeoff - onset),
            "peak_concentric_velocity_m_s": float(height(up_times, 1).max()),
        }
        return measured(Performance(up.stances, height, contacts, arms=arms), "sj", events, metrics)


@dataclass(frozen=True)
class DropJump:
    """A step off a box, a short contact, and a jump. It must be the first motion of a clip.

    The fall starts from rest, from as high over the box as the body then is over the floor at contact, so that the
    drop is the box's height.

    Args:
        height_m: Rise of the centre of mass from take-off to apex, 0.10 to 0.70 m.
        drop_height_m: Height of the box, 0.10 to 0.80 m.
        contact_s: Time on the ground between drop and jump.
        step_s: Time to shift onto the box's edge before the fall.
        landing_flexion_deg: Knee flexion at landing beyond that at take-off; flight is longer for it.
        landing_depth_m: How far below standing the landing is absorbed; None takes a natural depth.
        arms: Hands on the hips, or swinging.
    """

    height_m: float = 0.30
    drop_height_m: float = 0.30
    contact_s: float = 0.24
    step_s: float = 0.8
    landing_flexion_deg: float = 0.0
    landing_depth_m: float | None = None
    arms: Arms = "hips"

    def perform(self, body: Body) -> Performance:
        """The motion of `body`. Raises ValueError if it can't be done."""
        within("drop height", self.drop_height_m, 0.10, 0.80, "m")
        within("contact time", self.contact_s, 0.05, 2.0, "s")
        within("step", self.step_s, 0.3, 10.0, "s")
        up = Upward.of(body, self.arms, self.height_m, self.landing_flexion_deg)
        met = up.stances.touch(
            np.radians(28.0), np.radians(30.0), ARMS_BACK if self.arms == "swing" else up.stances.rest
        )
        drop = self.step_s
        contact = drop + float(np.sqrt(2.0 * self.drop_height_m / GRAVITY))
        takeoff = contact + self.contact_s
        height = self._height(up, met, drop, contact, takeoff)
        landing, end = up.landing_s(takeoff), height.end_s
        lowest = height.lowest(contact, takeoff)
        arms = up.swing(
            (0.0, HANGING),
            (drop, HANGING),
            (contact, ARMS_BACK),
            (takeoff, ARMS_UP),
            (landing, ARMS_AHEAD),
            (end, HANGING),
        )
        box = Box(self.drop_height_m, drop)
        contacts = (
            box.contact,
            Contact(contact, takeoff, landing=met, takeoff=up.takeoff),
            Contact(landing, end, landing=up.landing),
        )
        events = {"onset": drop, "contact": contact, "lowest": lowest, "takeoff": takeoff, "landing": landing}
        forward = box.forward(body, contact, takeoff)
        performance = Performance(up.stances, height, contacts, forward, arms, box=box.place(body))
        return measured(performance, "dj", events, self._metrics(landing - takeoff))

    def _height(self, up: Upward, met: Touch, drop: float, contact: float, takeoff: float) -> Path:
        """Rest on the box, fall from rest, one smooth push between contact and take-off."""
        speed = np.sqrt(2.0 * GRAVITY * self.drop_height_m)
        top = self.drop_height_m + met.com_m
        sunk = Knot(0.45 * drop, self.drop_height_m - 0.006 * up.stances.body.height_m)
        before = [Knot(0.0, self.drop_height_m), sunk, Knot(drop, top), Knot(drop, top, 0.0, -GRAVITY)]
        met_floor = Knot(contact, met.com_m, -float(speed), -GRAVITY)
        return Path([*before, met_floor, *up.knots(takeoff, self.landing_depth_m)])

    def _metrics(self, flight_s: float) -> dict[str, float]:
        return {
            "ground_contact_time_ms": 1000.0 * self.contact_s,
            "reactive_strength_index_m_s": self.height_m / self.contact_s,
            "flight_contact_ratio": flight_s / self.contact_s,
            "drop_height_m": self.drop_height_m,
        }
