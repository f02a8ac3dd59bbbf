"""What can be set, with its default and its range: read once from `KINEMOTION_*` variables."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self, get_args

from kinemotion import MAX_PIXELS
from kinemotion.errors import SettingsError
from kinemotion.kubernetes import of_a_service

PREFIX: Final = "KINEMOTION_"

_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_ACCESS: Final = (
    "tokens",
    "tokens_file",
    "jwks_url",
    "jwt_public_key_file",
    "jwt_issuer",
    "jwt_audience",
    "origins",
    "sessions_per_token",
    "sessions_per_address",
    "metrics_port",
)
_WANTED: Final[dict[object, str]] = {int: "a whole number", float: "a number", bool: "true or false"}


class LogFormat(StrEnum):
    """How log lines are written; `AUTO` is text on a terminal, else JSON."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """From which weight on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _model_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kinemotion" / "models"


def _number(default: float | None, low: float, high: float, text: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "text": text})


def _plain(default: object, text: str, *, shown: bool = True) -> Any:
    return field(default=default, repr=shown, metadata={"text": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of the server. A variable is the field's name in capitals behind `KINEMOTION_`.

    Raises:
        SettingsError: a value is out of its range.
    """

    host: str = _plain("127.0.0.1", "address to listen on")
    port: int = _number(8000, 0, 65_535, "port to listen on; 0 takes a free one")
    insecure: bool = _plain(False, "serve other machines without asking anybody for a token")
    tokens: tuple[str, ...] = _plain((), "access tokens, separated by commas; at least 16 characters each", shown=False)
    tokens_file: Path | None = field(
        default=None, metadata={"text": "file with access tokens, one in each line; `#` begins a comment"}
    )
    jwks_url: str | None = _plain(None, "address of the keys that signed tokens (JWT) are checked with, https")
    jwt_public_key_file: Path | None = field(
        default=None, metadata={"text": "PEM file of the one key that signed tokens are checked with"}
    )
    jwt_issuer: str | None = _plain(None, "`iss` that signed tokens must carry; wanted with either kind of key")
    jwt_audience: str | None = _plain(None, "`aud` that signed tokens must carry; wanted with either kind of key")
    origins: tuple[str, ...] = _plain(
        (), "origins of the pages that may connect, separated by commas; the server's own page alone, if not set"
    )
    sessions_per_token: int | None = _number(None, 1, 10_000, "sessions at once with one token; no limit, if not set")
    sessions_per_address: int | None = _number(
        None, 1, 10_000, "sessions at once from one address (IPv6: one /64 network); no limit, if not set"
    )
    metrics_port: int | None = _number(
        None,
        0,
        65_535,
        "port for `/metrics` alone, where it wants no token; on the main port with the rest, if not set",
    )
    metrics_host: str = _plain("127.0.0.1", "address that this port listens on")
    workers: int = field(
        default_factory=_cores,
        metadata={
            "low": 1,
            "high": 256,
            "text": "frames in work at once; as many as there are cores",
            "default": "the number of cores",
        },
    )
    max_sessions: int | None = _number(None, 1, 10_000, "cameras served at once; as many as measured, if not set")
    min_fps: float = _number(
        4.0, 0.1, 120.0, "answers a second that each camera gets at least, where their number is measured"
    )
    spare_graphs: int = _number(
        1, 0, 16, "pose graphs kept ready for the next camera, about 70 MB each; up to three more that came back unused"
    )
    model_dir: Path = field(
        default_factory=_model_folder,
        metadata={"text": "where fetched pose models lie", "default": "~/.cache/kinemotion/models"},
    )
    max_frame_bytes: int = _number(1_048_576, 1_024, 16_777_216, "largest JPEG taken, in bytes")
    max_pixels: int = _number(MAX_PIXELS, 4_096, MAX_PIXELS, "largest picture taken, in pixels")
    max_fps: float = _number(120.0, 1.0, 1_000.0, "frames a second taken from one camera")
    start_s: float = _number(5.0, 0.1, 60.0, "time a client has to send `start`")
    idle_s: float = _number(15.0, 0.1, 3_600.0, "time without a frame after which a session that has begun ends")
    session_s: float = _number(900.0, 1.0, 86_400.0, "greatest length of a session")
    send_s: float = _number(5.0, 0.1, 60.0, "time a client has to take an answer")
    ring_s: float = _number(6.0, 1.0, 60.0, "seconds of frames kept, compressed, to replay a jump from")
    ring_bytes: int = _number(16_777_216, 65_536, 268_435_456, "and how many bytes of them at most, for each camera")
    drain_s: float = _number(10.0, 0.1, 600.0, "time that sessions have to end once the server is told to stop")
    watchdog_s: float = _number(
        5.0, 0.1, 600.0, "time after which a frame in work, or the making of a graph, counts as stuck"
    )
    final_s: float = _number(
        3.0, 0.1, 600.0, "time from a jump's last frame after which it is left as it was seen live, if it is not final"
    )
    slo_s: float = _number(0.2, 0.01, 10.0, "latency objective; a frame older than this at its turn is dropped")
    log_format: LogFormat = field(
        default=LogFormat.AUTO, metadata={"text": "`console`, `json`, or `auto`: text on a terminal, else JSON"}
    )
    log_level: LogLevel = field(
        default=LogLevel.INFO, metadata={"text": "least weight of what is logged: `debug`, `info`, `warning`, `error`"}
    )

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if value is None or isinstance(value, tuple):
                continue
            if "low" in setting.metadata:
                _check_range(setting.name, value, setting.metadata["low"], setting.metadata["high"])
            elif not str(value):
                raise SettingsError(f"{PREFIX}{setting.name.upper()} must not be empty")

    def open_to_all(self) -> Self:
        """The same without access control, for a server that a program starts for itself on its own machine."""
        changes: dict[str, Any] = {each.name: each.default for each in fields(self) if each.name in _ACCESS}
        return replace(self, **changes)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **overrides: object) -> Self:
        """Reads the settings.

        Args:
            environment: the variables; the process's own by default.
            overrides: values that win over the variables, by field name; None is no override.

        Raises:
            SettingsError: a variable is unknown, cannot be read, or is out of its range.
        """
        environment = os.environ if environment is None else environment
        known = {PREFIX + setting.name.upper(): setting for setting in fields(cls)}
        values: dict[str, Any] = {}
        for variable, text in environment.items():
            if variable.startswith(PREFIX) and not of_a_service(variable, text):
                if variable not in known:
                    raise SettingsError(f"{variable} is not a setting{_advice(variable, known)}")
                setting = known[variable]
                values[setting.name] = _parse(variable, text, setting.type)
        values |= {name: value for name, value in overrides.items() if value is not None}
        return cls(**values)


def _advice(variable: str, known: Iterable[str]) -> str:
    """The setting that was meant, if there is one like it, and where all of them are."""
    near = get_close_matches(variable.removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in known], n=1)
    meant = f"; was {PREFIX}{near[0]} meant?" if near else ""
    return f"{meant or ';'} `kinemotion settings` lists all of them"


def _parse(variable: str, text: str, kind: Any) -> object:
    text = text.strip()
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(","))
    kind = next(iter(get_args(kind)), kind)
    if not text and kind in (str, Path):
        raise SettingsError(f"{variable} must not be empty")
    try:
        if kind is bool:
            return _TRUTHS[text.lower()]
        return kind(text.lower() if issubclass(kind, StrEnum) else text)
    except (ValueError, KeyError):
        raise SettingsError(f"{variable}={text!r} is not {_wanted(kind)}") from None


def _wanted(kind: type) -> str:
    return f"one of {', '.join(kind)}" if issubclass(kind, StrEnum) else _WANTED[kind]


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise SettingsError(f"{PREFIX}{name.upper()}={value} is out of range: {low} to {high}")
