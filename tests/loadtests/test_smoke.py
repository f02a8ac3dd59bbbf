"""The load tests, run as they are run by hand; how fast the machine is decides nothing here, unless it stands still."""

import csv
from pathlib import Path

import pytest
from loadtests.run import run
from loadtests.scenarios import SCENARIOS
from loadtests.slo import Objectives, judge, read

ABOUT_TIME = {"unanswered", "no_summary"}
LOOSE = Objectives(p95_ms=float("inf"), errors=0.5)
"""A camera that gets an answer every two seconds has no error; one that got a single one has hardly anything else."""


def test_the_smoke_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINEMOTION_SLO_S", "10")  # however busy the machine, no frame is too old
    found = read(run(SCENARIOS["smoke"], tmp_path, ["--fps", "10", "--clips", "1"]))
    assert found["totals"]["errors_by_kind"].keys() <= ABOUT_TIME
    assert [verdict.text for verdict in judge(found, LOOSE) if not verdict.met] == []
    assert [camera["label"] for camera in found["cameras"]] == ["camera"] * 5
    for camera in found["cameras"]:
        assert camera["answered"] > 0
        assert camera["sent"] == sum(camera[end] for end in ("answered", "dropped", "unanswered", "open"))
    assert (tmp_path / "report.html").stat().st_size > 0
    with (tmp_path / "locust_stats.csv").open(newline="") as rows:
        counts = {row["Name"]: int(row["Request Count"]) - int(row["Failure Count"]) for row in csv.DictReader(rows)}
    assert 0 < counts["frame"] <= found["totals"]["answered"]  # what is answered at the very end is not in the CSV
    assert counts["start"] == 5


def test_every_scenario_has_its_locustfile() -> None:
    folder = Path(__file__).parents[2] / "loadtests"
    for scenario in SCENARIOS.values():
        assert (folder / scenario.locustfile).is_file()
