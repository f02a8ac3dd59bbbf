"""One camera alone, then beside one that sends far more than it may, in turns.

locust -f loadtests/flood.py --headless -u 2 --run-time 80s --jump-every 0 --host http://localhost:8000
"""

from dataclasses import replace
from typing import Final

import gevent
from locust.env import Environment

from loadtests.camera import CameraUser
from loadtests.clips import Loop
from loadtests.result import FLOOD

_TURNS: Final = 4
_SECONDS: Final = 80.0
_PAUSE_S: Final = 0.2
_FLOOD_FPS: Final = 300.0


class _InTurns(CameraUser):
    """A camera that knows whose turn it is: one of the watched camera alone, one of both, and so on."""

    abstract = True
    fixed_count = 1

    def turn(self) -> int:
        """The number of the turn that is on."""
        seconds = self.environment.parsed_options.run_time or _SECONDS
        return int(self.run_now.seconds / (seconds / _TURNS))


class Watched(_InTurns):
    """The camera whose latency is compared."""

    label = "alone"

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._reels = (self.reel, self.new_reel("beside"))

    def film(self) -> None:
        """One turn."""
        turn = self.turn()
        self.stream(self._reels[turn % 2], lambda: self.turn() != turn)


class Flood(_InTurns):
    """A camera that sends far more frames than a server takes from one, every other turn."""

    label = FLOOD

    def before(self, loop: Loop) -> Loop:
        """Somebody who stands still, at a rate that no camera has."""
        return replace(loop, fps=_FLOOD_FPS, jump=(), length=len(loop.standing))

    def film(self) -> None:
        """One turn, in which it floods or not."""
        turn = self.turn()
        if turn % 2:
            self.stream(self.reel, lambda: self.turn() != turn)
        else:
            gevent.sleep(_PAUSE_S)
