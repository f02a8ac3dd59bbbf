"""Hostile clients that attack the server at random.

locust -f loadtests/hostile.py --headless -u 3 --jump-every 0 --clips 1 --run-time 10m --host http://localhost:8000

The cameras whose latency is of interest belong to another process: an attack that masks 50 MB holds up its own.
"""

from collections import Counter
from random import Random
from typing import Any, Final

import orjson
from locust import User, constant, events, task
from locust.env import Environment

from loadtests.attacks import ATTACKS, carry_out
from loadtests.camera import CameraUser
from loadtests.result import ATTACKS_FILE

_random: Final = Random(1)
_done: Final = Counter[str]()


class Hostile(User):
    """A client that means harm."""

    wait_time = constant(0.2)

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        options: Any = environment.parsed_options
        self._address = options.host
        _, loop = CameraUser.run_now.enter()
        self._jpeg = loop.picture(0)

    @task
    def attack(self) -> None:
        """One attack."""
        attack = _random.choice(ATTACKS)
        carry_out(attack, self._address, self._jpeg)
        _done[attack.__name__] += 1


def _prepare(environment: Environment, **_: Any) -> None:
    options: Any = environment.parsed_options
    report = options.result.with_name(ATTACKS_FILE)
    environment.events.test_stop.add_listener(lambda **_: report.write_bytes(orjson.dumps(_done)))


events.init.add_listener(_prepare)
