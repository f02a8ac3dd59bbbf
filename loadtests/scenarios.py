"""The load tests by name: which locustfile, which options, what is asked of the server."""

from dataclasses import dataclass
from typing import Final

from loadtests.slo import Objectives


@dataclass(frozen=True, slots=True)
class Scenario:
    """One load test.

    Attributes:
        summary: what it is, for the list.
        options: of Locust, besides the run time.
        seconds: how long it takes.
        objectives: what is asked of the server.
        locustfile: which of the locustfiles here.
        sessions: how many cameras the server has places for, unless the environment says.
    """

    summary: str
    options: str
    seconds: int
    objectives: Objectives
    locustfile: str = "locustfile.py"
    sessions: int = 128


_PLAIN: Final = Objectives()

SCENARIOS: Final = {
    "smoke": Scenario("5 cameras, the one that CI runs", "-u 5 -r 5 --jump-every 10 --clips 2", 20, _PLAIN),
    "25": Scenario("25 cameras at 30 frames a second", "-u 25 -r 5", 120, Objectives(p95_ms=60, errors=0, fair=0.9)),
    "100": Scenario(
        "100 cameras at 10 frames a second, 4 more each second",
        "-u 100 -r 4 --fps 10",
        120,
        Objectives(p95_ms=130, errors=0, fair=0.9),
        sessions=110,
    ),
    "first": Scenario(
        "a camera that comes back every three seconds, always to a spare graph",
        "-u 1 -r 1 --session-s 2 --jump-every 0 --clips 1",
        60,
        Objectives(errors=0, first_ms=100),
    ),
    "ramp": Scenario("one more camera every second, up to 100", "-u 100 -r 1 --fps 10", 120, _PLAIN),
    "spike": Scenario("10 cameras, 100, and 10 again", "--fps 10", 120, _PLAIN, "spike.py"),
    "soak": Scenario("25 cameras for half an hour, back every two minutes", "-u 25 -r 5 --session-s 120", 1800, _PLAIN),
    "jumps": Scenario("25 cameras, a jump each in 20 s", "-u 25 -r 5", 45, Objectives(height_m=0.01, fair=0.9)),
    "flood": Scenario(
        "a camera beside one that floods", "-u 2 -r 2 --jump-every 0 --clips 1", 80, Objectives(beside=0.2), "flood.py"
    ),
}
