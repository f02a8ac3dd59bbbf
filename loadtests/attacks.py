"""What hostile clients do: each attack takes a server's address and a picture, and some seconds.

An attack may be refused, cut off or left waiting at any point; that is what it is for, and no error.
"""

import socket
import struct
from base64 import b64encode
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

import cv2
import gevent
import numpy as np
from websockets.exceptions import InvalidHandshake, InvalidState

from kinemotion.realtime.protocol import SUBPROTOCOL, encode_frame
from loadtests.connection import Connection, Refused

Attack = Callable[[str, bytes], None]

GIVES_UP: Final = (OSError, Refused, InvalidHandshake, InvalidState, gevent.Timeout)
"""What ends an attack."""

_START: Final = b'{"type":"start"}'
_PATIENCE_S: Final = 10.0
_RATE: Final = 1 / 30
_MANY: Final = 20_000
_HANDSHAKE: Final = (
    "GET /ws/analyze{query} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
_OFFER: Final = f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"


def _bomb(jpeg: bytes) -> bytes:
    """Claims 20,000 x 20,000 pixels."""
    place = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:place] + struct.pack(">HH", 20_000, 20_000) + jpeg[place + 4 :]


def _scans() -> bytes:
    """A progressive picture of thousands of scans."""
    image = np.zeros((480, 640, 3), np.uint8)
    jpeg = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_PROGRESSIVE, 1))[1].tobytes()
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * 3000 + jpeg[-2:]


def _flipped(jpeg: bytes, seed: int) -> bytes:
    broken, random = bytearray(jpeg), np.random.default_rng(seed)
    for place in random.integers(20, len(jpeg) - 2, 9):
        broken[place] ^= 1 << int(random.integers(8))
    return bytes(broken)


def _pictures(address: str, picture: Callable[[int], bytes], seconds: float = _PATIENCE_S) -> None:
    """Streams pictures at a camera's rate, and reads what comes back."""
    with Connection(address) as connection:
        connection.send_text(_START)
        hearing = gevent.spawn(lambda: [None for _ in connection.messages()])
        try:
            for number in range(int(seconds / _RATE)):
                connection.send(encode_frame(number, number * 33_000, picture(number)))
                gevent.sleep(_RATE)
        finally:
            hearing.kill()


def bombs(address: str, jpeg: bytes) -> None:
    """Giant headers and scan bombs, with a good picture now and then, so that it is not thrown out."""
    kinds = (_bomb(jpeg), _scans(), jpeg)
    _pictures(address, lambda number: kinds[number % 3])


def bit_flips(address: str, jpeg: bytes) -> None:
    """Pictures with broken data."""
    _pictures(address, lambda number: _flipped(jpeg, number))


def garbage(address: str, jpeg: bytes) -> None:
    """No pictures at all."""
    _pictures(address, lambda number: jpeg[: number * 7])


def flood(address: str, jpeg: bytes) -> None:
    """Frames as fast as they go out."""
    with Connection(address) as connection:
        connection.send_text(_START)
        hearing = gevent.spawn(lambda: [None for _ in connection.messages()])
        try:
            for number in range(_MANY):
                connection.send(encode_frame(number + 1, number + 1, jpeg))
                if number % 100 == 0:
                    gevent.sleep(0)
        finally:
            hearing.kill()


def deaf(address: str, jpeg: bytes) -> None:
    """Sends, and reads nothing."""
    with Connection(address) as connection:
        connection.send_text(_START)
        began_s = monotonic()
        for number in count():
            connection.send(encode_frame(number, number, jpeg))  # a good message makes up for a fault
            connection.send_text(b"{")
            gevent.sleep(0.01)
            if monotonic() > began_s + _PATIENCE_S:
                break


def silent(address: str, jpeg: bytes) -> None:
    """Connects, and says nothing."""
    with Connection(address):
        gevent.sleep(_PATIENCE_S)


def vanish(address: str, jpeg: bytes) -> None:
    """Goes away in the middle of everything, over and over."""
    for number in range(10):
        with Connection(address) as connection:
            connection.send_text(_START)
            for seq in range(number):
                connection.send(encode_frame(seq, seq * 33_000, jpeg))
            gevent.sleep(0.05 * number)


