"""What can be set, with its default and its range: read once from `KINEMOTION_*` variables."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self, get_args

from kinemotion import MAX_PIXELS
from kinemotion.errors import SettingsError

PREFIX: Final = "KINEMOTION_"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _model_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kinemotion" / "models"


def _number(default: float | None, low: float, high: float, text: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "text": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of the server. A variable is the field's name in capitals behind `KINEMOTION_`.

    Raises:
        SettingsError: a value is out of its range.
    """

    host: str = field(default="127.0.0.1", metadata={"text": "address to listen on"})
    port: int = _number(8000, 0, 65_535, "port to listen on; 0 takes a free one")
    workers: int = field(
        default_factory=_cores,
        metadata={"low": 1, "high": 256, "text": "frames in work at once; as many as there are cores"},
    )
    max_sessions: int | None = _number(None, 1, 10_000, "cameras served at once; as many as measured, if not set")
    min_fps: float = _number(
        4.0, 0.1, 120.0, "answers a second that each camera gets at least, where their number is measured"
    )
    spare_graphs: int = _number(1, 0, 16, "pose graphs kept ready for the next camera, about 70 MB each")
    model_dir: Path = field(default_factory=_model_folder, metadata={"text": "where fetched pose models lie"})
    max_frame_bytes: int = _number(1_048_576, 1_024, 16_777_216, "largest JPEG taken, in bytes")
    max_pixels: int = _number(MAX_PIXELS, 4_096, MAX_PIXELS, "largest picture taken, in pixels")
    max_fps: float = _number(120.0, 1.0, 1_000.0, "frames a second taken from one camera")
    start_s: float = _number(5.0, 0.1, 60.0, "time a client has to send `start`")
    idle_s: float = _number(15.0, 0.1, 3_600.0, "time without a frame after which a session ends")
    session_s: float = _number(900.0, 1.0, 86_400.0, "greatest length of a session")
    send_s: float = _number(5.0, 0.1, 60.0, "time a client has to take an answer")
    ring_s: float = _number(6.0, 1.0, 60.0, "seconds of frames kept, compressed, to replay a jump from")
    ring_bytes: int = _number(16_777_216, 65_536, 268_435_456, "and how many bytes of them at most, for each camera")
    drain_s: float = _number(10.0, 0.1, 600.0, "time that sessions have to end once the server is told to stop")
    watchdog_s: float = _number(5.0, 0.1, 600.0, "time after which a frame in work counts as stuck")
    slo_s: float = _number(0.2, 0.01, 10.0, "latency objective; a frame older than this at its turn is dropped")

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if value is None:
                continue
            if "low" in setting.metadata:
                _check_range(setting.name, value, setting.metadata["low"], setting.metadata["high"])
            elif not str(value):
                raise SettingsError(f"{PREFIX}{setting.name.upper()} must not be empty")

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
            if variable.startswith(PREFIX):
                if variable not in known:
                    raise SettingsError(f"{variable} is not a setting; known are {', '.join(sorted(known))}")
                setting = known[variable]
                values[setting.name] = _parse(variable, text, next(iter(get_args(setting.type)), setting.type))
        values |= {name: value for name, value in overrides.items() if value is not None}
        return cls(**values)


def _parse(variable: str, text: str, kind: object) -> object:
    try:
        return kind(text.strip()) if callable(kind) else text
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise SettingsError(f"{variable}={text!r} is not {wanted}") from None


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise SettingsError(f"{PREFIX}{name.upper()}={value} is out of range: {low} to {high}")
