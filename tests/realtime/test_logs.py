"""Log lines, of records and of servers in processes of their own."""

import asyncio
import contextlib
import json
import logging
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from starlette.types import Message, Scope
from tests.realtime.watching import START, camera, idle, scrape
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from kinemotion.realtime.client import socket_url, stream
from kinemotion.realtime.logs import ConsoleLines, JsonLines, fields
from kinemotion.realtime.metrics import Metrics
from kinemotion.realtime.pipeline import Pipeline
from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from kinemotion.realtime.request_ids import RequestIds
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings

Frames = list[tuple[float, bytes]]
Lines = list[dict[str, Any]]

PATIENCE_S = 60
SECRETS = ("opensesame-header", "opensesame-protocol", "opensesame-query", "Rumpelstiltskin")
EVERY_LINE = {"time", "level", "logger", "message"}
STARTED = EVERY_LINE | {"request_id", "session", "movement", "quality"}
ENDED = STARTED | {"reason", "frames_received", "frames_analysed", "frames_dropped", "jumps", "duration_s"}


# Records


def record(message: str, *arguments: object, **values: object) -> logging.LogRecord:
    made = logging.LogRecord("kinemotion.test", logging.INFO, __file__, 1, message, arguments, None)
    made.__dict__ |= fields(**values)
    return made


def failed() -> logging.LogRecord:
    try:
        raise ValueError("on two\nlines")
    except ValueError:
        made = record("it failed")
        made.exc_info = sys.exc_info()
        return made


def test_a_json_line_has_the_time_the_message_and_the_fields() -> None:
    made = record("a %s", "thing", count=3, name="x")
    made.created = 1_777_887_012.3456
    assert json.loads(JsonLines().format(made)) == {
        "time": "2026-05-04T09:30:12.345Z",
        "level": "info",
        "logger": "kinemotion.test",
        "message": "a thing",
        "count": 3,
        "name": "x",
    }


def test_a_traceback_is_one_field_of_a_json_line() -> None:
    line = JsonLines().format(failed())
    assert "\n" not in line
    assert json.loads(line)["traceback"].startswith("Traceback (most recent call last):\n")
    assert json.loads(line)["traceback"].endswith("ValueError: on two\nlines")


@pytest.mark.parametrize("text", ['"}\n{"forged": 1}', "\ud800 half a pair", "\x1b[31mred\x00", "\u2028"])
def test_whatever_is_in_a_message_stays_in_its_line(text: str) -> None:
    line = JsonLines().format(record("%s", text, value=text))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["value"] == text
    line = ConsoleLines().format(record("%s", text, value=text))
    assert line.isprintable()


def test_a_console_line_names_its_fields_and_has_the_traceback_below() -> None:
    line = ConsoleLines().format(record("session ended", session="a1", jumps=2))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z INFO    session ended  session=a1  jumps=2", line)
    assert ConsoleLines().format(failed()).splitlines()[1] == "Traceback (most recent call last):"


# Requests' names


def refused(address: str, **headers: str) -> HTTPError:
    """Asks for what is not to be had."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(HTTPError) as refusal:
        urlopen(Request(address, headers=sent), timeout=PATIENCE_S)
    with refusal.value as answer:
        answer.msg = answer.read().decode()
        return answer


@pytest.mark.parametrize("given", ["a", "5f-C.3_", "x" * 64])
def test_a_sane_request_id_comes_back(server: str, given: str) -> None:
    with urlopen(Request(server + "/health", headers={"X-Request-ID": given}), timeout=PATIENCE_S) as response:
        assert response.headers.get_all("X-Request-ID") == [given]


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a\x7f", 'a"', "é", "a;b"])
def test_a_request_without_a_sane_id_gets_one(server: str, given: str | None) -> None:
    headers = {} if given is None else {"X_Request_ID": given}
    assert re.fullmatch(r"[0-9a-f]{32}", refused(server + "/static/no-such-file", **headers).headers["X-Request-ID"])


async def test_handshakes_have_their_ids_too(server: str) -> None:
    names = {"additional_headers": {"X-Request-ID": "proxy-7"}, "compression": None}
    async with connect(socket_url(server), subprotocols=[Subprotocol(SUBPROTOCOL)], **names) as socket:  # type: ignore[arg-type]
        assert socket.response is not None
        assert socket.response.headers["X-Request-ID"] == "proxy-7"
    with pytest.raises(InvalidStatus) as refusal:
        await connect(socket_url(server) + "?sport=tennis", additional_headers={"X-Request-ID": "proxy-8"})
    assert refusal.value.response.headers["X-Request-ID"] == "proxy-8"


async def test_what_is_no_request_passes_unnamed() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Callable[[], Any], send: Callable[[Message], Any]) -> None:
        seen.append(scope["type"])
        await send({"type": "lifespan.startup.complete"})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await RequestIds(app)({"type": "lifespan"}, asyncio.Queue[Message]().get, send)
    assert (seen, sent) == (["lifespan"], [{"type": "lifespan.startup.complete"}])


# Faults


@contextlib.contextmanager
def lines_of(*loggers: str) -> Iterator[Callable[[], Lines]]:
    """What these loggers write meanwhile, read from JSON lines."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    levels = {name: logging.getLogger(name).level for name in loggers}
    for name in loggers:
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    finally:
        for name, level in levels.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(level)


