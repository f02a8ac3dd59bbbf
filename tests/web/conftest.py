"""A real browser whose camera films the drawn athlete."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect

WITHIN_MS = 20_000
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=LocalNetworkAccessChecks",  # pages that pass through a test count as foreign
]

NewPage = Callable[..., Coroutine[Any, Any, Page]]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        missing = "Chromium is not installed: run `make system` as root"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture(scope="session")
def film(drawn_frames: list[tuple[float, bytes]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees: two drawn jumps, again and again."""
    path = tmp_path_factory.mktemp("camera") / "athlete.mjpeg"
    path.write_bytes(b"".join(jpeg for _, jpeg in drawn_frames))
    return path


@pytest.fixture(scope="session")
async def browser(chromium: str, film: Path) -> AsyncIterator[Browser]:
    """Chromium, with a camera."""
    camera = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    expect.set_options(timeout=WITHIN_MS)
    async with async_playwright() as playwright:
        chrome = await playwright.chromium.launch(executable_path=chromium, args=[*QUIET, *camera])
        yield chrome
        await chrome.close()


@pytest.fixture
async def new_page(browser: Browser) -> AsyncIterator[NewPage]:
    """Opens an address in a context of its own; takes what `Browser.new_context` takes, and `policy`."""
    async with AsyncExitStack() as stack:

        async def open_page(address: str, *, policy: str = "", **options: Any) -> Page:
            context = await stack.enter_async_context(await browser.new_context(**options))
            if policy:
                await _serve_with(context, address, policy)
            page = await context.new_page()
            await page.goto(address)
            return page

        yield open_page


@pytest.fixture(scope="module")
async def page(browser: Browser, server: str) -> AsyncIterator[Page]:
    """A page of the server's, to import the live page's modules into."""
    async with await browser.new_context() as context:
        blank = await context.new_page()
        await blank.goto(f"{server}/health")
        yield blank


async def _serve_with(context: BrowserContext, address: str, policy: str) -> None:
    """Sends the page as the server does, but for the camera's policy."""

    async def answer(route: Route) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, headers=response.headers | {"permissions-policy": policy})

    await context.route(f"{address}/", answer)


class Relay:
    """A network between the page and the server that can be cut."""

    def __init__(self, server: str) -> None:
        self._server = urlsplit(server)
        self._writers: set[asyncio.StreamWriter] = set()
        self.address = ""

    async def __aenter__(self) -> "Relay":
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()
        await self._listener.wait_closed()

    def cut(self) -> None:
        """Breaks every connection, without a farewell."""
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._server.hostname, self._server.port)
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            self._writers -= ends


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def relay(server: str) -> AsyncIterator[Relay]:
    """A network to the server that can be cut."""
    async with Relay(server) as network:
        yield network
