"""A server under load talks to its own clients and to nobody else."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import mediapipe
import pytest

from kinemotion.realtime.client import stream

LOGGING_ADDRESS = b"ogleapis.com/log"
"""Stands in the library from release 0.10.35 on, which reports to a host of its maker's while it runs."""


def test_the_pose_library_knows_no_logging_address() -> None:
    library = next(Path(mediapipe.__file__).parent.glob("tasks/c/libmediapipe.*"))
    assert LOGGING_ADDRESS not in library.read_bytes()


def sockets(process: int) -> set[str]:
    """The remote addresses of a process's TCP and UDP sockets, as the kernel lists them."""
    inodes = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed a moment ago
            if found := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link)):
                inodes.add(found[1])
    remote = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                remote.add(f"{table[:3]} {fields[2].split(':')[0]}")
    return remote


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the kernel's list of sockets is Linux's")
async def test_a_server_under_load_opens_no_connection_of_its_own(drawn_frames: list[tuple[float, bytes]]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kinemotion", "serve", "--port", "0", stdout=subprocess.PIPE
    )
    seen: set[str] = set()
    try:
        assert process.stdout is not None
        address = re.search(rb"open (http://\S+)", await process.stdout.readline())
        assert address is not None
        await stream(address[1].decode(), drawn_frames[:60], sent=lambda: seen.update(sockets(process.pid)))
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()
    assert seen == {"tcp 00000000", "tcp 0100007F"}  # listening, and the client on 127.0.0.1; no name is looked up
