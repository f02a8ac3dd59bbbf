"""The judge of results: what is good passes, what is bad or missing does not."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from loadtests.account import Account
from loadtests.jumpbook import FilmedJump
from loadtests.result import Reel, summarize, write
from loadtests.scenarios import SCENARIOS
from loadtests.slo import Objectives, judge, main


def silent(name: str, duration_s: float | None, size: int = 0, fault: str | None = None) -> None: ...


def camera(
    label: str = "camera",
    *,
    latency_ms: float = 40.0,
    frames: int = 300,
    every: int = 1,
    errors: int = 0,
    began_s: float = 0.0,
    jumps: list[FilmedJump] | None = None,
) -> Reel:
    """A camera of 30 frames a second, of which each or some are answered after a certain time."""
    account = Account(label, silent)
    for seq in range(frames):
        due_s = began_s + seq / 30
        account.send(seq, due_s, due_s)
        if every and seq % every == 0:
            account.answer(seq, due_s + latency_ms / 1000)
    for _ in range(errors):
        account.fail("bad_frame")
    account.end_session(began_s + frames / 30)
    return Reel(account, jumps or [])


def jump(*, error_m: float = 0.005, finals: int = 1, final_after_s: float = 1.5, asked: bool = True) -> FilmedJump:
    found = finals > 0
    return FilmedJump(
        takeoff_s=5.0,
        true_m=0.3,
        asked=asked,
        finals=finals,
        height_m=0.3 + error_m if found else None,
        first_after_s=0.2 if found else None,
        final_after_s=final_after_s if found else None,
        replayed=found,
    )


def result(*reels: Reel) -> dict[str, Any]:
    """As it is read from a file."""
    found = summarize(reels, seconds=10.0, cpu_share=0.1, options={"fps": 30.0})
    read: dict[str, Any] = orjson.loads(orjson.dumps(found))
    return read


def missed(found: dict[str, Any], objectives: Objectives | None = None) -> list[str]:
    """The first words of the objectives that are not met."""
    return [one.text.split(":")[0] for one in judge(found, objectives or Objectives()) if not one.met]


def test_a_good_result_meets_every_objective() -> None:
    found = result(*(camera(jumps=[jump()]) for _ in range(3)))
    assert missed(found, Objectives(fair=0.9, height_m=0.01)) == []


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (camera(latency_ms=201), "latency"),
        (camera(errors=4), "errors"),
        (camera(every=0, frames=30), "0 of 1 cameras got answers"),
    ],
)
def test_what_is_bad_is_named(bad: Reel, named: str) -> None:
    assert named in missed(result(bad))


def test_errors_up_to_the_limit_are_borne() -> None:
    assert missed(result(camera(frames=300, errors=3))) == []


@pytest.mark.parametrize(
    ("scenario", "latency_ms", "errors", "named"),
    [
        ("25", 60, 0, []),
        ("25", 61, 0, ["latency"]),
        ("25", 40, 1, ["errors"]),
        ("100", 130, 0, []),
        ("100", 131, 0, ["latency"]),
        ("100", 40, 1, ["errors"]),
        ("smoke", 200, 3, []),
    ],
)
def test_the_scenarios_ask_for_what_the_server_promises(
    scenario: str, latency_ms: float, errors: int, named: list[str]
) -> None:
    found = result(camera(latency_ms=latency_ms, errors=errors), camera(latency_ms=latency_ms))
    assert missed(found, SCENARIOS[scenario].objectives) == named


def test_a_camera_that_gets_less_than_its_share_fails_25_and_100() -> None:
    unfair = result(camera(every=10), camera(every=12))
    assert [missed(unfair, SCENARIOS[name].objectives) for name in ("25", "100")] == [["fairness"], ["fairness"]]


def test_no_errors_means_none_among_however_many_answers() -> None:
    found = result(camera(frames=30_000, errors=1))
    assert found["totals"]["error_rate"] == 0.0  # rounded
    assert missed(found, Objectives(errors=0)) == ["errors"]


def test_an_empty_result_does_not_pass() -> None:
    assert missed(result()) == ["0 of 0 cameras got answers", "latency", "errors"]


def test_one_camera_without_an_answer_fails_the_test() -> None:
    assert missed(result(camera(), camera(every=0, frames=30))) == ["1 of 2 cameras got answers"]


def test_dropped_frames_are_no_errors() -> None:
    found = result(camera(every=4))
    assert found["totals"]["delivered_share"] == 0.25
    assert found["totals"]["dropped"] + found["totals"]["open"] == 225
    assert missed(found) == []


def test_fairness_compares_the_time_in_which_all_cameras_streamed() -> None:
    found = result(camera(frames=600, every=2), camera(frames=300, every=2, began_s=5.0))
    assert found["together"]["least_to_most"] == 1.0
    assert missed(found, Objectives(fair=0.9)) == []
    assert missed(result(camera(every=2), camera(every=3)), Objectives(fair=0.9)) == ["fairness"]
    assert missed(result(camera(), camera(began_s=100.0)), Objectives(fair=0.9)) == ["fairness"]


@pytest.mark.parametrize(
    ("jumps", "named"),
    [
        ([], ["jumps", "heights"]),
        ([jump(), jump(finals=0)], ["jumps"]),
        ([jump(), jump(finals=2)], ["jumps"]),
        ([jump(error_m=0.02), jump(error_m=-0.002)], ["heights"]),
        ([jump(), jump(final_after_s=4.1)], ["final results"]),
        ([jump(error_m=0.019), jump(error_m=0.0)], []),
        ([jump(), jump(finals=0, asked=False)], []),
    ],
)
def test_every_jump_is_found_once_right_and_in_time(jumps: list[FilmedJump], named: list[str]) -> None:
    assert missed(result(camera(jumps=jumps)), Objectives(height_m=0.01)) == named


@pytest.mark.parametrize(("latency_ms", "named"), [(100, []), (101, ["first answers"])])
def test_first_answers_come_soon(latency_ms: float, named: list[str]) -> None:
    found = result(camera(), camera(latency_ms=latency_ms))
    assert missed(found, Objectives(first_ms=100)) == named
    assert missed(found, SCENARIOS["first"].objectives) == named
    assert "first answers" in missed(result(camera(every=0)), Objectives(first_ms=100))


def test_a_jump_that_nobody_did_fails_the_test() -> None:
    reel = camera(jumps=[jump()])
    reel.strays = 1
    assert missed(result(reel), Objectives(height_m=0.01)) == ["jumps"]


@pytest.mark.parametrize(("beside_ms", "named"), [(47, []), (49, ["beside a flood"])])
def test_a_flood_changes_little_for_the_camera_beside_it(beside_ms: float, named: list[str]) -> None:
    flood = camera("flood", latency_ms=900, errors=500)
    found = result(camera("alone"), camera("beside", latency_ms=beside_ms), flood)
    assert missed(found, Objectives(beside=0.2)) == named
    assert missed(result(camera("alone"), flood), Objectives(beside=0.2)) == ["beside a flood"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_exit_code_tells(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "result.json"
    write(path, result(camera(latency_ms=150)))
    good = run(path)
    assert (good.exit_code, "met    latency: p95 150 ms" in good.output) == (0, True)
    assert "from the first frame to the first answer: p50 150, p95 150" in good.output
    assert "landing" not in good.output
    bad = run(path, "--p95-ms", 100)
    assert (bad.exit_code, "MISSED latency: p95 150 ms" in bad.output) == (1, True)
    assert run(path, "--height-m", 0.01).exit_code == 1
    assert run(path, "--first-ms", 100).exit_code == 1
    write(path, result(camera(jumps=[jump()])))
    assert "from landing to the first result: p50 200, p95 200" in run(path).output
    write(path, result())
    assert run(path).exit_code == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        (b"", "is not JSON"),
        (b"[]", "is not the result of a load test"),
        (b'{"format": "other"}', "is not the result of a load test"),
    ],
)
def test_what_is_no_result_is_said_in_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "result.json"
    if content is not None:
        path.write_bytes(content)
    refused = run(path)
    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"Error: {path}")
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_jump_that_was_told_and_never_made_final_is_missed() -> None:
    told = jump(finals=0)
    told.first_after_s = 0.2
    jumps = result(camera(jumps=[told, jump(finals=0), jump()]))["jumps"]
    assert (jumps["filmed"], jumps["missed"], jumps["never_final"]) == (3, 2, 1)
