"""How many cameras there is room for."""

from pathlib import Path

import numpy as np
import pytest

from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.jpeg import decode, read_header
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime import capacity
from kinemotion.realtime.capacity import SESSION_BYTES, Capacity, estimate
from kinemotion.settings import Settings

MODEL = BUNDLED_FOLDER / MODELS[0].filename
TWO = Settings(workers=2, min_fps=4.0, spare_graphs=1)


@pytest.mark.parametrize(
    ("frame_s", "free_bytes", "sessions", "bound"),
    [
        (0.0098, None, 51, "processor"),
        (0.0098, 52 * SESSION_BYTES, 51, "processor"),
        (0.0098, 51 * SESSION_BYTES, 50, "memory"),
        (0.0098, 0, 1, "memory"),
        (9.0, None, 1, "processor"),
    ],
)
def test_room_is_what_workers_answer_and_memory_holds(
    frame_s: float, free_bytes: int | None, sessions: int, bound: str
) -> None:
    found = estimate(frame_s, TWO, free_bytes)
    assert (found.sessions, found.bound, found.source, found.frame_s) == (sessions, bound, "measured", frame_s)


def test_more_answers_for_each_camera_leave_room_for_fewer() -> None:
    assert estimate(0.01, Settings(workers=2, min_fps=10.0), None).sessions == 20


def test_what_is_set_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(capacity, "frame_s")
    assert capacity.find(Settings(max_sessions=7), MODEL) == Capacity(7, "set", "setting")


@pytest.mark.parametrize(("sessions", "room"), [(1, "room for 1 camera ("), (7, "room for 7 cameras (")])
def test_room_is_logged(sessions: int, room: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="kinemotion"):
        capacity.find(Settings(max_sessions=sessions), MODEL)
    assert caplog.messages[0].startswith(room)


def test_the_picture_has_somebody_to_follow() -> None:
    data = capacity.PICTURE.read_bytes()
    image = decode(data, read_header(data))
    with PoseGraph(MODEL) as graph:
        poses = [graph.detect(image) for _ in range(4)]
    assert all(pose is not None for pose in poses)


def test_a_few_frames_are_measured_and_the_quickest_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    class Graph(PoseGraph):
        def detect(self, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
            seen.append(image)

    monkeypatch.setattr(capacity, "PoseGraph", Graph)
    assert 0 < capacity.frame_s(Path(MODEL)) < 1
    assert 5 <= len(seen) <= 16
