"""One camera at 30 frames a second on an otherwise idle server: what is answered, and how soon."""

import asyncio
import os
import statistics
from collections.abc import Iterator

import pytest
from loadtests.run import server
from pytest_benchmark.fixture import BenchmarkFixture

from kinemotion.realtime.client import stream
from kinemotion.synthetic import Clip, CountermovementJump


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server(os.environ) as served:
        yield served.address


def test_one_camera(benchmark: BenchmarkFixture, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    clip = Clip([CountermovementJump(height_m=height_m) for height_m in (0.25, 0.35, 0.45)], fps=30, size=(640, 480))
    frames = list(clip.jpegs())
    report = benchmark.pedantic(lambda: asyncio.run(stream(address, frames, {"movement": "cmj"})), rounds=1)
    answered = len(report.answers) / len(frames)
    p95_ms = 1000 * statistics.quantiles(report.latency_s.values(), n=20)[-1]
    benchmark.extra_info |= {"answered": answered, "latency_p95_ms": p95_ms, "final_jumps": len(report.final_jumps)}
    with capsys.disabled():
        print(f"\n{len(frames)} frames at 30/s, {answered:.1%} answered (objective: at least 95 %)")
        print(f"latency, frame sent to answer received: p95 {p95_ms:.1f} ms (objective: under 25 ms)")
        print(f"final jumps: {len(report.final_jumps)} of {len(clip.truth)} drawn")
    assert len(report.final_jumps) == len(clip.truth)
