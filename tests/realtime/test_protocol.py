"""The wire, with bytes only: no socket, no clock."""

import contextlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinemotion.errors import ClientError
from kinemotion.jumps import Jump, Movement, Phase
from kinemotion.jumps import Quality as JumpQuality
from kinemotion.pose.models import Quality
from kinemotion.realtime.messages import Answer, Athlete, Drop, Frame, Limits, SessionConfig, Start, Stop, Tally
from kinemotion.realtime.protocol import FRAME_HEADER, MAX_FAULTS, V1, State, encode_frame

LIMITS = Limits(max_frame_bytes=100_000, max_pixels=1_000_000, max_fps=60, start_s=5, idle_s=15, session_s=900)
JPEG = cv2.imencode(".jpg", np.zeros((96, 128, 3), np.uint8))[1].tobytes()
START = '{"type":"start"}'
NOW = 1000.0


def waiting() -> V1:
    return V1(LIMITS, NOW)


def streaming() -> V1:
    protocol = waiting()
    protocol.receive(START, NOW)
    return protocol


def refusal(call: Callable[[], object]) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value


def test_a_bare_start_gives_the_defaults() -> None:
    assert waiting().receive(START, NOW) == [Start(SessionConfig())]


def test_a_full_start_is_taken_over() -> None:
    message = (
        '{"type":"start","movement":"dj","athlete":{"id":"A7","height_m":1.8,"mass_kg":75},'
        '"drop_height_m":0.3,"quality":"accurate","send_pose":false}'
    )
    athlete = Athlete("A7", 1.8, 75.0)
    assert waiting().receive(message, NOW) == [
        Start(SessionConfig(Movement.DJ, athlete, 0.3, Quality.ACCURATE, send_pose=False))
    ]


@pytest.mark.parametrize(
    "fields",
    [
        '"movement":"hop"',
        '"movement":7',
        '"athlete":7',
        '"athlete":[]',
        '"athlete":{"height_m":0.99}',
        '"athlete":{"height_m":2.51}',
        '"athlete":{"height_m":true}',
        '"athlete":{"height_m":"1.8"}',
        '"athlete":{"height_m":NaN}',
        '"athlete":{"height_m":1e999}',
        '"athlete":{"height_m":-0.0}',
        '"athlete":{"mass_kg":19}',
        '"athlete":{"mass_kg":251}',
        '"athlete":{"id":7}',
        '"athlete":{"id":"' + "x" * 129 + '"}',
        '"athlete":{"name":"x"}',
        '"drop_height_m":0.04',
        '"drop_height_m":1.6',
        '"quality":"best"',
        '"send_pose":1',
        '"speed":2',
        '"type":"go"',
    ],
)
def test_a_start_with_a_wrong_field_is_refused_and_can_be_sent_again(fields: str) -> None:
    protocol = waiting()
    error = refusal(lambda: protocol.receive('{"type":"start",' + fields + "}", NOW))
    assert (error.code, error.fatal) == ("bad_message", False)
    assert protocol.receive(START, NOW) == [Start(SessionConfig())]


@pytest.mark.parametrize(
    "message",
    ["", "x", "7", "null", "[]", '"start"', "{}", '{"type":null}', "[" * 2000, "\ud800", '{"type":"start"', " " * 5000],
)
def test_text_that_is_no_message_is_refused(message: str) -> None:
    error = refusal(lambda: waiting().receive(message, NOW))
    assert (error.code, error.fatal) == ("bad_message", False)


def test_a_message_over_the_limit_is_refused_unread() -> None:
    error = refusal(lambda: waiting().receive('{"type":"start","athlete":{"id":"' + "é" * 2100 + '"}}', NOW))
    assert "at most 4096 bytes" in error.message


def test_a_frame_carries_its_number_time_and_picture() -> None:
    (frame,) = streaming().receive(encode_frame(7, 123_456, JPEG), NOW + 1)
    assert isinstance(frame, Frame)
    assert (frame.seq, frame.capture_us, frame.jpeg, frame.received_s) == (7, 123_456, JPEG, NOW + 1)
    assert (frame.header.width, frame.header.height) == (128, 96)


