"""Files to pictures and times: rates, rotation, slow motion, and files that are none."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.video.mp4 import Image, at_times, index_first, save, turned

from kinemotion.errors import VideoError
from kinemotion.synthetic import Clip, CountermovementJump
from kinemotion.video.analysis import analyze_video
from kinemotion.video.container import codec_name
from kinemotion.video.poses import reduced
from kinemotion.video.reader import Reader
from kinemotion.video.result import VideoAnalysis


def times(path: Path, speed: float = 1.0) -> list[float]:
    with Reader(path, speed) as reader:
        return [frame.time_s for frame in reader.frames()]


def test_times_are_those_of_the_container(cmj: Path, drawn: Clip) -> None:
    assert times(cmj) == pytest.approx(drawn.times_s.tolist(), abs=1e-4)


def test_slow_motion_is_told_in_real_time(cmj: Path, drawn: Clip) -> None:
    assert times(cmj, speed=8) == pytest.approx((drawn.times_s / 8).tolist(), abs=1e-4)


def test_uneven_frame_times_are_read_not_counted(cmj: Path, tmp_path: Path, drawn: Clip) -> None:
    ticks = np.resize([1, 2, 1, 3], len(drawn.times_s))
    uneven = at_times(cmj, tmp_path / "uneven.mp4", ticks.tolist())
    wanted = np.concatenate([[0], np.cumsum(ticks)[:-1]]) / drawn.fps
    assert times(uneven) == pytest.approx(wanted.tolist(), abs=1e-4)


def test_a_frame_that_is_not_wanted_keeps_its_number(cmj: Path) -> None:
    with Reader(cmj) as reader:
        frames = list(reader.frames({3, 7}.__contains__))
    assert [frame.number for frame in frames] == [3, 7]
    assert frames[1].time_s == pytest.approx(7 / 30, abs=1e-4)


def test_rotated_files_come_upright(tmp_path: Path, drawn_pictures: list[Image]) -> None:
    stored = [np.ascontiguousarray(np.rot90(image)) for image in drawn_pictures[:3]]
    path = turned(save(tmp_path / "stored.mp4", stored, 30), tmp_path / "phone.mp4")
    with Reader(path) as reader:
        frame = next(reader.frames())
        assert reader.rotation_deg == 90
    assert frame.image.shape == drawn_pictures[0].shape
    assert np.abs(frame.image.astype(int) - drawn_pictures[0]).mean() < 6


def test_pictures_much_larger_than_the_model_needs_are_reduced() -> None:
    assert reduced(np.zeros((1080, 1920, 3), np.uint8)).shape == (360, 640, 3)
    assert reduced(np.zeros((480, 854, 3), np.uint8)).shape == (480, 854, 3)


@pytest.mark.parametrize(
    ("stated", "name"), [(b"avc1", "h264"), (b"hvc1", "hevc"), (b"FMP4", "mpeg4"), (b"\0" * 4, "unknown")]
)
def test_codecs_have_their_usual_names(stated: bytes, name: str) -> None:
    assert codec_name(int.from_bytes(stated, "little")) == name


def test_what_is_no_clip_is_refused_in_one_line_that_says_why(
    tmp_path: Path, cmj: Path, drawn_pictures: list[Image]
) -> None:
    (tmp_path / "text.mp4").write_text("these are words\n" * 10)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "cut.mp4").write_bytes(cmj.read_bytes()[:20_000])
    (tmp_path / "folder.mp4").mkdir()
    save(tmp_path / "still.mp4", drawn_pictures[:1], 30)
    save(tmp_path / "small.mp4", [cv2.resize(drawn_pictures[0], (32, 24)).astype(np.uint8)] * 5, 30)
    cv2.imwrite(str(tmp_path / "photo.jpg"), drawn_pictures[0])
    for name, why in {
        "text.mp4": "is not a video file",
        "empty.mp4": "is empty",
        "cut.mp4": "was cut off",
        "folder.mp4": "is a folder",
        "still.mp4": "holds a still picture",
        "small.mp4": "its pictures are 32 x 24",
        "photo.jpg": "holds a still picture",
        "missing.mp4": "there is no such file",
    }.items():
        with pytest.raises(VideoError, match=why) as refusal:
            analyze_video(tmp_path / name)
        assert str(refusal.value).startswith(f"{tmp_path / name}: ")
        assert "\n" not in str(refusal.value)


def test_a_file_without_pictures_is_refused(tmp_path: Path, cmj: Path) -> None:
    path = tmp_path / "sound.mp4"
    path.write_bytes(cmj.read_bytes().replace(b"vide", b"soun").replace(b"mp4v", b"nope"))
    with pytest.raises(VideoError, match=r"sound\.mp4: (holds no pictures|not one of its pictures)"):
        analyze_video(path)


def test_a_clip_that_breaks_off_gives_what_it_has_and_a_warning(cmj: Path, tmp_path: Path, drawn: Clip) -> None:
    whole = index_first(cmj, tmp_path / "whole.mp4")
    assert times(whole) == pytest.approx(drawn.times_s.tolist(), abs=1e-4)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 4])
    video = analyze_video(broken).video
    assert 3 <= video.frames < len(drawn.times_s) * 0.6
    assert "file_incomplete" in video.warnings


def test_damage_in_the_middle_stops_nothing(cmj: Path, tmp_path: Path, drawn: Clip) -> None:
    data = bytearray(cmj.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 4000] = bytes(4000)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)
    with Reader(damaged) as reader:
        frames = [frame.time_s for frame in reader.frames()]
    assert len(frames) > len(drawn.times_s) * 0.8
    assert (np.diff(frames) > 0).all()


def test_the_facts_of_a_plain_clip(analysed: VideoAnalysis, cmj: Path, drawn: Clip) -> None:
    video = analysed.video
    assert (video.file, video.codec, video.width, video.height) == (str(cmj), "mpeg4", 480, 360)
    assert video.frames == len(drawn.times_s)
    assert video.duration_s == pytest.approx(len(drawn.times_s) / 30, abs=0.01)
    assert video.nominal_fps == pytest.approx(30)
    assert video.measured_fps == pytest.approx(30)
    assert not video.variable_frame_rate
    assert video.warnings == ()


def test_slow_motion_gives_the_same_jump(tmp_path: Path) -> None:
    clip = Clip([CountermovementJump(height_m=0.35)], fps=60, size=(320, 240), lead_s=0.5, tail_s=0.3)
    path = save(tmp_path / "slow.mp4", (image for _, image in clip.frames()), 30)
    analysis = analyze_video(path, speed=2)
    assert analysis.video.measured_fps == pytest.approx(60, rel=0.01)
    assert analysis.video.nominal_fps == pytest.approx(30)
    (jump,) = analysis.jumps
    assert jump.events_s["takeoff"] == pytest.approx(clip.truth[0].events_s["takeoff"], abs=0.05)
    assert jump.metrics["flight_time_ms"] == pytest.approx(clip.truth[0].metrics["flight_time_ms"], abs=60)


def test_an_uneven_rate_gives_the_same_jump(tmp_path: Path, drawn: Clip, drawn_pictures: list[Image]) -> None:
    keep = [number for number in range(len(drawn_pictures)) if number % 5 != 3]
    even = save(tmp_path / "even.mp4", [drawn_pictures[number] for number in keep], 30)
    uneven = at_times(even, tmp_path / "uneven.mp4", np.diff([*keep, keep[-1] + 1]).tolist())
    analysis = analyze_video(uneven)
    assert analysis.video.variable_frame_rate
    assert analysis.video.measured_fps == pytest.approx(30, abs=0.1)
    (jump,) = analysis.jumps
    assert jump.metrics["jump_height_m"] == pytest.approx(0.35, abs=0.04)


def test_two_intervals_that_are_equally_frequent_make_a_rate(tmp_path: Path, drawn_pictures: list[Image]) -> None:
    even = save(tmp_path / "even.mp4", drawn_pictures[:21], 30)
    analysis = analyze_video(at_times(even, tmp_path / "halves.mp4", [*(10 * [1, 4]), 1]))
    assert analysis.video.measured_fps == pytest.approx(30, rel=0.01)
    assert analysis.video.variable_frame_rate
    analysis.write_overlay(tmp_path / "overlay.webm")
