"""Who may connect: from which pages, with which tokens, how many at once; and room for so many sessions in all."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import time
from typing import Self

from starlette.requests import HTTPConnection

from kinemotion.errors import Forbidden, SettingsError, Unauthorized
from kinemotion.realtime.jwts import KeyAddress, KeyFile, Keys, SignedTokens
from kinemotion.realtime.origin import Origins, is_loopback
from kinemotion.realtime.quota import Quota, network
from kinemotion.realtime.tokens import Guest, Tokens, bearer
from kinemotion.settings import Settings


@dataclass(frozen=True, slots=True)
class Access:
    """The server's door.

    Args:
        origins: the pages that may connect.
        tokens: those that are agreed on beforehand.
        signed: those that an identity provider signs.
        insecure: whether other machines are let in without a token.
        by_token: how many sessions a token may have.
        by_address: how many sessions an address may have.
    """

    origins: Origins
    tokens: Tokens
    signed: SignedTokens | None
    insecure: bool
    by_token: Quota
    by_address: Quota

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Builds the door, and refuses one that stands open to other machines without anybody having said so.

        Raises:
            SettingsError: it does, or a token, key or origin is not one.
        """
        tokens = Tokens.read(settings.tokens, settings.tokens_file)
        signed = _signed(settings)
        asks = bool(tokens) or signed is not None
        if not (asks or settings.insecure or is_loopback(settings.host)):
            raise SettingsError(
                f"{settings.host} can be reached from other machines, and nobody would be asked for a token: set "
                "KINEMOTION_TOKENS_FILE (or KINEMOTION_TOKENS, or keys for signed tokens), "
                "or say --insecure (KINEMOTION_INSECURE=true)"
            )
        return cls(
            origins=Origins(settings.origins, any_name=asks or settings.insecure),
            tokens=tokens,
            signed=signed,
            insecure=settings.insecure,
            by_token=Quota(settings.sessions_per_token, "this token"),
            by_address=Quota(settings.sessions_per_address, "this address"),
        )

    @property
    def asks(self) -> bool:
        """Whether a token is wanted."""
        return bool(self.tokens) or self.signed is not None

    async def greet(self, connection: HTTPConnection) -> Guest:
        """Lets somebody in.

        Raises:
            Refusal: their page, their address or their token is none that is let in.
        """
        self.origins.check(connection)
        if not self.asks:
            self._check_near(connection)
            return Guest()
        token = bearer(connection)
        if token is None:
            raise Unauthorized("a token is wanted: Authorization: Bearer …")
        guest = self.tokens.guest(token)
        if guest is None and self.signed is not None:
            guest = await self.signed.guest(token)
        if guest is None or (guest.expires_s is not None and guest.expires_s <= time()):
            raise Unauthorized("the token is not valid here")
        return guest

    @contextlib.contextmanager
    def places(self, guest: Guest, connection: HTTPConnection) -> Iterator[None]:
        """Holds the places of one session, taken before anything can be awaited.

        Raises:
            TooManySessions: the token or the address has none left.
        """
        with self.by_token.place(guest.key), self.by_address.place(network(connection)):
            yield

    def check_places(self, guest: Guest, connection: HTTPConnection) -> None:
        """Tells whether there would be places, and takes none.

        Raises:
            TooManySessions: the token or the address has none left.
        """
        with self.places(guest, connection):
            pass

    def _check_near(self, connection: HTTPConnection) -> None:
        """Where nobody is asked for a token, nobody gets in from elsewhere, however the server was started."""
        server = connection.scope.get("server")
        if not (self.insecure or server is None or server[1] is None or is_loopback(server[0])):
            raise Forbidden("this server is for its own machine only")


def _signed(settings: Settings) -> SignedTokens | None:
    keys = _keys(settings)
    issuer, audience = settings.jwt_issuer, settings.jwt_audience
    if keys is None and (issuer or audience):
        raise SettingsError("signed tokens need keys: set KINEMOTION_JWKS_URL or KINEMOTION_JWT_PUBLIC_KEY_FILE")
    if keys is None:
        return None
    if not (issuer and audience):
        raise SettingsError("signed tokens are checked for both: set KINEMOTION_JWT_ISSUER and KINEMOTION_JWT_AUDIENCE")
    return SignedTokens(keys, issuer, audience)


def _keys(settings: Settings) -> Keys | None:
    url, file = settings.jwks_url, settings.jwt_public_key_file
    if url is not None and file is not None:
        raise SettingsError("set one of KINEMOTION_JWKS_URL and KINEMOTION_JWT_PUBLIC_KEY_FILE, not both")
    if url is not None:
        return KeyAddress(url)
    return None if file is None else KeyFile(file)


class Admission:
    """Counts the sessions in and out; a place is taken before anything is awaited, so a burst never overshoots.

    Args:
        room: reads how many sessions there is room for now.
    """

    def __init__(self, room: Callable[[], int]) -> None:
        self.room = room
        self.taken = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def full(self) -> bool:
        """Whether the next client will be refused."""
        return self.taken >= self.room()

    def enter(self) -> bool:
        """Takes a place, if there is one."""
        if self.full:
            return False
        self.taken += 1
        self._empty.clear()
        return True

    def leave(self) -> None:
        """Gives a place back."""
        self.taken -= 1
        if self.taken == 0:
            self._empty.set()

    async def empty(self) -> None:
        """Waits until nobody is in."""
        await self._empty.wait()