def test_the_frame_header_is_sixteen_bytes_in_network_order() -> None:
    assert encode_frame(0x01020304, 0x05060708090A0B0C, b"") == bytes(
        [1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    )


def test_a_frame_before_start_ends_the_connection() -> None:
    error = refusal(lambda: waiting().receive(encode_frame(1, 1, JPEG), NOW))
    assert (error.code, error.fatal, error.close_code) == ("bad_message", True, 1003)


@pytest.mark.parametrize(
    "message", [b"", b"\x01" * 15, FRAME_HEADER.pack(2, 0, 0, 1, 1), FRAME_HEADER.pack(1, 1, 0, 1, 1) + JPEG]
)
def test_a_broken_frame_header_is_a_bad_frame(message: bytes) -> None:
    assert refusal(lambda: streaming().receive(message, NOW)).code == "bad_frame"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bad_frame"),
        (JPEG[:-20], "bad_frame"),
        (b"\x89PNG" + JPEG, "bad_frame"),
        (JPEG.replace(b"\xff\xc0", b"\xff\xc2"), "unsupported_image"),
        (JPEG + b"\0" * 100_000, "frame_too_large"),
    ],
)
def test_a_bad_picture_is_refused_by_number_and_the_next_is_taken(data: bytes, code: str) -> None:
    protocol = streaming()
    error = refusal(lambda: protocol.receive(encode_frame(1, 1, data), NOW))
    assert (error.code, error.seq, error.fatal) == (code, 1, False)
    assert len(protocol.receive(encode_frame(2, 2, JPEG), NOW)) == 1


@pytest.mark.parametrize(("seq", "capture_us"), [(5, 2000), (4, 2000), (6, 1000), (6, 999), (6, 1 << 63)])
def test_a_frame_out_of_order_is_refused(seq: int, capture_us: int) -> None:
    protocol = streaming()
    protocol.receive(encode_frame(5, 1000, JPEG), NOW)
    error = refusal(lambda: protocol.receive(encode_frame(seq, capture_us, JPEG), NOW))
    assert (error.code, error.seq, error.fatal) == ("out_of_order", seq, False)
    assert len(protocol.receive(encode_frame(7, 3000, JPEG), NOW)) == 1


def test_frames_beyond_the_rate_are_refused_until_time_has_passed() -> None:
    protocol = streaming()
    for seq in range(120):
        protocol.receive(encode_frame(seq, seq, JPEG), NOW)
    for seq in range(120, 180):  # however many: a stalled network may have held them back
        error = refusal(lambda seq=seq: protocol.receive(encode_frame(seq, seq, JPEG), NOW))  # type: ignore[misc]
        assert (error.code, error.fatal) == ("rate_limited", False)
    assert len(protocol.receive(encode_frame(181, 181, JPEG), NOW + 1 / 59)) == 1


def film(fps: int, seconds: int) -> tuple[list[float], list[float], list[float]]:
    """When a camera of that rate is refused a frame, is flooding, and is throttled; 60 a second are taken."""
    protocol, refused_s, flooding_s, throttled_s = streaming(), [], [], []
    for seq in range(fps * seconds):
        try:
            protocol.receive(encode_frame(seq, seq, JPEG), NOW + seq / fps)
        except ClientError as error:
            refused_s.append(seq / fps)
            if error.fatal:
                break
        if protocol.flooding:
            flooding_s.append(seq / fps)
        if NOW + seq / fps < protocol.throttled_until_s:
            throttled_s.append(seq / fps)
    return refused_s, flooding_s, throttled_s


def test_whoever_goes_on_at_more_than_twice_the_rate_is_flooding() -> None:
    refused_s, flooding_s, _ = film(fps=200, seconds=60)
    assert set(flooding_s) < set(refused_s)
    assert refused_s[0] == pytest.approx(120 / (200 - 60), abs=0.1)
    assert flooding_s[0] - refused_s[0] == pytest.approx(600 / (200 - 2 * 60), abs=0.2)


