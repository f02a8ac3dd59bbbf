"""Servers, a graph and workers, that tests need not make anew."""

from collections.abc import Iterator

import pytest

from kinemotion.pose.graph import Mode, PoseGraph
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.realtime.scheduler import Scheduler
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings


@pytest.fixture(scope="session")
def graph() -> Iterator[PoseGraph]:
    """A graph as replays have."""
    with PoseGraph(BUNDLED_FOLDER / MODELS[0].filename, Mode.FINAL) as graph:
        yield graph


@pytest.fixture(scope="module")
def watched() -> Iterator[str]:
    """A fresh server; however busy the machine, no frame is too old for it."""
    with background(Settings(port=0, max_sessions=8, slo_s=10.0, final_s=60.0, workers=2)) as address:
        yield address


@pytest.fixture(scope="session")
def strict() -> Iterator[str]:
    """Room for two, small frames that are soon too old, and no patience with clients that do not read."""
    settings = Settings(
        port=0, workers=1, max_sessions=2, spare_graphs=0, send_s=0.5, slo_s=0.01, max_frame_bytes=65_536
    )
    with background(settings) as address:
        yield address


@pytest.fixture
def one_worker() -> Iterator[Scheduler]:
    scheduler = Scheduler(1)
    yield scheduler
    scheduler.close()


@pytest.fixture
def two_workers() -> Iterator[Scheduler]:
    scheduler = Scheduler(2)
    yield scheduler
    scheduler.close()
