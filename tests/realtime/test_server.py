"""A real server on a free port, with the `websockets` client."""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from kinemotion.realtime.client import socket_url, stream
from kinemotion.realtime.door import AGAIN_AFTER_S
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings
from kinemotion.synthetic import Clip

Frames = list[tuple[float, bytes]]

PATIENCE_S = 20
START = '{"type":"start","movement":"cmj"}'
STOP = '{"type":"stop"}'


@pytest.fixture(scope="module")
def small_server() -> Iterator[str]:
    """Room for three cameras."""
    with background(Settings(port=0, workers=1, max_sessions=3)) as address:
        yield address


@pytest.fixture(scope="module")
def impatient_server() -> Iterator[str]:
    """Waits for nobody, and keeps no graph ready."""
    with background(
        Settings(port=0, workers=1, max_sessions=32, spare_graphs=0, start_s=0.3, idle_s=0.5, send_s=0.5, slo_s=0.01)
    ) as address:
        yield address


@asynccontextmanager
async def camera(address: str) -> AsyncIterator[ClientConnection]:
    protocols = [Subprotocol(SUBPROTOCOL)]
    async with connect(socket_url(address), subprotocols=protocols, compression=None) as socket:
        yield socket


async def receive(socket: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))


async def receive_until(socket: ClientConnection, kind: str) -> list[Any]:
    """Every message up to the first of a kind."""
    messages = [await receive(socket)]
    while messages[-1]["type"] != kind:
        messages.append(await receive(socket))
    return messages


async def close_code(socket: ClientConnection) -> int | None:
    await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
    return socket.close_code


def get(address: str) -> tuple[int, str]:
    try:
        with urlopen(address, timeout=PATIENCE_S) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


async def until_idle(address: str) -> None:
    """Asks, as a load balancer would, until no camera is connected any more."""
    for _ in range(PATIENCE_S * 50):
        detailed = await asyncio.to_thread(get, address + "/health/detailed")
        if json.loads(detailed[1])["sessions"]["now"] == 0:
            return
        await asyncio.sleep(0.02)
    pytest.fail("a session was left behind")


async def test_drawn_jumps_come_back_as_final_jumps(server: str, drawn_clip: Clip, drawn_frames: Frames) -> None:
    report = await stream(server, drawn_frames, {"movement": "cmj"})
    final = sorted(report.final_jumps, key=lambda jump: jump["index"])  # a busy server does the newest first
    assert [jump["index"] for jump in final] == [1, 2]
    for truth, jump in zip(drawn_clip.truth, final, strict=True):
        assert jump["movement"] == "cmj"
        assert jump["metrics"]["jump_height_m"] == pytest.approx(truth.metrics["jump_height_m"], abs=0.06)
        assert jump["events_s"]["takeoff"] == pytest.approx(truth.events_s["takeoff"], abs=0.1)
    assert {jump["index"] for jump in report.jumps if not jump["final"]} == {1, 2}
    for told_s, jump in zip(report.jumps_s, report.jumps, strict=True):
        assert told_s > jump["events_s"]["takeoff"] + drawn_frames[0][0]
    assert report.errors == []
    assert report.close_code == 1000


async def one_by_one(address: str, frames: Frames) -> list[Any]:
    """All that comes back when each frame waits for the answer to the one before."""
    messages = []
    async with camera(address) as socket:
        await socket.send(START)
        messages.append(await receive(socket))
        for seq, (time_s, jpeg) in enumerate(frames, 1):
            await socket.send(encode_frame(seq, round(time_s * 1e6), jpeg))
            messages += await receive_until(socket, "frame")
        await socket.send(STOP)
        messages += await receive_until(socket, "summary")
    return messages


