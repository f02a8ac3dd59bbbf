"""Settings, from variables and in code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from kinemotion import settings_page
from kinemotion.errors import SettingsError
from kinemotion.settings import LogFormat, LogLevel, Settings

ROOT = Path(__file__).parents[1]


def test_defaults_serve_without_a_variable() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.workers >= 1


def test_variables_are_read_and_overrides_win() -> None:
    variables = {"KINEMOTION_PORT": " 9000 ", "KINEMOTION_SLO_S": "0.5", "KINEMOTION_MODEL_DIR": "m", "OTHER": "x"}
    settings = Settings.from_environment(variables, host="::1", port=None)
    assert settings == Settings(host="::1", port=9000, slo_s=0.5, model_dir=Path("m"))


def test_truths_and_lists_are_read() -> None:
    settings = Settings.from_environment(
        {
            "KINEMOTION_INSECURE": "True",
            "KINEMOTION_TOKENS": "7f0c9be1d25a4e8386b3, c41d0a97f3e6482bb5d8",
            "KINEMOTION_ORIGINS": "https://gym.example",
            "KINEMOTION_TOKENS_FILE": "/run/secrets/tokens",
            "KINEMOTION_METRICS_PORT": "9090",
        }
    )
    assert settings.insecure
    assert settings.tokens == ("7f0c9be1d25a4e8386b3", "c41d0a97f3e6482bb5d8")
    assert settings.origins == ("https://gym.example",)
    assert settings.tokens_file == Path("/run/secrets/tokens")
    assert settings.metrics_port == 9090
    assert not Settings.from_environment({"KINEMOTION_INSECURE": "false"}).insecure


def test_tokens_do_not_show_where_settings_are_printed() -> None:
    assert "7f0c9be1d25a4e8386b3" not in repr(Settings(tokens=("7f0c9be1d25a4e8386b3",)))


def test_a_server_for_oneself_asks_nobody() -> None:
    guarded = Settings(
        port=9000, tokens=("7f0c9be1d25a4e8386b3",), origins=("https://x.example",), jwt_issuer="x", metrics_port=1
    )
    assert guarded.open_to_all() == Settings(port=9000)


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("KINEMOTION_TOKEN_FILE", "; was KINEMOTION_TOKENS_FILE meant?"),
        ("KINEMOTION_MAX_SESSION", "; was KINEMOTION_MAX_SESSIONS meant?"),
        ("KINEMOTION_FOO", ";"),
    ],
)
def test_an_unknown_variable_is_answered_with_the_nearest(variable: str, advice: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({variable: "1"})
    assert str(refused.value) == f"{variable} is not a setting{advice} `kinemotion settings` lists all of them"


SERVICES = {
    "KINEMOTION_SERVICE_HOST": "10.96.14.7",
    "KINEMOTION_SERVICE_PORT": "8000",
    "KINEMOTION_SERVICE_PORT_HTTP": "8000",
    "KINEMOTION_PORT": "tcp://10.96.14.7:8000",
    "KINEMOTION_PORT_8000_TCP": "tcp://10.96.14.7:8000",
    "KINEMOTION_PORT_8000_TCP_PROTO": "tcp",
    "KINEMOTION_PORT_8000_TCP_PORT": "8000",
    "KINEMOTION_PORT_8000_TCP_ADDR": "10.96.14.7",
    "KINEMOTION_METRICS_SERVICE_HOST": "fd00::7",
    "KINEMOTION_METRICS_SERVICE_PORT": "9090",
    "KINEMOTION_METRICS_PORT": "tcp://[fd00::7]:9090",
    "KINEMOTION_METRICS_PORT_9090_TCP": "tcp://[fd00::7]:9090",
    "KINEMOTION_METRICS_PORT_9090_TCP_ADDR": "fd00::7",
    "KINEMOTION_DNS_PORT_53_UDP": "udp://10.96.14.7:53",
    "KINEMOTION_DNS_PORT_53_UDP_PROTO": "udp",
}


def test_what_kubernetes_sets_for_a_service_is_left_alone() -> None:
    """As its documentation shows them, for Services named kinemotion, kinemotion-metrics and kinemotion-dns."""
    assert Settings.from_environment(SERVICES) == Settings()
    for variable, value in SERVICES.items():
        assert Settings.from_environment({variable: value}) == Settings()


def test_the_page_of_settings_is_made_from_them() -> None:
    page, example = (ROOT / "docs/environment.md").read_text(), (ROOT / ".env.example").read_text()
    assert page == settings_page.markdown(), "kinemotion settings --markdown > docs/environment.md"
    assert example == settings_page.example(), "kinemotion settings > .env.example"
    for setting in fields(Settings):
        assert page.count(f"| `KINEMOTION_{setting.name.upper()}` |") == 1
        assert example.count(f"\n#KINEMOTION_{setting.name.upper()}=") == 1


def test_the_example_uncommented_gives_the_defaults() -> None:
    lines = re.findall(r"^#(KINEMOTION_\w+)=(.+)$", settings_page.example(), re.MULTILINE)
    assert len(lines) > 15
    assert Settings.from_environment(dict(lines)) == Settings()


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
        ("KINEMOTION_INSECURE", "perhaps", "not true or false"),
        ("KINEMOTION_INSECURE", "", "not true or false"),
        ("KINEMOTION_TOKENS_FILE", "", "must not be empty"),
        ("KINEMOTION_JWT_ISSUER", " ", "must not be empty"),
        ("KINEMOTION_SESSIONS_PER_TOKEN", "0", "out of range: 1 to 10000"),
        ("KINEMOTION_METRICS_PORT", "65536", "out of range: 0 to 65535"),
        ("KINEMOTION_METRICS_HOST", "", "must not be empty"),
        ("KINEMOTION_SERVICE_HOST", "gym.example", "not a setting"),
        ("KINEMOTION_SERVICE_PORT", "http", "not a setting"),
        ("KINEMOTION_PORT_8000_TCP", "tcp:10.0.0.1:8000", "not a setting"),
        ("KINEMOTION_PORT_8000_TCP_ADDR", "here", "not a setting"),
        ("KINEMOTION_PORT", "tcp://10.0.0.1", "not a whole number"),
        ("KINEMOTION_PORT", "http://10.0.0.1:8000", "not a whole number"),
        ("KINEMOTION_PORT", "tcp://10.0.0.1:8000/", "not a whole number"),
        ("KINEMOTION_LOG_FORMAT", "xml", "not one of auto, console, json"),
        ("KINEMOTION_LOG_LEVEL", "", "not one of debug, info, warning, error"),
        ("KINEMOTION_PROT", "8000", "not a setting; was KINEMOTION_PORT meant"),
    ],
)
def test_nonsense_is_refused_by_name(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable}.*{message}"):
        Settings.from_environment({variable: value})