def test_an_answer_that_failed_is_logged_with_its_requests_id(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Metrics, accept: str) -> None:
        raise RuntimeError("injected")

    monkeypatch.setattr(Metrics, "exposition", fail)
    with lines_of("uvicorn.error") as lines, background(Settings(port=0, max_sessions=1, spare_graphs=0)) as address:
        failure = refused(address + "/metrics", X_Request_ID="proxy-9")
    assert (failure.code, failure.headers["X-Request-ID"], failure.msg) == (500, "proxy-9", "Internal Server Error")
    (line,) = lines()
    assert (line["level"], line["request_id"]) == ("error", "proxy-9")
    assert line["traceback"].endswith("RuntimeError: injected")


async def test_a_frame_that_failed_is_logged_with_its_session(
    drawn_frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Pipeline, frame: object) -> None:
        raise RuntimeError("injected")

    monkeypatch.setattr(Pipeline, "analyse", fail)
    with lines_of("kinemotion") as lines, background(Settings(port=0, max_sessions=1, spare_graphs=0)) as address:
        async with camera(address) as socket:
            await socket.send(START)
            session = json.loads(await socket.recv())["session"]
            await socket.send(encode_frame(1, 1, drawn_frames[0][1]))
            await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
        await idle(address)
    about = [line for line in lines() if line.get("session") == session]
    told = ["session started", "the frame could not be analysed", "session ended"]
    assert [line["message"] for line in about] == told
    assert about[-1]["reason"] == "internal"
    assert about[1]["traceback"].splitlines()[-1] == "RuntimeError: injected"
    assert [line["traceback"].splitlines()[-1] for line in lines() if "traceback" in line] == ["RuntimeError: injected"]


# Servers


