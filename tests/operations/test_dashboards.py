"""The dashboards' JSON: what Grafana and a reader need of every panel."""

import re
from itertools import combinations
from typing import Any

import pytest
from tests.operations.files import ROOT, dashboards, panels, read_yaml

CURRENT_SCHEMA = 42  # of Grafana 13
COLUMNS = 24

each_dashboard = pytest.mark.parametrize("board", dashboards().values(), ids=dashboards().keys())
each_panel = pytest.mark.parametrize(
    "panel",
    [
        pytest.param(panel, id=f"{name}: {panel['title']}")
        for name, board in dashboards().items()
        for panel in panels(board)
    ],
)


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    across = one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
    return across and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def test_there_are_two_dashboards_with_names_of_their_own() -> None:
    boards = dashboards().values()
    assert {board["title"] for board in boards} == {"Live health", "Jumps"}
    assert len({board["uid"] for board in boards}) == len(boards)


@each_dashboard
def test_a_dashboard_has_the_current_schema_and_leaves_the_data_source_to_choose(board: dict[str, Any]) -> None:
    assert board["schemaVersion"] == CURRENT_SCHEMA
    variables = {variable["name"]: variable for variable in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert (
        variables["datasource"]["query"]
        == read_yaml("grafana/provisioning/datasources/prometheus.yml")["datasources"][0]["type"]
    )
    assert board["description"]


@each_dashboard
def test_panels_have_ids_and_places_of_their_own(board: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] >= 0 and place["w"] > 0 and place["x"] + place["w"] <= COLUMNS for place in places)
    assert [pair for pair in combinations(places, 2) if overlap(*pair)] == []


@each_dashboard
def test_titles_are_told_apart(board: dict[str, Any]) -> None:
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles)


@each_panel
def test_a_panel_has_a_unit_a_description_and_queries(panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["description"].endswith(".")
    assert panel["datasource"]["uid"] == "${datasource}"
    refs = [target["refId"] for target in panel["targets"]]
    assert refs
    assert len(set(refs)) == len(refs)
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]
        assert target["expr"].strip()
        assert target["legendFormat"]
        assert target["range"] is not target["instant"]


@each_panel
def test_a_panel_that_draws_a_threshold_line_has_one(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    if defaults.get("custom", {}).get("thresholdsStyle", {}).get("mode", "off") != "off":
        assert [step["value"] for step in defaults["thresholds"]["steps"]][1:]


@each_panel
def test_the_runbook_explains_the_panel(panel: dict[str, Any]) -> None:
    assert re.search(rf"^\| {re.escape(panel['title'])} \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)


def test_the_latency_panel_shows_the_objective() -> None:
    latency = next(panel for panel in panels(dashboards()["live-health.json"]) if panel["title"] == "Latency")
    assert [step["value"] for step in latency["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [None, 0.2]


def test_grafana_looks_for_dashboards_where_compose_puts_them() -> None:
    provider = read_yaml("grafana/provisioning/dashboards/kinemotion.yml")["providers"][0]
    grafana = read_yaml("docker-compose.yml")["services"]["grafana"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in grafana["volumes"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    folder, _, name = home.rpartition("/")
    assert folder == provider["options"]["path"]
    assert name in dashboards()
