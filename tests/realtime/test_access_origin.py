"""Which pages may connect, and which may read what is answered."""

from collections.abc import Iterator

import pytest
from tests.realtime.door import Answer, ask, header, knock, small, subprotocol

from kinemotion.errors import SettingsError
from kinemotion.realtime.origin import Origin, Origins
from kinemotion.realtime.serving import background

TOKEN = "7f0c9be1d25a4e8386b3"
GYM = "https://gym.example"
LAB = "http://lab.example:8443"
PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture(scope="module")
def listing() -> Iterator[str]:
    """A server that takes two origins, and asks nobody for a token."""
    with background(small(origins=(GYM, LAB))) as address:
        yield address


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """A server that takes its own page by any name, since a token is wanted."""
    with background(small(tokens=(TOKEN,))) as address:
        yield address


def from_page(address: str, origin: str, host: str | None = None, **more: str) -> Answer:
    """The handshake of a page, by a name of the server."""
    headers = {"Origin": origin} | ({} if host is None else {"Host": host}) | more
    return knock(address, headers)


EVIL = [
    "null",
    "",
    "https://evil.example",
    "https://gym.example.evil.example",
    "https://evilgym.example",
    "https://evil.gym.example",
    "https://gym.example.",
    "https://gym.exampl",
    "https://gym.example:8443",
    "https://gym.example:444",
    "https://gym.example:",
    "https://gym.example:0443",
    "https://gym.example/",
    "https://gym.example/page",
    "https://gym.example?",
    "https://gym.example#",
    "https://gym.example@evil.example",
    "https://evil.example#@gym.example",
    "https://gym.example:443@evil.example",
    "https://user@gym.example",
    "https://user:secret@gym.example",
    "https://evil.example\\@gym.example",
    "https://GYM.example",
    "HTTPS://gym.example",
    "Https://gym.example",
    "http://gym.example",
    "wss://gym.example",
    "file://gym.example",
    "file://",
    "//gym.example",
    "gym.example",
    "https:gym.example",
    "https:///gym.example",
    "https://gym.example https://evil.example",
    "https://evil.example, https://gym.example",
    "https://gym.example,https://gym.example",
    "https://*",
    "*",
    "https://gym%2eexample",
    "https://gym.ex\xe4mple",
    "chrome-extension://gym.example",
    "http://lab.example",
    "http://lab.example:84430",
]


@pytest.mark.parametrize("origin", EVIL)
def test_a_page_that_is_not_listed_is_refused(listing: str, origin: str) -> None:
    answer = from_page(listing, origin)
    assert (answer.status, answer.body) == (403, "pages of this origin may not connect")


@pytest.mark.parametrize("origin", [GYM, LAB, "https://gym.example:443"])
def test_a_page_that_is_listed_may_connect(listing: str, origin: str) -> None:
    assert from_page(listing, origin).status == 101


def test_a_list_is_all_there_is(listing: str) -> None:
    assert from_page(listing, listing).status == 403


def test_who_names_no_origin_is_no_page(listing: str) -> None:
    assert knock(listing).status == 101


def test_a_handshake_with_two_origins_is_refused(listing: str) -> None:
    assert knock(listing, {"Origin": GYM, "origin": GYM}).status in (400, 403)


SAME = [
    ("http://gym.example:8000", "gym.example:8000", "http", True),
    ("http://gym.example", "gym.example", "http", True),
    ("http://gym.example", "gym.example:80", "http", True),
    ("http://gym.example:80", "gym.example", "http", True),
    ("https://gym.example", "gym.example", "https", True),
    ("https://gym.example", "gym.example:443", "https", True),
    ("http://[2001:db8::1]:8000", "[2001:db8::1]:8000", "http", True),
    ("https://gym.example", "gym.example", "http", False),
    ("http://gym.example", "gym.example", "https", False),
    ("http://gym.example:443", "gym.example", "https", False),
    ("http://gym.example", "gym.example:8000", "http", False),
    ("http://gym.example:8000", "gym.example", "http", False),
    ("http://gym.example", "GYM.example", "http", False),
    ("http://gym.example", "gym.example.", "http", False),
    ("http://gym.example", "user@gym.example", "http", False),
    ("http://gym.example", "gym.example/", "http", False),
    ("http://gym.example", "", "http", False),
    ("http://evil.example", "gym.example", "http", False),
    ("null", "null", "http", False),
    ("http://null", "gym.example", "http", False),
]


