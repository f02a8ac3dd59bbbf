"""The files that ship and watch the server, read."""

import json
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]


def read_yaml(path: str) -> Any:
    """A YAML file of the repository, by its path from the root."""
    return yaml.safe_load((ROOT / path).read_text())


def recorded_names() -> list[str]:
    """The names of the recording rules."""
    return [
        rule["record"] for group in read_yaml("prometheus/rules/recording.yml")["groups"] for rule in group["rules"]
    ]


def alerts() -> list[dict[str, Any]]:
    """The alerts, as their file has them."""
    return [rule for group in read_yaml("prometheus/rules/alerts.yml")["groups"] for rule in group["rules"]]


def dashboards() -> dict[str, dict[str, Any]]:
    """The dashboards, by the name of their file."""
    return {path.name: json.loads(path.read_text()) for path in sorted((ROOT / "grafana/dashboards").glob("*.json"))}


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels of a dashboard that show something: all but rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]
