"""nginx with our configuration, before two real servers."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from tests.operations.files import ROOT
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from kinemotion.realtime.client import socket_url, stream
from kinemotion.realtime.protocol import SUBPROTOCOL
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings

Frames = list[tuple[float, bytes]]

PATIENCE_S = 20.0
ONE_CAMERA = Settings(port=0, workers=1, spare_graphs=0, max_sessions=1, slo_s=10.0)


@pytest.fixture(scope="module")
def replicas() -> Iterator[list[str]]:
    """Two servers, each with room for one camera."""
    with ExitStack() as stack:
        yield [stack.enter_context(background(ONE_CAMERA)) for _ in range(2)]


@pytest.fixture(scope="module")
def proxy(nginx: str, replicas: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of nginx before both."""
    with proxying(nginx, replicas, tmp_path_factory.mktemp("nginx")) as address:
        yield address


@contextmanager
def proxying(nginx: str, replicas: list[str], folder: Path) -> Iterator[str]:
    """Runs nginx with our configuration; only where it listens and whom it knows are other than in production."""
    port = free_port()
    shutil.copy(ROOT / "nginx/nginx.conf", folder)
    (folder / "listen.conf").write_text(f"listen 127.0.0.1:{port};\n")
    name(replicas, folder)
    # As root its workers would be nobody's, to whom the folder is closed.
    directives = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
    command = [*call(nginx, folder), "-g", directives]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until_it_listens(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def call(nginx: str, folder: Path) -> list[str]:
    return [nginx, "-e", "stderr", "-p", f"{folder}/", "-c", f"{folder}/nginx.conf"]


def name(replicas: list[str], folder: Path) -> None:
    """Says where the replicas are. There is no Docker here to look them up at, and nginx 1.22 cannot do so."""
    servers = (f"server {urlsplit(replica).netloc} max_fails=0;\n" for replica in replicas)
    (folder / "replicas.conf").write_text("".join(servers))


def free_port() -> int:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port: int = finder.getsockname()[1]
        return port


def until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline_s = monotonic() + PATIENCE_S
    while monotonic() < deadline_s:
        assert process.poll() is None, "nginx has ended"
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
        except ConnectionRefusedError:
            sleep(0.05)
        else:
            return
    pytest.fail("nginx does not listen")


def get(address: str) -> tuple[int, str]:
    try:
        with urlopen(address, timeout=PATIENCE_S) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


@asynccontextmanager
async def camera(address: str) -> AsyncIterator[ClientConnection]:
    protocols = [Subprotocol(SUBPROTOCOL)]
    async with connect(socket_url(address), subprotocols=protocols, compression=None) as connection:
        yield connection


@asynccontextmanager
async def camera_with_patience(address: str) -> AsyncIterator[ClientConnection]:
    """A camera that comes again where it is refused for want of room."""
    while True:
        with suppress(InvalidStatus):
            connection = await connect(socket_url(address), subprotocols=[Subprotocol(SUBPROTOCOL)])
            break
    async with connection:
        yield connection


async def sessions(replica: str) -> int:
    _, text = await asyncio.to_thread(get, f"{replica}/health/detailed")
    count: int = json.loads(text)["sessions"]["now"]
    return count


async def until_served(replicas: list[str], cameras: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while sum([await sessions(replica) for replica in replicas]) != cameras:
            pass


async def test_a_cameras_frames_and_answers_pass(proxy: str, replicas: list[str], drawn_frames: Frames) -> None:
    await until_served(replicas, 0)
    report = await stream(proxy, drawn_frames[:30])
    assert report.close_code == 1000
    assert report.summary["frames"]["received"] == 30
    assert report.answers
    assert report.errors == []


async def test_cameras_are_spread_and_one_too_many_is_told_when_to_come_again(proxy: str, replicas: list[str]) -> None:
    await until_served(replicas, 0)
    async with camera(proxy), camera(proxy):
        assert [await sessions(replica) for replica in replicas] == [1, 1]
        with pytest.raises(InvalidStatus) as refusal:
            await connect(socket_url(proxy), subprotocols=[Subprotocol(SUBPROTOCOL)])
        assert refusal.value.response.status_code == 503
        assert refusal.value.response.headers["Retry-After"].isdigit()


async def test_a_place_that_becomes_free_is_found(proxy: str, replicas: list[str]) -> None:
    await until_served(replicas, 0)
    async with camera(proxy):
        for _ in range(3):
            async with camera(proxy):
                assert [await sessions(replica) for replica in replicas] == [1, 1]
            await until_served(replicas, 1)


async def test_a_replica_that_is_gone_is_passed_over(nginx: str, drawn_frames: Frames, tmp_path: Path) -> None:
    with background(ONE_CAMERA) as lasting, ExitStack() as stack:
        leaving = stack.enter_context(background(ONE_CAMERA))
        with proxying(nginx, [leaving, lasting], tmp_path) as proxy:
            await asyncio.to_thread(stack.close)
            for _ in range(2):
                report = await stream(proxy, drawn_frames[:5])
                assert report.close_code == 1000
                await until_served([lasting], 0)


async def test_a_replica_is_added_while_cameras_stay_connected(nginx: str, tmp_path: Path) -> None:
    with (
        background(ONE_CAMERA) as first,
        background(ONE_CAMERA) as second,
        proxying(nginx, [first], tmp_path) as proxy,
    ):
        async with camera(proxy) as staying:
            name([first, second], tmp_path)
            await asyncio.to_thread(subprocess.run, [*call(nginx, tmp_path), "-s", "reload"], check=True)
            async with asyncio.timeout(PATIENCE_S), camera_with_patience(proxy):
                assert [await sessions(replica) for replica in (first, second)] == [1, 1]
                await staying.send('{"type":"start"}')
                assert json.loads(await staying.recv())["type"] == "started"


def test_the_page_and_health_pass(proxy: str) -> None:
    status, page = get(f"{proxy}/")
    assert status == 200
    assert "<html" in page
    assert get(f"{proxy}/health") == (200, '{"status":"alive"}')


@pytest.mark.parametrize("path", ["/metrics", "/health/detailed"])
def test_figures_and_details_stay_inside(proxy: str, path: str) -> None:
    assert get(proxy + path)[0] == 404


def test_a_client_that_never_finishes_its_request_is_let_go(proxy: str) -> None:
    address = urlsplit(proxy)
    with socket.create_connection((address.hostname, address.port), PATIENCE_S) as slow:
        slow.sendall(b"GET /ws/analyze HTTP/1.1\r\nHost: kinemotion\r\nX-Slow: ")
        with pytest.raises(ConnectionResetError):
            slow.recv(1)
