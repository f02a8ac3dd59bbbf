"""Log lines: JSON for machines, text for people, one line for each thing that happened.

What is logged of a session is listed in docs/metrics.md. Nothing that a client sent is ever part of it: no pictures, no
names of athletes, no headers, no addresses with their queries.
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from kinemotion.realtime import request_ids
from kinemotion.settings import LogFormat, LogLevel

_FIELDS: Final = "fields"
_TALKATIVE: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "websockets")

_log: Final = logging.getLogger(__name__)


def fields(**values: object) -> dict[str, Mapping[str, object]]:
    """What a log call takes as `extra`, so that its line has these fields beside the message."""
    return {_FIELDS: values}


def set_up(log_format: LogFormat, log_level: LogLevel) -> None:
    """Has everything that is logged in this process written to standard error, in one format.

    Args:
        log_format: how.
        log_level: from which weight on; of libraries, warnings at least.
    """
    weight = _weight(log_level)
    logging.basicConfig(handlers=[_handler(log_format)], level=max(weight, logging.WARNING), force=True)
    logging.getLogger("kinemotion").setLevel(weight)
    for name in _TALKATIVE:  # below a warning they log addresses with their queries, and headers with their tokens
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(weight, logging.WARNING))
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_failed


def set_up_ours(log_format: LogFormat, log_level: LogLevel) -> None:
    """The same for our own lines only, and only if nobody has set logging up: for a server that is not of ours."""
    ours = logging.getLogger("kinemotion")
    if not ours.hasHandlers():
        ours.addHandler(_handler(log_format))
        ours.setLevel(_weight(log_level))


def _handler(log_format: LogFormat) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    console = sys.stderr.isatty() if log_format is LogFormat.AUTO else log_format is LogFormat.CONSOLE
    handler.setFormatter(ConsoleLines() if console else JsonLines())
    return handler


def _weight(log_level: LogLevel) -> int:
    return logging.getLevelNamesMapping()[log_level.upper()]


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Writes a record: `time`, `level`, `logger`, `message`, its fields, and the `traceback` if there is one."""
        values = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        values |= {"message": record.getMessage().strip()} | _fields(record)
        if (trace := _traceback(self, record)) is not None:
            values["traceback"] = trace
        return json.dumps(values, default=str)  # in ASCII: half of a surrogate pair is no reason to lose a line


class ConsoleLines(logging.Formatter):
    """One line of text, but for tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Writes a record: time, level, message, its fields as `name=value`; below it the traceback if there is one."""
        values = (f"{name}={_plain(value)}" for name, value in _fields(record).items())
        line = "  ".join([f"{_time(record)} {record.levelname:<7} {_plain(record.getMessage().strip())}", *values])
        trace = _traceback(self, record)
        return line if trace is None else f"{line}\n{trace}"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """A record's own fields, and the request's name where there is a request."""
    request = request_ids.current.get()
    named = {"request_id": request} if request else {}
    return named | getattr(record, _FIELDS, {})


def _time(record: logging.LogRecord) -> str:
    """When it was, in UTC, to the millisecond."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str | None:
    return formatter.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else None


def _plain(value: object) -> str:
    """A text that stays in its line, whatever is in it."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(value))


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None:
        _log.critical("a thread failed", exc_info=failure.exc_value)
