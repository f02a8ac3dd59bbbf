"""The comparison with the baseline: a regression is named, noise is not one, and what is missing is told.

The benchmarks themselves run here without being timed.
"""

import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import orjson
import pytest
from benchmarks.baseline import busy, combine, read, write
from benchmarks.compare import main
from benchmarks.ratios import Measured, NoRatios
from click.testing import CliRunner, Result

ROOT = Path(__file__).parents[2]
MACHINE = {"cores": 2, "python": "3.11", "mediapipe": "0.10.31"}
RATIOS = {
    "test_bare_library": {"cpu": 1.0, "wall": 1.0},
    "test_gate": {"cpu": 0.002, "wall": 0.002},
    "test_session_step": {"cpu": 1.05, "wall": 1.05},
}


def run_of(changes: Mapping[str, float] | None = None, kinds: Collection[str] = ("cpu", "wall")) -> Measured:
    """A run in which some benchmarks took a multiple of their usual time."""
    found = {name: dict(ratios) for name, ratios in RATIOS.items()}
    for name, factor in (changes or {}).items():
        for kind in kinds:
            found[name][kind] *= factor
    return Measured(MACHINE, found)


def saved(path: Path, measured: Measured) -> Path:
    """What pytest-benchmark writes of a run."""
    entries = [{"name": name, "extra_info": {"ratios": ratios}} for name, ratios in measured.ratios.items()]
    entries.append({"name": "test_one_camera", "extra_info": {}})
    path.write_bytes(orjson.dumps({"machine": measured.machine, "benchmarks": entries}))
    return path


@pytest.fixture
def expected(tmp_path: Path) -> Path:
    """A baseline of three runs that differ a little."""
    path = tmp_path / "baseline.json"
    write(combine([run_of(), run_of({"test_session_step": 1.02}), run_of({"test_gate": 0.97})]), path)
    return path


def compared(expected: Path, *results: Path) -> Result:
    return CliRunner().invoke(main, ["--baseline", str(expected), *map(str, results)])


def measures(monkeypatch: pytest.MonkeyPatch, *runs: Measured) -> list[set[str]]:
    """Has the comparison measure these runs, one after the other; tells which benchmarks were asked for."""
    asked: list[set[str]] = []

    def measure(number: int, only: Collection[str] = ()) -> Measured:
        asked.append(set(only))
        run = runs[number - 1]
        return Measured(run.machine, {name: run.ratios[name] for name in only or run.ratios})

    monkeypatch.setattr("benchmarks.compare.measure", measure)
    return asked


def test_the_same_again_passes(tmp_path: Path, expected: Path) -> None:
    assert compared(expected, saved(tmp_path / "1.json", run_of())).exit_code == 0


@pytest.mark.parametrize("kind", ["cpu", "wall"])
def test_a_slower_session_step_fails_by_name(tmp_path: Path, expected: Path, kind: str) -> None:
    done = compared(expected, saved(tmp_path / "1.json", run_of({"test_session_step": 1.3}, [kind])))
    assert done.exit_code == 1
    (worse,) = [line for line in done.output.splitlines() if line.startswith("WORSE")]
    assert worse.split()[1:3] == ["test_session_step", kind]
    assert worse.split()[3:5] == ["1.05000", "1.36500"]


def test_noise_passes(tmp_path: Path, expected: Path) -> None:
    noisy = run_of({"test_session_step": 1.06, "test_gate": 1.25, "test_bare_library": 0.96})
    assert compared(expected, saved(tmp_path / "1.json", noisy)).exit_code == 0


def test_of_several_results_the_best_counts(tmp_path: Path, expected: Path) -> None:
    slow = saved(tmp_path / "1.json", run_of({"test_session_step": 1.5}))
    assert compared(expected, slow, saved(tmp_path / "2.json", run_of({"test_gate": 2.0}))).exit_code == 0


