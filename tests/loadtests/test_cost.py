"""What the server costs beside bare MediaPipe: the arithmetic, and what is read of a process."""

import os
from time import process_time

import pytest
from loadtests.bare import Bare, measure
from loadtests.cost import Sample, Steady, cpu_s, steady, summarize, tell
from loadtests.run import LoadTestFailed

from kinemotion.synthetic import Clip, CountermovementJump


def second(at_s: int, cameras: int = 25) -> Sample:
    """A server that answers 200 frames a second, at 9 ms each, once all cameras are there; at 20 ms before."""
    answered = 200 * at_s
    return Sample(at_s, answered * 0.009 if cameras == 25 else answered * 0.020, cameras, answered)


def test_only_the_time_counts_in_which_every_camera_streams() -> None:
    samples = [second(at_s, min(25, 5 * at_s)) for at_s in range(30)] + [second(30, 20)]
    found = steady(samples, 25)
    assert found.seconds == 29 - 2 - 10
    assert found.answered == 200 * found.seconds
    assert found.cpu_ms == pytest.approx(9.0)
    assert found.cores == pytest.approx(1.8)


@pytest.mark.parametrize("seconds", [0, 5, 8])
def test_too_short_a_time_is_refused(seconds: int) -> None:
    with pytest.raises(LoadTestFailed, match="hardly"):
        steady([second(at_s) for at_s in range(seconds)], 25)


def test_the_ratio_is_of_all_runs_over_all_loops_of_a_kind(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [Steady(10.0, 1000, 10.0, 1.0), Steady(10.0, 3000, 14.0, 4.2)]
    found = summarize(runs, {"few": [Bare(12.0, 100), Bare(14.0, 100)], "many": [Bare(13.0, 100), Bare(13.0, 300)]})
    assert found["server"] == {"seconds": 20.0, "answered": 4000, "cpu_ms": 13.0, "cores": 2.6}
    assert found["ratio"] == found["bare"]["few"]["ratio"] == found["bare"]["many"]["ratio"] == 1.0
    assert found["spread"] == pytest.approx(2 / 13, abs=1e-4)
    assert tell(found, 1.08)
    assert "not steady" in capsys.readouterr().out
    assert not tell(found, 0.99)


def test_the_processor_time_of_a_process_is_its_own() -> None:
    assert cpu_s(os.getpid()) == pytest.approx(process_time(), abs=0.1)


def test_the_bare_loop_goes_round_its_cameras() -> None:
    _, picture = next(Clip([CountermovementJump(height_m=0.3)], fps=30).jpegs())
    found = measure([[picture]], threads=2, cameras=3, seconds=0.3, busy_share=0.1)
    assert found.frames > 0
    assert 0 < found.cpu_ms < 1000
