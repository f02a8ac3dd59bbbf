"""The Python interface, and what the README shows of it."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.video.conftest import HEIGHT_M, SIZE, pictures
from tests.video.mp4 import save

import kinemotion
from kinemotion import Jump, JumpAnalyzer, analyze_video
from kinemotion.jumps import Movement, Phase
from kinemotion.synthetic import Camera, Clip, CountermovementJump


def test_a_clip_is_analysed_in_one_call(cmj: Path, tmp_path: Path, drawn: Clip) -> None:
    told: list[tuple[int, int]] = []
    analysis = analyze_video(cmj, movement="cmj", progress=lambda done, total: told.append((done, total)))
    (jump,) = analysis.jumps
    assert jump.final
    assert jump.metrics["jump_height_m"] == pytest.approx(drawn.truth[0].metrics["jump_height_m"], abs=0.03)
    assert jump.uncertainty["jump_height_m"] > 0
    assert told[-1] == (analysis.video.frames, analysis.video.frames)
    told.clear()
    analysis.write_report(tmp_path / "report.html", progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] > 0
    told.clear()
    analysis.write_overlay(tmp_path / "overlay.webm", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (analysis.video.frames, analysis.video.frames)
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert set(analysis.to_dict()) == {"jumps", "video", "software"}


def test_a_camera_held_by_hand_costs_no_centimetres(tmp_path: Path) -> None:
    camera = Camera(wobble_deg=0.5)
    clip = Clip([CountermovementJump(height_m=HEIGHT_M)], size=SIZE, camera=camera, lead_s=0.7, tail_s=0.6, seed=12)
    analysis = analyze_video(save(tmp_path / "held.mp4", pictures(clip), clip.fps))
    (jump,) = analysis.jumps
    assert jump.metrics["jump_height_m"] == pytest.approx(HEIGHT_M, abs=0.015)
    assert "camera_moved" not in jump.quality.warnings
    unsteady = JumpAnalyzer(aspect=analysis.video.aspect)
    for time_s, pose in zip(analysis.track.times_s, analysis.track.poses, strict=True):
        unsteady.feed(time_s, *(pose or (None,)))
    unsteady.finish()
    (plain,) = unsteady.jumps
    assert "camera_moved" in plain.quality.warnings
    assert abs(plain.metrics["jump_height_m"] - HEIGHT_M) > 0.03
    standing = analysis.curves.height[analysis.curves.times_s < 0.6]
    assert np.ptp(standing[np.isfinite(standing)]) < 0.01


def test_landmarks_are_analysed_as_they_come(drawn: Clip) -> None:
    analyzer = JumpAnalyzer(movement="cmj", height_m=1.75, aspect=drawn.size[0] / drawn.size[1])
    found: list[Jump] = []
    for time_s, landmarks in zip(drawn.times_s.tolist(), drawn.landmarks(), strict=True):
        found += analyzer.feed(time_s, landmarks)
    found += analyzer.finish()
    assert [(jump.index, jump.final) for jump in found] == [(1, False), (1, True)]
    assert analyzer.jumps == (found[1],)
    assert analyzer.jumps[0].movement is Movement.CMJ
    assert analyzer.latest.phase is Phase.STANDING
    assert "knee_angle_left_deg" in analyzer.latest.live


README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def readme(cmj: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the clip that the README speaks of."""
    (tmp_path / "clip.mp4").write_bytes(cmj.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_measures_a_clip(readme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = (block for block in BLOCKS if "analyze_video" in block)
    exec(compile(code, "README.md", "exec"), {})
    said = re.fullmatch(r"([\d.]+) ± [\d.]+ cm, grade [A-D], \(.*\)\n", capsys.readouterr().out)
    assert said is not None
    assert float(said[1]) == pytest.approx(100 * HEIGHT_M, abs=3)
    assert sorted(path.name for path in readme.iterdir()) == ["clip.mp4", "overlay.webm", "report.html"]


def test_the_readme_follows_landmarks(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = (block for block in BLOCKS if "JumpAnalyzer" in block)
    exec(compile(code, "README.md", "exec"), {})
    first, final, count = capsys.readouterr().out.splitlines()
    for line, start in ((first, "first estimate "), (final, "final ")):
        assert float(line.removeprefix(start)) == pytest.approx(0.35, abs=0.02)
    assert count == "1 jump"


def test_every_python_block_of_the_readme_is_run() -> None:
    assert len(BLOCKS) == 2


def test_a_wrong_argument_is_named(cmj: Path) -> None:
    with pytest.raises(ValueError, match="speed must be a positive number"):
        analyze_video(cmj, speed=0)
    with pytest.raises(ValueError, match="hop"):
        analyze_video(cmj, movement="hop")
    with pytest.raises(ValueError, match=r"height_m must be 1 to 2\.5 metres, not 182"):
        JumpAnalyzer(height_m=182, aspect=1.0)
    with pytest.raises(ValueError, match=r"height_m must be 1 to 2\.5 metres, not 182"):
        analyze_video("missing.mp4", height_m=182)


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, kinemotion; print([name for name in ('cv2', 'mediapipe', 'numpy') if name in sys.modules])"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert outcome.stdout == "[]\n"


def test_the_command_line_does_not_import_what_only_clips_need() -> None:
    code = "import sys, kinemotion.cli; print([name for name in sys.modules if name.startswith('kinemotion.video.')])"
    outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert outcome.stdout == "['kinemotion.video.commands']\n"


def test_public_names_can_be_found() -> None:
    for name in kinemotion.__all__:
        assert getattr(kinemotion, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kinemotion.nothing
