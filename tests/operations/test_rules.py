"""Recording rules and alerts, with Prometheus's own checker."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.operations.files import ROOT, alerts, dashboards, panels, read_yaml, recorded_names

from kinemotion.settings import Settings

RULE_TESTS = sorted((ROOT / "prometheus/tests").glob("*.yml"))
RUNBOOK = "docs/operations.md"


def run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def expectations() -> list[dict[str, Any]]:
    return [
        check for path in RULE_TESTS for test in read_yaml(str(path))["tests"] for check in test["promql_expr_test"]
    ]


def test_promtool_accepts_the_configuration(promtool: str) -> None:
    assert "2 rule files found" in run(promtool, "check", "config", "prometheus.yml")


def test_promtool_finds_nothing_to_mend_in_the_rules(promtool: str) -> None:
    run(promtool, "check", "rules", "--lint-fatal", *sorted((ROOT / "prometheus/rules").glob("*.yml")))


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(promtool: str, path: Path) -> None:
    assert "SUCCESS" in run(promtool, "test", "rules", path)


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_is_seen_firing_and_silent(alert: dict[str, Any]) -> None:
    of_it = [check for check in expectations() if f'alertname="{alert["alert"]}"' in check["expr"]]
    assert {bool(check["exp_samples"]) for check in of_it} == {True, False}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_how_urgent_it_is_what_is_wrong_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert set(alert["annotations"]) == {"summary", "description", "runbook"}
    document, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert (document, anchor) == (RUNBOOK, alert["alert"].lower())
    assert anchor in anchors(ROOT / document)


def test_recorded_names_tell_level_metric_and_operation() -> None:
    assert [name for name in recorded_names() if not re.fullmatch(r"[a-z_]+:kinemotion_[a-z_]+:[a-z0-9_]+", name)] == []
    assert len(set(recorded_names())) == len(recorded_names())


def test_the_line_in_the_panels_of_the_replay_queue_is_the_alerts() -> None:
    (backlog,) = [alert for alert in alerts() if alert["alert"] == "KinemotionReplayBacklog"]
    (limit,) = re.findall(r"> (\d+)$", backlog["expr"])
    queues = [panel for panel in panels(dashboards()["jumps.json"]) if "replay_queue" in panel["targets"][0]["expr"]]
    assert len(queues) == 2
    for panel in queues:
        assert limit in panel["description"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == int(limit)


def test_a_final_result_is_red_from_when_the_server_waits_no_longer() -> None:
    (final,) = [panel for panel in panels(dashboards()["jumps.json"]) if panel["title"] == "Final after"]
    assert [step["value"] for step in final["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [
        None,
        2,
        Settings().final_s,
    ]


def test_grafana_knows_how_often_prometheus_scrapes() -> None:
    source = read_yaml("grafana/provisioning/datasources/prometheus.yml")["datasources"][0]
    assert source["jsonData"]["timeInterval"] == read_yaml("prometheus.yml")["global"]["scrape_interval"]
