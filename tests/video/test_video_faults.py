"""The clip commands where something fails, or is interrupted: what was measured is told and written."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import NoReturn

import pytest
from tests.video.commands import LISTS, ffmpeg, kinemotion, table

from kinemotion.errors import VideoError
from kinemotion.video.result import VideoAnalysis


def analyser(cmj: VideoAnalysis, fault: Exception) -> Callable[..., VideoAnalysis]:
    """Gives a ready analysis for each clip, but a fault for those that are named for it."""

    def analyse(path: Path, *_: object, **__: object) -> VideoAnalysis:
        if path.stem == "fault":
            raise fault
        return replace(cmj, path=path)

    return analyse


@pytest.mark.parametrize("fault", [RuntimeError("the graph\nbroke"), MemoryError()])
@pytest.mark.parametrize("at_once", ["1", "2"])
def test_a_fault_that_nobody_foresaw_stops_no_other_clip(
    fault: Exception, at_once: str, analysed: VideoAnalysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinemotion.video.run.analyze_video", analyser(analysed, fault))
    result = kinemotion(
        "cmj-analyze", "--batch", "--workers", at_once, "one.mp4", "fault.mp4", "two.mp4",
        "--csv-summary", tmp_path / "all.csv", "--json-output", tmp_path / "all.json",
    )  # fmt: skip
    assert result.exit_code == 2
    (said,) = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    assert said.startswith("Error: fault.mp4: could not be completed, by a fault that was not foreseen (")
    assert type(fault).__name__ in said
    assert len(table(tmp_path / "all.csv")) == 2
    clips = json.loads((tmp_path / "all.json").read_bytes())["clips"]
    assert [len(clip["jumps"]) for clip in clips] == [1, 0, 1]
    assert clips[1]["error"] in said


def test_what_was_measured_before_ctrl_c_is_written(
    analysed: VideoAnalysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, known = Event(), analyser(analysed, RuntimeError())

    def analyse(path: Path, *stated: object, progress: Callable[[int, int], None], **more: object) -> VideoAnalysis:
        if path.stem == "endless":
            entered.set()
            while True:
                progress(1, 2)
        return known(path)

    def interrupt(outcome: object) -> None:
        entered.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr("kinemotion.video.run.analyze_video", analyse)
    monkeypatch.setattr("kinemotion.video.run.Bars.clip_done", interrupt)
    result = kinemotion(
        "cmj-analyze", "--batch", "--workers", "1", "one.mp4", "endless.mp4", "two.mp4",
        "--csv-summary", tmp_path / "all.csv", "--json-output", tmp_path / "all.json",
    )  # fmt: skip
    assert result.exit_code == 130
    assert "Not measured: endless.mp4, two.mp4\n" in result.stderr
    assert result.stderr.endswith("Interrupted.\n")
    assert [row["file"] for row in table(tmp_path / "all.csv")] == ["one.mp4"]
    clips = json.loads((tmp_path / "all.json").read_bytes())["clips"]
    assert [clip["video"]["file"] for clip in clips][1:] == ["endless.mp4", "two.mp4"]
    assert [len(clip["jumps"]) for clip in clips] == [1, 0, 0]
    assert [clip.get("error") for clip in clips] == [None, "interrupted", "interrupted"]


def test_ctrl_c_before_anything_is_measured_keeps_the_results_of_an_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kinemotion.video.run._Work._outcome", interrupt)
    (tmp_path / "all.csv").write_text("earlier")
    result = kinemotion("cmj-analyze", "one.mp4", "--csv-summary", tmp_path / "all.csv")
    assert (result.exit_code, result.stderr) == (130, "Not measured: one.mp4\nInterrupted.\n")
    assert (tmp_path / "all.csv").read_text() == "earlier"


def test_ctrl_c_while_pictures_are_drawn_costs_no_figures(cmj: Path, tmp_path: Path) -> None:
    """As in a terminal, which sends it to `ffmpeg`, too; this one takes pictures slowly."""
    programs = tmp_path / "bin"
    programs.mkdir()
    ffmpeg(programs, f"{LISTS}while sys.stdin.buffer.read(300_000): time.sleep(0.3)\n")
    results = tmp_path / "results"
    command = [sys.executable, "-m", "kinemotion", "cmj-analyze", str(cmj), "--output", str(results / "o.mp4")]
    process = subprocess.Popen(
        [*command, "--json-output", str(results / "j.json")],
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while not list(results.glob(".o-*.mp4")):
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Jump height" in said
    assert f"Error: {cmj}: interrupted before {results / 'o.mp4'} could be drawn\n" in said
    assert said.endswith("Interrupted.\n")
    assert len(json.loads((results / "j.json").read_bytes())["jumps"]) == 1
    assert [path.name for path in results.iterdir()] == ["j.json"]


def test_what_was_measured_outlives_a_result_that_cannot_be_written(
    analysed: VideoAnalysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinemotion.video.run.analyze_video", analyser(analysed, RuntimeError()))
    monkeypatch.setattr("kinemotion.video.outputs.encoder", failing(VideoError("o.mp4: cannot be written as vp9")))
    result = kinemotion("cmj-analyze", "--batch", analysed.path, "--output", f"{tmp_path}/")
    assert result.exit_code == 2
    assert "Error: o.mp4: cannot be written as vp9\n" in result.stderr
    (clip,) = json.loads(result.stdout)["clips"]
    assert (len(clip["jumps"]), clip["error"]) == (1, "o.mp4: cannot be written as vp9")
    monkeypatch.setattr("kinemotion.video.run.atomic.write", failing(VideoError("j.json: the disk is full")))
    result = kinemotion("cmj-analyze", analysed.path, "--json-output", tmp_path / "j.json")
    assert result.exit_code == 2
    assert "Error: j.json: the disk is full" in result.stderr
    assert "Jump height" in result.stderr


def failing(error: Exception) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise error

    return fail


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = kinemotion("sj-analyze", tmp_path / "missing.mp4")
    assert (result.exit_code, result.stderr) == (2, f"Error: {tmp_path / 'missing.mp4'}: there is no such file\n")


def in_a_process(*arguments: bytes) -> subprocess.CompletedProcess[str]:
    """As a shell runs it: what ends the process at once ends no test."""
    return subprocess.run(
        [sys.executable, "-m", "kinemotion", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_name_that_is_not_utf_8_is_refused_and_stops_no_other(standing: Path, tmp_path: Path) -> None:
    odd, missing = os.fsencode(tmp_path) + b"/\xff.mp4", os.fsencode(tmp_path) + b"/\xfe.mp4"
    Path(os.fsdecode(odd)).write_bytes(standing.read_bytes())
    report = os.fsencode(tmp_path) + b"/report.json"
    outcome = in_a_process(b"cmj-analyze", b"--batch", odd, missing, os.fsencode(standing), b"--json-output", report)
    assert outcome.returncode == 2
    assert "Traceback" not in outcome.stderr
    for name in (r"\udcff.mp4", r"\udcfe.mp4"):
        assert f"Error: {tmp_path}/{name}: its name, or its folder's, is not UTF-8" in outcome.stderr
    clips = json.loads((tmp_path / "report.json").read_bytes())["clips"]
    assert [Path(clip["video"]["file"]).name for clip in clips] == [r"\udcff.mp4", r"\udcfe.mp4", "standing.mp4"]


def test_a_result_whose_name_is_not_utf_8_is_refused(standing: Path, tmp_path: Path) -> None:
    for option in (b"--report", b"--output", b"--json-output", b"--csv-summary"):
        target = os.fsencode(tmp_path) + b"/\xff.mp4"
        outcome = in_a_process(b"cmj-analyze", os.fsencode(standing), option, target)
        assert outcome.returncode == 2
        assert rf"Error: {tmp_path}/\udcff.mp4: its name, or its folder's, is not UTF-8" in outcome.stderr
    assert list(tmp_path.iterdir()) == []
