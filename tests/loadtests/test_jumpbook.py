"""Jumps filmed and jumps found."""

from typing import Any

import pytest
from loadtests.clips import Loop
from loadtests.jumpbook import SETTLED_S, JumpBook

from kinemotion.synthetic import CountermovementJump

FPS = 10.0


@pytest.fixture
def loop() -> Loop:
    """Twelve seconds standing, eight with a jump; take-off at 15.55 s, landing at 16.05 s."""
    return Loop(FPS, [b"standing"] * 10, [b"jumping"] * 80, 200, takeoff_s=15.55, landing_s=16.05, height_m=0.3)


def told(takeoff_s: float, *, final: bool = True, height_m: float = 0.31, warnings: tuple[str, ...] = ()) -> Any:
    events, quality = {"takeoff": takeoff_s, "landing": takeoff_s + 0.5}, {"warnings": list(warnings)}
    return {"final": final, "events_s": events, "metrics": {"jump_height_m": height_m}, "quality": quality}


def test_a_loop_stands_and_then_jumps_over_and_over(loop: Loop) -> None:
    assert [loop.picture(place) for place in (0, 119, 120, 199, 200, 320)] == [
        *(b"standing", b"standing", b"jumping", b"jumping", b"standing", b"jumping")
    ]


def test_cameras_start_at_different_places_before_the_jump(loop: Loop) -> None:
    starts = [loop.start(camera) for camera in range(25)]
    assert len(set(starts)) == 25
    assert min(starts) == 0
    assert max(starts) < 120


def test_a_drawn_loop_keeps_the_clips_truth() -> None:
    loop = Loop.draw(0, 10.0, 8.0)
    truth = CountermovementJump(height_m=loop.height_m)
    assert truth.height_m == loop.height_m
    assert (loop.length, loop.period_s) == (80, 8.0)
    assert 8.0 - len(loop.jump) / 10 < loop.takeoff_s < loop.landing_s < 8.0
    assert all(loop.picture(place).startswith(b"\xff\xd8") for place in (0, 79))


def test_a_loop_too_short_for_a_jump_is_refused() -> None:
    with pytest.raises(ValueError, match="a jump and the standing around it take"):
        Loop.draw(0, 10.0, 3.0)


def test_a_jump_found_is_timed_from_when_its_landing_frame_was_due(loop: Loop) -> None:
    book = JumpBook(loop, 100, 1000.0)  # the jump comes 10 s earlier: landing at 6.05 s, first shown at 6.1 s
    assert book.hear(told(5.5, final=False), 1006.3) is None
    assert book.hear(told(5.5), 1008.1) == pytest.approx(2.0)
    (jump,) = book.close(100)
    assert (jump.finals, jump.true_m, jump.height_m) == (1, 0.3, 0.31)
    assert jump.first_after_s == pytest.approx(0.2)
    assert jump.final_after_s == pytest.approx(2.0)
    assert jump.asked
    assert jump.replayed


def test_every_round_has_its_own_jump(loop: Loop) -> None:
    book = JumpBook(loop, 0, 0.0)
    for number in range(3):
        book.hear(told(15.6 + 20 * number), 20.0 + 20 * number)
    jumps = book.close(600)
    assert [jump.finals for jump in jumps] == [1, 1, 1]
    assert [jump.takeoff_s for jump in jumps] == pytest.approx([15.55, 35.55, 55.55])


def test_a_jump_that_the_server_never_spoke_of_is_missed(loop: Loop) -> None:
    (jump,) = JumpBook(loop, 0, 0.0).close(200)
    assert jump.asked
    assert (jump.finals, jump.height_m, jump.final_after_s) == (0, None, None)


@pytest.mark.parametrize(("filmed_s", "asked"), [(16.0, []), (16.2, [False]), (16.1 + SETTLED_S, [True])])
def test_a_jump_at_the_very_end_is_not_asked_for(loop: Loop, filmed_s: float, asked: list[bool]) -> None:
    jumps = JumpBook(loop, 0, 0.0).close(round(filmed_s * FPS))
    assert [jump.asked for jump in jumps] == asked


def test_jumps_that_nobody_did_are_strays_once_they_are_final(loop: Loop) -> None:
    book = JumpBook(loop, 0, 0.0)
    book.hear(told(3.0, final=False), 4.0)
    assert book.strays == 0
    book.hear(told(3.0), 5.0)
    book.hear(told(-19.0), 5.0)
    assert book.strays == 2
    assert book.close(100) == []


def test_a_jump_found_twice_shows(loop: Loop) -> None:
    book = JumpBook(loop, 0, 0.0)
    for _ in range(2):
        book.hear(told(15.5, warnings=("live_frames_only",)), 18.0)
    (jump,) = book.close(200)
    assert jump.finals == 2
    assert not jump.replayed


def test_who_only_stands_does_not_jump() -> None:
    loop = Loop(FPS, [b"standing"] * 10, [], 10, takeoff_s=1.8, landing_s=2.3, height_m=0.3)
    book = JumpBook(loop, loop.start(3), 0.0)
    book.hear(told(1.8), 3.0)
    assert (book.strays, book.close(1000)) == (1, [])
