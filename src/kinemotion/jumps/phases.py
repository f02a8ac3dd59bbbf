"""The athlete's phase, frame by frame, and the flights in the stream."""

import math
from dataclasses import dataclass
from typing import Final

from kinemotion.jumps.body import Body
from kinemotion.jumps.flight import LONGEST_S
from kinemotion.jumps.jump import Phase
from kinemotion.jumps.reference import Reference
from kinemotion.jumps.signal import Recorder, Samples, mean, slope

# Lengths are statures, speeds statures a second.
_OFF: Final = 0.025  # clearance that may be a flight
_RISEN: Final = 0.02  # the centre of mass rises at least this much into a flight
_LOW: Final = 0.03  # below standing
_STILL: Final = 0.12
_MOVING: Final = 0.20
_FALLING: Final = 0.5  # feet that fall this fast, this far under the floor, are in a drop
_BRAKED: Final = 0.6  # of the speed at which they met the floor; else they may be on their way to a lower one
_BELOW: Final = 0.08
_WEIGHTLESS: Final = -3.0  # statures/s², half of what gravity gives an adult
_REBOUND: Final = 0.6  # nobody rises faster from a landing without jumping again

_VELOCITY_S: Final = 0.12
_FEET_S: Final = 0.04
_FALL_S: Final = 0.1
_TURN_S: Final = 0.2  # a turning point is no squat until it has lasted this long
_CONTACT_S: Final = 0.8
_LANDING_S: Final = 1.5
_UPRIGHT_DEG: Final = 145.0
_CROUCHED_DEG: Final = 135.0


@dataclass(frozen=True, slots=True)
class Airborne:
    """A stretch of frames off the floor, as seen live.

    Attributes:
        first_s: time of its first frame.
        last_s: time of its last frame.
        touched_s: the touch-down before it, after a drop or another flight; None if none is remembered.
        stature: apparent stature at take-off, picture heights.
    """

    first_s: float
    last_s: float
    touched_s: float | None
    stature: float


