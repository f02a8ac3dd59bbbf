"""Which pages may connect: exact origins, and no others.

A browser names the origin of the page in every WebSocket handshake, and no page can change that. What is not written
the one way in which browsers write an origin is refused, so that nothing has to be interpreted.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from starlette.requests import HTTPConnection

from kinemotion.errors import Forbidden, SettingsError

_HOST: Final = r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\]"
_PORT: Final = "[1-9][0-9]{0,4}"
_ORIGIN: Final = re.compile(rf"(https?)://({_HOST})(?::({_PORT}))?")
_AUTHORITY: Final = re.compile(rf"({_HOST})(?::({_PORT}))?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SCHEMES: Final = {"ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a page."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Reads an `Origin` header; None where it is not written as browsers write it."""
        found = _ORIGIN.fullmatch(text)
        return None if found is None else cls._of(found[1], found[2], found[3])

    @classmethod
    def of_server(cls, connection: HTTPConnection) -> Self | None:
        """The server's own origin, as the client wrote it in `Host`; None where that is not one plain host."""
        spoken: str = connection.scope["scheme"]
        hosts = connection.headers.getlist("host")
        found = _AUTHORITY.fullmatch(hosts[0]) if len(hosts) == 1 else None
        return None if found is None else cls._of(_SCHEMES.get(spoken, spoken), found[1], found[2])

    @classmethod
    def _of(cls, scheme: str, host: str, port: str | None) -> Self:
        return cls(scheme, host, int(port) if port else _DEFAULT_PORTS[scheme])


class Origins:
    """The pages that may connect.

    Args:
        allowed: their origins; the server's own page alone, if there are none.
        any_name: whether the server answers by whatever name the client gave it. Without, only names of the machine
            itself and of allowed origins do: any page can have its name point to 127.0.0.1.

    Raises:
        SettingsError: an origin is not written as browsers write it.
    """

    def __init__(self, allowed: Sequence[str], *, any_name: bool) -> None:
        self._allowed = frozenset(_parsed(number, text) for number, text in enumerate(allowed, 1))
        self._any_name = any_name

    def check(self, connection: HTTPConnection) -> None:
        """Lets a browser's connection pass; one that names no origin is no browser's.

        Raises:
            Forbidden: it comes from a page that may not connect, or by a name that is not the server's.
        """
        if not (self._any_name or self._answers_by(Origin.of_server(connection))):
            raise Forbidden("this server does not answer by that name")
        named = connection.headers.getlist("origin")
        if named and not (len(named) == 1 and self._welcome(named[0], connection)):
            raise Forbidden("pages of this origin may not connect")

    def listed(self, text: str) -> bool:
        """Whether an origin is one of those allowed by name."""
        return Origin.parse(text) in self._allowed

    def _welcome(self, text: str, connection: HTTPConnection) -> bool:
        origin = Origin.parse(text)
        if origin is None or self._allowed:
            return origin in self._allowed
        return origin == Origin.of_server(connection)

    def _answers_by(self, own: Origin | None) -> bool:
        return own is not None and (
            is_loopback(own.host.strip("[]")) or any(own.host == origin.host for origin in self._allowed)
        )


def is_loopback(host: str) -> bool:
    """Whether an address, or the name `localhost`, can be reached from the machine itself only."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _parsed(number: int, text: str) -> Origin:
    origin = Origin.parse(text)
    if origin is None:
        raise SettingsError(
            f"KINEMOTION_ORIGINS, entry {number}: {text!r} is not an origin such as https://gym.example, "
            "in lower case, with nothing after host and port"
        )
    return origin
