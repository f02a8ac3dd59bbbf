"""The JSON dialect, with text only: no socket, no clock."""

from base64 import b64encode
from typing import Any

import cv2
import numpy as np
import orjson
import pytest

from kinemotion.errors import ClientError
from kinemotion.jumps import Jump, Movement, Phase
from kinemotion.jumps import Quality as JumpQuality
from kinemotion.pose.models import Quality
from kinemotion.realtime.json_mode import JsonMode, message_bytes
from kinemotion.realtime.messages import Answer, Drop, Frame, Limits, SessionConfig, Start, Tally

LIMITS = Limits(max_frame_bytes=100_000, max_pixels=1_000_000, max_fps=60, start_s=5, idle_s=15, session_s=900)
JPEG = cv2.imencode(".jpg", np.zeros((96, 128, 3), np.uint8))[1].tobytes()
PICTURE = b64encode(JPEG).decode()


def protocol() -> JsonMode:
    return JsonMode(LIMITS, 0.0, Movement.CMJ)


def message(index: object = 7, frame: object = PICTURE, **fields: object) -> str:
    return orjson.dumps({"frame": frame, "frame_index": index} | fields).decode()


def answer(seq: int) -> Answer:
    return Answer(seq, 0, Tally(1, 1, 0), Phase.STANDING, None, {"knee_angle_left_deg": 170.0, "jumps": 0}, {})


def sent(text: str) -> Any:
    return orjson.loads(text)


def test_the_first_frame_starts_the_session_with_its_quality() -> None:
    start, frame = protocol().receive(message(quality="balanced"), 3.5)
    assert start == Start(SessionConfig(Movement.CMJ, quality=Quality.BALANCED, send_pose=False))
    assert isinstance(frame, Frame)
    assert (frame.seq, frame.capture_us, frame.jpeg) == (7, 3_500_000, JPEG)


def test_later_frames_are_frames_only() -> None:
    json_mode = protocol()
    json_mode.receive(message(1), 1.0)
    (frame,) = json_mode.receive(message(2, t_ms=2040), 1.1)
    assert isinstance(frame, Frame)
    assert frame.capture_us == 2_040_000


def test_time_is_the_clients_where_it_gives_one() -> None:
    _, frame = protocol().receive(message(t_ms=33.3333), 5.0)
    assert isinstance(frame, Frame)
    assert frame.capture_us == 33_333


def test_a_data_address_is_taken_too() -> None:
    assert len(protocol().receive(message(frame="data:image/jpeg;base64," + PICTURE), 1.0)) == 2


@pytest.mark.parametrize(
    ("text", "index", "code"),
    [
        ("x", None, "bad_message"),
        (message(-1), None, "bad_message"),
        (message(1.5), None, "bad_message"),
        (message(frame=None), 7, "bad_message"),
        (message(frame="€"), 7, "bad_frame"),
        (message(frame="AAAA"), 7, "bad_frame"),
        (message(quality="best"), 7, "bad_message"),
        (message(t_ms=-1), 7, "bad_message"),
        (message(extra=1), 7, "bad_message"),
    ],
)
def test_a_bad_message_is_answered_by_its_index(text: str, index: int | None, code: str) -> None:
    json_mode = protocol()
    with pytest.raises(ClientError) as caught:
        json_mode.receive(text, 1.0)
    reply = sent(json_mode.error(caught.value))
    assert reply["frame_index"] == index
    assert reply["error"].startswith(f"{code}: ")


@pytest.mark.parametrize("values", ["[]," * 300_000 + "[]", "1," * 17 + "1"])
def test_a_message_of_many_values_is_refused_unread(values: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orjson, "loads", lambda _: pytest.fail("it was read"))
    with pytest.raises(ClientError, match="a frame and a few fields") as caught:
        protocol().receive('{"frame_index":1,"frame":[' + values + "]}", 1.0)
    assert caught.value.code == "bad_message"


def test_binary_messages_end_the_connection() -> None:
    with pytest.raises(ClientError) as caught:
        protocol().receive(JPEG, 1.0)
    assert (caught.value.fatal, caught.value.close_code) == (True, 1003)


def test_an_answer_names_the_quality_that_serves() -> None:
    json_mode = protocol()
    assert json_mode.started("s", SessionConfig(quality=Quality.FAST), "lite") is None  # type: ignore[func-returns-value]
    assert sent(json_mode.answer(answer(7))) == {
        "frame_index": 7,
        "quality": "fast",
        "metrics": {"knee_angle_left_deg": 170.0, "jumps": 0},
    }


def test_jumps_come_with_the_next_answers_one_each() -> None:
    json_mode = protocol()
    quality = JumpQuality("A", 30.0, 40, 15)
    for index in (1, 2):
        json_mode.jump(Jump(index, True, Movement.CMJ, {"takeoff": 1.0}, {"jump_height_m": 0.3}, {}, quality))
    assert sent(json_mode.answer(answer(1)))["jump"]["index"] == 1
    assert sent(json_mode.answer(answer(2)))["jump"]["index"] == 2
    assert "jump" not in sent(json_mode.answer(answer(3)))


def test_a_dropped_frame_is_answered_too() -> None:
    for cause in Drop:
        assert sent(protocol().dropped(3, cause)) == {"frame_index": 3, "dropped": True}


def test_the_largest_frame_fits_into_a_message() -> None:
    assert len(message(frame="A" * (4 * -(-100_000 // 3)))) <= message_bytes(100_000)