def test_a_benchmark_that_was_not_measured_fails_by_name(tmp_path: Path, expected: Path) -> None:
    measured = run_of()
    without = {name: ratios for name, ratios in measured.ratios.items() if name != "test_gate"}
    done = compared(expected, saved(tmp_path / "1.json", Measured(MACHINE, without)))
    assert done.exit_code == 1
    assert [line.split()[1] for line in done.output.splitlines() if line.startswith("MISSING")] == ["test_gate"] * 2
    assert "not measured: test_gate; if there is no such benchmark any more, `make bench-baseline`" in done.output


def test_a_benchmark_that_is_new_fails_by_name_and_says_how_to_add_it(tmp_path: Path, expected: Path) -> None:
    more = Measured(MACHINE, {**RATIOS, "test_new": {"cpu": 1.0, "wall": 1.0}})
    done = compared(expected, saved(tmp_path / "1.json", more))
    assert done.exit_code == 1
    assert "not in the baseline: test_new; `make bench-baseline` adds it" in done.output


def test_another_machine_is_named(tmp_path: Path, expected: Path) -> None:
    done = compared(expected, saved(tmp_path / "1.json", Measured(MACHINE | {"cores": 64}, RATIOS)))
    assert done.exit_code == 0
    assert "this is cores 64" in done.output


def test_without_a_baseline_it_says_how_to_make_one(tmp_path: Path) -> None:
    done = compared(tmp_path / "baseline.json", saved(tmp_path / "1.json", run_of()))
    assert done.exit_code == 2
    assert "make bench-baseline" in done.output


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"benchmarks":[],"machine":{}}'])
def test_what_is_no_result_is_refused(tmp_path: Path, expected: Path, content: bytes | None) -> None:
    path = tmp_path / "1.json"
    if content is not None:
        path.write_bytes(content)
    done = compared(expected, path)
    assert done.exit_code == 2
    assert "1.json" in done.output


def test_what_looks_worse_once_is_measured_again(expected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = measures(monkeypatch, run_of({"test_session_step": 1.3}), run_of())
    assert compared(expected).exit_code == 0
    assert asked == [set(), {"test_session_step"}]


def test_what_looks_worse_three_times_is(expected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = run_of({"test_session_step": 1.3})
    assert len(measures(monkeypatch, slow, slow, slow)) == 0
    assert compared(expected).exit_code == 1


def test_a_spread_wider_than_the_least_excess_widens_what_is_allowed() -> None:
    found = combine([run_of({"test_gate": factor}) for factor in (0.8, 1.0, 1.2)])
    gate = found.benchmarks["test_gate"]["cpu"]
    assert gate.spread == pytest.approx(0.4)
    assert gate.allowed("cpu") == pytest.approx(1.8 * gate.ratio)


def test_a_bare_library_that_differs_from_itself_makes_no_baseline() -> None:
    assert not busy(combine([run_of(), run_of()]))
    assert busy(combine([run_of(), run_of({"test_bare_library": 1.1})]))


def test_runs_of_different_benchmarks_make_no_baseline() -> None:
    with pytest.raises(NoRatios, match="changed"):
        combine([run_of(), Measured(MACHINE, {"test_gate": RATIOS["test_gate"]})])


def test_the_stored_baseline_is_of_the_benchmarks_that_there_are() -> None:
    listed = pytest_of_benchmarks("--collect-only")
    assert {line.partition("::")[2] for line in listed.splitlines() if "::" in line} == read().benchmarks.keys()


def test_every_benchmark_of_a_frames_way_runs() -> None:
    assert " passed" in pytest_of_benchmarks("--benchmark-disable")


def pytest_of_benchmarks(*options: str) -> str:
    """What pytest says of the benchmarks that the baseline is of."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "benchmarks/test_frame_path.py",
        *options,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_stored_baseline_can_be_read_and_catches_a_slower_session_step() -> None:
    step = read().benchmarks["test_session_step"]
    assert all(kind.allowed(name) < 1.3 * kind.ratio for name, kind in step.items())
