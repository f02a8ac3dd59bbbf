"""The page's modules, run in a browser one by one."""

from typing import Any

import pytest
from playwright.async_api import Page
from tests.realtime.door import subprotocol

from kinemotion.errors import ClientError
from kinemotion.jumps import Phase
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame

SOCKETS = """
  const sockets = [];
  class FakeSocket {
    constructor(url, protocol) {
      Object.assign(this, { url, protocol, bufferedAmount: 0, sent: [] });
      sockets.push(this);
    }
    send(data) { this.sent.push(data); }
    close(code) { this.closedWith = code; }
    tell(message) { this.onmessage({ data: JSON.stringify(message) }); }
    begin() { this.onopen(); this.tell({ type: 'started', session: 's', config: {} }); }
  }
  const { Stream } = await import('/static/stream.js');
  const states = [];
  const answer = { ok: true, status: 200, text: '{"status":"ready"}', after: null, door: 204 };
  const fetch = async (address) => ({ ok: answer.ok, status: address === '/access' ? answer.door : answer.status,
    text: async () => answer.text, headers: new Headers(answer.after ? { 'retry-after': answer.after } : {}) });
  const stream = new Stream({
    url: 'ws://server', readyUrl: '/health/ready', settings: { movement: 'cmj', quality: 'fast' },
    onState: (state, detail) => states.push({ state, ...detail }), onMessage: () => {},
    tools: { WebSocket: FakeSocket, fetch, random: () => 1 },
  });
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
"""


async def run(page: Page, script: str, argument: Any = None) -> Any:
    """What the body of an async function returns; it gets the argument as `given`."""
    return await page.evaluate(f"async (given) => {{ {script} }}", argument)


async def test_a_frame_is_written_as_the_server_reads_it(page: Page) -> None:
    script = """
      const { encodeFrame } = await import('/static/protocol.js');
      return [...encodeFrame(given.seq, given.us, new Uint8Array(given.jpeg))];
    """
    sent = await run(page, script, {"seq": 4_000_000_000, "us": 1 << 45, "jpeg": [255, 216, 1, 2]})
    assert bytes(sent) == encode_frame(4_000_000_000, 1 << 45, b"\xff\xd8\x01\x02")


async def test_what_is_not_known_of_the_athlete_is_left_out_of_start(page: Page) -> None:
    script = """
      const { startMessage } = await import('/static/protocol.js');
      return given.map((settings) => JSON.parse(startMessage(settings)));
    """
    bare, full = await run(
        page,
        script,
        [
            {"movement": "auto", "quality": "fast"},
            {"movement": "dj", "quality": "fast", "athlete_id": "7", "height_m": 1.8, "drop_height_m": 0.4},
        ],
    )
    assert bare == {"type": "start", "movement": "auto", "quality": "fast", "send_pose": True}
    assert full["athlete"] == {"id": "7", "height_m": 1.8}
    assert full["drop_height_m"] == 0.4


@pytest.mark.parametrize("message", ["", "null", "[1]", "{}", "no JSON", '{"type":7}'])
async def test_what_is_no_message_is_ignored(page: Page, message: str) -> None:
    script = "return (await import('/static/protocol.js')).parseMessage(given);"
    assert await run(page, script, message) is None


async def test_pictures_are_skipped_while_more_than_one_frame_waits_in_the_socket(page: Page) -> None:
    script = (
        SOCKETS
        + """
      const { FrameSender } = await import('/static/sender.js');
      const encode = async () => new ArrayBuffer(1000);
      const sender = new FrameSender({ stream, fps: 30, encode, onSent() {}, onSkipped() {} });
      stream.open();
      const outcomes = [await sender.offer({ captureUs: 0 })];
      sockets[0].begin();
      for (const [captureUs, buffered] of [[1e5, 0], [2e5, 1016], [3e5, 1017], [4e5, 9e9], [5e5, 0]]) {
        sockets[0].bufferedAmount = buffered;
        outcomes.push(await sender.offer({ captureUs }));
      }
      return { outcomes, frames: sockets[0].sent.length - 1 };
    """
    )
    result = await run(page, script)
    assert result == {"outcomes": ["idle", "sent", "sent", "skipped", "skipped", "sent"], "frames": 3}


