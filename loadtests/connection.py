"""A WebSocket client without threads: the protocol of the `websockets` library over a plain socket.

Locust's gevent makes the socket cooperative. Of three clients tried, this one takes the least from the cores that the
load generator shares with the server: 0.11 ms for a frame of 20 KiB; `websockets.sync` 0.14, `websocket-client` 0.17.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Final, Self

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from kinemotion.realtime.client import socket_url
from kinemotion.realtime.protocol import SUBPROTOCOL

_OPEN_S: Final = 10.0
_READ_BYTES: Final = 65_536
_MAX_MESSAGE_BYTES: Final = 1 << 20


class Refused(Exception):
    """The server answered the handshake with an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class Connection:
    """One open WebSocket to a server.

    Args:
        address: the server's, such as `http://127.0.0.1:8000`.

    Attributes:
        called_s: when the connection was asked for, on the monotonic clock.

    Raises:
        OSError: the server cannot be reached, or does not answer in time.
        Refused: it has no place, or does not want this client.
        websockets.exceptions.InvalidHandshake: it speaks no WebSocket.
    """

    def __init__(self, address: str) -> None:
        self.called_s = monotonic()
        uri = parse_uri(socket_url(address))
        self._protocol = ClientProtocol(uri, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=_MAX_MESSAGE_BYTES)
        self._sending = Lock()
        self._socket = socket.create_connection((uri.host, uri.port), _OPEN_S)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if uri.secure:
                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=uri.host)
            self._shake_hands()
            self._socket.settimeout(None)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._socket.close()

    @property
    def close_code(self) -> int | None:
        """Why the connection was closed, once it is; 1006 if it broke."""
        return self._protocol.close_code

    def send(self, message: bytes) -> None:
        """Sends a binary message; waits while the server does not take it.

        Raises:
            OSError: the connection broke.
            websockets.exceptions.InvalidState: it was closed.
        """
        self._protocol.send_binary(message)
        self._flush()

    def send_text(self, message: bytes) -> None:
        """Sends a text message, as `send` does."""
        self._protocol.send_text(message)
        self._flush()

    def messages(self) -> Iterator[bytes]:
        """Gives the text messages as they come, until the connection is closed or broken."""
        while self._protocol.state is not State.CLOSED:
            data = b""
            with suppress(OSError):  # broken; the close code says so
                data = self._socket.recv(_READ_BYTES)
            self._take(data)
            for event in self._protocol.events_received():
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    yield bytes(event.data)
            with suppress(OSError):
                self._flush()  # pongs, and the answer to a close

    def _shake_hands(self) -> None:
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
            self._take(self._socket.recv(_READ_BYTES))
        error = self._protocol.handshake_exc
        if isinstance(error, InvalidStatus):
            raise Refused(error.response.status_code)
        if error is not None:
            raise error

    def _take(self, data: bytes) -> None:
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()

    def _flush(self) -> None:
        with self._sending:  # the greenlet that reads sends pongs between the frames of the one that sends
            for data in self._protocol.data_to_send():
                if data:
                    self._socket.sendall(data)
                else:
                    self._socket.shutdown(socket.SHUT_WR)
