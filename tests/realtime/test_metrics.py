"""What Prometheus reads: alone, and of real servers with real cameras."""

import asyncio
import contextlib
import json
import math
import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics import parser
from prometheus_client.samples import Sample
from tests.realtime.replaying import Bench, Frames, frame, live_jump
from tests.realtime.watching import START, STOP, Scrape, camera, empty_picture, eventually, get, idle, scrape, until
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from kinemotion import __version__, errors
from kinemotion.jumps import JumpTracker
from kinemotion.pose.graph import PoseGraph
from kinemotion.realtime.client import socket_url, stream
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.jump_path import JumpPath
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.metrics import FRAME_OUTCOMES, SESSION_ENDS, STAGES, Metrics
from kinemotion.realtime.pipeline import Pipeline
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from kinemotion.realtime.replay import Replay, Span
from kinemotion.realtime.ring import Ring

openmetrics_families: Callable[[str], Iterable[Metric]] = parser.text_string_to_metric_families
PATIENCE_S = 20
LABELS: dict[str, dict[str, set[str]]] = {
    "stage_duration_seconds_count": {"stage": {"wait", "decode", "pose", "kinematics", "encode", "send"}},
    "handshakes_total": {
        "outcome": {"accepted", "bad_protocol", "unauthorized", "forbidden_origin", "limited", "full", "draining"}
    },
    "sessions_closed_total": {
        "reason": {
            "done", "client_gone", "bad_message", "bad_frame", "unsupported_image", "frame_too_large", "out_of_order",
            "idle_timeout", "session_expired", "slow_consumer", "rate_limited", "overloaded", "draining", "internal",
        }
    },
    "frames_total": {
        "outcome": {
            "analysed", "no_pose", "superseded", "stale", "out_of_order", "rate_limited", "rejected", "failed",
        }
    },
    "jumps_total": {"movement": {"cmj", "sj", "dj"}, "grade": {"A", "B", "C", "D"}},
    "replays_total": {"outcome": {"done", "shed", "failed", "cancelled"}},
}  # fmt: skip
CLOSED = {label for labels in LABELS.values() for label in labels}
WITHOUT_LABELS = (
    "frame_latency_seconds_count", "sessions", "session_capacity", "replay_queue_frames",
    "replay_duration_seconds_count", "pose_workers", "pose_workers_busy", "pose_workers_stuck",
    "spare_graphs", "event_loop_lag_seconds_count", "draining", "ready",
)  # fmt: skip


def text_of(metrics: Metrics) -> str:
    return metrics.exposition("")[0].decode()


def ours(metrics: Metrics) -> Scrape:
    return Scrape.of(text_of(metrics))


def labels_of(found: Scrape, name: str) -> dict[str, set[str]]:
    values: dict[str, set[str]] = {}
    for series, labels in found.values:
        if series == f"kinemotion_{name}":
            for label, value in labels:
                values.setdefault(label, set()).add(value)
    return values


# Alone


def test_every_series_is_there_from_the_start_at_zero() -> None:
    fresh = ours(Metrics("lite"))
    for name, labels in LABELS.items():
        assert labels_of(fresh, name) == labels
        series = [value for (found, _), value in fresh.values.items() if found == f"kinemotion_{name}"]
        assert series == [0.0] * math.prod(map(len, labels.values()))
    assert [fresh(name) for name in WITHOUT_LABELS] == [0.0] * len(WITHOUT_LABELS)
    assert fresh("build_info", version=__version__, model="lite") == 1
    assert fresh.values["process_resident_memory_bytes", ()] > 0
    assert ("python_gc_collections_total", (("generation", "0"),)) in fresh.values


def test_every_error_that_ends_a_session_has_its_reason() -> None:
    kinds = list(errors.ClientError.__subclasses__())
    assert {kind.code for kind in kinds} <= set(SESSION_ENDS)
    metrics = Metrics()
    for reason in SESSION_ENDS:
        metrics.closed(reason)
    assert ours(metrics).sum("sessions_closed_total") == len(SESSION_ENDS)