@contextlib.contextmanager
def serving(log: int | Path, *command: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, whose standard error goes to a file; it is stopped at the end."""
    with open(log, "w", closefd=isinstance(log, Path)) as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", *(command or ("kinemotion", "serve", "--port", "0"))],
            stdout=subprocess.PIPE if not command else subprocess.DEVNULL,
            stderr=stderr,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "KINEMOTION_SPARE_GRAPHS": "0"} | variables,
        )
    try:
        yield process, "" if process.stdout is None else address_in(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def address_in(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None
    return found[0]


async def visit(address: str, frames: Frames) -> None:
    """Three cameras: one that jumps, one that goes before it has begun, one that speaks JSON; each full of secrets."""
    start = {"movement": "cmj", "athlete": {"id": SECRETS[3]}}
    await stream(address, frames, start)
    secrets: Mapping[str, Any] = {"additional_headers": {"Authorization": f"Bearer {SECRETS[0]}"}, "compression": None}
    protocols = [Subprotocol(SUBPROTOCOL), Subprotocol(SECRETS[1])]
    async with connect(f"{socket_url(address)}?token={SECRETS[2]}", subprotocols=protocols, **secrets):
        pass
    async with connect(f"{socket_url(address)}?sport=cmj&token={SECRETS[2]}", **secrets) as socket:
        await socket.send(json.dumps({"frame": b64encode(frames[0][1]).decode(), "frame_index": 1}))
        await socket.recv()
    with pytest.raises(InvalidStatus):
        await connect(f"{socket_url(address)}?sport={SECRETS[2]}", **secrets)
    await asyncio.to_thread(refused, f"{address}/nothing?token={SECRETS[2]}")
    await idle(address)


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory, drawn_frames: Frames) -> str:
    """What a server logged, at its most talkative, of three visitors and of one that was there when it was stopped."""
    log = tmp_path_factory.mktemp("logs") / "log"

    async def visits(process: subprocess.Popen[str], address: str) -> None:
        await visit(address, drawn_frames)
        async with camera(address) as socket:
            await socket.send(START)
            await socket.recv()
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
        await asyncio.to_thread(process.wait, PATIENCE_S)

    with serving(log, KINEMOTION_LOG_LEVEL="debug") as (process, address):
        thread = threading.Thread(target=asyncio.run, args=(visits(process, address),))
        thread.start()
        thread.join()
    return log.read_text()


def test_every_line_is_json_with_the_fields_that_are_documented(visited: str) -> None:
    lines: Lines = [json.loads(line) for line in visited.splitlines()]
    page = (Path(__file__).parents[2] / "docs/metrics.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)` \|", page[page.index("| field |") :], re.MULTILINE))
    assert documented == set().union(*lines) | set(json.loads(JsonLines().format(failed())))
    assert all(line.keys() >= EVERY_LINE for line in lines)
    assert {line["level"] for line in lines} == {"info"}


def test_each_session_has_a_line_at_its_start_and_one_at_its_end(visited: str) -> None:
    lines: Lines = [json.loads(line) for line in visited.splitlines()]
    started = [line for line in lines if line["message"] == "session started"]
    ended = [line for line in lines if line["message"] == "session ended"]
    assert all(line.keys() == STARTED for line in started)
    assert [line["reason"] for line in ended] == ["done", "client_gone", "done", "draining"]
    assert [line.keys() for line in ended] == [ENDED, ENDED - {"movement", "quality"}, ENDED, ENDED]
    assert [line["session"] for line in started] == [line["session"] for line in ended if "movement" in line]
    assert len({line["session"] for line in ended}) == 4


def test_the_line_at_the_end_accounts_for_the_session(visited: str, drawn_frames: Frames) -> None:
    line = next(line for line in map(json.loads, visited.splitlines()) if line["message"] == "session ended")
    assert (line["movement"], line["quality"], line["jumps"]) == ("cmj", "fast", 2)
    assert line["frames_received"] == len(drawn_frames) == line["frames_analysed"] + line["frames_dropped"]
    assert line["frames_analysed"] > 0
    assert line["duration_s"] > drawn_frames[-1][0]


@pytest.mark.parametrize("secret", [*SECRETS, "127.0.0.1", "Authorization", "sport=", "jump_height"])
def test_nothing_that_a_client_sent_is_logged(visited: str, secret: str) -> None:
    assert "session ended" in visited
    assert secret not in visited


async def test_a_terminal_gets_text(tmp_path: Path) -> None:
    terminal, theirs = pty.openpty()
    with serving(theirs) as (_, address):
        os.close(theirs)
        async with camera(address):
            pass
        await idle(address)
        text = os.read(terminal, 65_536).decode()
    os.close(terminal)
    assert re.search(r"Z INFO    room for \d+ cameras? \(", text)
    assert re.search(r"Z INFO    session ended  request_id=\w+  session=\w+  reason=client_gone ", text)


async def test_only_what_weighs_enough_is_logged(tmp_path: Path) -> None:
    with serving(tmp_path / "log", KINEMOTION_LOG_LEVEL="WARNING", KINEMOTION_LOG_FORMAT="json") as (_, address):
        async with camera(address):
            pass
        assert (await scrape(address))("handshakes_total", outcome="accepted") == 1
        await idle(address)
    assert (tmp_path / "log").read_text() == ""


async def test_plain_uvicorn_keeps_its_lines_and_gets_ours(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(log, "uvicorn", "kinemotion.realtime.server:app", "--port", "0"):
        for _ in range(PATIENCE_S * 10):
            if "running on" in log.read_text():
                break
            await asyncio.sleep(0.1)
        address = address_in(next(line for line in log.read_text().splitlines() if "running on" in line))
        async with camera(address):
            pass
        await idle(address)
    ours = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert "session ended" in {line["message"] for line in ours}
    assert [line["level"] for line in ours if "`kinemotion serve` does both" in line["message"]] == ["warning"]