@pytest.mark.parametrize(("origin", "host", "scheme", "welcome"), SAME)
def test_the_servers_own_page_is_the_one_by_the_name_that_the_client_used(
    guarded: str, origin: str, host: str, scheme: str, welcome: bool
) -> None:
    """The test stands where a proxy does that uvicorn trusts: on the machine itself."""
    answer = from_page(guarded, origin, host, **{"X-Forwarded-Proto": scheme}, **header(TOKEN))
    assert answer.status == (101 if welcome else 403)


def test_another_name_in_a_forwarded_header_is_not_believed(guarded: str) -> None:
    for name in ("X-Forwarded-Host", "Forwarded", "X-Original-Host"):
        value = "host=evil.example" if name == "Forwarded" else "evil.example"
        answer = from_page(guarded, "http://evil.example", "gym.example", **{name: value}, **header(TOKEN))
        assert answer.status == 403


def test_the_origin_counts_before_the_token(guarded: str) -> None:
    protocols = f"kinemotion.v1, {subprotocol(TOKEN)}"
    assert knock(guarded, {"Origin": "https://evil.example"}, protocols).status == 403
    assert knock(guarded, {"Origin": guarded}, protocols).status == 101


@pytest.mark.parametrize(
    ("name", "expected"),
    [("127.0.0.1", 101), ("localhost", 101), ("[::1]", 101), ("evil.example", 403), ("127.0.0.1.evil.example", 403)],
)
def test_a_name_that_somebody_points_to_this_machine_is_not_its_own(server: str, name: str, expected: int) -> None:
    """Where nobody is asked for a token, any page could come by a name of its own (DNS rebinding)."""
    host = f"{name}:8000"
    assert from_page(server, f"http://{host}", host).status == expected


@pytest.mark.parametrize("path", ["/access", "/health/detailed", "/metrics", "/demo/clip?movement=hop"])
def test_nor_is_anything_read_or_drawn_by_such_a_name(server: str, listing: str, path: str) -> None:
    for host in ("evil.example", "evil.example:8000", "gym.example.evil.example", ""):
        assert ask(listing, path, {"Host": host}).status == 403
    assert ask(server, path, {"Host": "gym.example"}).status == 403
    for host in ("gym.example", "gym.example:8000", "localhost"):
        assert ask(listing, path, {"Host": host}).status in (200, 204, 400)
    assert ask(server, "/health", {"Host": "evil.example"}).status == 200


@pytest.mark.parametrize(
    "entry", ["*", "https://*.example", "gym.example", "https://gym.example/", "https://GYM.example", "null", ""]
)
def test_an_entry_that_is_no_origin_stops_the_start(entry: str) -> None:
    with pytest.raises(SettingsError, match="KINEMOTION_ORIGINS, entry 2"):
        Origins((GYM, entry), any_name=True)


def test_an_origin_is_read_as_browsers_write_it() -> None:
    assert Origin.parse("https://gym.example") == Origin("https", "gym.example", 443)
    assert Origin.parse("http://[::1]:8000") == Origin("http", "[::1]", 8000)


# Reading


@pytest.mark.parametrize("path", ["/health", "/demo/clip?movement=hop", "/nowhere", "/static/app.js"])
def test_pages_of_listed_origins_may_read_answers(listing: str, path: str) -> None:
    answer = ask(listing, path, {"Origin": GYM})
    assert answer.headers["access-control-allow-origin"] == GYM
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://GYM.example"])
def test_other_pages_may_not(listing: str, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = ask(listing, "/health", {"Origin": origin} | PREFLIGHT, method)
        assert "access-control-allow-origin" not in answer.headers


def test_a_listed_page_may_send_a_token(listing: str) -> None:
    answer = ask(listing, "/health/detailed", {"Origin": GYM} | PREFLIGHT, "OPTIONS")
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == GYM
    assert answer.headers["access-control-allow-headers"] == "Authorization"
    assert "content-security-policy" in answer.headers


def test_without_a_list_nobody_else_reads(server: str) -> None:
    answer = ask(server, "/health", {"Origin": server})
    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers
