"""Everything that Kinemotion raises on purpose.

    KinemotionError
    ├── SettingsError              a setting is missing or makes no sense; the start stops
    ├── ModelError                 a model file is missing, wrong, or cannot be fetched
    ├── VideoError                 a clip cannot be read, or what it gave cannot be written
    ├── Refusal                    what a client that is not let in is answered with, over HTTP
    │   ├── Unauthorized           401
    │   ├── Forbidden              403
    │   ├── TooManySessions        429
    │   └── Unverifiable           503
    └── ClientError                what goes to a client as the protocol's `error`
        ├── BadMessage             bad_message
        │   └── WrongMessageType   bad_message         fatal  1003
        ├── BadFrame               bad_frame
        ├── UnsupportedImage       unsupported_image
        ├── FrameTooLarge          frame_too_large
        ├── OutOfOrder             out_of_order
        ├── RateLimited            rate_limited
        ├── IdleTimeout            idle_timeout        fatal  1008
        ├── SessionExpired         session_expired     fatal  1008
        ├── SlowConsumer           slow_consumer       fatal  1008
        ├── Overloaded             overloaded          fatal  1013
        ├── Draining               draining            fatal  1012
        └── Internal               internal            fatal  1011

A `ClientError` and a `Refusal` carry words written for the client. The text of any other exception never leaves the
server.
"""

from collections.abc import Mapping
from typing import ClassVar


class KinemotionError(Exception):
    """The root of the tree."""


class SettingsError(KinemotionError):
    """A setting is missing or makes no sense; the message names it and says what is accepted."""


class ModelError(KinemotionError):
    """A model file is missing, differs from the pinned one, or cannot be fetched; the message says what to do."""


class VideoError(KinemotionError):
    """A clip cannot be read, or a result cannot be written; the message names the file, the cause and a remedy."""


class Refusal(KinemotionError):
    """Why a client is not let in.

    Args:
        message: the reason, in words meant for the client.
    """

    status: ClassVar[int]
    headers: ClassVar[Mapping[str, str]] = {}
    passing: ClassVar[bool] = False
    """Whether it may be otherwise in a few seconds."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthorized(Refusal):
    """A token is wanted, and there is none, or one that is not taken."""

    status = 401
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="kinemotion"'}


class Forbidden(Refusal):
    """The client comes from a page, or by an address, that the server does not serve."""

    status = 403


class TooManySessions(Refusal):
    """The token or the address has as many sessions as it may have."""

    status = 429
    passing = True


class Unverifiable(Refusal):
    """Tokens cannot be checked at the moment, since the keys cannot be had."""

    status = 503
    passing = True


class ClientError(KinemotionError):
    """Something that the client is told.

    Args:
        message: what was wrong, in words meant for the client.
        seq: the frame that it is about, if it is about one.

    Attributes:
        fatal: whether the connection ends; at first what is usual for the kind of error.
    """

    code: ClassVar[str]
    close_code: ClassVar[int] = 1008
    always_fatal: ClassVar[bool] = False

    def __init__(self, message: str, *, seq: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.seq = seq
        self.fatal = self.always_fatal


class BadMessage(ClientError):
    """A message that the protocol does not know, or not in this state."""

    code = "bad_message"


class WrongMessageType(BadMessage):
    """Binary where text is due, or the reverse."""

    close_code = 1003
    always_fatal = True


class BadFrame(ClientError):
    """A frame that is no intact JPEG, or whose header is broken."""

    code = "bad_frame"


class UnsupportedImage(ClientError):
    """An image in a format, or of a size, that the server does not take."""

    code = "unsupported_image"


class FrameTooLarge(ClientError):
    """A frame with more bytes than the limit that `started` names."""

    code = "frame_too_large"


class OutOfOrder(ClientError):
    """A frame whose number or time does not follow the frame before it."""

    code = "out_of_order"


class RateLimited(ClientError):
    """Frames arrive faster than the limit that `started` names."""

    code = "rate_limited"


class IdleTimeout(ClientError):
    """Nothing came for too long."""

    code = "idle_timeout"
    always_fatal = True


class SessionExpired(ClientError):
    """The session reached its greatest length."""

    code = "session_expired"
    always_fatal = True


class SlowConsumer(ClientError):
    """The client does not read its answers."""

    code = "slow_consumer"
    always_fatal = True


class Overloaded(ClientError):
    """The server cannot serve this session now."""

    code = "overloaded"
    close_code = 1013
    always_fatal = True


class Draining(ClientError):
    """The server is going down."""

    code = "draining"
    close_code = 1012
    always_fatal = True


class Internal(ClientError):
    """A fault of the server's own."""

    code = "internal"
    close_code = 1011
    always_fatal = True
