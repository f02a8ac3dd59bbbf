"""Every query and rule, run by a Prometheus that watches a busy server."""

import asyncio
import json
import math
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from tests.operations.files import ROOT, alerts, dashboards, panels, read_yaml, recorded_names

from kinemotion.realtime.client import stream
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings

Frames = list[tuple[float, bytes]]

PATIENCE_S = 90.0
EVERY = "1s"
CHOSEN = {"${datasource}": "prometheus", "$instance": ".*", "$__rate_interval": "30s", "$__range": "5m"}


class Watch:
    """A running Prometheus.

    Args:
        address: where it listens.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def get(self, path: str, **query: str) -> Any:
        """The data that its API answers with."""
        with urlopen(f"{self._address}/api/v1/{path}?{urlencode(query)}", timeout=PATIENCE_S) as response:
            return json.load(response)["data"]

    def figures(self, expr: str) -> list[float]:
        """What a query finds now, but for what is no number."""
        values = [float(series["value"][1]) for series in self.get("query", query=expr)["result"]]
        return [value for value in values if not math.isnan(value)]

    def await_figures(self, expr: str) -> list[float]:
        """What a query finds, once it finds something."""
        found: list[float] = until(lambda: self.figures(expr), f"nothing found by {expr}")
        return found


def until(look: Callable[[], Any], complaint: str) -> Any:
    """What a look brings, once that is something."""
    deadline_s = monotonic() + PATIENCE_S
    while monotonic() < deadline_s:
        if found := look():
            return found
        sleep(0.2)
    pytest.fail(complaint)


@pytest.fixture(scope="module")
def busy_server(drawn_frames: Frames) -> Iterator[str]:
    """A server whose cameras come, film jumps, and go, over and over."""
    over = Event()

    async def film(address: str) -> None:
        while not over.is_set():
            await stream(address, drawn_frames, {"movement": "cmj"})

    with background(Settings(port=0, max_sessions=4, slo_s=10.0)) as address:
        cameras = [Thread(target=asyncio.run, args=[film(address)]) for _ in range(2)]
        for camera in cameras:
            camera.start()
        yield address
        over.set()
        for camera in cameras:
            camera.join()


@pytest.fixture(scope="module")
def watch(prometheus: str, busy_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    """Prometheus with our configuration; only where it looks, and how often, are other than in production."""
    folder = tmp_path_factory.mktemp("prometheus")
    port = free_port()
    configuration = configure(folder, busy_server.removeprefix("http://"), f"127.0.0.1:{port}")
    options = [f"--config.file={configuration}", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [prometheus, *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        watching = Watch(f"http://127.0.0.1:{port}")
        until(lambda: process.poll() is not None or answers(watching), (folder / "log").read_text())
        assert process.poll() is None, (folder / "log").read_text()
        yield watching
    finally:
        process.terminate()
        process.wait()


def answers(watching: Watch) -> bool:
    try:
        return bool(watching.get("status/buildinfo"))
    except URLError:
        return False


def free_port() -> int:
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port: int = finder.getsockname()[1]
        return port


def configure(folder: Path, server: str, itself: str) -> Path:
    configuration = read_yaml("prometheus.yml")
    configuration["global"] = {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY}
    rules = folder / "rules"
    rules.mkdir()
    for path in (ROOT / "prometheus/rules").glob("*.yml"):
        groups = [{**group, "interval": EVERY} for group in yaml.safe_load(path.read_text())["groups"]]
        (rules / path.name).write_text(yaml.safe_dump({"groups": groups}))
    configuration["rule_files"] = [f"{rules}/*.yml"]
    ours, its_own = configuration["scrape_configs"]
    del ours["dns_sd_configs"]
    ours["static_configs"] = [{"targets": [server]}]
    its_own["static_configs"] = [{"targets": [itself]}]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(configuration))
    return path


def chosen(expr: str) -> str:
    """A panel's query as Grafana sends it."""
    for variable, value in CHOSEN.items():
        expr = expr.replace(variable, value)
    return expr


@pytest.mark.parametrize(
    "expr",
    [
        pytest.param(chosen(target["expr"]), id=f"{panel['title']} {target['refId']}")
        for board in dashboards().values()
        for panel in panels(board)
        for target in panel["targets"]
    ],
)
def test_a_panel_has_data(watch: Watch, expr: str) -> None:
    assert "$" not in expr
    assert watch.await_figures(expr)


@pytest.mark.parametrize("name", recorded_names())
def test_a_rule_records_data(watch: Watch, name: str) -> None:
    assert watch.await_figures(name)


def test_a_replica_can_be_chosen(watch: Watch, busy_server: str) -> None:
    replica = busy_server.removeprefix("http://")
    until(lambda: watch.figures('up{job="kinemotion"}') == [1.0], "the server is not scraped")
    selection = dashboards()["live-health.json"]["templating"]["list"][1]["definition"]
    series = selection.removeprefix("label_values(").partition(", instance)")[0]
    assert watch.get("label/instance/values", **{"match[]": series}) == [replica]


def test_annotations_are_valid_queries(watch: Watch) -> None:
    for board in dashboards().values():
        for annotation in board["annotations"]["list"][1:]:
            watch.figures(chosen(annotation["expr"]))


def test_every_rule_is_evaluated_without_error_and_the_ready_server_sets_off_no_alert(watch: Watch) -> None:
    watch.await_figures("job:kinemotion_frame_latency_seconds:slow_ratio_rate3d")
    rules = [rule for group in watch.get("rules")["groups"] for rule in group["rules"]]
    assert len(rules) == len(recorded_names()) + len(alerts())
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
    assert watch.figures('ALERTS{alertstate="firing", alertname!~"KinemotionLatency.*"}') == []
