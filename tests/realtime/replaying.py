"""What the tests of replays share: a desk that a test works off by itself, and frames to replay."""

from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

from kinemotion.jumps import Jump, JumpTracker, Movement, Quality
from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.jpeg import JpegHeader, read_header
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.metrics import ReplayEnd
from kinemotion.realtime.replay import Jumps, Replay, Span

Frames = list[tuple[float, bytes]]

CMJ = partial(JumpTracker, Movement.CMJ)


def frame(seq: int, elapsed_us: int, jpeg: bytes = b"x" * 100) -> Frame:
    """A frame without a clock of its own; unless a JPEG is given, one that cannot be decoded."""
    header = read_header(jpeg) if jpeg[:2] == b"\xff\xd8" else JpegHeader(64, 64, 3)
    return Frame(seq, elapsed_us, elapsed_us, jpeg, header, 0.0)


def live_jump(takeoff_s: float, landing_s: float, *, final: bool = False) -> Jump:
    """A jump as the live path may have seen it."""
    events = {"onset": takeoff_s - 0.6, "takeoff": takeoff_s, "landing": landing_s}
    return Jump(1, final, Movement.CMJ, events, {"jump_height_m": 0.5}, {}, Quality("D", 3.0, 4, 2))


def first_of(results: SimpleQueue[Jump | None]) -> Callable[[Jumps], None]:
    """Puts the likeliest of the jumps that a replay tells, or None."""
    return lambda jumps: results.put(jumps[0] if jumps else None)


class Bench:
    """A desk whose work is done when a test says so, on the test's own thread."""

    def __init__(self, graph: PoseGraph) -> None:
        self.invitations = self.pieces = 0
        graph.forget()  # a desk takes its graphs to be new
        self.ended: list[ReplayEnd] = []
        self.desk = ReplayDesk([graph], self.no_graph, self.invite, lambda end, seconds: self.ended.append(end))
        self.results: SimpleQueue[Jump | None] = SimpleQueue()

    def invite(self) -> None:
        self.invitations += 1

    @staticmethod
    def no_graph() -> PoseGraph:
        raise RuntimeError("one graph has to do")

    def replay(self, jump: Jump) -> Replay:
        return Replay(Span.of(jump), CMJ, first_of(self.results))

    def work(self) -> None:
        while (piece := self.desk.take()) is not None:
            piece.run()
            self.pieces += 1


def of_clip(drawn_frames: Frames, until_s: float) -> list[Frame]:
    """The drawn frames before a time."""
    return [
        frame(seq, round(time_s * 1e6), jpeg) for seq, (time_s, jpeg) in enumerate(drawn_frames) if time_s < until_s
    ]


def of_camera(from_s: float, until_s: float, fps: float = 30.0) -> list[Frame]:
    """Frames that show nothing."""
    return [frame(seq, round((from_s + seq / fps) * 1e6)) for seq in range(round((until_s - from_s) * fps))]
