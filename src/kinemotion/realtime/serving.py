"""Runs the application under uvicorn, set up the way that frames over WebSockets need it."""

import contextlib
import logging
import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Final

import uvicorn
from uvicorn.server import HANDLED_SIGNALS

from kinemotion.errors import SettingsError
from kinemotion.realtime.connection import Connection
from kinemotion.realtime.json_mode import message_bytes
from kinemotion.realtime.runtime import RUNTIME, Runtime
from kinemotion.realtime.server import create_app
from kinemotion.settings import Settings

_BACKLOG: Final = 256
_SEND_BUFFER_BYTES: Final = 65_536  # the system's own would hold minutes of stale answers for a client that stalls
_UNANSWERED_MS: Final = 20_000
_HERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_ELSEWHERE: Final = ("192.0.2.1", 9)  # an address of nobody's (RFC 5737)
_PING_S: Final = 20.0
_SHUTDOWN_S: Final = 5
_START_S: Final = 30.0
_REMARKS: Final = ("without completing handshake", "Invalid UTF-8 sequence")

_log: Final = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """A uvicorn server that says where it listens, once it does, and drains before it shuts down.

    Args:
        config: what `configure` made.
        listening: called with the address, such as `http://127.0.0.1:8000`.
    """

    def __init__(self, config: uvicorn.Config, listening: Callable[[str], object]) -> None:
        super().__init__(config)
        self._listening = listening
        self._signal: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts listening."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            host = _HERE.get(host, host)
            scheme = "https" if self.config.is_ssl else "http"
            self._listening(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drains, and shuts down; uvicorn alone would close every connection before the application is told.

        Clients that come meanwhile are refused with 503, which they would not be told by a closed socket.
        """
        _log.info("stopping")
        runtime: Runtime = self.lifespan.state[RUNTIME]
        await runtime.sessions.drain()
        await super().shutdown(sockets)
        _log.info("stopped")
        if runtime.services.scheduler.stuck:
            self._end_by_signal()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Takes the first signal; for a second one the system's own handling is left, which ends the process."""
        super().handle_exit(sig, frame)
        self._signal = sig
        for one in HANDLED_SIGNALS:
            signal.signal(one, signal.SIG_DFL)

    def _end_by_signal(self) -> None:
        """Ends the process as it was told to: what Python does at its end is not for threads that are in a library."""
        if self._signal is not None:
            signal.raise_signal(self._signal)


def take_turns() -> None:
    """Has this thread, and those that it will start, interrupt no other when they wake; Linux can do that.

    A model that was interrupted finds its caches emptied, as the event loop would do for every frame received.
    """
    with contextlib.suppress(AttributeError, OSError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:  # or somebody chose another
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def listen(settings: Settings) -> socket.socket:
    """Opens the server's socket.

    Raises:
        SettingsError: the address cannot be had.
    """
    # asyncio, unlike uvloop, turns Nagle's algorithm off only for sockets that name TCP; with it, answers wait for the
    # next frame.
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES
        )  # connections inherit both of these
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED_MS)
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        cause = (error.strerror or str(error)).partition(" (")[0]
        raise SettingsError(
            f"cannot listen on {settings.host} port {settings.port} ({cause}): choose another with --host and --port, "
            "or KINEMOTION_HOST and KINEMOTION_PORT"
        ) from None
    return listener


def name_outside() -> str:
    """What other machines reach this one by: its address in the network, or its name where it has none."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ELSEWHERE)  # of a datagram socket: the system looks for a way, and sends nothing
        address: str = probe.getsockname()[0]
        if not address.startswith("127."):
            return address
    return socket.gethostname()


def configure(settings: Settings, certificate: Path | None = None, key: Path | None = None) -> uvicorn.Config:
    """Sets uvicorn up.

    Args:
        settings: the server's settings.
        certificate: a PEM file, for https; phones give a page the camera only over https.
        key: the certificate's private key.

    Raises:
        SettingsError: certificate and key do not fit together, or the settings leave the server open to others.
    """
    if (certificate is None) != (key is None):
        raise SettingsError("https needs both a certificate and its key: give --tls-cert and --tls-key")
    logging.getLogger("uvicorn.error").addFilter(_about_something)
    config = uvicorn.Config(
        create_app(settings),
        ws=Connection,
        ws_max_size=message_bytes(settings.max_frame_bytes),
        ws_per_message_deflate=False,  # JPEG does not compress, and each connection would take 50 KiB more
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        lifespan="on",
        log_config=None,  # whoever runs the server sets logging up
        log_level="warning",
        server_header=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    try:
        config.load()
    except ssl.SSLError:
        raise SettingsError(f"{certificate} and {key} are not a PEM certificate and its unlocked key") from None
    return config


def _about_something(record: logging.LogRecord) -> bool:
    """Drops what uvicorn writes for each handshake that is refused on purpose, and for each text that is no UTF-8."""
    return not any(remark in record.getMessage() for remark in _REMARKS)


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
            listener.close()  # or clients would wait for a server that is gone
            ready.set()

    config = configure(settings)
    with listen(settings) as listener:
        server = Server(config, listening)
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
