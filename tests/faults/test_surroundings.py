"""What lies around a server: the file system, the wall clock, the event loop, what is measured of it."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import threading
import time
from asyncio import events
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from tests.faults.parts import SERVE, opened, served
from tests.realtime.test_server import START, STOP, Frames, camera, close_code, get, receive, receive_until
from websockets.asyncio.client import connect

from kinemotion.realtime.client import socket_url, stream
from kinemotion.realtime.protocol import encode_frame

LOOP_CPU_S = 0.1
"""Ten times what the longest step takes here: a frame of 1 MiB in JSON. Decoding it would take twice this."""


DISK_FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "


def files_written_to(process: int) -> set[str]:
    """The files, devices left out, that a process has open for writing."""
    found = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed a moment ago
            flags = re.search(r"flags:\s*(\d+)", Path(f"/proc/{process}/fdinfo/{link.name}").read_text())
            assert flags is not None
            path = os.readlink(link)
            if path.startswith("/") and not path.startswith("/dev/") and int(flags[1], 8) & os.O_ACCMODE:
                found.add(path)
    return found


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="the list of open files is Linux's")
async def test_a_server_that_can_write_no_file_serves_and_writes_none(drawn_frames: Frames, tmp_path: Path) -> None:
    places = {name: str(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    environment = os.environ | places | {"KINEMOTION_SLO_S": "10", "PYTHONDONTWRITEBYTECODE": "1"}
    written: set[str] = set()
    async with served(DISK_FULL + SERVE, cwd=tmp_path, env=environment) as server:
        process = server.process.pid
        report = await stream(server.address, drawn_frames[:60], sent=lambda: written.update(files_written_to(process)))
        server.signal(signal.SIGTERM)
        await server.ended()
    assert report.close_code == 1000
    assert report.summary["frames"]["received"] == 60
    assert written == set()
    assert os.listdir(tmp_path) == []


async def test_a_wall_clock_that_steps_changes_nothing(monkeypatch: pytest.MonkeyPatch, drawn_frames: Frames) -> None:
    steps = iter(range(10**6))
    monkeypatch.setattr(time, "time", lambda: 1e9 * (next(steps) % 3))
    with opened(monkeypatch) as server:
        async with camera(server.address) as socket:
            await socket.send(START)
            await receive_until(socket, "started")
            for seq, (time_s, jpeg) in enumerate(drawn_frames[:20]):
                await socket.send(encode_frame(seq, round(time_s * 1e6), jpeg))
                answer = (await receive_until(socket, "frame"))[-1]
                assert 0 < answer["timing_ms"]["total"] < 60_000
                assert all(spent >= 0 for spent in answer["timing_ms"].values())
            await socket.send(STOP)
            assert (await receive_until(socket, "summary"))[-1]["frames"]["analysed"] == 20
            assert await close_code(socket) == 1000
        text = (await asyncio.to_thread(get, server.address + "/metrics"))[1]
        assert re.search(r'latency_seconds_bucket{le="\+Inf"} 20\.0', text)


async def test_nothing_takes_the_event_loop_for_long(monkeypatch: pytest.MonkeyPatch, drawn_frames: Frames) -> None:
    """Measures the thread's processor time, not the clock's: another process is not the server's fault."""
    monkeypatch.setitem(sys.modules, "uvloop", None)  # asyncio's own loop has the same to do, and can be timed
    spent_s: list[tuple[float, str]] = []
    run = events.Handle._run

    def timed(handle: Any) -> None:
        begun_s = time.thread_time()
        run(handle)
        if threading.current_thread().name == "kinemotion-server":
            spent_s.append((time.thread_time() - begun_s, repr(handle)))

    large = drawn_frames[0][1]
    large = large[:2] + b"".join(b"\xff\xfe\xff\xff" + b"x" * 0xFFFD for _ in range(14)) + large[2:]  # 0.9 MiB
    with opened(monkeypatch) as server:
        monkeypatch.setattr(events.Handle, "_run", timed)
        report = await stream(server.address, [(time_s, large) for time_s, _ in drawn_frames[:10]])
        assert report.answers
        async with connect(socket_url(server.address), max_size=None) as socket:
            for index in range(5):
                await socket.send(f'{{"frame_index":{index},"frame":"{b64encode(large).decode()}"}}')
                assert "metrics" in await receive(socket)
            await socket.send('{"frame_index":9,"frame":[' + "[]," * 400_000 + "[]]}")
            assert (await receive(socket))["error"].startswith("bad_message")
        for path in ("/metrics", "/health/detailed", "/"):
            assert (await asyncio.to_thread(get, server.address + path))[0] == 200
        monkeypatch.setattr(events.Handle, "_run", run)
    assert len(spent_s) > 100
    assert max(spent_s)[0] < LOOP_CPU_S, max(spent_s)


async def test_whatever_clients_send_the_series_are_the_same(server: str, drawn_frames: Frames) -> None:
    def series() -> set[str]:
        return {line.rpartition(" ")[0] for line in get(server + "/metrics")[1].splitlines() if line[:1] != "#"}

    before = await asyncio.to_thread(series)
    for number in range(4):
        async with camera(server) as socket:
            await socket.send(f'{{"type":"start","athlete":{{"id":"athlete {number}"}}}}')
            await receive_until(socket, "started")
            for message in (f'{{"type":"{number}"}}', f'{{"key {number}":1}}', encode_frame(number, number, b"?")):
                await socket.send(message)
                await receive_until(socket, "error")
    for path in ("/health", "/nothing", "/ws/analyze", "/%00", "/metrics?name[]=x"):
        await asyncio.to_thread(get, server + path)
    assert await asyncio.to_thread(series) == before
