"""The overlay and the report of one clip."""

import base64
import html.parser
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.video.mp4 import Image

from kinemotion.errors import VideoError
from kinemotion.jumps import Movement, Phase
from kinemotion.jumps.parabola import GRAVITY
from kinemotion.pose.graph import Pose
from kinemotion.realtime.messages import Limits
from kinemotion.realtime.protocol import V1
from kinemotion.synthetic import Clip, CountermovementJump, DropJump, SquatJump
from kinemotion.video import skeleton, words
from kinemotion.video.analysis import analyze_video
from kinemotion.video.charts import Chart, Frame, Line, Mark
from kinemotion.video.commands import COMMANDS
from kinemotion.video.curves import smoothed
from kinemotion.video.document import encode
from kinemotion.video.keyframes import KeyFrames
from kinemotion.video.overlay import Cadence, Overlay
from kinemotion.video.placing import body_boxes
from kinemotion.video.reader import Reader
from kinemotion.video.report import report_html
from kinemotion.video.result import Track, VideoAnalysis
from kinemotion.video.timeline import Timeline


def shown(path: Path) -> tuple[list[Image], float]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    fps, images = capture.get(cv2.CAP_PROP_FPS), []
    while (frame := capture.read())[0]:
        images.append(frame[1].astype(np.uint8, copy=False))
    return images, fps


def check_overlay(analysis: VideoAnalysis, path: Path, codec: str) -> None:
    analysis.write_overlay(path)
    images, fps = shown(path)
    assert {image.shape for image in images} == {(360, 480, 3)}
    assert len(images) == analysis.video.frames
    assert fps == pytest.approx(30)
    assert list(path.parent.iterdir()) == [path]
    with Reader(path) as reader:
        assert reader.codec == codec


