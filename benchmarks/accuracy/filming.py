"""Clips as a server receives them, and what MediaPipe sees in them."""

from collections.abc import Iterable
from typing import Final

from kinemotion.pose.graph import Mode, Pose, PoseGraph
from kinemotion.pose.jpeg import decode, read_header
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime.messages import Frame
from kinemotion.synthetic import Clip

MODEL: Final = BUNDLED_FOLDER / MODELS[0].filename


def filmed(clip: Clip) -> list[Frame]:
    """A clip as a server receives it."""
    jpegs = [(seq, round(1e6 * time_s), jpeg) for seq, (time_s, jpeg) in enumerate(clip.jpegs())]
    return [Frame(seq, time_us, time_us, jpeg, read_header(jpeg), 0.0) for seq, time_us, jpeg in jpegs]


def seen(frames: Iterable[Frame], mode: Mode) -> list[Pose | None]:
    """What MediaPipe sees in frames, one after the other."""
    with PoseGraph(MODEL, mode) as graph:
        return [graph.detect(decode(frame.jpeg, frame.header)) for frame in frames]
