"""The page of accuracy figures: what is wanted beside what is reached, and what stays when data are missing."""

import pytest
from benchmarks.accuracy import findings, people, plate
from benchmarks.accuracy.findings import Requirement, Section, Table
from benchmarks.accuracy.outcome import Outcome, compare
from benchmarks.accuracy.page import LeftOut, all_hold, markdown

from kinemotion.jumps import Jump, Movement
from kinemotion.jumps.jump import Quality
from kinemotion.synthetic import JumpTruth

HEIGHT = "jump_height_m"


def found(movement: str, error_m: float, sd_m: float = 0.01, reported: int = 1) -> Outcome:
    return Outcome(movement, reported, {HEIGHT: error_m, "takeoff_ms": 4.0, "landing_ms": -4.0}, {HEIGHT: sd_m})


def jump(takeoff_s: float, metrics: dict[str, float]) -> Jump:
    events = {"takeoff": takeoff_s, "apex": takeoff_s + 0.25, "landing": takeoff_s + 0.51}
    return Jump(1, True, Movement.CMJ, events, metrics, dict.fromkeys(metrics, 0.02), Quality("A", 30.0, 40, 15))


TRUTH = JumpTruth("cmj", {"takeoff": 2.0, "landing": 2.5}, {HEIGHT: 0.30, "a_metric_of_tomorrow_deg": 90.0})
SECTION = Section("Drawn", "About it.", [Requirement("height", "at most 1.0", "0.5", True)], [Table(["a"], [["1"]])])
MISSED = Section("Plate", "Measured.", [Requirement("contact", "at most 15.0", "16.0", False)], [Table(["b"], [["2"]])])


def test_every_metric_that_both_sides_name_is_compared_whatever_it_is_called() -> None:
    outcome = compare([jump(2.01, {HEIGHT: 0.33, "a_metric_of_tomorrow_deg": 88.0, "unknown_m": 1.0})], TRUTH)
    assert outcome.errors == pytest.approx(
        {HEIGHT: 0.03, "a_metric_of_tomorrow_deg": -2.0, "takeoff_ms": 10.0, "landing_ms": 20.0}
    )
    assert findings.within_two_sd([outcome], HEIGHT) == (1, 1)
    assert [line[1] for line in findings.metric_table([outcome]).lines][:2] == [
        "jump height, cm",
        "a metric of tomorrow, °",
    ]


def test_a_jump_elsewhere_is_not_the_one_that_was_drawn() -> None:
    outcome = compare([jump(4.0, {HEIGHT: 0.30})], TRUTH)
    assert (outcome.reported, outcome.errors) == (1, {})
    assert not findings.all_found([outcome]).holds
    assert not findings.all_found([found("cmj", 0.0, reported=2)]).holds


def test_the_mean_and_the_worst_error_are_held_to_their_limits_in_centimetres() -> None:
    outcomes = [found("cmj", 0.004), found("cmj", -0.014), found("sj", 0.031)]
    mean = findings.mean_error(outcomes, HEIGHT, {"cmj": 1.0})
    assert (mean.wanted, mean.reached, mean.holds) == ("at most cmj 1.0", "cmj 0.90", True)
    assert not findings.mean_error(outcomes, HEIGHT, {"cmj": 1.0, "sj": 3.0}).holds
    assert not findings.worst_error(outcomes, HEIGHT, 3.0).holds
    assert not findings.mean_error(outcomes, HEIGHT, {"dj": 1.0}).holds, "none measured is a miss"


@pytest.mark.parametrize(
    ("inside", "cases", "holds"),
    [(0, 0, False), (19, 20, True), (20, 20, True), (17, 20, False), (200, 200, False), (198, 200, True)],
)
def test_the_stated_deviations_must_cover_90_to_99_percent_as_far_as_the_cases_can_tell(
    inside: int, cases: int, holds: bool
) -> None:
    assert findings.sure_enough(inside, cases) == holds


def test_the_page_says_wanted_reached_and_whether_it_holds() -> None:
    page = markdown([SECTION, MISSED], "")
    assert "| Drawn | height | at most 1.0 | 0.5 | yes |" in page
    assert "| Plate | contact | at most 15.0 | 16.0 | NO |" in page
    assert page.index("## Drawn") < page.index("About it.") < page.index("## Plate")
    assert all_hold([SECTION])
    assert not all_hold([SECTION, MISSED])


def test_what_is_left_out_keeps_its_figures_on_the_page() -> None:
    old = markdown([SECTION, MISSED], "")
    assert markdown([SECTION, LeftOut("Plate", "../data")], old) == old
    assert markdown([LeftOut("Drawn", "../data"), MISSED], old) == old
    assert all_hold([SECTION, LeftOut("Plate", "../data")])


def test_what_was_never_measured_says_so() -> None:
    page = markdown([SECTION, LeftOut("Plate", "../data")], "# Something else")
    assert "| Plate | left out | needs ../data |" in page
    assert "## Plate\n\nNot measured yet." in page


def test_a_record_is_near_its_plate_or_not() -> None:
    truth = JumpTruth("dj", {}, {HEIGHT: 0.30, plate.CONTACT: 250.0})
    near = plate.Followed("dj", 30.0, 20.0, truth, Outcome("dj", 1, {HEIGHT: 0.01, plate.CONTACT: -14.0}, {}))
    far = plate.Followed("dj", 60.0, 20.0, truth, Outcome("dj", 1, {HEIGHT: -0.02, plate.CONTACT: 3.0}, {}))
    missed = plate.Followed("dj", 24.0, 0.0, truth, Outcome("dj", 0, {}, {}))
    section = plate.section([near, far, missed])
    assert [line[-1] for line in section.tables[0].lines] == ["yes", "NO", "NO"]
    assert section.tables[0].lines[0][3:7] == ("30.0", "+1", "250.0", "-14")
    assert [one.reached for one in section.requirements] == [
        "2 of 3, 0 invented",
        "1 of 3 clips, worst 2.00",
        "2 of 3 clips, worst 14.00",
    ]


def test_a_recording_is_read_within_a_frame() -> None:
    read = {"jumps": 1, "takeoff_frame": [81, 81], "landing_frame": [90, 91], "flight_time_s": [0.35, 0.43]}
    good = people.Recording("a", read, [(80.0, 92.0)], [0.40])
    long = people.Recording("b", read, [(79.5, 90.0)], [0.44])
    still = people.Recording("walk", {"jumps": 0}, [], [])
    section = people.section([good, long, still])
    assert [one.reached for one in section.requirements] == ["1 of 2", "2 of 2", "1 of 2", "0"]
    assert [line[-1] for line in section.tables[0].lines] == ["yes", "NO", "yes"]
    assert (
        not people.section([good, people.Recording("walk", {"jumps": 0}, [(3.0, 9.0)], [0.3])]).requirements[-1].holds
    )
