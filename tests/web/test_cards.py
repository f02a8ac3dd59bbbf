"""What the page says about a jump: its card, the words in it, and the file that is saved."""

import csv
import re
from math import inf

import pytest
from playwright.async_api import Page

from kinemotion.jumps.quality import _grade
from kinemotion.video.tables import csv_table

JUMP = """({ index = 1, final = true, metrics = {}, uncertainty = {}, grade = 'A', warnings = [], fps = 30 } = {}) => ({
  index, final, movement: 'cmj', events_s: {}, metrics, uncertainty, quality: { grade, fps, warnings } })"""

# Names that the server gives to what speaks against a jump's numbers.
WARNINGS = (
    "camera_moved",
    "feet_out_of_picture",
    "few_frames_in_flight",
    "head_out_of_picture",
    "irregular_frames",
    "landing_flexed",
    "live_frames_only",
    "movement_unlike",
    "onset_not_seen",
    "scale_disagrees",
    "drop_height_disagrees",
    "second_person",
)


async def test_a_jump_with_unknown_names_and_missing_values_still_makes_a_card(page: Page) -> None:
    script = """async () => {
      const { card } = await import('/static/cards.js');
      const jump = { index: 1, final: true, movement: 'new_kind', events_s: {}, uncertainty: {},
        metrics: { odd_thing_n: 5 }, quality: { grade: 'B', warnings: ['never_heard_of'] } };
      return card({ number: 1, jump, source: 'camera' }, true).textContent;
    }"""
    text = await page.evaluate(script)
    for part in ("New kind", "Height unknown", "Grade B", "Never heard of.", "Odd thing"):
        assert part in text


async def test_the_final_report_of_a_jump_replaces_the_first_and_nothing_replaces_it(page: Page) -> None:
    script = """async () => {
      const { JumpLog } = await import('/static/jumps.js');
      const log = new JumpLog('damaged');
      const jump = (index, final, height) => ({ index, final, movement: 'cmj', events_s: {}, uncertainty: {},
        metrics: { jump_height_m: height }, quality: { grade: 'A', fps: 30, warnings: ['a', 'b'] } });
      const about = { source: 'demo', truth: { jump_height_m: 0.35 } };
      log.put('one', jump(1, false, 0.3), about);
      log.put('one', jump(1, true, 0.34), about);
      log.put('one', jump(1, false, 0.1), about);
      log.put('two', jump(1, true, 0.4), about);
      return { csv: log.toCsv(), restored: new JumpLog(log.save()).toCsv() };
    }"""
    result = await page.evaluate(script)
    header, first, second = (line.split(",") for line in result["csv"].splitlines())
    heights = [row[header.index("jump_height_m")] for row in (first, second)]
    assert heights == ["0.34", "0.4"]
    assert [row[header.index("jump")] for row in (first, second)] == ["1", "2"]
    assert first[header.index("true_jump_height_m")] == "0.35"
    assert first[header.index("warnings")] == "a b"
    assert result["restored"] == result["csv"]


MEANING = "async ([grade, spread]) => (await import('/static/words.js')).meaning(grade, spread ?? undefined)"


@pytest.mark.parametrize(("grade", "next_grade"), [("A", "B"), ("B", "C"), ("C", "D")])
async def test_the_words_for_a_height_name_the_limit_that_the_server_has(
    page: Page, grade: str, next_grade: str
) -> None:
    meaning: str = await page.evaluate(MEANING, [grade, None])
    limit = re.search(r"within ([\d.]+) cm", meaning)
    assert limit is not None
    limit_m = float(limit[1]) / 100
    assert await page.evaluate(MEANING, [grade, limit_m - 1e-6]) == meaning
    assert await page.evaluate(MEANING, [next_grade, limit_m + 1e-6]) != meaning
    assert _grade(limit_m - 1e-6, ()) == grade
    assert _grade(limit_m + 1e-6, ()) == next_grade
    assert _grade(inf, ()) == "D"