def test_what_is_in_no_closed_set_makes_no_series() -> None:
    metrics = Metrics()
    before = ours(metrics).values.keys()
    for count in (metrics.frame, metrics.closed):
        with pytest.raises(KeyError):
            count("tennis")
    assert ours(metrics).values.keys() == before


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf, -0.001])
def test_what_is_no_duration_does_not_reach_a_histogram(nonsense: float) -> None:
    metrics = Metrics()
    metrics.worked([0.0, nonsense, 2 * nonsense, 3 * nonsense, 4 * nonsense, 5 * nonsense])
    metrics.sent(0.0, 0.0, nonsense)
    metrics.given_up(0.0, nonsense, nonsense)
    metrics.latency(nonsense)
    metrics.replay("done", nonsense)
    found = ours(metrics)
    assert found.sum("stage_duration_seconds_count") == 0
    assert found("frame_latency_seconds_count") == 0
    assert found("replay_duration_seconds_count") == 0
    assert found("replays_total", outcome="done") == 1  # it is a replay all the same
    sums = [value for (name, _), value in found.values.items() if name.startswith("kinemotion_") and "_sum" in name]
    assert sums == [0.0] * len(sums)


def test_stages_go_to_their_own_histograms() -> None:
    metrics = Metrics()
    metrics.worked([10.0, 11.0, 13.0, 16.0, 20.0, 25.0])
    metrics.sent(10.0, 25.0, 31.0)
    found = ours(metrics)
    assert [found("stage_duration_seconds_sum", stage=stage) for stage in STAGES] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert found("frame_latency_seconds_sum") == 21.0


def test_the_objective_is_an_edge_of_the_latency() -> None:
    metrics = Metrics()
    for latency_s in (0.2, 0.2001):
        metrics.latency(latency_s)
    assert ours(metrics)("frame_latency_seconds_bucket", le="0.2") == 1


