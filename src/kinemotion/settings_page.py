"""The settings in words: a page for people, and a file to start from."""

from dataclasses import MISSING, Field, fields
from typing import Any, Final, get_args

from kinemotion.settings import PREFIX, Settings

_GROUPS: Final = {
    "host": "Where the server listens",
    "insecure": "Who may connect",
    "metrics_port": "Metrics",
    "log_format": "Logs",
    "workers": "Room and work",
    "max_frame_bytes": "What one camera may do",
    "ring_s": "Jumps and latency",
}
"""The title that stands over a setting and those after it."""

_HEAD: Final = """\
# Settings

Environment variables, read once at the start; a wrong one stops it with a line that names it. The command line's
options win over them. [.env.example](../.env.example) has the same as a file to start from. `kinemotion settings`
prints that file for the version that is installed, and `kinemotion settings --markdown` this page.

A setting that is on or off is `true` or `false`. Secrets are better in a file than in a variable:
`KINEMOTION_TOKENS_FILE`. Variables that Kubernetes sets for a Service whose name begins with `kinemotion`
(`KINEMOTION_PORT=tcp://…`, `KINEMOTION_SERVICE_HOST`, …) are recognised by their shape and left alone; any other
unknown `KINEMOTION_…` stops the start. Who may connect, in full: [access.md](access.md).
"""
_EXAMPLE_HEAD: Final = """\
# Every setting of the server, with its default where it has one: copy to .env, take away a # and change the value.
# Kinemotion itself reads variables alone; the file is for Compose's env_file, systemd's EnvironmentFile, or a shell:
# set -a; . ./.env; set +a
"""


def markdown() -> str:
    """The page docs/environment.md."""
    lines = [_HEAD]
    for title, settings in _grouped().items():
        lines += [f"## {title}", "", "| variable | default | range | what |", "|---|---|---|---|"]
        for setting in settings:
            default = f"`{_default(setting)}`" if _default(setting) else setting.metadata.get("default", "not set")
            lines.append(f"| `{variable(setting)}` | {default} | {_range(setting)} | {setting.metadata['text']} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def example() -> str:
    """The file .env.example."""
    lines = [_EXAMPLE_HEAD]
    for title, settings in _grouped().items():
        lines += [f"## {title}", ""]
        for setting in settings:
            limits = f" ({_range(setting)})" if _range(setting) else ""
            lines += [f"# {setting.metadata['text']}{limits}", f"#{variable(setting)}={_default(setting)}", ""]
    return "\n".join(lines).rstrip() + "\n"


def _grouped() -> dict[str, list[Field[Any]]]:
    groups: dict[str, list[Field[Any]]] = {}
    for setting in fields(Settings):
        if setting.name in _GROUPS:
            title = _GROUPS[setting.name]
        groups.setdefault(title, []).append(setting)
    return groups


def variable(setting: Field[Any]) -> str:
    """The name of a setting's variable."""
    return PREFIX + setting.name.upper()


def _default(setting: Field[Any]) -> str:
    """A setting's default as it would be written; empty where it has none, or one that depends on the machine."""
    if isinstance(setting.default, bool):
        return str(setting.default).lower()
    return "" if setting.default in (None, (), MISSING) else str(setting.default)


def _range(setting: Field[Any]) -> str:
    if bool in (setting.type, *get_args(setting.type)):
        return "`true`, `false`"
    if "low" not in setting.metadata:
        return ""
    return f"{setting.metadata['low']:.12g} to {setting.metadata['high']:.12g}"
