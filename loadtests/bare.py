"""Decode and MediaPipe on a few threads and nothing else: what a frame costs without a server around it.

Each loop is a process of its own, so that its processor time is all its own.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count, cycle
from multiprocessing import get_context
from threading import Barrier, Event, Thread
from time import perf_counter, process_time, sleep
from typing import Any, Final, NamedTuple

import cv2
import mediapipe
import numpy as np
from mediapipe.tasks.python.core.base_options import BaseOptions
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions, RunningMode

from kinemotion.pose.models import BUNDLED_FOLDER, MODELS

_WARM_FRAMES: Final = 5
_INTERVAL_MS: Final = 33
_TURN_S: Final = 1 / 750
_BLOCK: Final = bytes(32 * 1024)


class Bare(NamedTuple):
    """What a bare loop found."""

    cpu_ms: float
    """Processor time of the process for each frame."""
    frames: int


class _Camera:
    """One camera's pictures and its own landmarker."""

    def __init__(self, landmarker: PoseLandmarker, jpegs: Sequence[bytes]) -> None:
        self._landmarker = landmarker
        self._jpegs = cycle(jpegs)
        self._clock_ms = count(0, _INTERVAL_MS)

    def step(self) -> None:
        data = np.frombuffer(next(self._jpegs), np.uint8)
        image = mediapipe.Image(mediapipe.ImageFormat.SRGB, cv2.imdecode(data, cv2.IMREAD_COLOR_RGB))
        self._landmarker.detect_for_video(image, next(self._clock_ms))


def measure(jpegs: Sequence[Sequence[bytes]], *, threads: int, cameras: int, seconds: float, busy_share: float) -> Bare:
    """Runs a bare loop in a process of its own.

    Args:
        jpegs: what the cameras film, in turn.
        threads: how many frames are in work at once.
        cameras: how many landmarkers there are; each thread goes round its share of them.
        seconds: how long.
        busy_share: how much of one core another process takes meanwhile, in the load generator's stead.
    """
    with _stand_in(busy_share), ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(_loop, jpegs, threads, cameras, seconds).result()


@contextmanager
def _stand_in(share: float) -> Iterator[None]:
    """Keeps another process busy for a share of one core."""
    process = get_context("spawn").Process(target=_keep_busy, args=(share,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _keep_busy(share: float) -> None:
    """As often as 25 cameras send, copies what a frame has of bytes until the time that is its share is used."""
    due_s = perf_counter()
    while True:
        until_s = process_time() + share * _TURN_S
        while process_time() < until_s:
            bytearray(_BLOCK)
        due_s = max(due_s + _TURN_S, perf_counter() - 1)
        sleep(max(0.0, due_s - perf_counter()))


def _loop(jpegs: Sequence[Sequence[bytes]], threads: int, cameras: int, seconds: float) -> Bare:
    cv2.setNumThreads(1)
    options = PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(BUNDLED_FOLDER / MODELS[0].filename)),
        running_mode=RunningMode.VIDEO,
    )
    with ExitStack() as opened:
        films = [
            _Camera(opened.enter_context(PoseLandmarker.create_from_options(options)), jpegs[number % len(jpegs)])
            for number in range(cameras)
        ]
        return _drive([films[number::threads] for number in range(threads)], seconds)


def _drive(shares: Sequence[Sequence[_Camera]], seconds: float) -> Bare:
    """Counts from when every thread has warmed up, until every thread has finished the frame in hand."""
    warm, stop = Barrier(len(shares) + 1), Event()
    counts = [0] * len(shares)

    def work(number: int) -> None:
        for camera in [*shares[number]] * _WARM_FRAMES:
            camera.step()
        warm.wait()
        for camera in cycle(shares[number]):
            if stop.is_set():
                break
            camera.step()
            counts[number] += 1

    workers: list[Any] = [Thread(target=work, args=(number,), daemon=True) for number in range(len(shares))]
    for worker in workers:
        worker.start()
    warm.wait()
    began_s = process_time()
    sleep(seconds)
    stop.set()
    for worker in workers:
        worker.join()
    frames = sum(counts)
    return Bare(1000 * (process_time() - began_s) / frames, frames)