@pytest.mark.parametrize("accept", ["application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "*/*"])
def test_the_text_is_what_was_asked_for(accept: str) -> None:
    text, content_type = Metrics("lite").exposition(accept)
    if "openmetrics" in accept:
        assert content_type.startswith("application/openmetrics-text; version=1.0.0")
        families = {family.name for family in openmetrics_families(text.decode())}
        assert {"kinemotion_frames", "kinemotion_frame_latency_seconds", "kinemotion_build"} <= families
    else:
        assert content_type.startswith("text/plain; version=0.0.4")
        assert Scrape.of(text.decode())("frames_total", outcome="analysed") == 0


def test_the_page_names_every_metric_with_its_type_and_labels() -> None:
    page = (Path(__file__).parents[2] / "docs/metrics.md").read_text()
    table = page[page.index("| metric |") : page.index("What to know")]
    told = {}
    for row in table.splitlines()[2:]:
        if row:
            name, kind, labels, meaning = (cell.strip() for cell in row.strip("|").split("|"))
            assert meaning
            told[name.strip("`")] = kind, re.findall(r"`(\w+)`", labels)
    families = openmetrics_families(Metrics("lite").exposition("application/openmetrics-text")[0].decode())
    suffixes = {"counter": "_total", "info": "_info"}
    real = {
        family.name + suffixes.get(family.type, ""): (family.type, labels_told(family.samples)) for family in families
    }
    assert told == real


def labels_told(samples: Sequence[Sample]) -> list[str]:
    """Labels as the page has them: each with its values, if they are a set of ours."""
    values: dict[str, dict[str, None]] = {}
    for sample in samples:
        for label, value in sample.labels.items():
            values.setdefault(label, {})[value] = None
    values.pop("le", None)
    order = sorted(values, key=lambda label: (label != "movement", label))
    return [word for label in order for word in (label, *(values[label] if label in CLOSED else ()))]


# The sampler


async def test_a_blocked_event_loop_is_seen() -> None:
    metrics = Metrics()
    sampling = asyncio.create_task(metrics.sample_loop_lag())
    await asyncio.sleep(0)
    time.sleep(0.3)  # noqa: ASYNC251 (this is the fault)
    await asyncio.sleep(0.01)  # what was due meanwhile comes first
    sampling.cancel()
    assert ours(metrics)("event_loop_lag_seconds_sum") >= 0.19


# Replays, without the graphs that nobody gets to


def test_replays_are_counted_once_by_how_they_ended() -> None:
    metrics = Metrics()
    desk = ReplayDesk([], Bench.no_graph, lambda: None, metrics.replay)
    replays = [Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, lambda final: None) for _ in range(3)]
    heavy = bytes(10_000_000)
    for replay in replays:
        desk.add(replay, [frame(seq, 1_000_000 + seq * 100_000, heavy) for seq in range(5)], complete=False)
    assert desk.waiting == 2 * 5
    desk.cancel(replays[0])  # was shed already
    desk.cancel(replays[1])
    desk.cancel(replays[1])
    assert desk.waiting == 5
    done = Replay(Span.of(live_jump(1.0, 1.5)), JumpTracker, lambda final: None)
    desk.add(done, [], complete=True)
    work = desk.take()
    assert work is not None
    work.run()
    desk.cancel(done)
    found = ours(metrics)
    assert [found("replays_total", outcome=outcome) for outcome in ("done", "shed", "cancelled")] == [1, 1, 1]
    assert found("replay_duration_seconds_count") == 1


async def test_a_replay_takes_from_the_landings_frame_received_to_the_final_result(
    graph: PoseGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinemotion.realtime.desk.monotonic", lambda: 4.0)
    metrics = Metrics()
    desk = ReplayDesk([graph], Bench.no_graph, lambda: None, metrics.replay)
    path = JumpPath(desk, Ring(10.0, 1 << 20), lambda jump: None, lambda call, *given: call(*given), JumpTracker, 9.0)
    for number in range(16):
        path.frame(replace(frame(number, number * 200_000), received_s=number * 0.2))  # 0.0, 0.2 … 3.0 s
        if number == 9:
            path.live(live_jump(1.0, 1.5))  # landed at 1.5 s
        while (piece := desk.take()) is not None:
            piece.run()
    await path.finish()
    assert ours(metrics)("replay_duration_seconds_sum") == pytest.approx(4.0 - 1.6)


# A real server


async def one_by_one(address: str, frames: Frames) -> None:
    """A camera that waits for each answer, so that nothing is dropped."""
    async with camera(address) as socket:
        await socket.send(START)
        for seq, (time_s, jpeg) in enumerate(frames, 1):
            await socket.send(encode_frame(seq, round(time_s * 1e6), jpeg))
            await until(socket, "frame")
        await socket.send(STOP)
        await until(socket, "summary")


async def test_a_fresh_server_says_how_it_is_made(watched: str) -> None:
    found = await eventually(watched, lambda now: now("spare_graphs") == 1 and now("pose_workers_busy") == 0)
    assert (found("session_capacity"), found("pose_workers"), found("ready"), found("draining")) == (8, 2, 1, 0)
    assert found("replay_queue_frames") == 0
    assert found("build_info", version=__version__, model="lite") == 1
    await eventually(watched, lambda now: now("event_loop_lag_seconds_count") > found("event_loop_lag_seconds_count"))


async def test_a_jump_moves_every_counter_that_it_should(watched: str, drawn_frames: Frames) -> None:
    before = await idle(watched)
    await one_by_one(watched, drawn_frames)
    replays = before.sum("replays_total")
    await eventually(watched, lambda now: now.sum("replays_total") >= replays + 2)  # a busy machine sheds them
    after = await idle(watched)

    def moved(name: str, **labels: str) -> float:
        return after.sum(name, **labels) - before.sum(name, **labels)

    count = len(drawn_frames)
    assert moved("frames_total", outcome="analysed") + moved("frames_total", outcome="no_pose") == count
    assert moved("frames_total") == count
    assert moved("frame_latency_seconds_count") == count
    assert [moved("stage_duration_seconds_count", stage=stage) for stage in STAGES] == [count] * len(STAGES)
    assert moved("stage_duration_seconds_sum") == pytest.approx(moved("frame_latency_seconds_sum"), abs=count * 1e-6)
    assert moved("jumps_total") == moved("jumps_total", movement="cmj") == 2
    assert moved("replays_total", outcome="done") == moved("replay_duration_seconds_count")
    assert moved("handshakes_total") == moved("handshakes_total", outcome="accepted") == 1
    assert moved("sessions_closed_total") == moved("sessions_closed_total", reason="done") == 1


async def test_every_frame_whose_turn_came_has_a_latency(watched: str, drawn_frames: Frames) -> None:
    before = await idle(watched)
    await stream(watched, drawn_frames[:45], {"movement": "cmj"})
    async with camera(watched) as socket:
        await socket.send(START)
        for seq, (time_s, jpeg) in enumerate(drawn_frames[:40], 1):  # a burst: most of these are superseded
            await socket.send(encode_frame(seq, round(time_s * 1e6), jpeg))
        await socket.send(STOP)
        await until(socket, "summary")
    after = await idle(watched)

    def moved(name: str, **labels: str) -> float:
        return after.sum(name, **labels) - before.sum(name, **labels)

    answered = moved("frames_total", outcome="analysed") + moved("frames_total", outcome="no_pose")
    assert moved("frames_total") == 85 == answered + moved("frames_total", outcome="superseded")
    assert moved("frames_total", outcome="superseded") > 0
    assert moved("frame_latency_seconds_count") == answered
    assert moved("stage_duration_seconds_count", stage="wait") == answered


def undecodable(jpeg: bytes) -> bytes:
    tables = jpeg.index(b"\xff\xc4") + 4
    return jpeg[:tables] + b"\xff" * 16 + jpeg[tables + 16 :]


async def test_frames_are_counted_by_what_became_of_them(watched: str, drawn_frames: Frames) -> None:
    jpeg, before = drawn_frames[0][1], await idle(watched)
    sent = [
        (1, 1, empty_picture(), "frame", "no_pose"),
        (2, 2, undecodable(jpeg), "error", "rejected"),
        (3, 3, b"no picture", "error", "rejected"),
        (3, 4, jpeg, "error", "out_of_order"),
        (5, 5, jpeg, "frame", "analysed"),
    ]
    async with camera(watched) as socket:
        await socket.send(START)
        for seq, capture_us, picture, answer, _ in sent:
            await socket.send(encode_frame(seq, capture_us, picture))
            await until(socket, answer)
        await socket.send(STOP)
        await until(socket, "summary")
    after = await idle(watched)
    moved = {o: after("frames_total", outcome=o) - before("frames_total", outcome=o) for o in FRAME_OUTCOMES}
    assert {o: count for o, count in moved.items() if count} == {
        "no_pose": 1, "rejected": 2, "out_of_order": 1, "analysed": 1,
    }  # fmt: skip
    latencies = after("frame_latency_seconds_count") - before("frame_latency_seconds_count")
    assert latencies == 3  # the one that could not be decoded had its turn too


async def test_a_stale_frame_is_counted_and_is_slow(strict: str, drawn_frames: Frames) -> None:
    before = await idle(strict)
    async with camera(strict) as socket:
        await socket.send(START)
        await socket.send(encode_frame(1, 1, drawn_frames[0][1]))  # waits for a graph, which takes longer than it may
        await socket.send(STOP)
        await until(socket, "summary")
    after = await idle(strict)
    assert after("frames_total", outcome="stale") - before("frames_total", outcome="stale") == 1
    assert after("frame_latency_seconds_count") - before("frame_latency_seconds_count") == 1
    assert after("frame_latency_seconds_bucket", le="0.01") == before("frame_latency_seconds_bucket", le="0.01")


async def test_more_frames_than_are_taken_are_counted(strict: str) -> None:
    before, picture = await idle(strict), empty_picture()
    async with camera(strict) as socket:
        await socket.send(START)
        for seq in range(1, 1_001):
            await socket.send(encode_frame(seq, seq, picture))
        await socket.send(STOP)
        await until(socket, "summary")
    after = await idle(strict)
    assert after("frames_total", outcome="rate_limited") > before("frames_total", outcome="rate_limited")
    assert after.sum("frames_total") - before.sum("frames_total") == 1_000


async def test_a_fault_of_the_server_is_counted_as_one(
    watched: str, drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Pipeline, frame: Frame) -> None:
        raise RuntimeError("injected")

    before = await idle(watched)
    with monkeypatch.context() as patch:
        patch.setattr(Pipeline, "analyse", fail)
        async with camera(watched) as socket:
            await socket.send(START)
            await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
            assert (await until(socket, "error"))["code"] == "internal"
    after = await idle(watched)
    assert after("frames_total", outcome="failed") - before("frames_total", outcome="failed") == 1
    assert after("frame_latency_seconds_count") - before("frame_latency_seconds_count") == 1
    reason = {"reason": "internal"}
    assert after("sessions_closed_total", **reason) - before("sessions_closed_total", **reason) == 1


# Handshakes, and what hostile clients cannot do


async def test_handshakes_are_counted_by_what_they_were_told(strict: str) -> None:
    before = await idle(strict)
    for query, protocols in (("", [Subprotocol("kinemotion.v9")]), ("?sport=tennis", None)):
        with pytest.raises(InvalidStatus):
            await connect(socket_url(strict) + query, subprotocols=protocols)
    async with camera(strict), camera(strict):
        with pytest.raises(InvalidStatus):
            await connect(socket_url(strict), subprotocols=[Subprotocol(SUBPROTOCOL)])
        full = await scrape(strict)
        assert (full("ready"), full("sessions")) == (0, 2)
    after = await idle(strict)
    moved = {
        outcome: after("handshakes_total", outcome=outcome) - before("handshakes_total", outcome=outcome)
        for outcome in LABELS["handshakes_total"]["outcome"]
    }
    assert {outcome: count for outcome, count in moved.items() if count} == {
        "bad_protocol": 2, "full": 1, "accepted": 2,
    }  # fmt: skip
    assert after("ready") == 1


def nonsense(chance: random.Random) -> str:
    alphabet = "abc{}\"'=,;\\\t é\N{PILE OF POO}\x7f0123456789_-"
    return "".join(chance.choices(alphabet, k=chance.randrange(1, 30)))


async def hostile(address: str, chance: random.Random) -> None:
    """One client that makes names up wherever the server reads one."""
    word = nonsense(chance)
    start = {"type": chance.choice(["start", word]), "movement": word, "quality": word, "athlete": {"id": word}}
    token = Subprotocol(re.sub(r"[^a-z0-9]", "", word) or "x")
    protocols = chance.choice([[token], [token, Subprotocol(SUBPROTOCOL)], None])
    address = f"{socket_url(address)}?sport={chance.choice(['cmj', quote(word)])}&{quote(word)}=1"
    with contextlib.suppress(WebSocketException):
        async with connect(address, subprotocols=protocols, close_timeout=0.1) as socket:
            await socket.send(json.dumps(start))
            await socket.send(json.dumps({"frame": word, "frame_index": word, "quality": word}))
            await socket.send(encode_frame(1, 1, word.encode()))


async def test_hostile_clients_make_no_series(watched: str) -> None:
    before, chance = await idle(watched), random.Random(1)
    for _ in range(40):
        await hostile(watched, chance)
    for accept in ("application/openmetrics-text;version=x", "application/openmetrics-text;escaping=y", "a;;=,"):
        text, _ = await asyncio.to_thread(get, watched + "/metrics?name[]=x", Accept=accept)
        assert "kinemotion_frames_total" in text
    after = await idle(watched)
    assert after.values.keys() == before.values.keys()
    assert not any(math.isnan(value) for value in after.values.values())
    assert after("handshakes_total", outcome="bad_protocol") > before("handshakes_total", outcome="bad_protocol")


# Reading and writing at once


def test_what_is_counted_while_it_is_read_is_counted_once() -> None:
    metrics = Metrics()

    def work() -> None:
        for _ in range(2_000):
            metrics.analysed(found=True)
            metrics.worked([0.0, 0.001, 0.002, 0.003, 0.004, 0.005])

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        now = ours(metrics)
        assert now("frames_total", outcome="analysed") <= 6_000
    for thread in threads:
        thread.join()
    found = ours(metrics)
    assert found("frames_total", outcome="analysed") == found("stage_duration_seconds_count", stage="pose") == 6_000
