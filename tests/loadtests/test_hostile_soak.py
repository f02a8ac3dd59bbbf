"""The judge of cameras beside hostile clients: what is good passes, each thing that is bad does not."""

from typing import Any

import pytest
from loadtests.attacks import ATTACKS
from loadtests.hostile_soak import judge


def jumps(filmed: int, missed: int, live_only: int, never_final: int = 0) -> dict[str, int]:
    return {"filmed": filmed, "missed": missed, "never_final": never_final, "from_live_frames_only": live_only}


GOOD: dict[str, Any] = {
    "alone": {"latency_ms": {"p95": 80.0}, "jumps": jumps(200, 1, 10)},
    "beside": {
        "latency_ms": {"p95": 95.0},
        "totals": {"errors_by_kind": {"unanswered": 3}},
        "cameras": [{"answered": 10}, {"answered": 9}],
        "jumps": jumps(500, 7, 50),
    },
    "attacks": {"bombs": 2, "flood": 1},
    "mib": [300.0, 500.0, 520.0, 510.0, 515.0, 530.0],
    "log": "Kinemotion has something to say\n",
}


def missed(**changes: Any) -> list[str]:
    """What is held against a result that is good but for some changes."""
    limits: dict[str, Any] = {"share": 0.2, "growth": 0.05, "missed": 0.01, "live_only": 0.05}
    return [verdict.text.split(":")[0] for verdict in judge(**(GOOD | changes), **limits) if not verdict.met]


def test_what_is_good_passes() -> None:
    assert missed() == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"attacks": {}}, "attacks"),
        ({"beside": GOOD["beside"] | {"latency_ms": {"p95": 97.0}}}, "latency"),
        ({"beside": GOOD["beside"] | {"latency_ms": None}}, "latency"),
        ({"beside": GOOD["beside"] | {"totals": {"errors_by_kind": {"closed_1011": 1}}}}, "sessions"),
        ({"beside": GOOD["beside"] | {"cameras": [{"answered": 10}, {"answered": 0}]}}, "sessions"),
        ({"beside": GOOD["beside"] | {"jumps": jumps(500, 9, 50)}}, "jumps missed"),
        ({"beside": GOOD["beside"] | {"jumps": jumps(500, 9, 50, 9)}}, "jumps missed"),
        ({"beside": GOOD["beside"] | {"jumps": jumps(500, 7, 51)}}, "jumps as seen live"),
        ({"beside": GOOD["beside"] | {"jumps": jumps(0, 0, 0)}}, "jumps"),
        ({"alone": GOOD["alone"] | {"jumps": jumps(0, 0, 0)}}, "jumps"),
        ({"mib": [300.0, 500.0, 520.0, 510.0, 540.0, 550.0]}, "memory"),
        ({"mib": [300.0]}, "memory"),
        ({"log": "Traceback (most recent call last):\n"}, "log"),
        ({"log": "Task exception was never retrieved\n"}, "log"),
    ],
)
def test_each_thing_that_is_bad_does_not(changes: dict[str, Any], what: str) -> None:
    assert missed(**changes) == [what]


@pytest.mark.parametrize(("more", "bad"), [(0, []), (40, []), (55, ["jumps missed"])])
def test_of_many_jumps_that_are_missed_anyway_chance_moves_some(more: int, bad: list[str]) -> None:
    many = {
        "alone": GOOD["alone"] | {"jumps": jumps(260, 156, 0)},
        "beside": GOOD["beside"] | {"jumps": jumps(650, 390 + more, 0)},
    }
    assert missed(**many) == bad


@pytest.mark.parametrize(("more", "bad"), [(1, []), (2, ["jumps missed"])])
def test_of_a_few_jumps_one_may_be_missed(more: int, bad: list[str]) -> None:
    few = {
        "alone": GOOD["alone"] | {"jumps": jumps(10, 0, 0)},
        "beside": GOOD["beside"] | {"jumps": jumps(12, more, 0)},
    }
    assert missed(**few) == bad


def test_every_attack_has_a_name_of_its_own() -> None:
    assert len({attack.__name__ for attack in ATTACKS}) == len(ATTACKS)
