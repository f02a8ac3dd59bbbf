"""The command line, in processes of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

PATIENCE_S = 60


def kinemotion(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kinemotion", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, "COLUMNS": "200", **variables},
    )


def served(*command: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
    )


def line_with(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if found := re.search(pattern, line):
            return found
    pytest.fail(f"no line with {pattern} in {''.join(seen)!r}")


def test_the_version_is_the_packages() -> None:
    assert re.fullmatch(r"kinemotion, version \d+\.\d+\.\d+\n", kinemotion("--version").stdout)


def test_help_names_the_commands() -> None:
    output = kinemotion("--help").stdout
    assert all(command in output for command in ("serve", "demo", "models"))


def test_serve_prints_the_address_to_open_and_ends_when_told() -> None:
    process = served("kinemotion", "serve", "--port", "0")
    try:
        address = line_with(process, r"open (http://127\.0\.0\.1:\d+) ")[1]
        with urlopen(address, timeout=PATIENCE_S) as response:
            assert b"<html" in response.read()
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE_S)
    assert output == ""


def test_plain_uvicorn_runs_the_application() -> None:
    process = served("uvicorn", "kinemotion.realtime.server:app", "--port", "0")
    try:
        address = line_with(process, r"running on (http://127\.0\.0\.1:\d+)")[1]
        with urlopen(address + "/health/ready", timeout=PATIENCE_S) as response:
            assert response.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"KINEMOTION_PORT": "http"}, "Error: KINEMOTION_PORT='http' is not a whole number"),
        ({"KINEMOTION_SPEED": "1"}, "Error: KINEMOTION_SPEED is not a setting; known are "),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(variables: dict[str, str], message: str) -> None:
    outcome = kinemotion("serve", **variables)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith(message)
    assert outcome.stderr.count("\n") == 1


def test_a_wrong_model_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "pose_landmarker_full.task").write_bytes(b"something else")
    outcome = kinemotion("serve", KINEMOTION_MODEL_DIR=str(tmp_path))
    assert outcome.returncode == 1
    assert outcome.stderr.count("\n") == 1
    assert "kinemotion models fetch full" in outcome.stderr


def test_a_wrong_model_stops_plain_uvicorn_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "pose_landmarker_full.task").write_bytes(b"something else")
    process = served("uvicorn", "kinemotion.realtime.server:app", "--port", "0", KINEMOTION_MODEL_DIR=str(tmp_path))
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert "kinemotion models fetch full" in output
    assert "Traceback" not in output


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = kinemotion("serve", "--port", str(taken.getsockname()[1]))
    assert outcome.returncode == 1
    assert re.fullmatch(r"Error: cannot listen on 127.0.0.1 port \d+ \(Address already in use\): .*\n", outcome.stderr)


def test_models_are_listed_and_verified(tmp_path: Path) -> None:
    listed = kinemotion("models", KINEMOTION_MODEL_DIR=str(tmp_path)).stdout
    assert re.search(r"lite .* fast .* installed", listed)
    assert re.search(r"heavy .* accurate .* not installed .* kinemotion models fetch heavy", listed)
    verified = kinemotion("models", "verify", KINEMOTION_MODEL_DIR=str(tmp_path))
    assert (verified.returncode, verified.stdout) == (0, "lite: verified\n")


def test_a_wrong_model_does_not_verify(tmp_path: Path) -> None:
    (tmp_path / "pose_landmarker_heavy.task").write_bytes(b"something else")
    outcome = kinemotion("models", "verify", KINEMOTION_MODEL_DIR=str(tmp_path))
    assert outcome.returncode == 1
    assert "not the pinned pose_landmarker_heavy.task" in outcome.stderr


def test_the_demo_streams_to_a_server_of_its_own_and_prints_the_truth() -> None:
    outcome = kinemotion("demo", "--jumps", "1")
    assert outcome.returncode == 0, outcome.stderr
    assert re.search(r"1 .* \d+\.\d \(25\.0\) .* [ABCD]", outcome.stdout)
    assert "frames answered" in outcome.stdout


def test_the_demo_streams_to_a_running_server(server: str) -> None:
    outcome = kinemotion("demo", "--jumps", "1", "--movement", "dj", "--url", server)
    assert outcome.returncode == 0, outcome.stderr
    assert re.search(r"1 .* \d+ \(240\) .* [ABCD]", outcome.stdout)


@pytest.mark.parametrize("url", ["localhost:8000", "ws://127.0.0.1:8000", "http://"])
def test_the_demo_wants_an_address_that_it_can_use(url: str) -> None:
    outcome = kinemotion("demo", "--url", url)
    assert outcome.returncode == 2
    assert "an address starts with http:// or https://" in outcome.stderr


def test_the_demo_stops_on_a_wrong_model_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "pose_landmarker_full.task").write_bytes(b"something else")
    outcome = kinemotion("demo", KINEMOTION_MODEL_DIR=str(tmp_path))
    assert (outcome.returncode, outcome.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("files", [("README.md", None), ("README.md", "README.md")])
def test_https_without_a_usable_certificate_is_refused_with_one_line(files: tuple[str, str | None]) -> None:
    certificate, key = files
    outcome = kinemotion("serve", "--port", "0", "--tls-cert", certificate, *(["--tls-key", key] if key else []))
    assert (outcome.returncode, outcome.stderr.count("\n")) == (1, 1)
    assert "certificate" in outcome.stderr


def test_ctrl_c_stops_the_server_without_a_word() -> None:
    process = served("kinemotion", "serve", "--port", "0")
    line_with(process, "open http://")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, output) == (0, "")


def test_the_demo_says_when_no_server_is_there() -> None:
    outcome = kinemotion("demo", "--jumps", "1", "--url", "http://127.0.0.1:9")
    assert outcome.returncode == 1
    assert "http://127.0.0.1:9 cannot be reached" in outcome.stderr
