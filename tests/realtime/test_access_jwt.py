"""Signed tokens: good ones, and everything that must not pass for one, with keys from a file and from an address."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.realtime.door import ask, everything_logged, header, knock, receive, session, small

from kinemotion.errors import SettingsError, Unauthorized
from kinemotion.realtime import handshake, jwts
from kinemotion.realtime.access import Access
from kinemotion.realtime.door import AGAIN_AFTER_S
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings

ISSUER = "https://login.gym.example"
AUDIENCE = "kinemotion"
NAMES: dict[str, Any] = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
HOUR_S = 3600

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

RSA = rsa.generate_private_key(65537, 2048)
STRANGER = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()


def pem(key: Key) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def token(key: Key = RSA, algorithm: str = "RS256", kid: str | None = None, **claims: Any) -> str:
    """A good token, but for what is said; a claim of None is left out."""
    all_claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": int(time.time()) + HOUR_S} | claims
    given = {name: value for name, value in all_claims.items() if value is not None}
    return jwt.encode(given, key, algorithm, headers=None if kid is None else {"kid": kid})


def part(fields: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def by_hand(head: dict[str, object], sign: Callable[[bytes], bytes]) -> str:
    """A token that no library would make."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + HOUR_S}
    signed = f"{part(head)}.{part(claims)}"
    return f"{signed}.{base64.urlsafe_b64encode(sign(signed.encode())).decode().rstrip('=')}"


def tampered() -> str:
    head, _, signature = token().split(".")
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "eve", "exp": int(time.time()) + HOUR_S}
    return f"{head}.{part(claims)}.{signature}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the key in a file; no signed token may show in its log."""
    file = tmp_path_factory.mktemp("keys") / "public.pem"
    file.write_bytes(pem(RSA))
    with background(small(jwt_public_key_file=file, **NAMES)) as address, everything_logged() as lines:
        yield address
    assert lines
    assert not any("eyJ" in line for line in lines)  # as every signed token begins


@pytest.mark.parametrize(
    "good",
    [
        token(),
        token(algorithm="PS384"),
        token(aud=["another", AUDIENCE]),
        token(iat=int(time.time()) + 5),
        token(sub=None),
        token(sub=7),
    ],
)
def test_a_signed_token_lets_its_bearer_in(guarded: str, good: str) -> None:
    assert ask(guarded, "/access", header(good)).status == 204
    assert knock(guarded, header(good)).status == 101


BAD = {
    "expired": token(exp=int(time.time()) - 1),
    "never expires": token(exp=None),
    "expires at a word": token(exp="tomorrow"),
    "not valid yet": token(nbf=int(time.time()) + HOUR_S),
    "wrong issuer": token(iss="https://login.gym.example.evil.example"),
    "no issuer": token(iss=None),
    "wrong audience": token(aud="another"),
    "no audience": token(aud=None),
    "another's key": token(STRANGER),
    "another algorithm's key": token(CURVE, "ES256"),
    "claims exchanged": tampered(),
    "unsigned": by_hand({"alg": "none", "typ": "JWT"}, lambda _: b""),
    "unsigned, in capitals": by_hand({"alg": "NONE"}, lambda _: b""),
    "no algorithm": by_hand({"typ": "JWT"}, lambda _: b""),
    "public key as a shared secret": by_hand({"alg": "HS256"}, lambda data: hmac.digest(pem(RSA), data, sha256)),
    "shared secret": jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + HOUR_S}, "s" * 64, "HS512"),
    "brings its own key": by_hand(
        {"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}, lambda data: hmac.digest(b"\0\0\0", data, sha256)
    ),
    "unknown critical header": by_hand({"alg": "RS256", "crit": ["x"]}, lambda _: b"x"),
    "no signature": ".".join(token().split(".")[:2]) + ".",
    "two parts": ".".join(token().split(".")[:2]),
    "no JSON": "eyJ.eyJ.eyJ",
    "a list": f"{part([1])}.{part([1])}.AAAA",
    "nothing like it": "9f3a1c77b2e4d0586a",
}


@pytest.mark.parametrize("fault", BAD)
def test_what_only_looks_like_a_signed_token_is_refused(guarded: str, fault: str) -> None:
    for answer in (ask(guarded, "/access", header(BAD[fault])), knock(guarded, header(BAD[fault]))):
        assert (answer.status, answer.body) == (401, "the token is not valid here")
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_checks_signatures_of_its_own_kind_alone() -> None:
    assert set(jwts.algorithms(RSA.public_key())) == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    assert jwts.algorithms(CURVE.public_key()) == ("ES256",)
    assert jwts.algorithms(EDWARDS.public_key()) == ("EdDSA",)
    weak, odd = rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256K1())
    assert [jwts.algorithms(key) for key in (weak.public_key(), odd.public_key(), pem(RSA), b"secret")] == [()] * 4