async def test_one_picture_is_encoded_at_a_time_and_a_faster_camera_is_thinned(page: Page) -> None:
    script = """
      const { FrameSender } = await import('/static/sender.js');
      const stream = { state: 'live', ready: true, send: () => 1 };
      const finish = [];
      const encode = () => new Promise((resolve) => finish.push(() => resolve(new ArrayBuffer(1))));
      let skipped = 0;
      const sender = new FrameSender({ stream, fps: 30, encode, onSent() {}, onSkipped() { skipped += 1; } });
      const first = sender.offer({ captureUs: 0 });
      const outcomes = await Promise.all([16_667, 33_333, 66_667].map((captureUs) => sender.offer({ captureUs })));
      finish[0]();
      return { first: await first, outcomes, skipped, encodings: finish.length };
    """
    assert await run(page, script) == {
        "first": "sent",
        "outcomes": ["thinned", "skipped", "skipped"],
        "skipped": 2,
        "encodings": 1,
    }


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013])
async def test_a_connection_that_may_pass_is_tried_again(page: Page, code: int) -> None:
    script = (
        SOCKETS
        + """
      stream.open(); sockets[0].begin(); sockets[0].onclose({ code: given });
      await settled();
      const waiting = states.at(-1);
      stream.retryNow();
      const again = sockets.length;
      stream.stop();
      return { waiting, again };
    """
    )
    result = await run(page, script, code)
    assert result["waiting"]["state"] == "waiting"
    assert result["waiting"]["delayMs"] == 500
    assert result["again"] == 2


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1008, 1009])
async def test_a_connection_that_the_server_ended_for_good_is_not(page: Page, code: int) -> None:
    script = (
        SOCKETS
        + """
      stream.open(); sockets[0].begin();
      sockets[0].tell({ type: 'error', code: 'idle_timeout', message: 'no frame came', fatal: true });
      sockets[0].onclose({ code: given });
      await settled();
      return states.at(-1);
    """
    )
    assert await run(page, script, code) == {
        "state": "ended",
        "reason": "idle_timeout",
        "message": "no frame came",
    }


async def test_a_session_that_reached_its_greatest_length_is_followed_by_a_new_one(page: Page) -> None:
    script = (
        SOCKETS
        + """
      const expire = async () => {
        sockets.at(-1).tell({ type: 'error', code: 'session_expired', message: '15 min', fatal: true });
        sockets.at(-1).onclose({ code: 1008 });
        await settled();
        return states.at(-1);
      };
      stream.open(); sockets[0].begin(); sockets[0].tell({ type: 'frame', seq: 0 });
      const renewed = await expire();
      sockets[1].begin();
      const unanswered = await expire();
      stream.stop();
      return { renewed, unanswered };
    """
    )
    result = await run(page, script)
    assert result["renewed"] == {"state": "connecting", "reason": "session_expired"}
    assert result["unanswered"]["state"] == "waiting"


@pytest.mark.parametrize(
    ("status", "reason"), [("full", "full"), ("draining", "draining"), ("model missing", "model"), ("?", "unready")]
)
async def test_a_refused_connection_asks_why_and_waits_as_long_as_it_is_told(
    page: Page, status: str, reason: str
) -> None:
    script = (
        SOCKETS
        + """
      Object.assign(answer, { ok: false, text: JSON.stringify({ status: given }), after: '5' });
      stream.open(); sockets[0].onclose({ code: 1006 });
      await settled();
      const waiting = states.at(-1);
      stream.stop();
      return waiting;
    """
    )
    assert await run(page, script, status) == {"state": "waiting", "reason": reason, "delayMs": 5500}


