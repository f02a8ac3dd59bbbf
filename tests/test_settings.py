"""Settings, from variables and in code."""

from pathlib import Path

import pytest

from kinemotion.errors import SettingsError
from kinemotion.settings import LogFormat, LogLevel, Settings


def test_defaults_serve_without_a_variable() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.workers >= 1


def test_variables_are_read_and_overrides_win() -> None:
    variables = {"KINEMOTION_PORT": " 9000 ", "KINEMOTION_SLO_S": "0.5", "KINEMOTION_MODEL_DIR": "m", "OTHER": "x"}
    settings = Settings.from_environment(variables, host="::1", port=None)
    assert settings == Settings(host="::1", port=9000, slo_s=0.5, model_dir=Path("m"))


def test_room_for_cameras_is_set_or_left_to_be_measured() -> None:
    assert Settings.from_environment({}).max_sessions is None
    assert Settings.from_environment({"KINEMOTION_MAX_SESSIONS": "3"}).max_sessions == 3


def test_how_to_log_is_one_of_a_few_words_in_any_case() -> None:
    variables = {"KINEMOTION_LOG_FORMAT": " JSON ", "KINEMOTION_LOG_LEVEL": "Warning"}
    settings = Settings.from_environment(variables)
    assert (settings.log_format, settings.log_level) == (LogFormat.JSON, LogLevel.WARNING)
    assert (Settings().log_format, Settings().log_level) == (LogFormat.AUTO, LogLevel.INFO)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("KINEMOTION_PORT", "70000", "out of range: 0 to 65535"),
        ("KINEMOTION_PORT", "http", "not a whole number"),
        ("KINEMOTION_PORT", "", "not a whole number"),
        ("KINEMOTION_SLO_S", "nan", "out of range"),
        ("KINEMOTION_SLO_S", "soon", "not a number"),
        ("KINEMOTION_WORKERS", "0", "out of range"),
        ("KINEMOTION_MAX_SESSIONS", "0", "out of range: 1 to 10000"),
        ("KINEMOTION_MAX_SESSIONS", "many", "not a whole number"),
        ("KINEMOTION_HOST", "", "must not be empty"),
        ("KINEMOTION_LOG_FORMAT", "xml", "not one of auto, console, json"),
        ("KINEMOTION_LOG_LEVEL", "", "not one of debug, info, warning, error"),
        ("KINEMOTION_PROT", "8000", "not a setting; known are .*KINEMOTION_PORT"),
    ],
)
def test_nonsense_is_refused_by_name(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable}.*{message}"):
        Settings.from_environment({variable: value})
