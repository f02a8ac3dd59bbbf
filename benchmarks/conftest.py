"""What every benchmark has at hand: pictures, the bare library, and a way to time beside it."""

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import count, cycle
from os import cpu_count
from typing import Any

import cv2
import mediapipe
import numpy as np
import pytest
from benchmarks.beside import Beside, Step
from mediapipe.tasks.python.core.base_options import BaseOptions
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode
from pytest_benchmark.fixture import BenchmarkFixture

from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.synthetic import Clip, CountermovementJump


@pytest.fixture(scope="session")
def clip() -> Clip:
    """A jump at 30 frames a second."""
    return Clip([CountermovementJump(height_m=0.35)], fps=30, size=(640, 480))


@pytest.fixture(scope="session")
def jpegs(clip: Clip) -> list[bytes]:
    """Its pictures."""
    return [jpeg for _, jpeg in clip.jpegs()]


@pytest.fixture(scope="session")
def new_bare(jpegs: list[bytes]) -> Iterator[Callable[[], Step]]:
    """Makes what anyone would write around the library: decode, find the pose."""
    cv2.setNumThreads(1)
    landmarkers: list[PoseLandmarker] = []

    def make() -> Step:
        options = PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(BUNDLED_FOLDER / MODELS[0].filename)),
            running_mode=RunningMode.VIDEO,
        )
        landmarker = PoseLandmarker.create_from_options(options)
        landmarkers.append(landmarker)
        pictures, clock = cycle(jpegs), count(0, 33)

        def step() -> object:
            data = np.frombuffer(next(pictures), np.uint8)
            image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
            return landmarker.detect_for_video(mediapipe.Image(mediapipe.ImageFormat.SRGB, image), next(clock))

        return step

    yield make
    for landmarker in landmarkers:
        landmarker.close()


@pytest.fixture(scope="session")
def bare(new_bare: Callable[[], Step]) -> Step:
    """The step of the bare library beside which everything is timed."""
    return new_bare()


@pytest.fixture
def beside(benchmark: BenchmarkFixture, bare: Step) -> Beside:
    """Times a step beside the bare library's."""
    return Beside(benchmark, bare)


def pytest_benchmark_update_json(config: pytest.Config, benchmarks: list[Any], output_json: dict[str, Any]) -> None:
    """Says what the ratios depend on."""
    python = ".".join(platform.python_version_tuple()[:2])
    output_json["machine"] = {"cores": cpu_count(), "python": python, "mediapipe": version("mediapipe")}