@pytest.mark.parametrize(("ending", "codec"), [(".mp4", "vp9"), (".webm", "vp8")])
def test_the_overlay_has_every_frame_at_its_size_and_time(
    standing: Path, tmp_path: Path, ending: str, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    check_overlay(analyze_video(standing), tmp_path / f"overlay{ending}", codec)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
def test_with_ffmpeg_the_overlay_is_h264(analysed: VideoAnalysis, tmp_path: Path) -> None:
    check_overlay(analysed, tmp_path / "overlay.mp4", "h264")


def different(before: Image, after: Image) -> NDArray[np.bool_]:
    """(height, width) where two pictures plainly differ."""
    return np.asarray(np.abs(after.astype(int) - before).max(axis=2) > 30)


def test_the_overlay_shows_the_event_the_figures_and_the_skeleton(
    analysed: VideoAnalysis, drawn_pictures: list[Image]
) -> None:
    overlay, times = Overlay(analysed), analysed.track.times_s
    plain, drawn = [], []
    for moment in ("takeoff", "landing"):
        row = int(np.searchsorted(times, analysed.jumps[0].events_s[moment])) + 1
        plain.append(drawn_pictures[row])
        drawn.append(drawn_pictures[row].copy())
        overlay.draw(drawn[-1], row)
    changed = [different(before, after) for before, after in zip(plain, drawn, strict=True)]
    assert all(0.05 < share.mean() < 0.7 for share in changed)
    assert all(share[0].mean() > 0.9 for share in changed)  # the frame around the picture
    assert changed[1].sum() > changed[0].sum()  # the figures come with the landing


def test_neither_figures_nor_strip_cover_the_athlete(analysed: VideoAnalysis, drawn_pictures: list[Image]) -> None:
    boxes = body_boxes(analysed.track, analysed.video.width, analysed.video.height)
    overlay, times = Overlay(analysed), np.array(analysed.track.times_s)
    for moment_s in (analysed.jumps[0].events_s["apex"] + 0.2, analysed.jumps[0].events_s["landing"] + 0.4):
        row = int(np.searchsorted(times, moment_s))
        full, bare = drawn_pictures[row].copy(), drawn_pictures[row].copy()
        overlay.draw(full, row)
        landmarks = analysed.track.landmarks(row)
        assert landmarks is not None
        skeleton.draw(bare, landmarks)
        left, top, right, bottom = boxes[row].astype(int)
        assert different(bare, full)[max(top, 0) : bottom, left:right].mean() < 0.02


def test_an_event_is_told_for_a_moment_from_its_own_time_on(
    analysed: VideoAnalysis, drawn_pictures: list[Image]
) -> None:
    overlay, times = Overlay(analysed), np.array(analysed.track.times_s)
    takeoff_s = analysed.jumps[0].events_s["takeoff"]
    edges = []
    for after_s in (-0.01, 0.01, 0.19):
        row = int(np.searchsorted(times, takeoff_s + after_s)) - (after_s < 0)
        picture = drawn_pictures[row].copy()
        overlay.draw(picture, row)
        edges.append(bool(different(drawn_pictures[row], picture)[:, 0].mean() > 0.9))
    assert edges == [False, True, False]


def uneven(analysed: VideoAnalysis, times_s: list[float], fps: float, speed: float = 1.0) -> VideoAnalysis:
    track = Track(list(range(len(times_s))), times_s, [None] * len(times_s), [Phase.STANDING] * len(times_s))
    video = replace(analysed.video, measured_fps=fps, speed=speed, nominal_fps=None)
    return replace(analysed, track=track, video=video, jumps=())


def test_uneven_frames_are_repeated_so_that_the_timing_holds(analysed: VideoAnalysis) -> None:
    cadence = Cadence(uneven(analysed, [0.0, 0.1, 0.4, 0.5, 0.52, 0.6], 10))
    assert cadence.fps == 10
    assert cadence.repeats == [1, 3, 1, 0, 1, 1]


def test_slow_motion_plays_as_slowly_as_the_clip(analysed: VideoAnalysis) -> None:
    cadence = Cadence(uneven(analysed, [number / 240 for number in range(24)], 240, speed=8))
    assert cadence.fps == pytest.approx(30)
    assert cadence.repeats == [1] * 24


def test_the_clip_itself_is_never_overwritten(analysed: VideoAnalysis, cmj: Path) -> None:
    before = cmj.read_bytes()
    with pytest.raises(VideoError, match="is the clip itself"):
        analysed.write_overlay(cmj)
    assert cmj.read_bytes() == before


def test_a_report_that_fails_leaves_nothing_behind(analysed: VideoAnalysis, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VideoError, match="cannot be written"):
        analysed.write_report(tmp_path / "file" / "report.html")
    with pytest.raises(VideoError, match="ends in"):
        analysed.write_overlay(tmp_path / "overlay.gif")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.fixture(scope="module")
def report(analysed: VideoAnalysis, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    analysed.write_report(path)
    return path.read_text("utf-8")


def test_the_report_needs_nothing_else(report: str) -> None:
    assert set(re.findall(r'src="([^,]*),', report)) == {"data:image/jpeg;base64"}
    words_alone = re.sub(r"base64,[^\"]+", "", report)
    assert re.findall(r"https?:|//|<script|<link|@import|url\(", words_alone) == []


def test_the_report_is_well_formed(report: str) -> None:
    class Checker(html.parser.HTMLParser):
        open: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "img", "path", "rect"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    checker = Checker()
    checker.feed(re.sub(r"<(path|rect)([^>]*)/>", r"<\1\2>", report))
    assert checker.open == []


def test_the_report_has_the_charts_the_figures_and_the_key_frames(report: str, analysed: VideoAnalysis) -> None:
    (jump,) = analysed.jumps
    assert report.count('<svg class="chart wide"') == report.count('<svg class="chart slim"') == 3
    for name in jump.metrics:
        assert words.label(name) in report
    for event in ("Onset", "Lowest point", "Take-off", "Apex", "Landing"):
        assert f"<figcaption>{event}<" in report
    assert words.number("jump_height_m", jump.metrics["jump_height_m"]) in report
    assert f"± {words.number('jump_height_m', jump.uncertainty['jump_height_m'])}" in report
    for image in re.findall(r"base64,([^\"]+)", report):
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(image), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape[0] > 200


def test_a_key_frame_is_captioned_with_its_own_time_not_the_events(report: str, analysed: VideoAnalysis) -> None:
    events, times_s = analysed.jumps[0].events_s, np.array(analysed.track.times_s)
    captions = dict(re.findall(r"<figcaption>([^<]+)<span>([\d.]+) s<", report))
    for event, name in (("takeoff", "Take-off"), ("apex", "Apex"), ("landing", "Landing")):
        nearest_s = times_s[np.abs(times_s - events[event]).argmin()]
        assert captions[name] == f"{nearest_s:.3f}"


def test_nothing_takes_the_height_from_take_off_velocity_for_a_second_measurement(report: str) -> None:
    assert "(the same)" in words.label("jump_height_takeoff_velocity_m")
    assert "no second measurement" in report
    on_the_page = (Path(__file__).parents[2] / "src/kinemotion/web/words.js").read_text("utf-8")
    assert "jump_height_takeoff_velocity_m: 'Height from take-off velocity (the same)'" in on_the_page


def test_the_velocity_chart_agrees_with_the_figures(analysed: VideoAnalysis) -> None:
    (jump,), curves = analysed.jumps, analysed.curves
    takeoff_s = jump.events_s["takeoff"]
    before, after = curves.times_s < takeoff_s, curves.times_s >= takeoff_s
    assert curves.velocity[before].max() == pytest.approx(jump.metrics["peak_concentric_velocity_m_s"], abs=0.05)
    at_takeoff = curves.velocity[after][0] + GRAVITY * (curves.times_s[after][0] - takeoff_s)
    assert at_takeoff == pytest.approx(jump.metrics["takeoff_velocity_m_s"])


def test_the_height_chart_tells_the_jump_height_from_the_height_over_standing(
    report: str, analysed: VideoAnalysis
) -> None:
    (jump,) = analysed.jumps
    assert "Centre of mass over standing, cm; the jump height counts from take-off" in report
    height = words.measure("jump_height_m", jump.metrics["jump_height_m"])
    assert re.findall(r'<text class="risen"[^>]*>([^<]*)<', report) == [height, height]


def test_the_report_says_how_far_angles_and_differences_can_be_trusted(report: str) -> None:
    assert "may show a straight leg as 150 to 180" in report
    assert "smaller than about three times the ± may be chance" in report


def test_another_movement_is_told_before_any_figure_with_the_commands_that_help(analysed: VideoAnalysis) -> None:
    (jump,) = analysed.jumps
    unlike = replace(jump, quality=replace(jump.quality, grade="B", warnings=("landing_flexed", "movement_unlike")))
    page = report_html(replace(analysed, jumps=(unlike,)), {})
    assert page.index("did not look like") < page.index("Landed with bent legs") < page.index('<dl class="figures">')
    assert all(command.name in words.WARNINGS["movement_unlike"] for command in COMMANDS if command.name)
    assert "Good for training" not in page.split("How to read this")[0]


def test_key_frames_of_a_squat_jump_come_in_the_order_of_time(analysed: VideoAnalysis) -> None:
    (jump,) = analysed.jumps
    squat = replace(jump, movement=Movement.SJ, events_s=jump.events_s | {"onset": jump.events_s["lowest"] + 0.1})
    changed = replace(analysed, jumps=(squat,))
    keyframes = KeyFrames(changed)
    for row in range(len(changed.track.times_s)):
        if changed.track.numbers[row] in keyframes.wanted:
            keyframes.take(np.zeros((360, 480, 3), np.uint8), row)
    page = report_html(changed, keyframes.pictures)
    captions = re.findall(r"<figcaption>([^<]+)<span>([\d.]+) s<", page)
    assert [name for name, _ in captions] == ["Lowest point", "Onset", "Take-off", "Apex", "Landing"]
    assert "where the held squat was reached" in page


def test_warnings_are_told_in_words_and_names_are_escaped(analysed: VideoAnalysis) -> None:
    (jump,) = analysed.jumps
    metrics = jump.metrics | {"jump_height_m": 0.30, "jump_height_flight_time_m": 0.328}
    quality = replace(jump.quality, grade="D", warnings=("landing_flexed", "a_new_one"))
    doubtful = replace(jump, metrics=metrics, quality=quality)
    page = report_html(replace(analysed, jumps=(doubtful,), video=replace(analysed.video, file="<b>.mp4")), {})
    assert "Landed with bent legs" in page
    assert "about 3 cm too high" in page
    assert "A new one." in page
    assert "rough guess" in page
    assert "<b>.mp4" not in page


def test_every_warning_in_the_protocol_has_words_in_the_report_and_on_the_page() -> None:
    root = Path(__file__).parents[2]
    table = (root / "docs/protocol.md").read_text("utf-8").split("| warning |")[1].split("\n\n")[0]
    names = set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))
    on_the_page = (root / "src/kinemotion/web/words.js").read_text("utf-8")
    assert len(names) >= 11
    assert names - words.WARNINGS.keys() == {"live_frames_only"}
    assert all(f"  {name}:" in on_the_page for name in names)


