"""The camera as a Locust user, and the run around it: clips drawn before the clock starts, the result written after."""

import logging
import sys
from collections.abc import Callable
from itertools import count
from time import monotonic, process_time
from typing import Any, ClassVar, Final

import gevent
from locust import User, constant, events, task
from locust.env import Environment
from locust.runners import LocalRunner
from websockets.exceptions import InvalidHandshake

from loadtests.account import Account
from loadtests.clips import Loop
from loadtests.connection import Connection, Refused
from loadtests.options import Options, add_options, check
from loadtests.result import Reel, summarize, write
from loadtests.session import Film, Session

_KIND: Final = "WS"
_PLAIN: Final = "camera"
_BACK_S: Final = 1.0
_LEAVE_S: Final = 40.0

_log: Final = logging.getLogger(__name__)


class CameraFault(Exception):
    """What Locust lists among the failures."""


class Run:
    """What all cameras of a test share.

    Args:
        options: as the command line has them.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        _log.info("Drawing %d athletes", options.clips)
        self._loops = [Loop.draw(number, options.fps, options.jump_every) for number in range(options.clips)]
        gevent.get_hub().loop.update_now()  # or Locust's timers would start from before the drawing
        self.begin()

    def begin(self) -> None:
        """Starts the clock, and forgets the test before this one."""
        self._numbers = count()
        self._reels: list[Reel] = []
        self._began_s, self._began_cpu_s = monotonic(), process_time()

    @property
    def seconds(self) -> float:
        """How long the test has been on."""
        return monotonic() - self._began_s

    def enter(self) -> tuple[int, Loop]:
        """Gives a camera its number, and what is before it."""
        number = next(self._numbers)
        return number, self._loops[number % len(self._loops)]

    def add(self, reel: Reel) -> None:
        """Has a reel counted."""
        self._reels.append(reel)

    def end(self) -> None:
        """Writes the result."""
        seconds = self.seconds
        names = ("host", "fps", "jump_every", "clips", "session_s", "send_pose")
        found = summarize(
            self._reels,
            seconds=seconds,
            cpu_share=(process_time() - self._began_cpu_s) / seconds,
            options={name: getattr(self.options, name) for name in names},
        )
        write(self.options.result, found)
        _log.info("The result is in %s", self.options.result)


class CameraUser(User):
    """A camera that streams a drawn athlete at its own rate, and comes back when its session ends.

    Attributes:
        run_now: the test that is on.
        label: its kind, in the result.
    """

    abstract = True
    wait_time = constant(_BACK_S)
    run_now: ClassVar[Run]
    label: ClassVar[str] = _PLAIN

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        options = self.run_now.options
        number, loop = self.run_now.enter()
        loop = self.before(loop)
        self._address = options.host
        self._film = Film(loop, loop.start(number), options.send_pose, options.session_s)
        self.reel = self.new_reel(self.label)

    def before(self, loop: Loop) -> Loop:
        """What is before a camera of this kind, instead of `loop`."""
        return loop

    def new_reel(self, label: str) -> Reel:
        """A new account of frames and jumps, counted in the result."""
        reel = Reel(Account(label, self._emit))
        self.run_now.add(reel)
        return reel

    @task
    def work(self) -> None:
        """What Locust calls over and over; a subclass that decorated its own would have both called."""
        self.film()

    def film(self) -> None:
        """One session."""
        self.stream(self.reel)

    def stream(self, reel: Reel, enough: Callable[[], bool] = lambda: False) -> None:
        """Streams until the server, Locust or `enough` ends it.

        Args:
            reel: where frames and jumps are booked.
            enough: whether this camera has had enough.
        """
        try:
            with Connection(self._address) as connection:
                session = Session(connection, self._film, reel.account, lambda: self._leaving() or enough())
                try:
                    session.run()
                finally:
                    reel.jumps += session.jumps
                    reel.strays += session.strays
        except Refused as refusal:
            reel.account.fail(f"refused_{refusal.status}")
        except (OSError, InvalidHandshake) as error:
            reel.account.fail(f"no_connection_{type(error).__name__}")

    def _leaving(self) -> bool:
        return self._state == "stopping"  # what Locust does with a user that is to finish its task

    def _emit(self, name: str, duration_s: float | None, size: int = 0, fault: str | None = None) -> None:
        self.environment.events.request.fire(
            request_type=_KIND,
            name=name if self.label == _PLAIN else f"{name} ({self.label})",
            response_time=None if duration_s is None else 1000 * duration_s,
            response_length=size,
            exception=None if fault is None else CameraFault(fault),
            context={},
        )


def _prepare(environment: Environment, **_: Any) -> None:
    if not isinstance(environment.runner, LocalRunner):
        sys.exit("Error: the cameras need one process; leave out --master, --worker and --processes")
    options: Any = environment.parsed_options
    environment.stop_timeout = max(environment.stop_timeout or 0.0, _LEAVE_S)  # for the last jumps
    try:
        check(options)
        CameraUser.run_now = Run(options)
    except ValueError as error:
        sys.exit(f"Error: {error}")
    environment.events.test_start.add_listener(lambda **_: CameraUser.run_now.begin())
    environment.events.test_stop.add_listener(lambda **_: CameraUser.run_now.end())


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(_prepare)
