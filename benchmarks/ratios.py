"""Has pytest-benchmark measure, and reads its result: the ratios to the bare library, by benchmark."""

import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

FOLDER: Final = Path("build/benchmarks")

_BENCHMARKS: Final = Path(__file__).with_name("test_frame_path.py")

Ratios = Mapping[str, Mapping[str, float]]
"""By benchmark and by kind, `cpu` or `wall`, as `benchmarks.beside` explains them."""


class NoRatios(Exception):
    """There is nothing to compare; the message says why."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run, and what its ratios depend on: cores, Python, mediapipe."""

    machine: Mapping[str, object]
    ratios: Ratios


def measure(number: int, only: Collection[str] = ()) -> Measured:
    """Runs the benchmarks of a frame's way.

    Args:
        number: of the run; its result is `build/benchmarks/NUMBER.json`.
        only: names of benchmarks, where not all are wanted.

    Raises:
        NoRatios: a benchmark failed.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{number}.json"
    path.unlink(missing_ok=True)
    wanted = [f"{_BENCHMARKS}::{name}" for name in sorted(only)] or [str(_BENCHMARKS)]
    command = [sys.executable, "-m", "pytest", "-q", *wanted, f"--benchmark-json={path}", "--benchmark-quiet"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NoRatios(f"a benchmark failed\n{done.stdout}{done.stderr}")
    return read_result(path)


def read_result(path: Path) -> Measured:
    """Reads what `pytest --benchmark-json` wrote.

    Raises:
        NoRatios: the file is missing, or is something else.
    """
    found = read_json(path)
    try:
        ratios = {entry["name"]: entry["extra_info"]["ratios"] for entry in found["benchmarks"] if _timed(entry)}
        machine = found["machine"]
    except (KeyError, TypeError):
        raise NoRatios(f"{path} is not the result of these benchmarks") from None
    if not ratios:
        raise NoRatios(f"{path} holds no benchmark that was timed beside the bare library")
    return Measured(machine, ratios)


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        NoRatios: there is none.
    """
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise NoRatios(f"{path}: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise NoRatios(f"{path} is not JSON") from None


def _timed(entry: Mapping[str, Any]) -> bool:
    return "ratios" in entry["extra_info"]
