"""Places for each token and each address, so that nobody alone takes all there are."""

import contextlib
import ipaddress
from collections import Counter
from collections.abc import Iterator
from typing import Final

from starlette.requests import HTTPConnection

from kinemotion.errors import TooManySessions

_NETWORK_BITS: Final = 64


class Quota:
    """So many sessions at once for each key.

    Args:
        most: how many; None for any number.
        whose: what a key stands for, in words for the client.
    """

    def __init__(self, most: int | None, whose: str) -> None:
        self._most = most
        self._whose = whose
        self._taken: Counter[str] = Counter()

    @contextlib.contextmanager
    def place(self, key: str | None) -> Iterator[None]:
        """Holds a place for as long as the context lasts; None is nobody in particular, and not counted.

        Raises:
            TooManySessions: every place of the key is taken.
        """
        if key is None or self._most is None:
            yield
            return
        if self._taken[key] >= self._most:
            raise TooManySessions(f"{self._whose} has as many sessions as it may have: {self._most}")
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]


def network(connection: HTTPConnection) -> str | None:
    """The client's address; for IPv6 its network, since a client has all addresses of one."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.ip_network((address.packed, _NETWORK_BITS), strict=False))
