"""Clips of the drawn athlete as files, made once, and one of them analysed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.video.mp4 import Image, save

from kinemotion.quiet import native_remarks_hidden
from kinemotion.synthetic import Clip, CountermovementJump, DropJump, SquatJump
from kinemotion.synthetic.clip import Motion
from kinemotion.video.analysis import analyze_video
from kinemotion.video.result import VideoAnalysis

SIZE = (480, 360)
HEIGHT_M = 0.35


def film(motion: Motion, fps: float = 30.0, size: tuple[int, int] = SIZE) -> Clip:
    return Clip([motion], fps=fps, size=size, lead_s=0.7, tail_s=0.4)


def pictures(clip: Clip) -> list[Image]:
    return [image.astype(np.uint8, copy=False) for _, image in clip.frames()]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Keeps the remarks of native libraries out of the tests' output."""
    with native_remarks_hidden():
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def drawn() -> Clip:
    """A countermovement jump."""
    return film(CountermovementJump(height_m=HEIGHT_M))


@pytest.fixture(scope="session")
def drawn_pictures(drawn: Clip) -> list[Image]:
    return pictures(drawn)


@pytest.fixture(scope="session")
def cmj(folder: Path, drawn: Clip, drawn_pictures: list[Image]) -> Path:
    """The drawn countermovement jump, 30 pictures a second."""
    return save(folder / "cmj.mp4", drawn_pictures, drawn.fps)


@pytest.fixture(scope="session")
def sj(folder: Path) -> Path:
    return save(folder / "sj.mp4", pictures(film(SquatJump(height_m=0.30))), 30)


@pytest.fixture(scope="session")
def dj(folder: Path) -> Path:
    return save(folder / "dj.mp4", pictures(film(DropJump(height_m=0.30))), 30)


@pytest.fixture(scope="session")
def standing(folder: Path, drawn_pictures: list[Image]) -> Path:
    """Nobody jumps in the first half second."""
    return save(folder / "standing.mp4", drawn_pictures[:15], 30)


@pytest.fixture(scope="session")
def analysed(cmj: Path) -> VideoAnalysis:
    """The drawn countermovement jump as it was measured."""
    with native_remarks_hidden():
        return analyze_video(cmj, movement="cmj", height_m=1.75, mass_kg=75)
