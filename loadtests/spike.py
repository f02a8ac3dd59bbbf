"""Ten cameras, all of a sudden a hundred, and ten again; `--run-time` is the whole of it, two minutes by default.

locust -f loadtests/spike.py --headless --fps 10 --host http://localhost:8000
"""

from time import perf_counter
from typing import Final

from locust import LoadTestShape

from loadtests.camera import CameraUser

_SECONDS: Final = 120.0
_SPAWN_RATE: Final = 50.0
_STAGES: Final = ((0.25, 10), (0.75, 100), (1.0, 10))
"""Until which share of the time, how many."""


class Camera(CameraUser):
    """A camera as it should be."""


class Spike(LoadTestShape):
    """How many cameras there are."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """Answers Locust, which asks every second."""
        options = self.runner.environment.parsed_options if self.runner else None
        seconds = (options and options.run_time) or _SECONDS
        share = (perf_counter() - self.start_time) / seconds
        return next(((cameras, _SPAWN_RATE) for until, cameras in _STAGES if share < until), None)