def test_a_report_without_a_jump_shows_the_clip(analysed: VideoAnalysis) -> None:
    page = report_html(replace(analysed, jumps=()), {})
    assert "No countermovement jump found" in page
    assert page.count('<svg class="chart wide"') == 1


def test_curves_follow_the_drawn_athlete(analysed: VideoAnalysis, drawn: Clip) -> None:
    curves = analysed.curves
    truth = drawn.com_height_m(curves.times_s)
    assert curves.metres
    assert np.abs(curves.height - truth).max() < 0.08
    assert np.abs(curves.velocity - np.gradient(truth, curves.times_s)).mean() < 0.2
    assert np.nanmin(curves.angles_deg["knee"]) < 120


def test_smoothing_keeps_a_parabola_and_its_slope() -> None:
    times = np.arange(0, 0.5, 1 / 60)
    values, slopes = smoothed(times, 2.6 * times - 4.9 * times**2)
    assert values == pytest.approx(2.6 * times - 4.9 * times**2)
    assert slopes == pytest.approx(2.6 - 9.8 * times)


def test_smoothing_leaves_gaps_open() -> None:
    values = np.array([0.0, 1.0, np.nan, np.nan, 4.0, 5.0])
    assert np.isnan(smoothed(np.arange(6) / 30, values)[0]).tolist() == np.isnan(values).tolist()


