"""What Prometheus may read: closed label sets, present from the start."""

import math
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

FRAME_OUTCOMES: Final = (
    "analysed",
    "no_pose",
    "superseded",
    "stale",
    "out_of_order",
    "rate_limited",
    "rejected",
    "failed",
)
_LATENCY_EDGES_S: Final = (
    0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5,
)  # fmt: skip


class Metrics:
    """The instruments of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.sessions = Gauge("kinemotion_sessions", "Cameras connected now.", registry=self.registry)
        self._frames = Counter(
            "kinemotion_frames", "Frames received, by what became of them.", ["outcome"], registry=self.registry
        )
        self._latency = Histogram(
            "kinemotion_frame_latency_seconds",
            "From a frame's last byte received to its answer handed to the transport.",
            buckets=_LATENCY_EDGES_S,
            registry=self.registry,
        )
        for outcome in FRAME_OUTCOMES:
            self._frames.labels(outcome)

    def frame(self, outcome: str) -> None:
        """Counts a frame.

        Args:
            outcome: one of `FRAME_OUTCOMES`.
        """
        self._frames.labels(outcome).inc()

    def latency(self, seconds: float) -> None:
        """Observes how long an answer took; what is no duration is not observed, since it would spoil the sum."""
        if math.isfinite(seconds) and seconds >= 0:
            self._latency.observe(seconds)
