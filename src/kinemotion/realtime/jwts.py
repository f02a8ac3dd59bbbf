"""Signed tokens (JWT), as an identity provider gives them: checked with its public keys, never with a shared secret."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from kinemotion.errors import SettingsError, Unauthorized, Unverifiable
from kinemotion.realtime.origin import is_loopback
from kinemotion.realtime.tokens import Guest

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

_LEAST_RSA_BITS: Final = 2048
_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_KEPT_S: Final = 600.0
_AGAIN_S: Final = 30.0
_SOON_S: Final = 5.0
_FETCH_S: Final = 5.0
_MOST_BYTES: Final = 1 << 18
_OPTIONS: Final[Any] = {
    "require": ["exp", "iss", "aud"],
    "verify_iat": False,  # a clock that is a second ahead is no fault of the token's
    "verify_sub": False,
    "verify_jti": False,
}

_log: Final = logging.getLogger(__name__)


class Keys(Protocol):
    """Where public keys come from."""

    async def find(self, kid: str | None) -> PublicKey | None:
        """The key of that name, or the only one for a token that names none.

        Raises:
            Unverifiable: keys cannot be had now.
        """


@dataclass(frozen=True, slots=True)
class SignedTokens:
    """Checks signed tokens.

    Args:
        keys: what they are checked with.
        issuer: their `iss`.
        audience: their `aud`, or one of them.
    """

    keys: Keys
    issuer: str
    audience: str

    async def guest(self, token: str) -> Guest:
        """Who bears a token.

        Raises:
            Unauthorized: the token is not valid, or not for this server.
            Unverifiable: the keys cannot be had now.
        """
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = await self.keys.find(kid)
            if key is None:
                raise Unauthorized("the token is not valid here")
            claims = jwt.decode(token, key, list(algorithms(key)), _OPTIONS, audience=self.audience, issuer=self.issuer)
            return Guest(_name(claims, token), float(claims["exp"]))
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            raise Unauthorized("the token is not valid here") from None


def algorithms(key: object) -> tuple[str, ...]:
    """The signatures that a public key may check: asymmetric ones, of its own kind; none for keys too weak."""
    match key:
        case RSAPublicKey() if key.key_size >= _LEAST_RSA_BITS:
            return ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
        case EllipticCurvePublicKey() if key.curve.name in _CURVES:
            return (_CURVES[key.curve.name],)
        case Ed25519PublicKey():
            return ("EdDSA",)
    return ()


def _name(claims: Mapping[str, Any], token: str) -> str:
    """Whoever holds several tokens under one name counts once."""
    subject = claims.get("sub")
    named = f"sub {subject}" if isinstance(subject, str) and subject else f"token {token}"
    return sha256(named.encode(errors="replace")).hexdigest()


class KeyFile:
    """The one key of a PEM file.

    Raises:
        SettingsError: the file is not such a key.
    """

    def __init__(self, file: Path) -> None:
        try:
            key = load_pem_public_key(file.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm):
            raise SettingsError(f"KINEMOTION_JWT_PUBLIC_KEY_FILE: {file} is not a public key in PEM") from None
        if not algorithms(key):
            raise SettingsError(
                f"KINEMOTION_JWT_PUBLIC_KEY_FILE: {file} is none of RSA with {_LEAST_RSA_BITS} bits, "
                "an elliptic curve P-256, P-384 or P-521, and Ed25519"
            )
        self._key: Any = key

    async def find(self, kid: str | None) -> PublicKey | None:
        """The key, whatever the token calls it."""
        key: PublicKey = self._key
        return key


class _NoRedirects(HTTPRedirectHandler):
    """Keys come from the address that was named, and from no other."""

    def redirect_request(self, *_: Any) -> None:
        """Follows nothing."""


@dataclass(slots=True)
class KeyAddress:
    """The keys at an address (JWKS): fetched when first needed, kept for some minutes, and off the event loop.

    A key that is not among them has them fetched again, but not more often than every half a minute, so that made-up
    names cause no storm; while the address does not answer, the keys that are there go on to serve.

    Raises:
        SettingsError: the address is not one of https, nor of this machine.
    """

    url: str
    _keys: dict[str | None, PublicKey] = field(default_factory=dict, init=False)
    _fetched_s: float = field(default=float("-inf"), init=False)
    _tried_s: float = field(default=float("-inf"), init=False)
    _fetching: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        near = parts.scheme == "http" and is_loopback(parts.hostname or "")
        if not (parts.hostname and (near or parts.scheme == "https")):
            raise SettingsError("KINEMOTION_JWKS_URL is not an https address (http is taken on this machine only)")

    async def find(self, kid: str | None) -> PublicKey | None:
        """The key of that name; for a token that names none, the only key."""
        if self._wanted(kid):
            async with self._fetching:
                if self._wanted(kid):
                    await self._fetch()
        if not self._keys:
            raise Unverifiable("tokens cannot be checked at the moment")
        return self._known(kid)

    def _wanted(self, kid: str | None) -> bool:
        """Whether the keys should be fetched before this one is looked for."""
        now = monotonic()
        old = now > self._fetched_s + _KEPT_S or self._known(kid) is None
        return old and now > self._tried_s + (_AGAIN_S if self._keys else _SOON_S)

    def _known(self, kid: str | None) -> PublicKey | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        try:
            self._keys = _usable(await asyncio.to_thread(_read, self.url))
            self._fetched_s = monotonic()
        except (OSError, HTTPException, ValueError, TypeError, AttributeError, KeyError, jwt.PyJWTError) as error:
            _log.warning("the keys of KINEMOTION_JWKS_URL cannot be had: %s", type(error).__name__)
        self._tried_s = monotonic()


def _read(url: str) -> bytes:
    request = Request(url, headers={"Accept": "application/json"})
    with build_opener(_NoRedirects).open(request, timeout=_FETCH_S) as response:
        body: bytes = response.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        raise ValueError("too long")
    return body


def _usable(body: bytes) -> dict[str | None, PublicKey]:
    listed = orjson.loads(body)
    asymmetric = [
        each
        for each in (listed.get("keys") if isinstance(listed, dict) else None) or ()
        if isinstance(each, dict) and each.get("kty") != "oct" and each.get("use", "sig") == "sig"
    ]
    usable: dict[str | None, Any] = {
        each.key_id: each.key for each in jwt.PyJWKSet(asymmetric).keys if algorithms(each.key)
    }
    if not usable:
        raise ValueError("no usable keys")
    return usable
