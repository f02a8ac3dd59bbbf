"""Who is let in: a real server with tokens, and what is logged while it is asked."""

import asyncio
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message
from tests.realtime.door import ask, everything_logged, header, knock, receive, session, small, subprotocol
from websockets.exceptions import InvalidStatus

from kinemotion.errors import SettingsError
from kinemotion.realtime.access import Access
from kinemotion.realtime.client import stream
from kinemotion.realtime.protocol import SUBPROTOCOL
from kinemotion.realtime.server import create_app
from kinemotion.realtime.serving import background, configure
from kinemotion.realtime.tokens import Tokens
from kinemotion.settings import Settings

TOKEN = secrets.token_hex(24)
OTHER = secrets.token_urlsafe(24)
WRONG = secrets.token_hex(24)
WORDS = ("a token is wanted: Authorization: Bearer …", "the token is not valid here", "what was sent is not a token")
GUARDED = ["/access", "/demo/clip?movement=hop", "/health/detailed", "/metrics"]
OPEN = ["/", "/static/app.js", "/health", "/health/ready"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that wants a token; nothing that is logged while it runs may hold one."""
    file = tmp_path_factory.mktemp("tokens") / "tokens.txt"
    file.write_text(f"# who may connect\n\n{OTHER}  # front desk\n")
    with background(small(tokens=(TOKEN,), tokens_file=file)) as address, everything_logged() as lines:
        yield address
    assert any("[not logged]" in line for line in lines), "the handshakes were not logged at all"
    for token in (TOKEN, OTHER, WRONG):
        for secret in (token, subprotocol(token)):
            assert [line for line in lines if secret in line] == []


@pytest.mark.parametrize("token", [TOKEN, OTHER])
async def test_a_token_in_the_header_lets_a_program_in(
    guarded: str, token: str, drawn_frames: list[tuple[float, bytes]]
) -> None:
    async with session(guarded, token) as socket:
        await socket.send('{"type":"start"}')
        assert (await receive(socket))["type"] == "started"
        assert socket.subprotocol == SUBPROTOCOL


async def test_a_token_as_a_subprotocol_lets_a_page_in_and_is_not_sent_back(guarded: str) -> None:
    async with session(guarded, origin=guarded, protocols=(SUBPROTOCOL, subprotocol(OTHER))) as socket:
        await socket.send('{"type":"start"}')
        assert (await receive(socket))["type"] == "started"
        assert socket.subprotocol == SUBPROTOCOL
        assert socket.response is not None
        assert subprotocol(OTHER) not in str(socket.response.headers)


async def test_the_client_of_the_package_takes_a_token(guarded: str, drawn_frames: list[tuple[float, bytes]]) -> None:
    report = await stream(guarded, drawn_frames[:3], token=TOKEN)
    assert report.summary["frames"]["received"] == 3
    with pytest.raises(InvalidStatus) as refusal:
        await stream(guarded, drawn_frames[:3])
    assert refusal.value.response.status_code == 401


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()


@pytest.mark.parametrize(
    ("headers", "protocols"),
    [
        ({}, SUBPROTOCOL),
        (header(WRONG), SUBPROTOCOL),
        (header(TOKEN[:-1]), SUBPROTOCOL),
        (header(TOKEN.upper()), SUBPROTOCOL),
        (header(f"{TOKEN} {TOKEN}"), SUBPROTOCOL),
        (header(""), SUBPROTOCOL),
        ({"Authorization": TOKEN}, SUBPROTOCOL),
        ({"Authorization": f"Basic {encoded(TOKEN.encode())}"}, SUBPROTOCOL),
        ({"Authorization": "Bearer \xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9"}, SUBPROTOCOL),
        ({"Origin": "same"}, f"{SUBPROTOCOL}, {subprotocol(WRONG)}"),
        ({"Origin": "same"}, f"{SUBPROTOCOL}, kinemotion.bearer.{TOKEN}"),
        ({"Origin": "same"}, f"{SUBPROTOCOL}, kinemotion.bearer."),
        ({"Origin": "same"}, f"{SUBPROTOCOL}, kinemotion.bearer.A"),
        ({"Origin": "same"}, f"{SUBPROTOCOL}, {subprotocol(TOKEN)}, {subprotocol(TOKEN)}"),
        ({}, f"{SUBPROTOCOL}, {subprotocol(TOKEN)}"),
        (header(WRONG) | {"Origin": "same"}, f"{SUBPROTOCOL}, {subprotocol(TOKEN)}"),
    ],
)
def test_without_a_valid_token_the_handshake_is_refused(guarded: str, headers: dict[str, str], protocols: str) -> None:
    if "Origin" in headers:
        headers = headers | {"Origin": guarded}
    answer = knock(guarded, headers, protocols)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "content-security-policy" in answer.headers
    assert answer.body in WORDS


def test_a_header_that_is_none_is_refused_and_not_logged_either(guarded: str) -> None:
    assert knock(guarded, {"Origin": guarded}, f"{SUBPROTOCOL}, {subprotocol(TOKEN)}==").status == 400


def test_a_token_in_the_address_is_not_looked_at(guarded: str) -> None:
    for name in ("token", "access_token", "authorization"):
        assert ask(guarded, f"/access?{name}={WRONG}").status == 401
    assert ask(guarded, "/access", header(TOKEN)).status == 204


def test_a_json_client_is_asked_too(guarded: str) -> None:
    assert knock(guarded, protocols="").status == 401
    assert knock(guarded, header(TOKEN), protocols="").status == 101


@pytest.mark.parametrize("path", GUARDED)
def test_what_tells_of_the_server_or_uses_it_wants_a_token(guarded: str, path: str) -> None:
    for refused in (ask(guarded, path), ask(guarded, path, header(WRONG))):
        assert refused.status == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
    assert ask(guarded, path, header(TOKEN)).status in (200, 204, 400)


@pytest.mark.parametrize("path", OPEN)
def test_the_page_and_the_health_of_the_server_want_none(guarded: str, path: str) -> None:
    assert ask(guarded, path).status == 200


@pytest.mark.parametrize("path", GUARDED + OPEN)
def test_on_the_machine_itself_nobody_is_asked(server: str, path: str) -> None:
    assert ask(server, path).status in (200, 204, 400)


# The start


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gym.example", "127.0.0.1.gym.example"])
def test_an_address_that_others_reach_is_not_served_without_tokens(host: str) -> None:
    with pytest.raises(SettingsError, match=r"KINEMOTION_TOKENS_FILE.*--insecure"):
        Access.from_settings(Settings(host=host))
    assert not Access.from_settings(Settings(host=host, insecure=True)).asks
    assert Access.from_settings(Settings(host=host, tokens=(TOKEN,))).asks


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", "::ffff:127.0.0.1"])
def test_the_machine_itself_is_served_without(host: str) -> None:
    assert not Access.from_settings(Settings(host=host)).asks


def test_the_server_itself_does_not_start_either() -> None:
    with pytest.raises(SettingsError, match="--insecure"):
        configure(Settings(host="0.0.0.0"))


WEAK = [
    ("", "the token is empty"),
    ("short", "at least 16 characters"),
    ("changeme", "at least 16 characters"),
    ("changemechangeme", "looks like a default"),
    ("Your-Secret-Token-Here", "looks like a default"),
    ("test-token-test-token-2024", "looks like a default"),
    ("1234567890123456", "looks like a default"),
    ("abcdefghijklmnopqrst", "looks like a default"),
    ("xxxxxxxxxxxxxxxxxxxxxxxx", "looks like a default"),
    ("9f3a1c77b2e4d05", "at least 16 characters"),
    ("9f3a 1c77b2e4d0586a", "consists of letters"),
    ("9f3a1c77b2e4d0586ä", "consists of letters"),
]


@pytest.mark.parametrize(("token", "reason"), WEAK)
def test_a_token_that_could_be_guessed_stops_the_start(token: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=rf"^KINEMOTION_TOKENS, entry 2: .*{reason}") as listed:
        Tokens.read((TOKEN, token), None)
    assert TOKEN not in str(listed.value)
    if token:
        file = tmp_path / "tokens"
        file.write_text(f"{TOKEN}\n# comment\n{token}\n")
        with pytest.raises(SettingsError, match=rf"line 3: .*{reason}") as filed:
            Tokens.read((), file)
        if len(token) > 8:
            assert token not in str(filed.value)


def test_random_tokens_are_taken() -> None:
    for make in (secrets.token_hex, secrets.token_urlsafe):
        assert Tokens.read([make(24).strip("-_") for _ in range(200)], None)


@pytest.mark.parametrize("content", ["", "\n# nobody\n"])
def test_a_file_without_tokens_stops_the_start(content: str, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(content)
    with pytest.raises(SettingsError, match="holds no token"):
        Tokens.read((), file)


def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere cannot be read: No such file or directory"):
        Tokens.read((), tmp_path / "nowhere")
    (tmp_path / "picture").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(SettingsError, match="picture is no text"):
        Tokens.read((), tmp_path / "picture")


@pytest.mark.parametrize(("insecure", "elsewhere"), [(False, 403), (True, 204)])
async def test_a_server_started_by_another_program_looks_by_which_address_it_was_reached(
    insecure: bool, elsewhere: int
) -> None:
    app = create_app(small(insecure=insecure))
    async with running(app):
        assert await status(app, "/access", reached="192.0.2.7") == elsewhere
        assert await status(app, "/health", reached="192.0.2.7") == 200
        assert await status(app, "/access", reached="127.0.0.1") == 204
        assert await status(app, "/access", reached="::1") == 204


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """The application's life, without a server: this machine's tests listen on loopback only."""
    phases: asyncio.Queue[Message] = asyncio.Queue()
    replies: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.ensure_future(app({"type": "lifespan"}, phases.get, replies.put))
    await phases.put({"type": "lifespan.startup"})
    assert (await replies.get())["type"] == "lifespan.startup.complete"
    yield
    await phases.put({"type": "lifespan.shutdown"})
    await life


async def status(app: ASGIApp, path: str, reached: str) -> int:
    """What a request is answered with that came in by an address of the server."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "scheme": "http",
        "client": ("192.0.2.9", 50_000),
        "server": (reached, 8000),
    }
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, asyncio.Queue().get, send)
    code: int = sent[0]["status"]
    return code