async def test_a_page_without_a_valid_token_asks_for_one_and_does_not_go_on_by_itself(page: Page) -> None:
    script = (
        SOCKETS
        + """
      answer.door = 401;
      stream.open(); sockets[0].onclose({ code: 1006 });
      await settled();
      return { state: states.at(-1).state, reason: states.at(-1).reason, attempts: sockets.length };
    """
    )
    assert await run(page, script) == {"state": "ended", "reason": "token", "attempts": 1}


@pytest.mark.parametrize(("door", "reason"), [(429, "crowded"), (503, "unready"), (403, "refused")])
async def test_a_page_that_is_not_let_in_now_waits_as_long_as_it_is_told(page: Page, door: int, reason: str) -> None:
    script = (
        SOCKETS
        + """
      Object.assign(answer, { door: given, after: '5' });
      stream.open(); sockets[0].onclose({ code: 1006 });
      await settled();
      const waiting = states.at(-1);
      stream.stop();
      return waiting;
    """
    )
    assert await run(page, script, door) == {"state": "waiting", "reason": reason, "delayMs": 5500}


async def test_a_token_goes_along_as_the_server_reads_it(page: Page) -> None:
    script = """
      const { authorization, subprotocols, useToken } = await import('/static/access.js');
      const none = [authorization(), subprotocols()];
      useToken(` ${given} `);
      const some = [authorization(), subprotocols()];
      const kept = sessionStorage.getItem('kinemotion.token');
      useToken('');
      return { none, some, kept, left: [authorization(), sessionStorage.length] };
    """
    for token in ("7f0c9be1d25a4e8386b3", "a~~~b+/c._-d??>>==", "x" * 61):
        assert await run(page, script, token) == {
            "none": [{}, [SUBPROTOCOL]],
            "some": [{"Authorization": f"Bearer {token}"}, [SUBPROTOCOL, subprotocol(token)]],
            "kept": token,
            "left": [{}, 0],
        }


async def test_a_server_that_keeps_refusing_is_asked_four_times(page: Page) -> None:
    script = (
        SOCKETS
        + """
      stream.open();
      for (let refusal = 0; refusal < 4; refusal += 1) {
        sockets.at(-1).onclose({ code: 1006 });
        await settled();
        stream.retryNow();
      }
      return { attempts: sockets.length, state: states.at(-1).state, reason: states.at(-1).reason };
    """
    )
    assert await run(page, script) == {"attempts": 4, "state": "ended", "reason": "refused"}


async def test_delays_grow_with_full_jitter_up_to_a_limit(page: Page) -> None:
    script = """
      const { backoffMs } = await import('/static/stream.js');
      return [backoffMs(0, 0), backoffMs(0, 1), backoffMs(3, 0.5), backoffMs(50, 1)];
    """
    assert await run(page, script) == [0, 500, 2000, 15_000]


async def test_stopping_waits_for_the_summary(page: Page) -> None:
    script = (
        SOCKETS
        + """
      stream.open(); sockets[0].begin(); stream.stop();
      const sent = JSON.parse(sockets[0].sent.at(-1));
      sockets[0].tell({ type: 'summary', frames: {}, jumps: [] });
      sockets[0].onclose({ code: 1000 });
      await settled();
      return { sent, states: states.map(({ state }) => state), reason: states.at(-1).reason };
    """
    )
    assert await run(page, script) == {
        "sent": {"type": "stop"},
        "states": ["connecting", "live", "finishing", "ended"],
        "reason": "done",
    }


async def test_a_clip_is_read_however_it_is_cut(page: Page) -> None:
    script = """
      const { records } = await import('/static/demo.js');
      const bytes = new Uint8Array([0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 0, 0]);
      const all = [];
      for (let size = 1; size <= bytes.length; size += 1) {
        const chunks = [];
        for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.slice(start, start + size));
        const read = [];
        for await (const record of records((async function* () { yield* chunks; })())) read.push([...record]);
        all.push(JSON.stringify(read));
      }
      return [...new Set(all)];
    """
    assert await run(page, script) == ["[[7,8],[],[1,2,3]]"]


