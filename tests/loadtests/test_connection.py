"""The load generator's WebSocket client, against a real server."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import orjson
import pytest
from loadtests.connection import Connection, Refused
from websockets.exceptions import InvalidHandshake

from kinemotion.realtime.protocol import encode_frame


def test_a_session_from_start_to_summary(server: str, drawn_frames: list[tuple[float, bytes]]) -> None:
    with Connection(server) as connection:
        messages = map(orjson.loads, connection.messages())
        connection.send_text(b'{"type":"start","send_pose":true}')
        assert next(messages)["type"] == "started"
        for seq, (time_s, jpeg) in enumerate(drawn_frames[:3]):
            connection.send(encode_frame(seq, round(1e6 * time_s), jpeg))
        assert next(messages)["type"] == "frame"
        connection.send_text(b'{"type":"stop"}')
        assert [message["type"] for message in messages][-1] == "summary"
        assert connection.close_code == 1000


@contextmanager
def answering(reply: bytes) -> Iterator[str]:
    """Something that answers one connection with certain bytes."""

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def test_a_server_that_is_full_refuses_with_its_status() -> None:
    reply = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    with answering(reply) as address, pytest.raises(Refused, match="HTTP 503"):
        Connection(address)


@pytest.mark.parametrize("reply", [b"", b"hello\r\n\r\n"])
def test_what_speaks_no_websocket_is_refused(reply: bytes) -> None:
    with answering(reply) as address, pytest.raises(InvalidHandshake):
        Connection(address)