@pytest.mark.parametrize(
    ("grade", "spread_m", "says"),
    [
        ("A", 0.010, "The height is usually right to within 1.5 cm."),
        ("B", 0.010, "The height is usually right to within 1.5 cm. Graded B for the warning below."),
        ("B", 0.028, "The height is usually right to within 4 cm."),
        ("C", 0.010, "By its ± the height would be right to within 1.5 cm, but the warning below makes it less sure."),
        ("C", 0.050, "Use with care: the height is usually right to within 8 cm."),
        ("D", 0.136, "The height may well be off by more than 8 cm. Only that a jump happened is certain."),
    ],
)
async def test_what_is_said_of_a_height_follows_from_its_uncertainty(
    page: Page, grade: str, spread_m: float, says: str
) -> None:
    assert await page.evaluate(MEANING, [grade, spread_m]) == says


async def test_every_warning_has_words_with_what_to_do(page: Page) -> None:
    words: dict[str, str] = await page.evaluate("async () => (await import('/static/words.js')).WARNINGS")
    assert set(WARNINGS) <= set(words)
    assert all(text.count(".") >= 2 for text in words.values())


@pytest.mark.parametrize("code", ["live_frames_only", "irregular_frames"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "192.168.1.20", "gym.example", "127.gym.example"])
async def test_advice_fits_where_the_page_is(page: Page, code: str, host: str) -> None:
    script = "async ([code, host]) => (await import('/static/words.js')).warning(code, host)"
    words: str = await page.evaluate(script, [code, host])
    here = host in ("localhost", "127.0.0.1", "[::1]")
    assert ("this computer" in words or "on it" in words) is here
    assert ("Wi-Fi" in words or "cameras" in words) is not here


@pytest.mark.parametrize(
    ("grade", "warnings", "final", "says"),
    [
        ("C", [], True, ["Its ± is large"]),
        ("D", [], True, ["Its ± is large"]),
        ("C", ["camera_moved"], True, ["The camera moved"]),
        ("B", [], True, []),
        ("D", [], False, []),
    ],
)
async def test_a_low_grade_says_why(page: Page, grade: str, warnings: list[str], final: bool, says: list[str]) -> None:
    script = f"""async (given) => {{
      const {{ card }} = await import('/static/cards.js');
      const made = card({{ number: 1, source: 'camera', jump: ({JUMP})(given) }}, true);
      return [...made.querySelectorAll('.card-warning')].map((line) => line.textContent);
    }}"""
    shown = await page.evaluate(script, {"grade": grade, "warnings": warnings, "final": final})
    assert len(shown) == len(says)
    assert all(line.startswith(start) for line, start in zip(shown, says, strict=True))


async def test_bent_legs_on_landing_come_with_what_they_did_to_the_height(page: Page) -> None:
    script = f"""async () => {{
      const {{ card }} = await import('/static/cards.js');
      const metrics = {{ jump_height_m: 0.3, jump_height_flight_time_m: 0.328 }};
      const jump = ({JUMP})({{ metrics, grade: 'B', warnings: ['landing_flexed'] }});
      return card({{ number: 1, source: 'camera', jump }}, true).querySelector('.card-warning').textContent;
    }}"""
    assert "about 3 cm too high" in await page.evaluate(script)


async def test_the_saved_table_names_the_athlete_and_has_no_digits_that_mean_nothing(page: Page) -> None:
    script = f"""async () => {{
      const {{ JumpLog }} = await import('/static/jumps.js');
      const log = new JumpLog();
      const metrics = {{ jump_height_m: 0.36249999999, flight_time_ms: 545.23456, peak_power_w: 3412.3333 }};
      const athlete = {{ id: 'Ada, 7', height_m: 1.8, mass_kg: 75.5 }};
      log.put('one', ({JUMP})({{ metrics, fps: 30.00030000299978 }}), {{ source: 'camera', athlete }});
      return log.toCsv();
    }}"""
    [row] = csv.DictReader((await page.evaluate(script)).splitlines())
    expected = {
        "name": "Ada, 7",
        "athlete_height_m": "1.8",
        "athlete_mass_kg": "75.5",
        "fps": "30",
        "jump_height_m": "0.3625",
        "flight_time_ms": "545.2",
        "peak_power_w": "3412.3",
    }
    assert {name: row[name] for name in expected} == expected