def test_whoever_goes_on_a_little_too_fast_is_not() -> None:
    refused_s, flooding_s, _ = film(fps=110, seconds=60)
    assert len(refused_s) == pytest.approx((110 - 60) * 60 - 120, abs=2)
    assert flooding_s == []


def test_whoever_goes_on_at_more_than_one_and_a_half_times_the_rate_is_throttled() -> None:
    seconds = 30
    _, _, times_s = film(fps=150, seconds=seconds)
    assert times_s[0] == pytest.approx(120 / (150 - 60) + 30 / (150 - 60 - 30), abs=0.1)
    assert len(times_s) == pytest.approx(150 * (seconds - times_s[0]), abs=2)
    assert film(fps=85, seconds=seconds)[2] == []


def test_whoever_slows_down_to_less_than_that_is_throttled_no_more_though_frames_are_refused() -> None:
    protocol, now, refused = streaming(), NOW, 0
    for seq in range(150 * 5 + 80 * 3):
        now += 1 / 150 if seq < 150 * 5 else 1 / 80
        if seq == 150 * 5:
            until_s = protocol.throttled_until_s
            assert until_s == pytest.approx(now + 1, abs=0.1)
        try:
            protocol.receive(encode_frame(seq, seq, JPEG), now)
        except ClientError:
            refused += now > NOW + 7
    assert protocol.throttled_until_s < NOW + 7
    assert refused > 10


def test_a_throttled_client_is_so_for_a_second_after_the_last_frame_far_too_many() -> None:
    protocol = streaming()
    for seq in range(120 + 30 + 1):
        assert protocol.throttled_until_s < NOW
        with contextlib.suppress(ClientError):
            protocol.receive(encode_frame(seq, seq, JPEG), NOW)
    assert protocol.throttled_until_s == NOW + 1
    protocol.receive(encode_frame(1000, 1000, JPEG), NOW + 0.5)
    assert protocol.throttled_until_s == NOW + 1


def test_a_flood_is_over_with_the_next_frame_that_is_taken() -> None:
    protocol = streaming()
    for seq in range(120 + 600 + 1):
        with contextlib.suppress(ClientError):
            protocol.receive(encode_frame(seq, seq, JPEG), NOW)
    assert protocol.flooding
    assert len(protocol.receive(encode_frame(1000, 1000, JPEG), NOW + 1)) == 1
    assert not protocol.flooding


def test_frames_out_of_order_count_as_well() -> None:
    protocol = streaming()
    protocol.receive(encode_frame(5, 5, JPEG), NOW)
    codes = [refusal(lambda: protocol.receive(encode_frame(5, 5, JPEG), NOW)).code for _ in range(120)]
    assert codes == ["out_of_order"] * 119 + ["rate_limited"]


def test_stop_ends_the_stream_and_frames_after_it_are_refused() -> None:
    protocol = streaming()
    assert protocol.receive('{"type":"stop"}', NOW) == [Stop()]
    assert protocol.state is State.STOPPED
    assert refusal(lambda: protocol.receive(encode_frame(1, 1, JPEG), NOW)).code == "bad_message"


@pytest.mark.parametrize(
    ("protocol", "message"),
    [(waiting(), '{"type":"stop"}'), (streaming(), START), (streaming(), '{"type":"stop","now":true}')],
)
def test_messages_out_of_place_are_refused(protocol: V1, message: str) -> None:
    assert refusal(lambda: protocol.receive(message, NOW)).code == "bad_message"


def test_many_faults_in_a_row_end_the_connection() -> None:
    protocol = streaming()
    for _ in range(MAX_FAULTS - 1):
        assert not refusal(lambda: protocol.receive("x", NOW)).fatal
    assert refusal(lambda: protocol.receive("x", NOW)).fatal


def test_a_good_frame_wipes_out_the_faults_before_it() -> None:
    protocol = streaming()
    for seq in range(MAX_FAULTS):
        assert not refusal(lambda: protocol.receive("x", NOW)).fatal
        protocol.receive(encode_frame(seq, seq, JPEG), NOW)


