"""The commands for clips: what they print and write, and how they end."""

import contextlib
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import Result
from rich.console import Console
from tests.video.commands import kinemotion, table
from tests.video.conftest import HEIGHT_M, pictures
from tests.video.mp4 import Image, save, turned

from kinemotion.jumps import Jump, Movement, Quality
from kinemotion.synthetic import Clip, CountermovementJump, DropJump
from kinemotion.video import tables
from kinemotion.video.encoder import codec
from kinemotion.video.result import VideoAnalysis


@pytest.fixture(scope="session")
def written(cmj: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """One clip with everything written."""
    folder = tmp_path_factory.mktemp("written")
    targets = ("--output", folder / "o.mp4", "--report", folder / "r.html", "--json-output", folder / "j.json")
    return folder, kinemotion(
        "cmj-analyze", cmj, *targets, "--csv-summary", folder / "c.csv", "--mass", "75", "--name", "Åsa <L>"
    )


@pytest.fixture(scope="session")
def batch(cmj: Path, sj: Path, standing: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Two jumps, one clip without, and one that is none."""
    folder = tmp_path_factory.mktemp("batch")
    bad = folder / "bad.mp4"
    bad.write_text("no clip")
    result = kinemotion(
        "cmj-analyze", "--batch", "--workers", "2", cmj, bad, sj, standing,
        "--csv-summary", folder / "all.csv", "--json-output", folder / "all.json",
    )  # fmt: skip
    return folder, result


def test_json_goes_to_standard_output_and_the_summary_to_standard_error(cmj: Path) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "kinemotion", "cmj-analyze", str(cmj)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert outcome.returncode == 0
    document = json.loads(outcome.stdout)
    assert set(document) == {"jumps", "video", "software"}
    (jump,) = document["jumps"]
    assert set(jump) >= {"index", "final", "movement", "events_s", "metrics", "uncertainty", "quality"}
    assert (jump["type"], jump["index"], jump["final"], jump["movement"]) == ("jump", 1, True, "cmj")
    assert set(jump["events_s"]) >= {"onset", "lowest", "takeoff", "apex", "landing"}
    assert jump["metrics"]["jump_height_m"] == pytest.approx(HEIGHT_M, abs=0.03)
    assert set(jump["uncertainty"]) <= set(jump["metrics"])
    assert set(jump["quality"]) == {"grade", "fps", "frames", "frames_in_flight", "warnings"}
    assert document["video"]["file"] == str(cmj)
    assert document["software"]["mediapipe"] == "0.10.31"
    assert "Jump height" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "TensorFlow" not in outcome.stderr


def test_everything_that_was_asked_for_is_written(written: tuple[Path, Result]) -> None:
    folder, result = written
    assert (result.exit_code, result.stdout) == (0, "")
    assert ("Overlays are made as VP9 here" in result.stderr) == (codec(Path("o.mp4")) == "vp9")
    assert sorted(path.name for path in folder.iterdir()) == ["c.csv", "j.json", "o.mp4", "r.html"]
    document = json.loads((folder / "j.json").read_bytes())
    (row,) = table(folder / "c.csv")
    (jump,) = document["jumps"]
    assert float(row["jump_height_m"]) == jump["metrics"]["jump_height_m"]
    assert float(row["jump_height_m_sd"]) == jump["uncertainty"]["jump_height_m"]
    assert float(row["takeoff_s"]) == jump["events_s"]["takeoff"]
    assert (row["movement"], row["jump"], row["grade"]) == ("cmj", "1", jump["quality"]["grade"])
    assert row["name"] == document["name"] == "Åsa <L>"
    assert row["report"] == str(folder / "r.html")
    assert f"<h1>Åsa &lt;L&gt;, {document['video']['file']}</h1>" in (folder / "r.html").read_text("utf-8")
    power_w = 6070 * jump["metrics"]["jump_height_m"] + 45.3 * 75 - 2055  # Sayers 1999, by the mass that was stated
    assert jump["metrics"]["peak_power_w"] == pytest.approx(power_w, abs=1)


def metrics(result: Result) -> dict[str, float]:
    (jump,) = json.loads(result.stdout)["jumps"]
    found: dict[str, float] = jump["metrics"]
    return found


def test_a_stated_height_counts_and_a_model_that_is_not_installed_is_told(
    cmj: Path, analysed: VideoAnalysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINEMOTION_MODEL_DIR", str(tmp_path))
    result = kinemotion("cmj-analyze", cmj, "--height", "1.9", "--quality", "accurate")
    assert result.exit_code == 0
    depth_m = analysed.jumps[0].metrics["countermovement_depth_m"]  # with 1.75 m stated
    assert metrics(result)["countermovement_depth_m"] > 1.01 * depth_m
    said = "accurate is not installed, so fast was used; `kinemotion models fetch heavy` installs it\n"
    assert result.stderr.endswith(said)
    assert json.loads(result.stdout)["software"]["quality"] == "fast"


def test_a_stated_box_is_weighed_in(dj: Path) -> None:
    without, stated = kinemotion("dropjump-analyze", dj), kinemotion("dropjump-analyze", dj, "--drop-height", "0.33")
    fallen_m, weighed_m = (metrics(result)["drop_height_m"] for result in (without, stated))
    assert fallen_m != weighed_m
    assert abs(weighed_m - 0.33) < abs(fallen_m - 0.33)


def test_progress_shows_on_a_terminal_whatever_the_clips_name(standing: Path, tmp_path: Path) -> None:
    clips = [tmp_path / name for name in ("[bold]a.mp4", "b[red].mp4")]
    for clip in clips:
        clip.write_bytes(standing.read_bytes())
    mine, its = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "kinemotion", "cmj-analyze", "--batch", *clips],
        stdout=subprocess.DEVNULL,
        stderr=its,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(its)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes to it any more
        while piece := os.read(mine, 65_536):
            shown += piece
    os.close(mine)
    assert process.wait(60) == 3
    text = shown.decode()
    assert "Traceback" not in text
    assert "0/2" in text
    for clip in clips:  # bars have the name, all else the whole path
        assert re.search(rf"(?<!/){re.escape(clip.name)}", text)


def test_a_bad_file_does_not_stop_a_batch(batch: tuple[Path, Result]) -> None:
    folder, result = batch
    assert result.exit_code == 2
    assert [line for line in result.stderr.splitlines() if line.startswith("Error:")] == [
        f"Error: {folder / 'bad.mp4'}: is not a video file"
    ]
    clips = json.loads((folder / "all.json").read_bytes())["clips"]
    assert [Path(clip["video"]["file"]).name for clip in clips] == ["cmj.mp4", "bad.mp4", "sj.mp4", "standing.mp4"]
    assert [len(clip["jumps"]) for clip in clips] == [1, 0, 1, 0]
    assert "is not a video file" in clips[1]["error"]
    assert "error" not in clips[3]
    rows = table(folder / "all.csv")
    assert [Path(row["file"]).name for row in rows] == ["cmj.mp4", "sj.mp4"]


def test_a_batch_ends_with_one_table(batch: tuple[Path, Result]) -> None:
    table = batch[1].stderr[batch[1].stderr.index("┏") :]
    assert [word in table for word in ("cmj.mp4", "sj.mp4", "failed", "no jump")] == [True] * 4


@pytest.mark.parametrize(("width", "figures"), [(80, ["height", "flight", "contact"]), (140, ["RSI", "take-off"])])
def test_a_batch_table_names_the_clips_however_narrow_it_is(width: int, figures: list[str]) -> None:
    metrics = {
        "jump_height_m": 0.246, "flight_time_ms": 447.0, "takeoff_velocity_m_s": 2.2,
        "ground_contact_time_ms": 238.0, "reactive_strength_index_m_s": 1.03,
    }  # fmt: skip
    spread = {name: value / 50 for name, value in metrics.items()}
    jump = Jump(1, True, Movement.DJ, {}, metrics, spread, Quality("A", 30.0, 40, 13))
    console = Console(width=width, file=StringIO())
    name = "session/2026-11-22_Ann_drop_jump.mp4"
    console.print(tables.batch_table([(name, [jump], ""), ("other.mp4", [], "no jump")], console))
    assert isinstance(console.file, StringIO)
    shown = console.file.getvalue()
    assert len({len(line) for line in shown.splitlines()}) == 1  # nothing is cut off
    assert "grade" in shown
    assert all(figure in shown for figure in figures)
    assert all(part in shown for part in (name[:20], "Ann_drop_jump.mp4"[-8:], "24.6 ± 0.5", "no jump"))


def test_a_clip_without_a_jump_ends_with_3_and_says_what_to_do(standing: Path) -> None:
    result = kinemotion("cmj-analyze", standing)
    assert result.exit_code == 3
    assert json.loads(result.stdout)["jumps"] == []
    assert "no countermovement jump found" in result.stderr
    assert "say --speed if the clip is slow motion" in result.stderr


def test_speed_is_not_advised_where_it_was_said(standing: Path) -> None:
    said = kinemotion("cmj-analyze", standing, "--speed", "2").stderr
    assert "say --speed" not in said
    assert "check --speed 2" in said


def test_fewer_than_24_pictures_a_second_are_remarked_on(standing: Path) -> None:
    result = kinemotion("cmj-analyze", standing, "--speed", "0.5")
    assert json.loads(result.stdout)["video"]["warnings"] == ["few_frames_a_second"]
    assert "fewer than 24 pictures a second" in result.stderr


def test_a_terminal_gets_the_table_alone(analysed: VideoAnalysis) -> None:
    code = (
        "import pickle, sys; from kinemotion.video import run; from kinemotion.cli import main;"
        "known = pickle.load(open(sys.argv.pop(), 'rb')); run.analyze_video = lambda *_, **__: known; main()"
    )
    assert analysed.curves is not None
    with tempfile.NamedTemporaryFile() as file:
        pickle.dump(analysed, file)
        file.flush()
        mine, its = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", code, "cmj-analyze", "clip.mp4", file.name], stdout=its, stderr=its
        )
        os.close(its)
        shown = b""
        with contextlib.suppress(OSError):
            while piece := os.read(mine, 65_536):
                shown += piece
        os.close(mine)
        assert process.wait(60) == 0
    assert b"Jump height" in shown
    assert b"jump_height_m" not in shown


@pytest.mark.parametrize(
    ("command", "clip", "movement", "metric"),
    [("sj-analyze", "sj", "sj", "concentric_duration_ms"), ("dropjump-analyze", "dj", "dj", "ground_contact_time_ms")],
)
def test_squat_and_drop_jumps_have_their_own_commands(
    command: str, clip: str, movement: str, metric: str, request: pytest.FixtureRequest
) -> None:
    result = kinemotion(command, request.getfixturevalue(clip))
    assert result.exit_code == 0
    (jump,) = json.loads(result.stdout)["jumps"]
    assert jump["movement"] == movement
    assert metric in jump["metrics"]


def test_one_command_tells_the_kinds_of_jump_apart(tmp_path: Path) -> None:
    clip = Clip([DropJump(height_m=0.25), CountermovementJump(height_m=0.35)], size=(480, 360), lead_s=0.7)
    mixed = save(tmp_path / "mixed.mp4", pictures(clip), clip.fps)
    result = kinemotion("analyze", mixed, "--report", tmp_path / "r.html", "--mass", "75", "--drop-height", "0.3")
    assert result.exit_code == 0
    first, second = json.loads(result.stdout)["jumps"]
    assert [first["movement"], second["movement"]] == ["dj", "cmj"]
    assert "ground_contact_time_ms" in first["metrics"]
    assert "peak_power_w" in second["metrics"]
    page = (tmp_path / "r.html").read_text()
    for title in ("Jump 1, drop jump", "Jump 2, countermovement jump"):
        assert title in result.stderr
        assert f'<th scope="row">{title}</th>' in page
    overview = page[page.index('<table class="whole">') : page.index("</thead>")]
    assert "Flight time" in overview  # what both kinds have
    assert "Ground contact time" not in overview


def test_a_batch_of_several_kinds_tells_them(cmj: Path, dj: Path) -> None:
    shown = kinemotion("analyze", "--batch", cmj, dj).stderr
    assert ("1 CMJ" in shown, "1 DJ" in shown) == (True, True)


def test_a_batch_tells_what_speaks_against_each_clips_jumps(cmj: Path, dj: Path) -> None:
    shown = kinemotion("dropjump-analyze", "--batch", cmj, dj).stderr
    assert f"{cmj}: Jump 1: This did not look like the movement asked for" in shown
    assert f"{dj}: Jump 1: This did not look" not in shown


def test_a_phones_rotation_is_undone(tmp_path: Path, drawn_pictures: list[Image]) -> None:
    stored = [np.ascontiguousarray(np.rot90(image)) for image in drawn_pictures]
    phone = turned(save(tmp_path / "stored.mp4", stored, 30), tmp_path / "phone.mp4")
    result = kinemotion("cmj-analyze", phone, "--output", tmp_path / "o.webm")
    document: dict[str, Any] = json.loads(result.stdout)
    assert (document["video"]["width"], document["video"]["height"], document["video"]["rotation_deg"]) == (
        480,
        360,
        90,
    )
    assert document["jumps"][0]["metrics"]["jump_height_m"] == pytest.approx(HEIGHT_M, abs=0.03)
    capture = cv2.VideoCapture(str(tmp_path / "o.webm"))
    assert (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (480, 360)


def test_quoted_patterns_are_expanded_and_several_clips_go_to_a_folder(standing: Path, tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(standing.read_bytes())
    result = kinemotion("cmj-analyze", tmp_path / "*.mp4", "--json-output", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (3, "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "b.json"]


def test_clips_of_the_same_name_do_not_share_a_result(standing: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip.mp4").write_bytes(standing.read_bytes())
    films = [tmp_path / "one" / "clip.mp4", tmp_path / "two" / "clip.mp4", tmp_path / "clip-2.mp4"]
    films[2].write_bytes(standing.read_bytes())
    kinemotion("cmj-analyze", *films, "--json-output", f"{tmp_path}/out/")
    files = [json.loads(path.read_bytes())["video"]["file"] for path in (tmp_path / "out").iterdir()]
    assert sorted(files) == sorted(map(str, films))


def usage_error(*arguments: str | Path) -> str:
    result = kinemotion(*arguments)
    assert result.exit_code == 2
    return result.stderr


def test_bad_usage_ends_with_2_and_says_what_is_wrong(cmj: Path, sj: Path, tmp_path: Path) -> None:
    assert "Missing argument" in usage_error("cmj-analyze")
    assert "no file matches" in usage_error("cmj-analyze", tmp_path / "*.mov")
    assert "several clips need a folder" in usage_error("cmj-analyze", cmj, sj, "--output", "o.mp4")
    assert "several clips need a folder" in usage_error("cmj-analyze", cmj, sj, "--json-output", "o.json")
    assert "several clips need a folder" in usage_error("cmj-analyze", "--batch", cmj, "--report", "o.html")
    assert "an overlay ends in .mp4 or .webm" in usage_error("cmj-analyze", cmj, "--output", "o.gif")
    assert "--workers goes with --batch" in usage_error("cmj-analyze", cmj, "--workers", "2")
    assert "is one of the clips" in usage_error("cmj-analyze", cmj, "--output", cmj)
    assert "is one of the clips" in usage_error("cmj-analyze", cmj, sj, "--csv-summary", sj)
    assert "is a folder" in usage_error("cmj-analyze", cmj, "--csv-summary", tmp_path)
    twice = tmp_path / "same.json"
    for other in ("--output", "--report", "--csv-summary"):
        same = tmp_path / "folder" / ".." / "same.mp4", tmp_path / "same.mp4"
        assert "is named for two results" in usage_error("cmj-analyze", cmj, "-j", same[0], other, same[1])
    assert "is named for two results" in usage_error("cmj-analyze", "--batch", cmj, "-j", twice, "--csv-summary", twice)
    assert "not in the range" in usage_error("cmj-analyze", cmj, "--speed", "0")
    said = "180.0 is not in the range 1.0<=x<=2.5, in metres: 180 cm are 1.8."
    assert said in usage_error("cmj-analyze", cmj, "--height", "180")
    assert "in metres: 40 cm are 0.4." in usage_error("dropjump-analyze", cmj, "--drop-height", "40")
    for no_length in ("3", "tall"):
        assert "in metres." in usage_error("cmj-analyze", cmj, "--height", no_length)
    assert "in kilograms." in usage_error("sj-analyze", cmj, "--mass", "7.5")
    assert "not in UTF-8" in usage_error("cmj-analyze", cmj, "--name", "\udcff")
    assert "No such option '--mass'" in usage_error("dropjump-analyze", cmj, "--mass", "75")
    assert "No such option '--drop-height'" in usage_error("cmj-analyze", cmj, "--drop-height", "0.4")


def test_a_place_that_cannot_be_written_is_named(standing: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = kinemotion("cmj-analyze", standing, "--report", tmp_path / "file" / "r.html")
    assert result.exit_code == 2
    assert f"Error: {tmp_path / 'file' / 'r.html'}: cannot be written" in result.stderr


def test_a_pipe_is_written_to_and_a_link_stays_one(standing: Path, tmp_path: Path) -> None:
    pipe, link, told = tmp_path / "pipe.mp4", tmp_path / "link.csv", list[str]()
    os.mkfifo(pipe)
    link.symlink_to("rows.csv")
    reader = Thread(target=lambda: told.append(pipe.read_text()), daemon=True)
    reader.start()
    kinemotion("cmj-analyze", standing, "--json-output", pipe, "--csv-summary", link)
    reader.join(20)
    assert json.loads(told[0])["jumps"] == []
    assert link.is_symlink()
    assert (tmp_path / "rows.csv").read_text().startswith("file")
    result = kinemotion("cmj-analyze", standing, "--output", pipe)
    assert f"Error: {pipe}: is no ordinary file" in result.stderr
    assert pipe.is_fifo()


def test_what_cannot_be_written_is_told_before_anything_is_analysed(
    standing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinemotion.video.run.analyze_video", lambda *_, **__: pytest.fail("was analysed"))
    (tmp_path / "file").touch()
    long = "a" * 300
    for option in ("--output", "--report", "--json-output", "--csv-summary"):
        for place, why in ((tmp_path / "file" / "o.mp4", "Not a directory"), (tmp_path / f"{long}.mp4", "too long")):
            assert f"Error: {place}: cannot be written (" in (
                said := usage_error("cmj-analyze", standing, option, place)
            )
            assert why in said
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    said = usage_error("cmj-analyze", standing, "--report", tmp_path / "new" / "r.html")
    assert f"cannot be written (no permission to write in {tmp_path})" in said


def test_a_name_that_is_too_long_is_refused_in_one_line(tmp_path: Path) -> None:
    place = tmp_path / f"{'a' * 300}.mp4"
    result = kinemotion("cmj-analyze", place)
    assert (result.exit_code, result.stderr) == (2, f"Error: {place}: cannot be read (File name too long)\n")


def test_a_wrong_setting_and_a_wrong_model_are_bad_usage(
    standing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINEMOTION_WORKERS", "many")
    assert "Error: KINEMOTION_WORKERS='many' is not a whole number" in usage_error("cmj-analyze", standing)
    monkeypatch.delenv("KINEMOTION_WORKERS")
    monkeypatch.setenv("KINEMOTION_MODEL_DIR", str(tmp_path))
    (tmp_path / "pose_landmarker_full.task").write_bytes(b"something else")
    result = kinemotion("cmj-analyze", standing, "--quality", "balanced")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "not the pinned pose_landmarker_full.task" in result.stderr
