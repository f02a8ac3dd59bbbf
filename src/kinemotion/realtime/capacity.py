"""How many cameras there is room for: as set, or measured at the start.

Measured, it is what the workers can answer: `workers / time of a frame` frames a second, shared so that each camera
gets the least rate that is wanted, and no more sessions than fit into the memory that is free. While jumps are replayed
they may take half of the workers' time, and each camera gets half of that rate (three eighths while cameras come):
enough to see that there was, or may have been, a jump, which is then measured from the frames received.
"""

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal

from kinemotion.pose import jpeg
from kinemotion.pose.graph import PoseGraph
from kinemotion.realtime import memory
from kinemotion.settings import Settings

SESSION_BYTES: Final = 85 * 1024 * 1024
"""What a session takes at most, its graph included."""

PICTURE: Final = Path(__file__).with_name("athlete.jpg")
"""Somebody to be found: a graph that sees nobody searches, and never tracks."""

_ENOUGH_S: Final = 0.2
_LEAST_FRAMES: Final = 4
_MOST_FRAMES: Final = 15

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Capacity:
    """Room for cameras, and where the figure comes from."""

    sessions: int
    source: Literal["set", "measured"]
    bound: Literal["setting", "processor", "memory"]
    frame_s: float | None = None
    """What one frame takes a worker, as measured."""

    def facts(self) -> dict[str, Any]:
        """What `/health/detailed` tells."""
        facts: dict[str, Any] = {"capacity": self.sessions, "capacity_source": self.source, "bound_by": self.bound}
        return facts if self.frame_s is None else facts | {"frame_ms": round(1000 * self.frame_s, 1)}


def find(settings: Settings, model: Path) -> Capacity:
    """Finds the capacity: as set or, in about a third of a second, by measuring.

    Args:
        settings: the server's.
        model: the file of the model that most sessions will use.
    """
    if settings.max_sessions is not None:
        capacity = Capacity(settings.max_sessions, "set", "setting")
    else:
        capacity = estimate(frame_s(model), settings, memory.free_bytes())
    cameras = "1 camera" if capacity.sessions == 1 else f"{capacity.sessions} cameras"
    _log.info("room for %s (%s, bound by the %s)", cameras, capacity.source, capacity.bound)
    return capacity


def estimate(frame_s: float, settings: Settings, free_bytes: int | None) -> Capacity:
    """The capacity of a machine.

    Args:
        frame_s: what one frame takes a worker.
        settings: how many workers and spare graphs there are, and the least rate for each camera.
        free_bytes: the memory for spares and sessions; None where that is not known.
    """
    answered = int(settings.workers / frame_s / settings.min_fps)
    fitting = math.inf if free_bytes is None else free_bytes // SESSION_BYTES - settings.spare_graphs
    if fitting < answered:
        return Capacity(max(int(fitting), 1), "measured", "memory", frame_s)
    return Capacity(max(answered, 1), "measured", "processor", frame_s)


def frame_s(model: Path) -> float:
    """What decoding a frame and following the body in it takes, at its quickest: a busy moment only ever adds."""
    data = PICTURE.read_bytes()
    header = jpeg.read_header(data)
    with PoseGraph(model) as graph:
        graph.detect(jpeg.decode(data, header))  # the search, which comes before the following
        times: list[float] = []
        began_s = monotonic()
        while len(times) < _LEAST_FRAMES or (len(times) < _MOST_FRAMES and monotonic() < began_s + _ENOUGH_S):
            start_s = monotonic()
            graph.detect(jpeg.decode(data, header))
            times.append(monotonic() - start_s)
    return min(times)