async def test_every_frame_that_waits_for_the_one_before_is_answered(server: str, drawn_frames: Frames) -> None:
    messages = await one_by_one(server, drawn_frames)
    assert messages[0]["type"] == "started"
    answers = [message for message in messages if message["type"] == "frame"]
    assert [answer["seq"] for answer in answers] == list(range(1, len(drawn_frames) + 1))
    assert [answer["t_us"] for answer in answers] == [round(time_s * 1e6) for time_s, _ in drawn_frames]
    assert messages[-1]["frames"] == {"received": len(answers), "analysed": len(answers), "dropped": 0}
    assert [jump["index"] for jump in messages[-1]["jumps"]] == [1, 2]
    assert {"standing", "countermovement", "propulsion", "flight", "landing"} <= {a["phase"] for a in answers}
    answer = answers[len(answers) // 2]
    assert len(answer["pose"]) == 33
    assert all(len(point) == 4 for point in answer["pose"])
    assert {"knee_angle_left_deg", "hip_angle_right_deg", "ankle_angle_left_deg", "jumps"} <= set(answer["live"])
    assert set(answer["timing_ms"]) == {"queue", "decode", "pose", "kinematics", "total"}


async def test_a_stream_is_accounted_for(server: str, drawn_frames: Frames) -> None:
    report = await stream(server, drawn_frames[:60], {"movement": "cmj"})
    numbers = [answer["seq"] for answer in report.answers]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 60
    counts = report.summary["frames"]
    assert counts["received"] == 60 == counts["analysed"] + counts["dropped"]


@pytest.mark.shared
async def test_a_real_person_is_found_in_nearly_every_frame(server: str, real_frames: Frames) -> None:
    answers = [message for message in await one_by_one(server, real_frames) if message["type"] == "frame"]
    assert len(answers) == 120
    assert sum(answer["pose"] is not None for answer in answers) >= 118


async def test_a_burst_is_answered_with_its_newest_frame(server: str, drawn_frames: Frames) -> None:
    async with camera(server) as socket:
        await socket.send(START)
        for seq, (time_s, jpeg) in enumerate(drawn_frames[:60], 1):
            await socket.send(encode_frame(seq, round(time_s * 1e6), jpeg))
        await socket.send(STOP)
        messages = await receive_until(socket, "summary")
        assert await close_code(socket) == 1000
    answers = [message for message in messages if message["type"] == "frame"]
    counts = messages[-1]["frames"]
    assert answers[-1]["seq"] == 60
    assert counts["dropped"] > 0
    assert counts["received"] == 60 == counts["analysed"] + counts["dropped"]


async def test_poses_are_left_out_on_request(server: str, drawn_frames: Frames) -> None:
    report = await stream(server, drawn_frames[:10], {"send_pose": False})
    assert all(answer["pose"] is None and answer["phase"] != "no_pose" for answer in report.answers)


@pytest.mark.parametrize(
    ("message", "code", "seq"),
    [
        ("{", "bad_message", None),
        ('{"type":"dance"}', "bad_message", None),
        (b"\x01", "bad_frame", None),
        (encode_frame(1, 1, b"no picture"), "bad_frame", 1),
        (encode_frame(1, 1, b"\xff\xd8\xff" + b"x" * (1 << 20) + b"\xff\xd9"), "frame_too_large", 1),
    ],
)
async def test_a_malformed_message_gets_its_error_and_the_session_goes_on(
    server: str, drawn_frames: Frames, message: str | bytes, code: str, seq: int | None
) -> None:
    async with camera(server) as socket:
        await socket.send(START)
        assert (await receive(socket))["type"] == "started"
        await socket.send(message)
        error = await receive(socket)
        assert (error["type"], error["code"], error["fatal"], error.get("seq")) == ("error", code, False, seq)
        await socket.send(encode_frame(2, 2, drawn_frames[0][1]))
        assert (await receive(socket))["seq"] == 2


async def test_a_picture_that_cannot_be_decoded_gets_its_error(server: str, drawn_frames: Frames) -> None:
    jpeg = drawn_frames[0][1]
    tables = jpeg.index(b"\xff\xc4") + 4
    async with camera(server) as socket:
        await socket.send(START)
        await socket.send(encode_frame(4, 4, jpeg[:tables] + b"\xff" * 16 + jpeg[tables + 16 :]))
        error = (await receive_until(socket, "error"))[-1]
        assert (error["code"], error["seq"]) == ("bad_frame", 4)
        await socket.send(encode_frame(5, 5, jpeg))
        assert (await receive(socket))["seq"] == 5


async def test_a_frame_before_start_ends_with_an_error_first(server: str, drawn_frames: Frames) -> None:
    async with camera(server) as socket:
        await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
        error = await receive(socket)
        assert (error["code"], error["fatal"]) == ("bad_message", True)
        assert await close_code(socket) == 1003


async def test_a_frame_that_was_refused_is_accounted_for(server: str, drawn_frames: Frames) -> None:
    jpeg = drawn_frames[0][1]
    tables = jpeg.index(b"\xff\xc4") + 4
    async with camera(server) as socket:
        await socket.send(START)
        await socket.send(encode_frame(1, 1, b"no picture"))
        await socket.send(encode_frame(2, 2, jpeg[:tables] + b"\xff" * 16 + jpeg[tables + 16 :]))
        await receive_until(socket, "error")
        await receive_until(socket, "error")
        await socket.send(encode_frame(3, 3, jpeg))
        await socket.send(STOP)
        summary = (await receive_until(socket, "summary"))[-1]
    assert summary["frames"] == {"received": 3, "analysed": 1, "dropped": 2}


async def test_events_count_from_the_first_frame_even_if_it_was_dropped(
    server: str, drawn_clip: Clip, drawn_frames: Frames
) -> None:
    async with camera(server) as socket:
        await socket.send(START)
        for seq, (time_s, jpeg) in enumerate(drawn_frames[:30], 1):  # a burst: most of these are dropped
            await socket.send(encode_frame(seq, 7_000_000 + round(time_s * 1e6), jpeg))
        for seq, (time_s, jpeg) in enumerate(drawn_frames[30:], 31):
            await socket.send(encode_frame(seq, 7_000_000 + round(time_s * 1e6), jpeg))
            await receive_until(socket, "frame")
        await socket.send(STOP)
        jumps = (await receive_until(socket, "summary"))[-1]["jumps"]
    for jump, truth in zip(jumps, drawn_clip.truth, strict=True):
        assert jump["events_s"]["takeoff"] == pytest.approx(truth.events_s["takeoff"], abs=0.03)


async def test_thirty_faults_in_a_row_end_the_session(server: str) -> None:
    async with camera(server) as socket:
        await socket.send(START)
        await receive_until(socket, "started")
        for _ in range(30):
            await socket.send("{")
        messages = [await receive(socket) for _ in range(30)]
        assert [message["fatal"] for message in messages] == [False] * 29 + [True]
        assert await close_code(socket) == 1008


async def test_patience_has_an_end_before_start_and_between_frames(impatient_server: str, drawn_frames: Frames) -> None:
    async with camera(impatient_server) as socket:
        assert (await receive(socket))["code"] == "idle_timeout"
        assert await close_code(socket) == 1008
    async with camera(impatient_server) as socket:
        await socket.send(START)
        await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
        error = (await receive_until(socket, "error"))[-1]
        assert (error["code"], error["fatal"]) == ("idle_timeout", True)
        assert await close_code(socket) == 1008


async def test_a_session_has_a_greatest_length(drawn_frames: Frames) -> None:
    with background(Settings(port=0, workers=1, session_s=1.0)) as address:
        report = await stream(address, [(0.1 * number, drawn_frames[0][1]) for number in range(30)])
    assert [error["code"] for error in report.errors] == ["session_expired"]
    assert report.close_code == 1008


async def test_a_frame_that_is_too_old_at_its_turn_is_dropped(impatient_server: str, drawn_frames: Frames) -> None:
    async with camera(impatient_server) as socket:
        await socket.send(START)
        await socket.send(encode_frame(1, 1, drawn_frames[0][1]))  # waits for a graph, which takes longer than that
        await socket.send(STOP)
        summary = (await receive_until(socket, "summary"))[-1]
    assert summary["frames"] == {"received": 1, "analysed": 0, "dropped": 1}
    metrics = (await asyncio.to_thread(get, impatient_server + "/metrics"))[1]
    assert re.search(r'kinemotion_frames_total{outcome="stale"} [1-9]', metrics)


async def test_a_full_server_refuses_and_recovers(small_server: str) -> None:
    await until_idle(small_server)
    async with camera(small_server), camera(small_server), camera(small_server):
        with pytest.raises(InvalidStatus) as refusal:
            await connect(socket_url(small_server), subprotocols=[Subprotocol(SUBPROTOCOL)])
        assert refusal.value.response.status_code == 503
        assert int(refusal.value.response.headers["Retry-After"]) > 0
        assert await asyncio.to_thread(get, small_server + "/health/ready") == (503, '{"status":"full"}')
        assert (await asyncio.to_thread(get, small_server + "/health"))[0] == 200
    await until_idle(small_server)


async def test_a_burst_of_handshakes_never_overshoots(small_server: str) -> None:
    await until_idle(small_server)
    protocols = [Subprotocol(SUBPROTOCOL)]
    outcomes = await asyncio.gather(
        *(connect(socket_url(small_server), subprotocols=protocols) for _ in range(20)), return_exceptions=True
    )
    accepted = [outcome for outcome in outcomes if isinstance(outcome, ClientConnection)]
    refused = [outcome.response for outcome in outcomes if isinstance(outcome, InvalidStatus)]
    assert (len(accepted), len(refused)) == (3, 17)
    assert {response.status_code for response in refused} == {503}
    assert {int(response.headers["Retry-After"]) for response in refused} <= {*AGAIN_AFTER_S}
    detailed = json.loads((await asyncio.to_thread(get, small_server + "/health/detailed"))[1])
    assert (detailed["status"], detailed["sessions"]["now"]) == ("full", 3)
    await asyncio.gather(*(socket.close() for socket in accepted))
    await until_idle(small_server)
    async with camera(small_server), camera(small_server), camera(small_server):
        assert await asyncio.to_thread(get, small_server + "/health/ready") == (503, '{"status":"full"}')


async def test_refused_and_vanished_clients_leave_their_places(small_server: str) -> None:
    await until_idle(small_server)
    calls = [asyncio.create_task(connect(socket_url(small_server)).__aenter__()) for _ in range(20)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, ClientConnection):
            outcome.transport.abort()
    await until_idle(small_server)
    assert await asyncio.to_thread(get, small_server + "/health/ready") == (200, '{"status":"ready"}')


@pytest.mark.parametrize(("query", "protocols"), [("", ["kinemotion.v9"]), ("?sport=tennis", None)])
async def test_what_is_not_spoken_here_is_refused_at_the_handshake(
    server: str, query: str, protocols: list[Subprotocol] | None
) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await connect(socket_url(server) + query, subprotocols=protocols)
    assert refusal.value.response.status_code == 400


async def test_json_mode_answers_every_frame_once(server: str, drawn_frames: Frames) -> None:
    messages = [
        {"frame": b64encode(jpeg).decode(), "frame_index": index, "quality": "balanced", "t_ms": time_s * 1000}
        for index, (time_s, jpeg) in enumerate(drawn_frames[:40])
    ]
    async with connect(socket_url(server) + "?sport=cmj") as socket:
        for message in messages:
            await socket.send(json.dumps(message))
        replies = [await receive(socket) for _ in messages]
        await socket.send('{"frame_index":99,"frame":"AAAA"}')
        refused = await receive(socket)
    assert sorted(reply["frame_index"] for reply in replies) == list(range(40))
    dropped = [reply for reply in replies if reply.get("dropped")]
    answered = [reply for reply in replies if "metrics" in reply]
    assert len(dropped) + len(answered) == 40
    assert all(reply["quality"] == "fast" and "knee_angle_left_deg" in reply["metrics"] for reply in answered)
    assert all(reply == {"frame_index": reply["frame_index"], "dropped": True} for reply in dropped)
    assert refused == {"frame_index": 99, "error": "bad_frame: the frame is not a JPEG"}


async def test_json_mode_reports_jumps_with_its_replies(server: str, drawn_clip: Clip, drawn_frames: Frames) -> None:
    last_s, standing = drawn_frames[-1]
    waiting = [(last_s + number / 30, standing) for number in range(1, 300)]  # a replay ends when it ends
    final: list[Any] = []
    async with connect(socket_url(server) + "?sport=cmj") as socket:
        for index, (time_s, jpeg) in enumerate(drawn_frames + waiting):
            message = {"frame": b64encode(jpeg).decode(), "frame_index": index, "t_ms": time_s * 1000}
            await socket.send(json.dumps(message))
            jump = (await receive(socket)).get("jump")
            final += [jump] if jump and jump["final"] else []
            if len(final) == 2:
                break
    final.sort(key=lambda jump: jump["index"])  # a busy server does the newest first
    assert [jump["index"] for jump in final] == [1, 2]
    heights = [jump["metrics"]["jump_height_m"] for jump in final]
    truth = [jump.metrics["jump_height_m"] for jump in drawn_clip.truth]
    assert heights == pytest.approx(truth, abs=0.06)


async def test_a_vanished_client_leaves_nothing_behind(server: str, drawn_frames: Frames) -> None:
    for _ in range(3):
        async with camera(server) as socket:
            await socket.send(START)
            await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
            socket.transport.abort()
    await until_idle(server)


def test_health_tells_each_dependency(server: str) -> None:
    assert get(server + "/health") == (200, '{"status":"alive"}')
    assert get(server + "/health/ready") == (200, '{"status":"ready"}')
    detailed = json.loads(get(server + "/health/detailed")[1])
    assert detailed["status"] == "ready"
    assert detailed["models"]["lite"] == "installed"
    assert detailed["workers"]["threads"] >= 1
    assert detailed["sessions"]["capacity"] == 32
    assert detailed["sessions"]["capacity_source"] == "set"


def test_room_for_cameras_is_measured_unless_it_is_set() -> None:
    with background(Settings(port=0, spare_graphs=0)) as address:
        sessions = json.loads(get(address + "/health/detailed")[1])["sessions"]
    assert sessions["capacity_source"] == "measured"
    assert sessions["capacity"] >= 1
    assert sessions["frame_ms"] > 0
    assert sessions["bound_by"] in ("processor", "memory")


async def test_metrics_count_frames_and_observe_latency(server: str, drawn_frames: Frames) -> None:
    await stream(server, drawn_frames[:10])
    status, text = await asyncio.to_thread(get, server + "/metrics")
    assert status == 200
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert "kinemotion_sessions" in samples
    assert float(samples['kinemotion_frames_total{outcome="analysed"}']) >= 1
    assert samples['kinemotion_frames_total{outcome="stale"}'] is not None
    assert float(samples['kinemotion_frame_latency_seconds_bucket{le="0.2"}']) >= 1


def test_the_page_and_its_parts_are_served(server: str) -> None:
    status, page = get(server + "/")
    assert status == 200
    assert "<html" in page
    assert get(server + "/static/no-such-file")[0] == 404
    for path in ("/", "/static/app.js"):
        with urlopen(server + path, timeout=PATIENCE_S) as response:
            assert response.headers["Cache-Control"] == "no-cache"


def test_the_drawn_athlete_is_served_as_records(server: str) -> None:
    with urlopen(server + "/demo/clip?movement=cmj", timeout=PATIENCE_S) as response:
        description = json.loads(response.read(int.from_bytes(response.read(4))))
        assert len(description["truth"]) >= 1
        assert description["truth"][0]["metrics"]["jump_height_m"] > 0
        times_us = []
        for _ in range(description["frames"]):
            record = response.read(int.from_bytes(response.read(4)))
            times_us.append(int.from_bytes(record[:8]))
            assert record[8:11] == b"\xff\xd8\xff"
        assert response.read() == b""
    assert times_us == sorted(set(times_us))
    assert get(server + "/demo/clip?movement=hop")[0] == 400