async def test_a_picture_carries_its_time(page: Page) -> None:
    script = """
      const { parsePicture } = await import('/static/demo.js');
      const { captureUs, jpeg } = parsePicture(new Uint8Array([0, 0, 0, 0, 0, 15, 66, 64, 255, 216]));
      return [captureUs, [...jpeg]];
    """
    assert await run(page, script) == [1_000_000, [255, 216]]


async def test_telemetry_matches_answers_to_frames_by_number(page: Page) -> None:
    script = """
      const { Telemetry } = await import('/static/stats.js');
      const telemetry = new Telemetry(0);
      for (let seq = 0; seq < 60; seq += 1) telemetry.sent(seq, 1000 + seq * 33);
      for (let seq = 0; seq < 60; seq += 2) {
        telemetry.answered({ seq, dropped: seq / 2 }, 1000 + seq * 33 + (seq === 58 ? 400 : 40));
      }
      telemetry.skipped();
      const before = telemetry.report(4000);
      telemetry.reconnected();
      telemetry.answered({ seq: 59, dropped: 1 }, 4100);
      return { before, dropped: telemetry.report(4100).dropped, later: telemetry.report(60_000) };
    """
    result = await run(page, script)
    assert result["before"] == {
        "sentPerS": 15,
        "answeredPerS": 7.5,
        "medianMs": 40,
        "p95Ms": 40,
        "skipped": 1,
        "dropped": 29,
    }
    assert result["dropped"] == 30
    assert result["later"] | {"skipped": 0, "dropped": 0} == {
        "sentPerS": 0,
        "answeredPerS": 0,
        "medianMs": None,
        "p95Ms": None,
        "skipped": 0,
        "dropped": 0,
    }


@pytest.mark.parametrize(
    ("name", "value", "spread", "text"),
    [
        ("jump_height_m", 0.3478, 0.006, "34.8 ± 0.6 cm"),
        ("flight_time_ms", 1532.6, None, "1 533 ms"),
        ("takeoff_velocity_m_s", 2.612, 0.041, "2.61 ± 0.04 m/s"),
        ("knee_angle_lowest_deg", 92.4, None, "92°"),
        ("peak_power_w", 3412.3, None, "3 412 W"),
        ("mean_force_n", 1500.2, None, "1 500 N"),
        ("flight_contact_ratio", 2.125, None, "2.13"),
        ("depth_nobody_knows_m", -0.0001, None, "0.0 cm"),
        ("com_velocity_m_s", -1.234, None, "\N{MINUS SIGN}1.23 m/s"),
    ],
)
async def test_a_value_is_shown_in_the_unit_of_its_suffix(
    page: Page, name: str, value: float, spread: float | None, text: str
) -> None:
    script = "return (await import('/static/format.js')).measure(given.name, given.value, given.spread ?? undefined);"
    shown = await run(page, script, {"name": name, "value": value, "spread": spread})
    assert " ".join(shown.split()) == text


@pytest.mark.parametrize(
    ("label", "facing", "mirrored"),
    [
        ("FaceTime HD", None, True),
        ("camera2 0, facing back", None, False),
        ("Rear", None, False),
        ("x", "user", True),
        ("x", "environment", False),
    ],
)
async def test_a_front_camera_is_shown_as_a_mirror(page: Page, label: str, facing: str | None, mirrored: bool) -> None:
    script = "return (await import('/static/camera.js')).isMirrored(given.label, given.facing ?? undefined);"
    assert await run(page, script, {"label": label, "facing": facing}) is mirrored


def codes(kind: type[ClientError]) -> set[str]:
    """The wire codes of a kind of error and of all below it."""
    own = {kind.code} if "code" in vars(kind) else set()
    return own.union(*(codes(below) for below in kind.__subclasses__()))


async def test_every_phase_and_error_of_the_server_has_words(page: Page) -> None:
    script = """
      const words = await import('/static/words.js');
      return { phases: Object.keys(words.PHASES), reasons: Object.keys({ ...words.TROUBLE, ...words.CONNECTION }) };
    """
    words = await run(page, script)
    assert set(words["phases"]) == set(Phase)
    assert codes(ClientError) <= set(words["reasons"])
