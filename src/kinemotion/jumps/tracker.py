"""Follows one athlete through a stream of poses: the phase at every frame, and the jumps as they end."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kinemotion.jumps import camera, quality, scale
from kinemotion.jumps.athlete import Athlete
from kinemotion.jumps.body import Body, measure
from kinemotion.jumps.flight import Flight, analyse
from kinemotion.jumps.identity import Identity, Sighting
from kinemotion.jumps.jump import Jump, Movement, Phase, Update
from kinemotion.jumps.metrics import box_contradicted, evaluate
from kinemotion.jumps.phases import Airborne, PhaseFollower
from kinemotion.jumps.pushoff import PushOff, push_off
from kinemotion.jumps.reference import BLIND_S
from kinemotion.pose.landmarks import Landmarks

_SETTLED_S: Final = 0.5
_DROP_JUMP_S: Final = 0.8  # from a touch-down to well into the flight
_LOW: Final = 0.03  # statures under standing, as a body is before a jump and after it
_REST_S: Final = 0.6  # before take-off, and before the touch-down of a drop, rest ends at the latest


@dataclass(frozen=True, slots=True)
class _Pending:
    """A jump that has landed and is not final."""

    index: int
    airborne: Airborne
    flight: Flight
    landed_s: float
    """When the jump before it landed."""


class JumpTracker:
    """The live jump tracker: one per athlete and stream.

    Args:
        movement: the kind of jump to expect; `AUTO` tells it from what came before take-off.
        height_m: the athlete's stature, for the scale; 1.0 to 2.5 metres.
        mass_kg: the athlete's mass, 20 to 250 kilograms.
        drop_height_m: height of the box of a drop jump, 0.05 to 1.5 metres.
        settle_s: how long after its landing a jump becomes final; a body that stands again by then shows where the
            floor is, which makes the flight surer.
        longest_gap_s: a flight that began or ended between two frames farther apart is no jump, but unclear.

    Raises:
        ValueError: a length or the mass is outside its range.
    """

    def __init__(
        self,
        movement: Movement = Movement.AUTO,
        *,
        height_m: float | None = None,
        mass_kg: float | None = None,
        drop_height_m: float | None = None,
        settle_s: float = _SETTLED_S,
        longest_gap_s: float = math.inf,
    ) -> None:
        self._movement = Movement(movement)
        self._athlete = Athlete(height_m, mass_kg, drop_height_m)
        self._settle_s = settle_s
        self._longest_gap_s = longest_gap_s
        self._stature_m = height_m
        self._time_s = self._earlier_s = -math.inf
        self._landed_s = -math.inf
        self._identity = Identity()
        self._follower = PhaseFollower()
        self._pending: _Pending | None = None
        self._count = 0
        self._unclear: tuple[float, float] | None = None

    def update(
        self,
        time_s: float,
        landmarks: Landmarks | None,
        *,
        aspect: float,
        world: Landmarks | None = None,
        soles: NDArray[np.float64] | None = None,
        shift: NDArray[np.float64] | None = None,
    ) -> Update:
        """Take one frame.

        Args:
            time_s: the frame's time on the camera's clock, in seconds; strictly increasing.
            landmarks: (33, 4) normalised landmarks, or None where no pose was found.
            aspect: the picture's width over its height.
            world: (33, 4) world landmarks in metres, if there are any.
            soles: (2,) y of the left and right shoe's lowest edge in picture heights, NaN where unseen, if they are
                known: `kinemotion.pose.soles`.
            shift: (2,) how far the camera's motion has moved the picture since the first frame, to the right in picture
                widths, down in picture heights, if that is known: `kinemotion.pose.stabiliser`.

        Returns:
            The phase, live figures, and the jumps that became known or final.

        Raises:
            ValueError: the time is not finite or does not increase, the aspect is not a positive number, or an array
                has another shape.
        """
        if not self._time_s < time_s < math.inf:
            raise ValueError(f"the time must be finite and increase: {time_s} after {self._time_s}")
        body = None if landmarks is None else measure(landmarks, aspect, world, soles, shift)
        past, low = (self._earlier_s, self._time_s), self._low
        self._earlier_s = self._time_s
        self._time_s, self._unclear = time_s, None
        if body is None:
            self._identity.nobody()
            jumps = self._landed(self._follower.finish()) + self._settle()
            return Update(Phase.NO_POSE, {}, jumps, self._unclear)
        sighting = self._identity.take(time_s, body)
        if sighting is Sighting.STRANGER:
            return Update(self._follower.phase, {}, self._settle())
        jumps = ()
        if sighting is Sighting.SUCCESSOR:
            jumps = self.finish()
            self._follower.restart()
        jumps += self._landed(self._follower.update(time_s, body)) + self._settle()
        self._unclear = self._doubt(*past, low=low, told=bool(jumps))
        return Update(self._follower.phase, self._live(body), jumps, self._unclear)

    @property
    def unclear(self) -> tuple[float, float] | None:
        """First and last time, in seconds, of a stretch that the last `update` or `finish` could not judge."""
        return self._unclear

    def finish(self) -> tuple[Jump, ...]:
        """Make final what is pending: the stream has ended, or the athlete is lost; see `unclear`, too."""
        self._unclear = None
        return self._landed(self._follower.finish()) + self._finalise()

    def _landed(self, airborne: Airborne | None) -> tuple[Jump, ...]:
        """Take a flight that has ended: a new jump, if it was one; a pending one becomes final before it."""
        if airborne is None:
            return ()
        flight = self._analyse(airborne, self._athlete.height_m)
        if flight is None or not flight.plausible or camera.bumped(self._follower.recorder.all(), flight):
            self._unclear = airborne.first_s, airborne.last_s
        else:
            self._unclear = self._guessed(flight)
        if flight is None or self._unclear is not None:
            self._follower.touched_s = None
            return ()
        jumps = self._finalise()
        self._count += 1
        self._pending = _Pending(self._count, airborne, flight, self._landed_s)
        self._landed_s = flight.landing_s
        return (*jumps, self._jump(self._pending, flight, final=False))

    def _settle(self) -> tuple[Jump, ...]:
        """The pending jump, if its landing has settled or another flight has begun."""
        if self._pending is None:
            return ()
        waited = self._time_s - self._pending.flight.landing_s > self._settle_s
        return self._finalise() if waited or self._follower.phase is Phase.FLIGHT else ()

    def _finalise(self) -> tuple[Jump, ...]:
        pending, self._pending = self._pending, None
        if pending is None:
            return ()
        flight = self._analyse(pending.airborne, self._athlete.height_m)
        if flight is None or not flight.plausible:
            flight = pending.flight
        return (self._jump(pending, flight, final=True),)

    def _analyse(self, airborne: Airborne, stature_m: float | None) -> Flight | None:
        span = (airborne.first_s, airborne.last_s)
        return analyse(self._follower.recorder.all(), span, airborne.stature, stature_m, airborne.touched_s)

    def _jump(self, pending: _Pending, flight: Flight, *, final: bool) -> Jump:
        samples = self._follower.recorder.all()
        push = self._push_off(pending, flight)
        moved = self._camera_moved(pending, flight, push)
        scales = scale.judge(samples, flight, self._athlete.height_m, still=not moved)
        if not scales.agree:  # so that a wrong stature does not bend the flight
            flight = self._analyse(pending.airborne, None) or flight
            push = self._push_off(pending, flight)
        if final and self._athlete.height_m is None and scales.gravity is not None:
            self._stature_m = scales.gravity.value * flight.stature
        values = evaluate(flight, push, self._athlete, scales)
        evidence = quality.Evidence(
            samples=samples,
            flight=flight,
            push=push,
            seen=push.seen,
            asked=self._movement,
            excess_m=values["jump_height_flight_time_m"].value - values["jump_height_m"].value,
            camera_moved=moved,
            scales_agree=scales.agree,
            box_contradicted=box_contradicted(push, self._athlete, scales),
            strange_s=self._identity.strange_s,
        )
        uncertainty = {name: float(value.sd) for name, value in values.items()}
        return Jump(
            index=pending.index,
            final=final,
            movement=push.movement,
            events_s=_events(flight, push),
            metrics={name: float(value.value) for name, value in values.items()},
            uncertainty=uncertainty,
            quality=quality.judge(evidence, uncertainty["jump_height_m"]),
        )

    def _push_off(self, pending: _Pending, flight: Flight) -> PushOff:
        samples = self._follower.recorder.all()
        return push_off(samples, flight, self._movement, pending.airborne.touched_s, pending.landed_s)

    def _guessed(self, flight: Flight) -> tuple[float, float] | None:
        """The stretch that shows a flight, if its take-off or its landing fell between two frames far apart."""
        time = self._follower.recorder.all().time
        off, on = (int(place) for place in np.searchsorted(time, (flight.takeoff_s, flight.landing_s)))
        before_s, after_s = float(time[max(off - 1, 0)]), float(time[min(on, len(time) - 1)])
        longest_s = max(float(time[off]) - before_s, after_s - float(time[on - 1]))
        return (before_s, after_s) if longest_s > self._longest_gap_s else None

    def _doubt(self, earlier_s: float, before_s: float, *, low: bool, told: bool) -> tuple[float, float] | None:
        """The stretch up to now in which a jump may have been missed, by the last two frames and how the body was."""
        if self._follower.phase is Phase.CONTACT and self._follower.touched_s == self._time_s:
            return self._time_s, self._time_s + _DROP_JUMP_S  # few frames may show nothing of the jump that follows
        if told or self._time_s - before_s < BLIND_S or not (low or self._low):
            return self._unclear
        landed = not low and BLIND_S < before_s - earlier_s < math.inf  # perhaps, and at the last frame already
        first_s = earlier_s if landed else before_s
        return (first_s, self._time_s) if self._unclear is None else (min(first_s, self._unclear[0]), self._time_s)

    @property
    def _low(self) -> bool:
        """Whether the body is lower than it stands."""
        height = self._follower.height
        return height is not None and height < -_LOW

    def _camera_moved(self, pending: _Pending, flight: Flight, push: PushOff) -> bool:
        began_s = push.onset_s if push.contact_s is None else push.contact_s - _REST_S
        rest_s = min(flight.takeoff_s - _REST_S, math.inf if began_s is None else began_s)
        samples, dropped = self._follower.recorder.all(), pending.airborne.touched_s is not None
        return camera.moved(samples, flight, rest_s, pending.landed_s, dropped=dropped)

    def _live(self, body: Body) -> dict[str, float]:
        live = dict(body.angles)
        height = self._follower.height
        if height is not None and self._stature_m is not None:
            live["com_height_m"] = height * self._stature_m
            live["com_velocity_m_s"] = self._follower.velocity * self._stature_m
        return live


def _events(flight: Flight, push: PushOff) -> dict[str, float]:
    """The events that are known, in their order."""
    events = {
        "contact": push.contact_s,
        "onset": push.onset_s,
        "lowest": push.lowest_s,
        "takeoff": flight.takeoff_s,
        "apex": flight.apex_s,
        "landing": flight.landing_s,
    }
    return {name: float(time_s) for name, time_s in events.items() if time_s is not None}
