"""Keeps tokens out of the log: at their finest, the libraries write down every header and address of a request."""

import logging
from typing import Final

_LOGGERS: Final = ("uvicorn.error", "uvicorn.access", "websockets", "websockets.server")
_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "sec-websocket-protocol"})
_HIDDEN: Final = "[not logged]"


def keep_tokens_out_of_logs() -> None:
    """Makes the loggers that write headers leave out those that may carry a token, and what clients add to addresses.

    No token is read from an address, but somebody may have put one there all the same.
    """
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_hide)


def _hide(record: logging.LogRecord) -> bool:
    match record.args:
        case (str() as header, str()) if header.lower() in _SECRET_HEADERS:
            record.args = (header, _HIDDEN)
        case tuple():
            record.args = tuple(map(_without_query, record.args))
    if record.levelno == logging.DEBUG:
        record.exc_info = None  # a header that cannot be read is quoted there
    return True


def _without_query(argument: object) -> object:
    if isinstance(argument, str) and argument.startswith("/") and "?" in argument:
        return argument.partition("?")[0] + f"?{_HIDDEN}"
    return argument
