"""Who is seen: the pose model finds one body in a frame, and not always the athlete's."""

from collections import deque
from enum import Enum, auto
from typing import Final, NamedTuple

from kinemotion.jumps.body import Body

# Lengths are statures.
_SHIFT: Final = 0.2  # no body moves farther between two frames,
_FASTEST: Final = 3.0  # but for this speed
_SMALLER: Final = 0.6  # nor does it shrink or grow beyond these shares
_LARGER: Final = 1.6

_LOST_S: Final = 1.0  # after a longer gap anybody may be the athlete,
_GONE_S: Final = 3.0  # or, where no frame showed nobody, whoever is about as tall, and still there
_THERE: Final = 0.6
_AS_TALL: Final = 1.4
_STAYED_S: Final = 0.25  # another body that is seen for this long has taken the athlete's place
_REMEMBERED: Final = 256  # frames


class Sighting(Enum):
    """What a body is to the athlete followed so far."""

    ATHLETE = auto()
    STRANGER = auto()
    SUCCESSOR = auto()


class _Place(NamedTuple):
    time_s: float
    body: Body

    def reach(self, time_s: float) -> float:
        """How far this body may have come by a time, picture heights."""
        return (_SHIFT + _FASTEST * (time_s - self.time_s)) * self.body.stature

    def distance(self, body: Body) -> float:
        """How far away another body is, picture heights."""
        return max(abs(body.x - self.body.x), abs(body.com - self.body.com))

    def may_be(self, time_s: float, body: Body) -> bool:
        """Whether another body can be this one a moment later."""
        alike = _SMALLER < body.stature / self.body.stature < _LARGER
        return alike and self.distance(body) <= self.reach(time_s)

    def is_found_again(self, time_s: float, body: Body) -> bool:
        """Whether another body, seen after a long gap, is likely this one."""
        as_tall = 1 / _AS_TALL < body.stature / self.body.stature < _AS_TALL
        return time_s - self.time_s < _GONE_S and as_tall and self.distance(body) < _THERE * self.body.stature


class Identity:
    """Keeps to one athlete while the pose leaps from body to body.

    Attributes:
        strange_s: times of the last frames that showed somebody else.
    """

    def __init__(self) -> None:
        self.strange_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._athlete: _Place | None = None
        self._stranger: _Place | None = None
        self._since_s = 0.0
        self._nobody = False

    def nobody(self) -> None:
        """Takes a frame that shows no body."""
        self._nobody = True

    def take(self, time_s: float, body: Body) -> Sighting:
        """Tell whose body this is; a stranger who stays, or another body after a long gap, becomes the athlete."""
        athlete, place = self._athlete, _Place(time_s, body)
        if athlete is None:
            return self._follow(place, Sighting.ATHLETE)
        if time_s - athlete.time_s > _LOST_S:
            again = not self._nobody and athlete.is_found_again(time_s, body)
            return self._follow(place, Sighting.ATHLETE if again else Sighting.SUCCESSOR)
        if athlete.may_be(time_s, body) and not self._nearer_to_stranger(athlete, place):
            return self._follow(place, Sighting.ATHLETE)
        self.strange_s.append(time_s)
        if self._stranger is None or not self._stranger.may_be(time_s, body):
            self._since_s = time_s
        self._stranger = place
        if time_s - self._since_s > _STAYED_S:
            return self._follow(place, Sighting.SUCCESSOR)
        return Sighting.STRANGER

    def _follow(self, place: _Place, sighting: Sighting) -> Sighting:
        self._athlete, self._stranger, self._nobody = place, None, False
        return sighting

    def _nearer_to_stranger(self, athlete: _Place, place: _Place) -> bool:
        stranger = self._stranger
        if stranger is None or not stranger.may_be(place.time_s, place.body):
            return False
        return stranger.distance(place.body) < athlete.distance(place.body)
