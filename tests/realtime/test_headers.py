"""What every answer tells a browser, and `/metrics` on a port of its own."""

import re
import socket
from collections.abc import Iterator

import pytest
from tests.realtime.door import Answer, ask, everything_logged, header, knock, small

from kinemotion.errors import SettingsError
from kinemotion.realtime.headers import SECURITY
from kinemotion.realtime.metrics import Metrics
from kinemotion.realtime.metrics_server import metrics_server
from kinemotion.realtime.serving import background

TOKEN = "7f0c9be1d25a4e8386b3"
PATHS = [
    "/",
    "/static/app.js",
    "/static/style.css",
    "/static/no-such-file",
    "/static/../settings.py",
    "/static",
    "/nowhere",
    "/access",
    "/health",
    "/health/ready",
    "/health/detailed",
    "/metrics",
    "/demo/clip?movement=hop",
    "/ws/analyze",
]


@pytest.fixture(scope="module")
def beside() -> Iterator[tuple[str, str]]:
    """A server that wants a token, with its metrics on another port: both addresses."""
    with everything_logged() as lines, background(small(tokens=(TOKEN,), metrics_port=0)) as address:
        found = next(found for line in lines if (found := re.search(r"metrics are served on (\S+) port (\d+)", line)))
        yield address, f"http://{found[1]}:{found[2]}"


def has_the_headers(answer: Answer) -> bool:
    return all(answer.headers.get(name.lower()) == value for name, value in SECURITY.items())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_headers(server: str, beside: tuple[str, str], path: str, method: str) -> None:
    for address in (server, beside[0]):
        answer = ask(address, path, method=method)
        assert answer.status != 500
        assert has_the_headers(answer)
        assert answer.headers["cache-control"] in ("no-cache", "no-store")
        assert "server" not in answer.headers


def test_refused_handshakes_have_them_too(server: str, beside: tuple[str, str]) -> None:
    refused = [
        knock(server, protocols="kinemotion.v9"),
        knock(server, {"Origin": "https://evil.example"}),
        knock(beside[0]),
    ]
    assert [answer.status for answer in refused] == [400, 403, 401]
    assert all(has_the_headers(answer) for answer in refused)


def test_the_policy_allows_nothing_inline_and_no_other_host() -> None:
    policy = SECURITY["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"unsafe|\*|https?:|data:|blob:", policy)
    assert "frame-ancestors 'none'" in policy


def test_metrics_have_a_port_of_their_own(beside: tuple[str, str]) -> None:
    main, metrics = beside
    answer = ask(metrics, "/metrics")
    assert answer.status == 200
    assert "kinemotion_sessions" in answer.body
    assert has_the_headers(answer)
    for path in ("/", "/health", "/access", "/ws/analyze"):
        assert ask(metrics, path).status == 404
    assert ask(main, "/metrics", header(TOKEN)).status == 404
    assert ask(main, "/metrics").status == 401


async def test_a_taken_port_for_metrics_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"cannot serve metrics on 127.0.0.1 port {port}.*KINEMOTION_METRICS"):
            async with metrics_server(Metrics(), "127.0.0.1", port):
                pass