class PhaseFollower:
    """Feet, centre of mass and knees to a phase; flights as they end.

    Attributes:
        phase: the phase at the newest frame.
        velocity: of the centre of mass, statures a second, up positive.
        recorder: the last seconds of motion.
        touched_s: the last touch-down after a drop or a flight; None if none is remembered.
    """

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.phase = Phase.NO_POSE
        self.velocity = 0.0
        self._reference: Reference | None = None
        self._body: Body | None = None
        self._time_s = 0.0
        self._entered_s = self._moved_s = 0.0
        self._first_s = self._last_s = 0.0
        self._touching = False
        self._touch_velocity = 0.0
        self.touched_s: float | None = None

    @property
    def height(self) -> float | None:
        """Height of the centre of mass over standing, in statures; None until standing was seen."""
        if self._reference is None or self._body is None or self._reference.standing is None:
            return None
        return self._reference.height(self._body) - self._reference.standing

    def restart(self) -> None:
        """Forget the past."""
        self.recorder.clear()
        self._reference = self._body = self.touched_s = None
        self._touching = False
        self.velocity = 0.0
        self.phase = Phase.NO_POSE

    def update(self, time_s: float, body: Body) -> Airborne | None:
        """Take one body; answer with a flight if this frame confirms that it has ended."""
        if self._reference is None:
            self._reference = Reference(body)
        elapsed_s = time_s - self._time_s if self._body is not None else 0.0
        self._time_s, self._body = time_s, body
        clearance = self._reference.clearance(body)
        self.recorder.append(time_s, body, clearance)
        recent = self.recorder.last(_VELOCITY_S, at_least=3)
        self.velocity = slope(recent.time, recent.com) / self._reference.stature
        if self.phase is Phase.FLIGHT or self._touching:
            return self._fly(body, clearance)
        if self.phase is Phase.DROP:
            self._drop(body)
        elif clearance > _OFF and body.inside and self._risen(body):
            self._enter(Phase.FLIGHT)
            self._first_s = self._last_s = time_s
        elif self._dropping(body):
            self._enter(Phase.DROP)
        else:
            self._stand(body, elapsed_s)
        return None

    def finish(self) -> Airborne | None:
        """A flight whose landing was seen but not yet confirmed."""
        return self._land() if self._touching else None

    def _enter(self, phase: Phase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self._entered_s = self._time_s

    def _fly(self, body: Body, clearance: float) -> Airborne | None:
        airborne = clearance > _OFF and not self._stopped()
        if not body.inside or (airborne and self._time_s - self._first_s > LONGEST_S + 0.1):
            self._touching = False
            self._known().step_to(body)
            self._enter(Phase.STANDING)
        elif self._touching and self._dropping(body):
            self._touching = False
            self._enter(Phase.DROP)
        elif airborne:
            self._touching = False
            self._enter(Phase.FLIGHT)
            self._last_s = self._time_s
        elif not self._touching:
            self._touching = True
            self._touch_velocity = self._feet_velocity()
            self._enter(Phase.LANDING)
        elif self._feet_velocity() > min(_BRAKED * self._touch_velocity, -_FALLING / 2):
            return self._land()
        return None

    def _land(self) -> Airborne:
        reference = self._known()
        self._touching = False
        flight = Airborne(self._first_s, self._last_s, self.touched_s, reference.stature)
        self.touched_s = self._entered_s
        if self._body is not None:
            reference.step_to(self._body)
        return flight

    def _dropping(self, body: Body) -> bool:
        return self._known().lift(body) < -_BELOW and self._feet_velocity() < -_FALLING

    def _drop(self, body: Body) -> None:
        if self._feet_velocity() > -_FALLING / 2:
            self._known().step_to(body)
            self.touched_s = self._time_s
            self._enter(Phase.CONTACT)

    def _stand(self, body: Body, elapsed_s: float) -> None:
        """Learn from a frame on the ground, and name its phase."""
        reference, knee = self._known(), body.mean_angle("knee")
        knee = 180.0 if math.isnan(knee) else knee
        still = abs(self.velocity) < _STILL
        reference.learn(body, elapsed_s, upright=still and knee > _UPRIGHT_DEG)
        standing = reference.standing
        length = (body.com - mean(body.feet)) / reference.stature
        low = knee < _CROUCHED_DEG if standing is None else length < standing - _LOW
        self._enter(self._ground_phase(low=low))

    def _ground_phase(self, *, low: bool) -> Phase:
        phase, velocity, lasted_s = self.phase, self.velocity, self._time_s - self._entered_s
        if abs(velocity) > _MOVING:
            self._moved_s = self._time_s
        turning = self._time_s - self._moved_s < _TURN_S
        if phase is Phase.CONTACT and lasted_s < _CONTACT_S:
            return phase
        if phase is Phase.LANDING and lasted_s < _LANDING_S and (low or turning) and velocity < _REBOUND:
            return phase
        if velocity < (-_STILL if low else -_MOVING) and (low or phase is Phase.COUNTERMOVEMENT):
            return Phase.COUNTERMOVEMENT
        if velocity > _MOVING and (low or phase is not Phase.STANDING):
            return Phase.PROPULSION
        if turning and phase in (Phase.COUNTERMOVEMENT, Phase.PROPULSION):
            return phase
        return Phase.SQUAT if low else Phase.STANDING

    def _risen(self, body: Body) -> bool:
        lowest = float(self.recorder.last(0.5, at_least=3).com.min())
        return body.com - lowest > _RISEN * self._known().stature

    def _stopped(self) -> bool:
        """Whether the feet rest while the body sinks, and is braked: landed, though not where they took off."""
        recent = self.recorder.last(2 * _FEET_S, at_least=3)
        feet = slope(recent.time, recent.feet.mean(1))
        com = slope(recent.time, recent.com)
        sinks = com < -_MOVING * self._known().stature and feet > 0.3 * com
        return sinks and self._time_s - self._first_s > 0.1 and not self._weightless()

    def _weightless(self) -> bool:
        """Whether the centre of mass falls freely, as it does too while legs that bend keep the feet at one height."""
        recent = self.recorder.last(2 * _FALL_S, at_least=4)
        middle = len(recent) // 2
        early, late = Samples(recent.rows[:middle]), Samples(recent.rows[middle:])
        change = slope(late.time, late.com) - slope(early.time, early.com)
        elapsed_s = mean(late.time) - mean(early.time)
        return change < _WEIGHTLESS * elapsed_s * self._known().stature

    def _feet_velocity(self) -> float:
        recent = self.recorder.last(_FEET_S, at_least=2)
        return slope(recent.time, recent.feet.mean(1)) / self._known().stature

    def _known(self) -> Reference:
        assert self._reference is not None
        return self._reference
