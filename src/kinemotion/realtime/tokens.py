"""Access tokens: how a connection carries one, and those that are agreed on beforehand.

A token comes in the header `Authorization: Bearer …` or, from a page, which cannot set headers on a WebSocket, as a
second subprotocol: `kinemotion.bearer.` and the token in base64url without padding. Never in an address.
"""

import hmac
import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from starlette.requests import HTTPConnection

from kinemotion.errors import SettingsError, Unauthorized

BEARER_SUBPROTOCOL: Final = "kinemotion.bearer."
LEAST_LENGTH: Final = 16

_LONGEST: Final = 8192
_CHARACTERS: Final = re.compile("[A-Za-z0-9._~+/-]+=*")
_BEARER: Final = re.compile(r"bearer +(\S+)", re.IGNORECASE)
_ENCODED: Final = re.compile("[A-Za-z0-9_-]+")
_RUNS: Final = ("0123456789" * 20, "9876543210" * 20, "abcdefghijklmnopqrstuvwxyz" * 8, "qwertyuiopasdfghjklzxcvbnm")
_LEAST_VARIETY: Final = 6
_USUAL_WORDS: Final = re.compile(  # longer ones first, or they would be left in part
    "placeholder|kinemotion|changeme|generate|password|changed|default|example|letmein|replace|access|bearer|"
    "change|choose|foobar|insert|passwd|please|qwerty|random|sample|secret|server|string|admin|dummy|enter|"
    "super|token|value|auth|demo|goes|here|jump|pass|prod|root|some|test|this|todo|user|very|with|your|api|bar|"
    "dev|foo|key|own|me|my|to"
)


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who was let in.

    `key` is what their sessions are counted by, None where nobody is asked who they are; `expires_s` is when their
    token ends, in seconds since 1970, None where it does not.
    """

    key: str | None = None
    expires_s: float | None = None


def bearer(connection: HTTPConnection) -> str | None:
    """The token that a connection carries, if it does.

    Raises:
        Unauthorized: what it carries is not one readable token.
    """
    headers = connection.headers.getlist("authorization")
    if headers:
        found = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
        return _readable(found and found[1])
    offered = [name for name in connection.scope.get("subprotocols", ()) if name.startswith(BEARER_SUBPROTOCOL)]
    if not offered or "origin" not in connection.headers:
        return None
    return _readable(_decoded(offered[0].removeprefix(BEARER_SUBPROTOCOL)) if len(offered) == 1 else None)


def without_bearer(subprotocols: Sequence[str]) -> list[str]:
    """The subprotocols that are none in disguise."""
    return [name for name in subprotocols if not name.startswith(BEARER_SUBPROTOCOL)]


def _readable(token: str | None) -> str:
    if token is None or len(token) > _LONGEST or not _CHARACTERS.fullmatch(token):
        raise Unauthorized("what was sent is not a token")
    return token


def _decoded(text: str) -> str | None:
    try:
        padded = text + "=" * (-len(text) % 4)
        return urlsafe_b64decode(padded).decode("ascii") if _ENCODED.fullmatch(text) else None
    except (NotBase64, UnicodeDecodeError):
        return None


class Tokens:
    """Tokens that are agreed on beforehand; only their hashes are kept.

    Args:
        tokens: where each stands, in words, and the token itself.

    Raises:
        SettingsError: a token is one that could be guessed; the text says which, and never what it is.
    """

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        for place, token in tokens:
            _check_strength(place, token)
        self._digests = [_digest(token) for _, token in tokens]

    @classmethod
    def read(cls, listed: Sequence[str], file: Path | None) -> Self:
        """Collects the tokens of both settings.

        Args:
            listed: the value of `KINEMOTION_TOKENS`.
            file: the file that `KINEMOTION_TOKENS_FILE` names.

        Raises:
            SettingsError: the file cannot be read or holds no token, or a token could be guessed.
        """
        tokens = [(f"KINEMOTION_TOKENS, entry {number}", token) for number, token in enumerate(listed, 1)]
        return cls(tokens if file is None else tokens + list(tokens_in(file)))

    def __bool__(self) -> bool:
        return bool(self._digests)

    def guest(self, token: str) -> Guest | None:
        """Who bears a token; it takes equally long whichever it is, and whether or not it is one."""
        digest = _digest(token)
        matches = [hmac.compare_digest(digest, known) for known in self._digests]
        return Guest(digest.hex()) if any(matches) else None


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def tokens_in(file: Path) -> Iterator[tuple[str, str]]:
    """The tokens of a file, one in each line; `#` begins a comment.

    Yields:
        Where each stands, in words, and the token.

    Raises:
        SettingsError: the file cannot be read, or holds none.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError(f"the tokens file {file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"the tokens file {file} is no text") from None
    found = 0
    for number, line in enumerate(lines, 1):
        token = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if token:
            found += 1
            yield f"{file}, line {number}", token
    if not found:
        raise SettingsError(f"the tokens file {file} holds no token")


def _check_strength(place: str, token: str) -> None:
    if not token:
        raise SettingsError(f"{place}: the token is empty")
    if not _CHARACTERS.fullmatch(token):
        raise SettingsError(f"{place}: a token consists of letters, digits and - . _ ~ + /")
    if not LEAST_LENGTH <= len(token) <= _LONGEST:
        raise SettingsError(f"{place}: a token has at least {LEAST_LENGTH} characters, and at most {_LONGEST}")
    if _is_usual(token):
        raise SettingsError(f"{place}: the token looks like a default; take a random one, as of `openssl rand -hex 24`")


def _is_usual(token: str) -> bool:
    """Whether a token is usual words, and little else but a number, a run or a repetition."""
    rest = re.sub("[^a-z0-9]", "", _USUAL_WORDS.sub("", token.lower()))
    return len(set(rest)) < _LEAST_VARIETY or any(rest in run for run in _RUNS)
