"""How uvicorn is run."""

import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from socket import IPPROTO_TCP
from urllib.parse import urlsplit

import pytest
import uvloop

from kinemotion.errors import SettingsError
from kinemotion.realtime import serving
from kinemotion.realtime.connection import Connection
from kinemotion.realtime.serving import Server, background, configure, listen, name_outside, take_turns
from kinemotion.settings import Settings

PATIENCE_S = 30

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such threads")


def test_the_listener_names_tcp_so_that_asyncio_sends_answers_at_once() -> None:
    with listen(Settings(port=0)) as listener:
        assert listener.proto == IPPROTO_TCP


def test_an_address_that_is_not_this_machines_is_named() -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.1 port 80"):
        listen(Settings(host="192.0.2.1", port=80, insecure=True))


def policy_after_taking_turns(before: int | None = None) -> int:
    """Of a thread of its own."""

    def found() -> int:
        if before is not None:
            os.sched_setscheduler(0, before, os.sched_param(0))
        take_turns()
        return os.sched_getscheduler(0)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(found).result()


@linux
def test_threads_that_take_turns_interrupt_no_other() -> None:
    assert policy_after_taking_turns() == os.SCHED_BATCH


@linux
def test_a_policy_that_somebody_chose_is_kept() -> None:
    assert policy_after_taking_turns(os.SCHED_IDLE) == os.SCHED_IDLE


@linux
def test_where_the_system_refuses_threads_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert policy_after_taking_turns() == os.SCHED_OTHER


@pytest.mark.parametrize(
    ("address", "name"), [("192.168.1.20", "192.168.1.20"), ("127.0.0.1", "this-machine"), (None, "this-machine")]
)
def test_other_machines_are_told_an_address_that_they_can_reach(
    address: str | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Probe(socket.socket):
        def connect(self, _elsewhere: object) -> None:
            if address is None:
                raise OSError

        def getsockname(self) -> tuple[str | None, int]:
            return address, 9

    monkeypatch.setattr(socket, "socket", Probe)
    monkeypatch.setattr(socket, "gethostname", lambda: "this-machine")
    assert name_outside() == name


def test_a_server_in_the_background_listens_on_ipv6_too() -> None:
    with background(Settings(host="::1", port=0)) as address:
        assert address.startswith("http://[::1]:")


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning",
    "ignore:unclosed resource:ResourceWarning",  # uvloop's, of the listener; as an error it would stop its `close`
)
def test_a_server_in_the_background_that_fails_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    class Failing(Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            threads.append(threading.current_thread())
            await super().startup(sockets)
            raise RuntimeError

    monkeypatch.setattr(serving, "Server", Failing)
    with background(Settings(port=0, spare_graphs=0)) as address:
        threads[0].join(PATIENCE_S)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), PATIENCE_S)


def test_the_event_loop_is_uvloops() -> None:
    assert configure(Settings(port=0)).get_loop_factory() is uvloop.new_event_loop


def test_peers_are_asked_whether_they_are_there_and_floods_of_them_counted() -> None:
    config = configure(Settings(port=0))
    assert (config.ws_ping_interval, config.ws_ping_timeout) == (20, 20)
    assert config.ws_protocol_class is Connection