def test_phases_follow_the_events_once_they_are_known(analysed: VideoAnalysis) -> None:
    events, timeline = analysed.jumps[0].events_s, Timeline(analysed.jumps)
    moments = [(events["onset"] + events["lowest"]) / 2, events["takeoff"] - 0.01, events["apex"], events["landing"]]
    phases = [timeline.phase(moment, Phase.FLIGHT) for moment in moments]
    assert phases == [Phase.COUNTERMOVEMENT, Phase.PROPULSION, Phase.FLIGHT, Phase.LANDING]
    assert timeline.phase(0.0, Phase.STANDING) is Phase.STANDING
    assert timeline.told(events["apex"]) is None
    assert timeline.told(events["landing"]) is analysed.jumps[0]
    found = timeline.event(events["apex"] + 0.01, 0.4)
    assert found is not None
    assert found[0] == "apex"


def test_charts_break_where_nothing_is_known_and_keep_names_apart() -> None:
    times = np.arange(5.0)
    frame = Frame(times, 0.0, 4.0, [Mark(1.0, "One moment"), Mark(1.1, "Another"), Mark(3.0, "Third")])
    svg = Chart(frame, [Line("line", np.array([0, 1, np.nan, 3, 4.0]), "height")], "Title & unit").svg()
    path = re.findall(r'class="line height" d="([^"]*)"', svg)[-1]
    assert path.count("M") == 2
    assert "Title &amp; unit" in svg
    heights = {name: y for y, name in re.findall(r'class="event"[^>]* y="(\d+)"[^>]*>([^<]*)<', svg)}
    assert heights["One moment"] == heights["Third"] != heights["Another"]


@pytest.mark.parametrize(
    ("name", "value", "deviation", "text"),
    [
        ("jump_height_m", 0.348, 0.006, "34.8 ± 0.6 cm"),
        ("flight_time_ms", 532.4, None, "532 ms"),
        ("peak_eccentric_velocity_m_s", -1.234, 0.05, f"{words.MINUS}1.23 ± 0.05 m/s"),
        ("knee_angle_lowest_deg", 88.6, 3.2, "89 ± 3°"),
        ("flight_contact_ratio", 2.345, None, "2.35"),
    ],
)
def test_metrics_are_told_in_the_units_of_sport(name: str, value: float, deviation: float | None, text: str) -> None:
    assert words.measure(name, value, deviation) == text


def test_every_metric_has_a_name_and_a_meaning() -> None:
    jumps = (CountermovementJump(), SquatJump(), DropJump())
    known = {name for jump in jumps for truth in Clip([jump]).truth for name in truth.metrics}
    assert known | {"peak_power_w", "mean_force_n"} == words.METRICS.keys() == words.MEANINGS.keys()


def test_a_jump_reads_in_files_as_on_the_wire(analysed: VideoAnalysis) -> None:
    document = json.loads(encode(analysed.to_dict()))
    wire = V1(Limits(1, 1, 1.0, 1.0, 1.0, 1.0), 0.0).jump(analysed.jumps[0])
    assert document["jumps"] == [json.loads(wire)]


def test_an_unknown_metric_has_a_name_of_its_own_and_comes_last() -> None:
    assert words.label("left_right_difference_m") == "Left right difference"
    assert words.order(["zeta_s", "flight_time_ms", "jump_height_m"]) == ["jump_height_m", "flight_time_ms", "zeta_s"]


def test_nobody_in_the_picture_is_no_trouble(analysed: VideoAnalysis, drawn_pictures: list[Image]) -> None:
    empty: list[Pose | None] = [None] * len(analysed.track.poses)
    track = replace(analysed.track, poses=empty)
    lonely = replace(analysed, track=track, jumps=())
    assert np.isnan(lonely.curves.height).all()
    Overlay(lonely).draw(drawn_pictures[0].copy(), 0)
    assert "<svg" in report_html(lonely, {})
