"""What all tests share: one running server, the drawn athlete, and the reference data where they are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kinemotion.realtime.serving import background
from kinemotion.settings import Settings
from kinemotion.synthetic import Clip, CountermovementJump

Frames = list[tuple[float, bytes]]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a running server; however busy the machine, no frame is too old for it."""
    with background(Settings(port=0, max_sessions=32, slo_s=10.0, final_s=60.0)) as address:
        yield address


@pytest.fixture(scope="session")
def drawn_clip() -> Clip:
    """Two countermovement jumps."""
    return Clip([CountermovementJump(height_m=0.30), CountermovementJump(height_m=0.40)])


@pytest.fixture(scope="session")
def drawn_frames(drawn_clip: Clip) -> Frames:
    """The pictures of `drawn_clip`: (time in seconds, JPEG)."""
    return list(drawn_clip.jpegs())


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The reference data beside the checkout."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        missing = f"the reference data are not at {folder}"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return folder


@pytest.fixture(scope="session")
def real_frames(shared_folder: Path) -> Frames:
    """120 pictures of a person, 640 x 480, 30 frames a second."""
    data = (shared_folder / "data/video/person_640x480_30fps.mjpeg").read_bytes()
    start = b"\xff\xd8\xff"
    return [(number / 30, start + jpeg) for number, jpeg in enumerate(data.split(start)[1:])]