def crowd(address: str, jpeg: bytes) -> None:
    """Many connections at once."""
    calls = [gevent.spawn(_quietly, silent_for_a_second, address) for _ in range(30)]
    gevent.joinall(calls)


def silent_for_a_second(address: str) -> None:
    """Connects, and goes away without a word."""
    with Connection(address):
        gevent.sleep(1)


def malformed(address: str, jpeg: bytes) -> None:
    """What is no WebSocket frame."""
    for data in (
        b"\xc1\x81\0\0\0\0x",
        b"\x83\x80\0\0\0\0",
        b"\x81\x82\0\0\0\0\xff\xfe",
        b"\x82\xff" + b"\xff" * 12,
        b"\x82",
    ):
        with _let_in(address, more=_OFFER) as wire:
            wire.sendall(data)
            wire.recv(4096)


def loris(address: str, jpeg: bytes) -> None:
    """A handshake that never ends."""
    with _wire(address, b"GET /ws/analyze HTTP/1.1\r\n") as wire:
        for number in range(int(_PATIENCE_S)):
            wire.sendall(f"X-{number}: x\r\n".encode())
            gevent.sleep(1)


def json_bombs(address: str, jpeg: bytes) -> None:
    """Long messages of many values, and deep ones, between good ones."""
    with _let_in(address, "?sport=cmj") as wire:
        for number in range(60):
            picture = b64encode(jpeg).decode()
            good = f'{{"frame_index":{number},"frame":"{picture}","t_ms":{33 * number}}}'
            wire.sendall(_text(good.encode()))
            wire.sendall(_text(b'{"frame_index":1,"frame":[' + b"[]," * 300_000 + b"[]]}"))
            wire.sendall(_text(b"[" * 100_000))
            gevent.sleep(_RATE)


def too_large(address: str, jpeg: bytes) -> None:
    """A message without end."""
    with Connection(address) as connection:
        connection.send_text(_START)
        connection.send(b"\0" * 50_000_000)


def pings(address: str, jpeg: bytes) -> None:
    """Pings without end, whose answers nobody reads."""
    _pour(address, b"", b"\x89\xfd\0\0\0\0" + b"x" * 125)


def pieces(address: str, jpeg: bytes) -> None:
    """A message of empty pieces without end."""
    _pour(address, b"\x02\x80\0\0\0\0", b"\0\x80\0\0\0\0")


def _pour(address: str, first: bytes, again: bytes) -> None:
    with _let_in(address, more=_OFFER) as wire:
        wire.sendall(first)
        for _ in range(_MANY):
            wire.sendall(again * 100)


ATTACKS: Final[tuple[Attack, ...]] = (
    bombs, bit_flips, garbage, flood, deaf, silent, vanish, crowd, malformed, loris, json_bombs, too_large,
    pings, pieces,
)  # fmt: skip


def carry_out(attack: Attack, address: str, jpeg: bytes) -> None:
    """Carries an attack out, as far as it goes."""
    with gevent.Timeout(3 * _PATIENCE_S):
        _quietly(attack, address, jpeg)


def _quietly(call: Callable[..., None], *arguments: object) -> None:
    try:
        call(*arguments)
    except GIVES_UP:
        return


def _let_in(address: str, query: str = "", more: str = "") -> socket.socket:
    """A bare connection that was let in; its `Host` is the server's, since others are turned away."""
    request = _HANDSHAKE.format(query=query, host=urlsplit(address).netloc, more=more)
    wire = _wire(address, request.encode())
    answer = wire.recv(4096)
    if b" 101 " not in answer:
        wire.close()
        raise Refused(int(answer.split()[1]) if answer else 0)
    return wire


def _wire(address: str, request: bytes) -> socket.socket:
    url = urlsplit(address)
    wire = socket.create_connection((url.hostname or "", url.port or 80), _PATIENCE_S)
    wire.sendall(request)
    return wire


def _text(data: bytes) -> bytes:
    """A text message, masked with zeros."""
    return b"\x81\xff" + struct.pack(">Q", len(data)) + b"\0\0\0\0" + data