def test_deadlines_follow_the_state() -> None:
    protocol = waiting()
    assert protocol.deadline() == NOW + 5
    assert protocol.overdue(NOW + 5).code == "idle_timeout"
    protocol.receive(START, NOW + 4)
    assert protocol.deadline() == NOW + 900  # it may wait to be told that the session has begun
    protocol.ready(NOW + 5)
    assert protocol.deadline() == NOW + 20
    protocol.receive(encode_frame(1, 1, JPEG), NOW + 10)
    assert protocol.deadline() == NOW + 25
    protocol.receive(encode_frame(2, 2, JPEG), NOW + 899)
    assert protocol.deadline() == NOW + 900
    assert protocol.overdue(NOW + 900).code == "session_expired"


def test_bad_messages_do_not_put_the_deadline_off() -> None:
    protocol = waiting()
    refusal(lambda: protocol.receive("x", NOW + 4))
    assert protocol.deadline() == NOW + 5


@given(st.one_of(st.binary(max_size=80), st.text(max_size=80)))
def test_whatever_comes_only_client_errors_leave(message: bytes | str) -> None:
    for protocol in (waiting(), streaming()):
        with contextlib.suppress(ClientError):
            protocol.receive(message, NOW)


JUMP = Jump(
    index=1,
    final=True,
    movement=Movement.CMJ,
    events_s={"takeoff": 1.0, "landing": 1.5},
    metrics={"jump_height_m": 0.306_456_78},
    uncertainty={"jump_height_m": 0.01},
    quality=JumpQuality(grade="B", fps=30.0, frames=40, frames_in_flight=15, warnings=("landing_flexed",)),
)


def sent(text: str | None) -> Any:
    assert text is not None
    return orjson.loads(text)


def test_started_tells_the_effective_configuration_and_the_limits() -> None:
    assert sent(streaming().started("s1", SessionConfig(), "lite")) == {
        "type": "started",
        "session": "s1",
        "config": {
            "movement": "auto",
            "athlete": {"id": None, "height_m": None, "mass_kg": None},
            "drop_height_m": None,
            "quality": "fast",
            "model": "lite",
            "send_pose": True,
        },
        "limits": {"max_frame_bytes": 100_000, "max_pixels": 1_000_000, "max_fps": 60, "idle_s": 15, "session_s": 900},
    }


def test_an_answer_holds_what_is_known_of_a_frame() -> None:
    pose = np.full((33, 4), 0.123_456_789)
    answer = Answer(
        9, 300_000, Tally(9, 7, 1), Phase.FLIGHT, pose, {"knee_angle_left_deg": 171.000_04}, {"total": 12.0}
    )
    message = sent(streaming().answer(answer))
    assert message.pop("pose") == [[0.12346] * 4] * 33
    assert message == {
        "type": "frame",
        "seq": 9,
        "t_us": 300_000,
        "received": 9,
        "dropped": 1,
        "phase": "flight",
        "live": {"knee_angle_left_deg": 171.0},
        "timing_ms": {"total": 12.0},
    }


def test_a_jump_is_told_in_full() -> None:
    assert sent(streaming().jump(JUMP)) == {
        "type": "jump",
        "index": 1,
        "final": True,
        "movement": "cmj",
        "events_s": {"takeoff": 1.0, "landing": 1.5},
        "metrics": {"jump_height_m": 0.3065},
        "uncertainty": {"jump_height_m": 0.01},
        "quality": {"grade": "B", "fps": 30.0, "frames": 40, "frames_in_flight": 15, "warnings": ["landing_flexed"]},
    }


def test_the_summary_counts_frames_and_lists_jumps() -> None:
    summary = sent(streaming().summary(Tally(10, 8, 2), [JUMP]))
    assert summary["type"] == "summary"
    assert summary["frames"] == {"received": 10, "analysed": 8, "dropped": 2}
    assert [jump["index"] for jump in summary["jumps"]] == [1]
    assert "type" not in summary["jumps"][0]


def test_drops_are_told_with_the_next_answer_only() -> None:
    assert streaming().dropped(1, Drop.SUPERSEDED) is None  # type: ignore[func-returns-value]