@pytest.mark.parametrize("bearer", [token(), token(CURVE, "ES256")])
async def test_the_algorithms_of_a_key_are_all_that_the_library_is_told(
    bearer: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "public.pem"
    file.write_bytes(pem(RSA))
    monkeypatch.setattr(jwts, "algorithms", lambda key: ("PS512",))  # neither token's
    with pytest.raises(Unauthorized):
        await jwts.SignedTokens(jwts.KeyFile(file), ISSUER, AUDIENCE).guest(bearer)


async def test_a_session_ends_with_its_token(guarded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    late_s = HOUR_S - 4  # by the session's clock, so that the token is valid however slow the handshake
    monkeypatch.setattr(handshake, "time", lambda: time.time() + late_s)
    async with session(guarded, token()) as socket:
        await socket.send('{"type":"start"}')
        started = await receive(socket)
        assert 0 < started["limits"]["session_s"] <= 4
        error = await receive(socket)
        assert (error["code"], error["fatal"]) == ("session_expired", True)
        await socket.wait_closed()
        assert socket.close_code == 1008


async def test_a_longer_token_makes_no_longer_session(guarded: str) -> None:
    async with session(guarded, token(exp=1e15)) as socket:
        await socket.send('{"type":"start"}')
        assert (await receive(socket))["limits"]["session_s"] == Settings().session_s


async def test_whoever_holds_several_tokens_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "public.pem"
    file.write_bytes(pem(RSA))
    with background(small(jwt_public_key_file=file, sessions_per_token=2, **NAMES)) as address:
        async with session(address, token(jti="1")), session(address, token(jti="2")):
            refused = await asyncio.to_thread(knock, address, header(token(jti="3")))
            assert (refused.status, int(refused.headers["retry-after"]) in AGAIN_AFTER_S) == (429, True)
            assert (await asyncio.to_thread(knock, address, header(token(sub="grace")))).status == 101


# Keys from an address


@dataclass
class Provider:
    """An identity provider on this machine: what it serves, and how often it was asked."""

    answer: tuple[int, bytes] = (200, b"")
    asked: int = 0
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def serve(self, **keys: Key) -> None:
        """Publishes keys by their names."""
        listed = [published(name, key) for name, key in keys.items()]
        self.answer = (200, json.dumps({"keys": listed}).encode())


def published(name: str, key: Key) -> dict[str, Any]:
    """A key as a provider lists it."""
    kinds: dict[type, str] = {
        rsa.RSAPrivateKey: "RS256",
        ec.EllipticCurvePrivateKey: "ES256",
        ed25519.Ed25519PrivateKey: "EdDSA",
    }
    algorithm: Any = jwt.get_algorithm_by_name(next(name for kind, name in kinds.items() if isinstance(key, kind)))
    return dict(json.loads(algorithm.to_jwk(key.public_key()))) | {"kid": name}


@contextmanager
def provider() -> Iterator[Provider]:
    served = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked += 1
            status, body = served.answer
            self.send_response(status)
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        served.url = f"http://127.0.0.1:{http.server_address[1]}/keys"
        yield served
        http.shutdown()
        thread.join()


@pytest.fixture
def idp() -> Iterator[Provider]:
    """A provider with nothing to give yet."""
    with provider() as served:
        yield served


@dataclass
class Clock:
    """A monotonic clock that stands still until a test sets it forward."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        return 1000.0 + self.ahead_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the age of keys is told by."""
    made = Clock()
    monkeypatch.setattr(jwts, "monotonic", made)
    return made


@pytest.fixture
def connected(idp: Provider, clock: Clock) -> Iterator[str]:
    """A server that has its keys from the provider."""
    with background(small(jwks_url=idp.url, **NAMES)) as address:
        yield address


def status(address: str, bearer: str) -> int:
    return ask(address, "/access", header(bearer)).status


def test_keys_are_fetched_once_when_first_needed(idp: Provider, connected: str) -> None:
    idp.serve(one=RSA, two=CURVE, three=EDWARDS)
    assert idp.asked == 0
    assert status(connected, token(kid="one")) == 204
    assert status(connected, token(CURVE, "ES256", kid="two")) == 204
    assert status(connected, token(EDWARDS, "EdDSA", kid="three")) == 204
    assert status(connected, token(STRANGER, kid="one")) == 401
    assert status(connected, token(CURVE, "ES256", kid="one")) == 401
    assert status(connected, token()) == 401  # it names none of several keys
    assert idp.asked == 1


def test_the_only_key_needs_no_name(idp: Provider, connected: str) -> None:
    idp.serve(one=RSA)
    assert status(connected, token()) == 204


def test_a_new_key_is_found_but_made_up_names_cause_no_storm(idp: Provider, connected: str, clock: Clock) -> None:
    idp.serve(old=RSA)
    assert status(connected, token(kid="old")) == 204
    idp.serve(new=STRANGER)
    for number in range(20):
        assert status(connected, token(kid=f"made up {number}")) == 401
    assert idp.asked == 1
    clock.ahead_s += 31
    assert status(connected, token(STRANGER, kid="new")) == 204
    assert status(connected, token(kid="old")) == 401
    assert idp.asked == 2


def test_keys_grow_old_and_serve_on_while_the_provider_is_away(idp: Provider, connected: str, clock: Clock) -> None:
    idp.serve(one=RSA)
    assert status(connected, token(kid="one")) == 204
    clock.ahead_s += 601
    idp.answer = (500, b"")
    assert status(connected, token(kid="one")) == 204
    assert idp.asked == 2
    clock.ahead_s += 31
    idp.serve(two=STRANGER)
    assert status(connected, token(kid="one")) == 401
    assert idp.asked == 3


SECRET = base64.urlsafe_b64encode(b"k" * 32).decode().rstrip("=")


@pytest.mark.parametrize(
    "answer",
    [
        (404, b""),
        (200, b""),
        (200, b"[]"),
        (200, b'{"keys":[]}'),
        (200, b'{"keys":{}}'),
        (200, b'{"keys":5}'),
        (200, b'{"keys":[{"kty":"EC","crv":"P-256","x":null,"y":null}]}'),
        (200, b'{"keys":[7,{"kty":"RSA"},{"kty":"XYZ"}]}'),
        (200, b'{"keys":[{"kty":"oct","kid":"one","k":"' + SECRET.encode() + b'"}]}'),
        (200, b'{"keys":[' + b" " * (1 << 18) + b"]}"),
    ],
)
def test_without_keys_nobody_can_be_checked(
    idp: Provider, connected: str, clock: Clock, answer: tuple[int, bytes]
) -> None:
    idp.answer = answer
    refused = ask(connected, "/access", header(token(kid="one")))
    assert (refused.status, refused.body) == (503, "tokens cannot be checked at the moment")
    assert int(refused.headers["retry-after"]) > 0
    shared = jwt.encode(
        {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + HOUR_S}, b"k" * 32, headers={"kid": "one"}
    )
    assert status(connected, shared) == 503
    assert idp.asked == 1
    idp.serve(one=RSA)
    clock.ahead_s += 6
    assert status(connected, token(kid="one")) == 204


def test_keys_come_from_the_named_address_alone(idp: Provider, connected: str) -> None:
    with provider() as elsewhere:
        elsewhere.serve(one=STRANGER)
        idp.answer = (302, b"")
        idp.headers["Location"] = elsewhere.url
        assert status(connected, token(STRANGER, kid="one")) == 503
        assert elsewhere.asked == 0


@pytest.mark.parametrize(
    "url", ["http://login.gym.example/keys", "file:///etc/passwd", "ftp://127.0.0.1/", "https://", "login.gym.example"]
)
def test_an_address_without_https_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="KINEMOTION_JWKS_URL is not an https address"):
        Access.from_settings(Settings(jwks_url=url, **NAMES))


def test_half_a_set_of_names_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(pem(RSA))
    halves: list[dict[str, Any]] = [{"jwt_issuer": ISSUER}, {"jwt_audience": AUDIENCE}, {}]
    for names in halves:
        with pytest.raises(SettingsError, match="KINEMOTION_JWT_ISSUER and KINEMOTION_JWT_AUDIENCE"):
            Access.from_settings(Settings(jwt_public_key_file=file, **names))
    with pytest.raises(SettingsError, match="signed tokens need keys"):
        Access.from_settings(Settings(**NAMES))
    with pytest.raises(SettingsError, match="not both"):
        Access.from_settings(Settings(jwks_url="https://x.example", jwt_public_key_file=file, **NAMES))


def test_a_file_that_is_no_fitting_public_key_stops_the_start(tmp_path: Path) -> None:
    private = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    weak = pem(rsa.generate_private_key(65537, 1024))
    for content in (b"", b"no key", private, weak, pem(ec.generate_private_key(ec.SECP256K1()))):
        file = tmp_path / "key.pem"
        file.write_bytes(content)
        with pytest.raises(SettingsError, match="KINEMOTION_JWT_PUBLIC_KEY_FILE"):
            Access.from_settings(Settings(jwt_public_key_file=file, **NAMES))