async def test_the_saved_table_has_the_columns_of_the_command_line_whatever_is_in_it(page: Page) -> None:
    script = "async () => new (await import('/static/jumps.js')).JumpLog().toCsv()"
    [header] = csv.reader((await page.evaluate(script)).splitlines())
    [columns] = csv.reader(csv_table([]).decode().splitlines())
    assert header[: len(columns)] == columns


async def test_drawn_jumps_are_counted_and_marked_apart(page: Page) -> None:
    script = f"""async () => {{
      const {{ JumpLog, nameOf }} = await import('/static/jumps.js');
      const log = new JumpLog();
      const jump = {JUMP};
      ['camera', 'demo', 'camera', 'demo'].forEach((source, index) => log.put('s', jump({{ index }}), {{ source }}));
      return {{ names: log.entries.map(nameOf), csv: log.toCsv() }};
    }}"""
    result = await page.evaluate(script)
    assert result["names"] == ["Jump 1", "Drawn jump 1", "Jump 2", "Drawn jump 2"]
    rows = csv.DictReader(result["csv"].splitlines())
    assert [(row["file"], row["jump"]) for row in rows] == [
        ("Camera", "1"),
        ("Drawn athlete", "1"),
        ("Camera", "2"),
        ("Drawn athlete", "2"),
    ]


async def test_a_jump_that_was_cleared_does_not_come_back(page: Page) -> None:
    script = f"""async () => {{
      const {{ JumpLog }} = await import('/static/jumps.js');
      const log = new JumpLog();
      const jump = {JUMP};
      log.put('one', jump({{ final: false }}), {{ source: 'camera' }});
      log.clear();
      const again = log.put('one', jump(), {{ source: 'camera' }});
      const next = log.put('one', jump({{ index: 2 }}), {{ source: 'camera' }});
      return [again, next.number];
    }}"""
    assert await page.evaluate(script) == [None, 1]


async def test_the_mean_of_a_run_is_that_of_the_best_jumps_kind(page: Page) -> None:
    script = f"""async (given) => {{
      const {{ summaryOf }} = await import('/static/summary.js');
      const jump = {JUMP};
      const entries = given.map(([movement, height]) => ({{ jump: {{ ...jump({{
        metrics: {{ jump_height_m: height }}, uncertainty: {{ jump_height_m: 0.008 }} }}), movement }} }}));
      return summaryOf(entries, null, true).figures;
    }}"""
    jumps = [("cmj", 0.30), ("sj", 0.20), ("cmj", 0.34)]
    figures = await page.evaluate(script, jumps)
    assert [" ".join(part.split()) for part in figures[1]] == ["Mean of 2 of its kind", "32.0 cm"]
    assert len(await page.evaluate(script, jumps[:2])) == 1


@pytest.mark.parametrize(
    ("jumps", "says"),
    [
        ([], []),
        (
            [(0.28, "A", True, []), (0.31, "B", True, []), (0.326, "C", True, ["live_frames_only"])],
            [["Best", "31.0 ± 0.8 cm", "Grade B, reliable"], ["Mean of 2", "29.5 cm"]],
        ),
        (
            [(0.28, "A", True, []), (0.40, "A", True, ["live_frames_only"]), (0.45, "A", False, [])],
            [["Best", "28.0 ± 0.8 cm", "Grade A, very reliable"]],
        ),
        (
            [(0.30, "D", True, []), (0.29, "C", True, [])],
            [["Best", "29.0 ± 0.8 cm", "Grade C, use with care"]],
        ),
        ([(0.30, "A", False, [])], [["Best", "30.0 ± 0.8 cm", "First estimate"]]),
    ],
)
async def test_the_best_jump_of_a_run_is_one_that_can_be_relied_on_if_there_is_one(
    page: Page, jumps: list[tuple[float, str, bool, list[str]]], says: list[list[str]]
) -> None:
    script = f"""async (given) => {{
      const {{ summaryOf }} = await import('/static/summary.js');
      const jump = {JUMP};
      const entries = given.map(([height, grade, final, warnings]) => ({{ jump: jump({{ final, grade, warnings,
        metrics: {{ jump_height_m: height }}, uncertainty: {{ jump_height_m: 0.008 }} }}) }}));
      return summaryOf(entries, null, true).figures;
    }}"""
    figures = await page.evaluate(script, jumps)
    assert [[" ".join(part.split()) for part in figure] for figure in figures] == says
