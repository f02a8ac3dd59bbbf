"""What Prometheus may read: closed label sets, every series there from the start. docs/metrics.md says what each means.

Counting may be done from any thread. No method looks a label up by name where frames pass: the children of every
family are made once, here.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise, product
from time import monotonic, sleep
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, GCCollector, Histogram, Info, Metric, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from kinemotion import __version__
from kinemotion.errors import ClientError
from kinemotion.jumps import Jump, Movement

Stage = Literal["wait", "decode", "pose", "kinematics", "encode", "send"]
Handshake = Literal["accepted", "bad_protocol", "unauthorized", "forbidden_origin", "limited", "full", "draining"]
ReplayEnd = Literal["done", "shed", "failed", "cancelled"]

STAGES: Final[Sequence[Stage]] = get_args(Stage)
HANDSHAKES: Final[Sequence[Handshake]] = get_args(Handshake)
REPLAY_ENDS: Final[Sequence[ReplayEnd]] = get_args(ReplayEnd)
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
MOVEMENTS: Final = (Movement.CMJ, Movement.SJ, Movement.DJ)
GRADES: Final = ("A", "B", "C", "D")
LAG_EVERY_S: Final = 0.1

_PAUSE_S: Final = 0.0001
_openmetrics: Final[Callable[[Collector], bytes]] = openmetrics.generate_latest

_LATENCY_EDGES_S: Final = (
    0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5,
)  # fmt: skip
_STAGE_EDGES_S: Final = (
    0.0001, 0.0005, 0.001, 0.002, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.5, 1.0, 2.5,
)  # fmt: skip
_REPLAY_EDGES_S: Final = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0)
_LAG_EDGES_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5)


def _codes(kind: type[ClientError] = ClientError) -> Iterable[str]:
    """The wire codes of a class of errors and all below it."""
    for leaf in kind.__subclasses__():
        yield leaf.code
        yield from _codes(leaf)


SESSION_ENDS: Final = ("done", "client_gone", *dict.fromkeys(_codes()))


class Metrics:
    """The instruments of one server, in a registry of their own.

    Args:
        model: the name of the pose model that serves where nothing better is asked for.

    The gauges that are attributes are for whoever knows their value: `set` it, or give them a function that each
    scrape calls, from a thread of its own; such a function must not wait for a lock that is held over any work.
    """

    def __init__(self, model: str = "") -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        Info("kinemotion_build", "What serves.", registry=self.registry).info({"version": __version__, "model": model})
        self.sessions = self._gauge("sessions", "Cameras connected now.")
        self.session_capacity = self._gauge("session_capacity", "Cameras that there is room for.")
        self.replay_queue_frames = self._gauge("replay_queue_frames", "Frames that wait to be done again.")
        self.pose_workers = self._gauge("pose_workers", "Worker threads.")
        self.pose_workers_busy = self._gauge("pose_workers_busy", "Worker threads that have something in work.")
        self.pose_workers_stuck = self._gauge("pose_workers_stuck", "Worker threads whose work does not return.")
        self.spare_graphs = self._gauge("spare_graphs", "Pose graphs ready for the next camera.")
        self.draining = self._gauge("draining", "1 while the server ends its sessions before it stops, else 0.")
        self.ready = self._gauge("ready", "1 if the next camera would be taken, else 0.")
        self._count()
        self._observe()

    def _count(self) -> None:
        self._frames = self._counters("frames", "Frames received, by what became of them.", "outcome", FRAME_OUTCOMES)
        self._analysed, self._no_pose = self._frames["analysed"], self._frames["no_pose"]
        self._handshakes = self._counters("handshakes", "Clients that asked for a session.", "outcome", HANDSHAKES)
        self._closed = self._counters("sessions_closed", "Sessions that ended, by why.", "reason", SESSION_ENDS)
        self._replays = self._counters("replays", "Jumps done again from the frames received.", "outcome", REPLAY_ENDS)
        jumps = Counter("kinemotion_jumps", "Final jumps.", ["movement", "grade"], registry=self.registry)
        self._jumps = {labels: jumps.labels(*labels) for labels in product(MOVEMENTS, GRADES)}

    def _observe(self) -> None:
        latency = "From a frame's last byte received to its answer handed to the transport, or to its being given up."
        self._latency = self._histogram("frame_latency_seconds", latency, _LATENCY_EDGES_S)
        stage = Histogram(
            "kinemotion_stage_duration_seconds",
            "The parts of a frame's latency.",
            ["stage"],
            buckets=_STAGE_EDGES_S,
            registry=self.registry,
        )
        *self._worked, self._send = (stage.labels(name) for name in STAGES)
        self._replay = self._histogram(
            "replay_duration_seconds", "From a landing received to the final jump.", _REPLAY_EDGES_S
        )
        self._lag = self._histogram("event_loop_lag_seconds", "How late the event loop wakes a sleeper.", _LAG_EDGES_S)

    # Frames

    def frame(self, outcome: str) -> None:
        """Counts a frame that was not analysed.

        Args:
            outcome: one of `FRAME_OUTCOMES`.
        """
        self._frames[outcome].inc()

    def analysed(self, *, found: bool) -> None:
        """Counts a frame that was analysed, by whether somebody was found in it."""
        (self._analysed if found else self._no_pose).inc()

    def worked(self, times_s: Sequence[float]) -> None:
        """Observes what a worker did with a frame.

        Args:
            times_s: when it was received, and when each of the stages from `wait` to `encode` ended.
        """
        for histogram, (start_s, end_s) in zip(self._worked, pairwise(times_s), strict=True):
            _observe(histogram, end_s - start_s)

    def sent(self, received_s: float, written_s: float, now_s: float) -> None:
        """Observes an answer that was handed to the transport: when its frame came, when it was written, and now."""
        _observe(self._send, now_s - written_s)
        _observe(self._latency, now_s - received_s)

    def given_up(self, received_s: float, turn_s: float, now_s: float) -> None:
        """Observes a frame whose turn came, but which gets no answer: too old, broken, or failed."""
        _observe(self._worked[0], turn_s - received_s)
        _observe(self._latency, now_s - received_s)

    def latency(self, seconds: float) -> None:
        """Observes the latency of a frame whose answer a newer one took the place of, unsent."""
        _observe(self._latency, seconds)

    # Sessions and jumps

    def handshake(self, outcome: Handshake) -> None:
        """Counts a client that asked for a session."""
        self._handshakes[outcome].inc()

    def closed(self, reason: str) -> None:
        """Counts the end of a session.

        Args:
            reason: one of `SESSION_ENDS`.
        """
        self._closed[reason].inc()

    def jump(self, jump: Jump) -> None:
        """Counts a jump that is final."""
        self._jumps[jump.movement, jump.quality.grade].inc()

    def replay(self, end: ReplayEnd, seconds: float) -> None:
        """Counts a replay that is over; of one that is done, observes how long the final result took."""
        if end == "done":
            _observe(self._replay, seconds)
        self._replays[end].inc()

    # The server

    async def sample_loop_lag(self) -> None:
        """Observes, as long as it runs, how late the event loop is."""
        while True:
            due_s = monotonic() + LAG_EVERY_S  # the loop's own clock may count whole milliseconds
            await asyncio.sleep(LAG_EVERY_S)
            _observe(self._lag, max(monotonic() - due_s, 0.0))  # timers may fire early by the clock's resolution

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Writes everything down; this takes milliseconds, so call it off the event loop.

        Args:
            accept: the request's header.

        Returns:
            The text, and its content type: OpenMetrics where that is taken, else the older format of Prometheus.
        """
        unhurried = _Unhurried(self.registry)
        if "application/openmetrics-text" in accept:  # the library's own choice stumbles over versions that are none
            return _openmetrics(unhurried), openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(unhurried), CONTENT_TYPE_PLAIN_0_0_4

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"kinemotion_{name}", text, registry=self.registry)

    def _histogram(self, name: str, text: str, edges_s: Sequence[float]) -> Histogram:
        return Histogram(f"kinemotion_{name}", text, buckets=edges_s, registry=self.registry)

    def _counters(self, name: str, text: str, label: str, values: Iterable[str]) -> dict[str, Counter]:
        family = Counter(f"kinemotion_{name}", text, [label], registry=self.registry)
        return {value: family.labels(value) for value in values}


class _Unhurried(Collector):
    """Collects with pauses, since a thread that does not pause keeps the event loop waiting for 5 ms at a time."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            yield metric
            sleep(_PAUSE_S)


def _observe(histogram: Histogram, seconds: float) -> None:
    """Observes a duration; what is none is left out, since it would spoil the sum for ever."""
    if 0 <= seconds < math.inf:
        histogram.observe(seconds)
