"""Runs the application under uvicorn, set up the way that frames over WebSockets need it."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import AF_INET, AF_INET6, IPPROTO_TCP, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from threading import Event, Thread
from typing import Final

import uvicorn

from kinemotion.errors import SettingsError
from kinemotion.realtime.json_mode import message_bytes
from kinemotion.realtime.server import create_app
from kinemotion.settings import Settings

_BACKLOG: Final = 256
_PING_S: Final = 20.0
_SHUTDOWN_S: Final = 5
_START_S: Final = 30.0


class Server(uvicorn.Server):
    """A uvicorn server that says where it listens, once it does.

    Args:
        config: what `configure` made.
        listening: called with the address, such as `http://127.0.0.1:8000`.
    """

    def __init__(self, config: uvicorn.Config, listening: Callable[[str], object]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Starts listening."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            scheme = "https" if self.config.is_ssl else "http"
            self._listening(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}")


def listen(settings: Settings) -> socket:
    """Opens the server's socket.

    Raises:
        SettingsError: the address cannot be had.
    """
    # asyncio turns Nagle's algorithm off only for sockets that name TCP; with it, answers wait for the next frame.
    listener = socket(AF_INET6 if ":" in settings.host else AF_INET, SOCK_STREAM, IPPROTO_TCP)
    try:
        listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        cause = os.strerror(error.errno or 0)
        raise SettingsError(
            f"cannot listen on {settings.host} port {settings.port} ({cause}): choose another with --host and --port"
        ) from None
    return listener


def configure(settings: Settings, certificate: Path | None = None, key: Path | None = None) -> uvicorn.Config:
    """Sets uvicorn up.

    Args:
        settings: the server's settings.
        certificate: a PEM file, for https; phones give a page the camera only over https.
        key: the certificate's private key.
    """
    return uvicorn.Config(
        create_app(settings),
        ws="websockets-sansio",
        ws_max_size=message_bytes(settings.max_frame_bytes),
        ws_per_message_deflate=False,  # JPEG does not compress, and each connection would take 50 KiB more
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        lifespan="on",
        log_level="warning",
        server_header=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


@contextlib.contextmanager
def background(settings: Settings) -> Iterator[str]:
    """Runs a server in a thread of this process for as long as the context lasts.

    Yields:
        Its address, such as `http://127.0.0.1:8000`.

    Raises:
        RuntimeError: the server did not start; it has logged why.
    """
    addresses: list[str] = []
    ready = Event()

    def listening(address: str) -> None:
        addresses.append(address)
        ready.set()

    def run() -> None:
        try:
            server.run([listener])
        finally:
            ready.set()

    with listen(settings) as listener:
        server = Server(configure(settings), listening)
        thread = Thread(target=run, name="kinemotion-server")
        thread.start()
        try:
            ready.wait(_START_S)
            if not addresses:
                raise RuntimeError("the server did not start")
            yield addresses[0]
        finally:
            server.should_exit = True
            thread.join()
