"""Pictures to the `ffmpeg` program, of which programs made here take the place: sound ones, and those that fail."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.video.commands import LISTS, ffmpeg

from kinemotion.errors import VideoError
from kinemotion.video.encoder import Encoder, encoder
from kinemotion.video.result import VideoAnalysis

SIZE = (64, 48)
PICTURE = np.zeros((48, 64, 3), np.uint8)
LARGE = np.zeros((1080, 1920, 3), np.uint8)  # more than a pipe holds

WHOLE = "data = sys.stdin.buffer.read()\nopen(sys.argv[-1], 'w').write(json.dumps([sys.argv[1:], len(data)]))\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of programs that comes first."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def opened(programs: Path, script: str) -> Encoder:
    ffmpeg(programs, LISTS + script)
    return encoder(programs.parent / "film.mp4", SIZE, 30000 / 1001)


def test_every_picture_goes_to_ffmpeg_with_size_and_rate(programs: Path) -> None:
    film = opened(programs, WHOLE)
    for _ in range(5):
        film.write(PICTURE)
    film.close()
    arguments, size = json.loads((programs.parent / "film.mp4").read_text())
    assert film.codec == "h264"
    assert size == 5 * PICTURE.size
    told = dict(pairwise(arguments))
    assert (told["-s"], told["-r"], told["-pix_fmt"], told["-c:v"]) == ("64x48", "30000/1001", "yuv420p", "libx264")


def test_an_overlay_goes_through_ffmpeg(analysed: VideoAnalysis, programs: Path) -> None:
    ffmpeg(programs, LISTS + WHOLE)
    target = programs.parent / "overlay.mp4"
    analysed.write_overlay(target)
    assert json.loads(target.read_text())[1] == analysed.video.frames * 480 * 360 * 3


def test_an_overlay_that_ffmpeg_fails_at_leaves_nothing(analysed: VideoAnalysis, programs: Path) -> None:
    ffmpeg(programs, LISTS + "open(sys.argv[-1], 'w').write('half')\nsys.exit(1)")
    with pytest.raises(VideoError, match="ffmpeg"):
        analysed.write_overlay(programs.parent / "overlay.mp4")
    assert list(programs.parent.iterdir()) == [programs]


def test_an_ffmpeg_that_ends_badly_is_told(programs: Path) -> None:
    film = opened(programs, "sys.stdin.buffer.read()\nsys.exit(1)")
    film.write(PICTURE)
    with pytest.raises(VideoError, match=r"film\.mp4: ffmpeg could not complete it"):
        film.close()


def write_until_it_fails(film: Encoder) -> None:
    for _ in range(100):
        film.write(LARGE)


def test_an_ffmpeg_that_stops_early_is_told(programs: Path) -> None:
    film = opened(programs, "sys.exit(1)")
    with pytest.raises(VideoError, match=r"film\.mp4: ffmpeg stopped"):
        write_until_it_fails(film)
    with pytest.raises(VideoError, match="ffmpeg could not complete it"):
        film.close()


def test_an_ffmpeg_that_reads_no_more_is_ended(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = opened(programs, "time.sleep(3600)")
    monkeypatch.setattr("kinemotion.video.encoder._PATIENCE_S", 0.1)
    with pytest.raises(VideoError, match=r"film\.mp4: ffmpeg stopped"):
        write_until_it_fails(film)
    with pytest.raises(VideoError, match="ffmpeg could not complete it"):
        film.close()


def test_an_ffmpeg_that_does_not_end_is_ended(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = opened(programs, "sys.stdin.buffer.read()\ntime.sleep(3600)")
    monkeypatch.setattr("kinemotion.video.encoder._PATIENCE_S", 0.1)
    with pytest.raises(VideoError, match="ffmpeg could not complete it"):
        film.close()


@pytest.mark.parametrize("script", ["print('none')", "sys.exit(1)", "time.sleep(3600)"])
def test_an_ffmpeg_without_h264_is_not_used(programs: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ffmpeg(programs, script)
    monkeypatch.setattr("kinemotion.video.encoder._PATIENCE_S", 2.0)
    film = encoder(programs.parent / "film.mp4", SIZE, 30)
    film.close()
    assert film.codec == "vp9"
