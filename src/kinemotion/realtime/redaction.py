"""Keeps tokens out of the log: at its finest, the WebSocket library writes down every header of a handshake."""

import logging
from typing import Final

_LOGGERS: Final = ("uvicorn.error", "websockets", "websockets.server")
_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "sec-websocket-protocol"})
_HIDDEN: Final = "[not logged]"


def keep_tokens_out_of_logs() -> None:
    """Makes the loggers that write headers leave out those that may carry a token."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_hide)


def _hide(record: logging.LogRecord) -> bool:
    match record.args:
        case (str() as header, str()) if header.lower() in _SECRET_HEADERS:
            record.args = (header, _HIDDEN)
    return True
