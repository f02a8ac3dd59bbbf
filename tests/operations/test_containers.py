"""The image's recipe and the composition: that what each file says of another is so."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from fnmatch import fnmatch
from itertools import chain
from typing import Any

import pytest
from tests.operations.files import ROOT, read_yaml

from kinemotion import MAX_PIXELS, __version__
from kinemotion.realtime.serving import background
from kinemotion.settings import PREFIX, Settings

EXACT_VERSION = re.compile(r"[a-z/]+:v?\d+\.\d+\.\d+(-[a-z]+)?")


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: (name, arguments), comments left out and lines joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (name, rest.strip()) for line in joined.splitlines() if line.strip() for name, _, rest in [line.partition(" ")]
    ]


def final_stage() -> list[tuple[str, str]]:
    steps = instructions()
    last = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
    return steps[last:]


def argument(name: str) -> str:
    """What the one instruction of that name in the final stage says."""
    (found,) = [rest for step, rest in final_stage() if step == name]
    return found


def image_environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", argument("ENV")))


def services() -> dict[str, dict[str, Any]]:
    composed: dict[str, dict[str, Any]] = read_yaml("docker-compose.yml")["services"]
    return composed


def published(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The ports that a service publishes: (address, port in the container)."""
    for port in service.get("ports", []):
        if isinstance(port, dict):
            yield port["host_ip"], str(port["target"])
        else:
            address, _, inner = port.split(":")
            yield address, inner


def test_the_image_runs_without_root_and_its_process_gets_the_signals() -> None:
    assert argument("USER").partition(":")[0].isdecimal()
    assert int(argument("USER").partition(":")[0]) > 0
    assert json.loads(argument("CMD")) == ["kinemotion", "serve"]  # a list: no shell stands before the server


def test_the_image_is_installed_from_hashed_pins_only() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and "install" in rest and "pip" in rest]
    calls = [call for rest in installs for call in rest.split("&&") if re.search(r"pip .*install", call)]
    assert len(calls) == 3
    assert all("--require-hashes" in call or "--no-index" in call for call in calls)


def test_the_build_backend_is_pinned_as_the_project_says() -> None:
    backend = re.search(r'^requires = \["flit_core==(.*)"\]$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert backend is not None
    assert f"flit-core=={backend[1]} " in (ROOT / "requirements-build.lock").read_text()


def test_everything_that_is_copied_is_sent_to_the_builder() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copies = [rest.split()[:-1] for name, rest in instructions() if name == "COPY" and not rest.startswith("--from")]
    sources = list(chain.from_iterable(copies))
    assert sorted(sources) == sorted(allowed)
    assert all((ROOT / source).exists() for source in sources)


def test_nothing_but_source_is_sent_to_the_builder() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert rules[0] == "*"
    assert any(fnmatch("src/kinemotion/__pycache__", rule) for rule in rules[1:])


def test_the_composition_is_what_compose_can_read() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*checker, ROOT / "docker-compose.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_composition_has_names_of_its_own_for_what_the_server_would_not_know() -> None:
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert used == {"APP_CPUS", "APP_MEMORY"}  # .env is the server's environment, too, where others stop the start


def test_a_second_signal_reaches_the_server() -> None:
    assert services()["app"]["init"] is True


def test_the_pages_that_may_connect_are_the_servers_own_on_this_machine() -> None:
    ports = [8000, *(int(port) for _, port in published(services()["nginx"]))]
    names = ("127.0.0.1", "localhost")
    wanted = {f"http://{name}:{port}" for name in names for port in ports}
    assert set(services()["app"]["environment"]["KINEMOTION_ORIGINS"].split(",")) == wanted


def test_the_image_limits_opencv_as_the_package_does() -> None:
    assert image_environment()["OPENCV_IO_MAX_IMAGE_PIXELS"] == str(MAX_PIXELS)


def test_the_server_understands_the_settings_of_image_and_composition() -> None:
    composed = {
        name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in services()["app"]["environment"].items()
    }
    settings = Settings.from_environment(image_environment() | composed)
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)
    assert argument("EXPOSE") == "8000"


def test_the_image_is_well_while_the_server_lives_and_ill_when_it_does_not() -> None:
    command = json.loads(argument("HEALTHCHECK").partition(" CMD ")[2])
    assert command[0] == "python"
    with background(Settings(port=0, max_sessions=1, spare_graphs=0)) as address:
        port = address.rpartition(":")[2]
        look = [sys.executable, *command[1:]]
        environment = {f"{PREFIX}PORT": port}
        assert subprocess.run(look, env=environment, check=False).returncode == 0
    assert subprocess.run(look, env=environment, check=False, stderr=subprocess.DEVNULL).returncode != 0


@pytest.mark.parametrize("name", services())
def test_a_service_is_of_an_exact_version_bounded_and_without_privileges(name: str) -> None:
    service = services()[name]
    assert EXACT_VERSION.fullmatch(service["image"])
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("path", ["docker-compose.yml", "docs/operations.md", "README.md"])
def test_our_image_is_called_by_the_version_of_the_package(path: str) -> None:
    assert set(re.findall(r"\bkinemotion:(\d[\w.]*\d)", (ROOT / path).read_text())) == {__version__}


@pytest.mark.parametrize("name", services())
def test_a_service_is_reached_from_this_machine_only(name: str) -> None:
    service = services()[name]
    assert {address for address, _ in published(service)} == {"127.0.0.1"}
    assert set(service["networks"]) == {"inside", "loopback"}


@pytest.mark.parametrize("name", services())
def test_what_a_service_is_given_of_the_repository_is_there(name: str) -> None:
    given = [volume.partition(":")[0] for volume in services()[name].get("volumes", [])]
    assert [path for path in given if path.startswith(".") and not (ROOT / path).exists()] == []


def test_no_service_gets_an_answer_from_outside() -> None:
    networks = read_yaml("docker-compose.yml")["networks"]
    assert networks["inside"]["internal"] is True
    assert networks["loopback"]["driver_opts"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}


def test_prometheus_and_nginx_find_the_replicas() -> None:
    app = services()["app"]
    discovery = read_yaml("prometheus.yml")["scrape_configs"][0]["dns_sd_configs"][0]
    assert discovery["names"] == app["networks"]["inside"]["aliases"]
    assert str(discovery["port"]) == app["environment"]["KINEMOTION_METRICS_PORT"]
    lines = (ROOT / "nginx/replicas.conf").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "resolver 127.0.0.11 valid=5s;",
        "server replicas:8000 resolve max_fails=0;",
    ]


def test_figures_are_not_on_a_port_that_is_published() -> None:
    app = services()["app"]
    assert app["environment"]["KINEMOTION_METRICS_PORT"] not in {port for _, port in published(app)}


def test_nginx_comes_with_several_replicas_and_its_word_counts() -> None:
    nginx, app = services()["nginx"], services()["app"]
    assert nginx["profiles"] == ["scale"]
    assert "depends_on" not in nginx  # it would be stopped before the replicas have drained
    assert nginx["networks"]["inside"]["ipv4_address"] == app["environment"]["FORWARDED_ALLOW_IPS"]
    listens = re.findall(r"^listen (\d+);", (ROOT / "nginx/listen.conf").read_text(), re.MULTILINE)
    assert listens == [port for _, port in published(nginx)]


def test_a_replica_is_not_killed_while_it_drains() -> None:
    grace_s = int(services()["app"]["stop_grace_period"].removesuffix("s"))
    defaults: dict[str, Any] = {setting.name: setting.default for setting in fields(Settings)}
    assert grace_s >= defaults["drain_s"] + 25
