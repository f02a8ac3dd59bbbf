"""The command line, in processes of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from kinemotion import analyze_video
from kinemotion.realtime.serving import background
from kinemotion.settings import Settings

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
        process.communicate(timeout=PATIENCE_S)


def test_serve_prints_the_address_for_other_devices() -> None:
    process = served("kinemotion", "serve", "--host", "0.0.0.0", "--port", "0", "--insecure")
    try:
        port = line_with(process, r"open http://127\.0\.0\.1:(\d+) ")[1]
        assert line_with(process, r"On another computer .* open http://[\w.-]+:(\d+) ")[1] == port
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def test_plain_uvicorn_runs_the_application() -> None:
    process = served("uvicorn", "kinemotion.realtime.server:app", "--port", "0")
    try:
        address = line_with(process, r"running on (http://127\.0\.0\.1:\d+)")[1]
        with urlopen(address + "/health/ready", timeout=PATIENCE_S) as response:
            assert response.status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)


def test_the_demo_saves_a_clip_to_try_the_clip_commands_with(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    outcome = kinemotion("demo", "--save", str(clip), "--jumps", "1")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert outcome.stdout.endswith(f"{clip} is saved\n")
    assert re.search(r"1 .* cmj .* 25\.0 .* 452 .* 2\.21 .* 30\.0 ", outcome.stdout)
    (jump,) = analyze_video(clip).jumps
    assert jump.metrics["jump_height_m"] == pytest.approx(0.25, abs=0.03)
    for again, why in ((clip, "is there already"), (tmp_path / "clip.gif", "a clip ends in .mp4 or .webm")):
        refused = kinemotion("demo", "--save", str(again))
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"Error: {again}: {why}")
    assert "--save needs no server" in kinemotion("demo", "--save", "a.mp4", "--url", "http://127.0.0.1:9").stderr
    assert "give --save, too" in kinemotion("demo", "--speed", "8").stderr
    assert "more are for --save" in kinemotion("demo", "--fps", "240").stderr


def test_a_clip_in_slow_motion_is_drawn_and_measured_in_real_time(tmp_path: Path) -> None:
    clip = tmp_path / "slow.mp4"
    outcome = kinemotion("demo", "--save", str(clip), "--jumps", "1", "--movement", "dj", "--fps", "60", "--speed", "4")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    (jump,) = analyze_video(clip, "dj", speed=4).jumps
    assert jump.metrics["ground_contact_time_ms"] == pytest.approx(240, abs=20)
    assert jump.metrics["jump_height_m"] == pytest.approx(0.25, abs=0.03)


def test_one_jump_of_each_kind_is_drawn_and_told_apart(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    outcome = kinemotion("demo", "--save", str(clip), "--movement", "auto")
    assert re.findall(r"(dj|cmj|sj) .*? (25\.0|40\.0|33\.0) ", outcome.stdout) == [
        ("dj", "25.0"),
        ("cmj", "40.0"),
        ("sj", "33.0"),
    ]
    assert [jump.movement for jump in analyze_video(clip, "auto").jumps] == ["dj", "cmj", "sj"]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"KINEMOTION_PORT": "http"}, "Error: KINEMOTION_PORT='http' is not a whole number"),
        ({"KINEMOTION_SPEED": "1"}, "Error: KINEMOTION_SPEED is not a setting; "),
        ({"KINEMOTION_TOKENS": "7f0c9be1d25a4e8386b3,changeme"}, "Error: KINEMOTION_TOKENS, entry 2: a token has at"),
        ({"KINEMOTION_TOKENS_FILE": "no-such-file"}, "Error: the tokens file no-such-file cannot be read: No such"),
        ({"KINEMOTION_ORIGINS": "*"}, "Error: KINEMOTION_ORIGINS, entry 1: '*' is not an origin"),
        ({"KINEMOTION_JWKS_URL": "https://x.example"}, "Error: signed tokens are checked for both: set "),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(variables: dict[str, str], message: str) -> None:
    outcome = kinemotion("serve", **variables)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith(message)
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("variables", [{"KINEMOTION_HOST": "0.0.0.0"}, {}])
def test_an_open_server_does_not_start_unless_it_is_told_to(variables: dict[str, str]) -> None:
    outcome = kinemotion("serve", "--port", "0", *([] if variables else ["--host", "::"]), **variables)
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (1, "", 1)
    assert "KINEMOTION_TOKENS_FILE" in outcome.stderr
    assert "--insecure (KINEMOTION_INSECURE=true)" in outcome.stderr


def test_a_weak_token_is_named_by_its_line_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "tokens.txt"
    file.write_text("# everybody\nhunter2hunter2\n")
    outcome = kinemotion("serve", "--port", "0", "--tokens-file", str(file))
    assert (outcome.returncode, outcome.stderr.count("\n")) == (1, 1)
    assert f"{file}, line 2: " in outcome.stderr
    assert "hunter2" not in outcome.stderr


def test_plain_uvicorn_does_not_start_with_a_weak_token_either() -> None:
    process = served("uvicorn", "kinemotion.realtime.server:app", "--port", "0", KINEMOTION_TOKENS="changeme")
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert "KINEMOTION_TOKENS, entry 1: a token has at least 16 characters" in output
    assert "changeme" not in output
    assert "Traceback" not in output


def test_the_port_that_kubernetes_sets_for_a_service_does_not_stop_the_start() -> None:
    process = served(
        "kinemotion", "serve", "--port", "0", KINEMOTION_PORT="tcp://10.96.0.9:80", KINEMOTION_SERVICE_HOST="10.96.0.9"
    )
    line_with(process, "open http://")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)


def test_settings_are_printed_as_a_file_and_as_a_page() -> None:
    assert "\n#KINEMOTION_PORT=8000\n" in kinemotion("settings").stdout
    assert "| `KINEMOTION_PORT` | `8000` | 0 to 65535 |" in kinemotion("settings", "--markdown").stdout


def test_the_demo_takes_a_token(tmp_path: Path) -> None:
    file = tmp_path / "tokens.txt"
    file.write_text("# everybody\n7f0c9be1d25a4e8386b3c41d0a97f3e6  # at the front desk\n")
    with background(Settings(port=0, max_sessions=2, tokens_file=file)) as address:
        refused = kinemotion("demo", "--jumps", "1", "--url", address)
        assert refused.returncode == 1
        assert "wants a token: name a file with a valid one, --token-file" in refused.stderr
        outcome = kinemotion("demo", "--jumps", "1", "--url", address, "--token-file", str(file))
    assert outcome.returncode == 0, outcome.stderr


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


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_stop_says_so_and_when_it_has(end: signal.Signals) -> None:
    process = served("kinemotion", "serve", "--port", "0")
    line_with(process, "open http://")
    process.send_signal(end)
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert [json.loads(line)["message"] for line in output.splitlines()] == ["stopping", "stopped"]
    assert process.returncode == (0 if end == signal.SIGINT else -end)


def test_only_the_address_is_written_to_standard_output() -> None:
    command = [sys.executable, "-m", "kinemotion", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line_with(process, "open http://")
    process.send_signal(signal.SIGINT)
    output, log = process.communicate(timeout=PATIENCE_S)
    assert output == ""
    assert all(json.loads(line) for line in log.splitlines())


def test_the_demo_says_when_no_server_is_there() -> None:
    outcome = kinemotion("demo", "--jumps", "1", "--url", "http://127.0.0.1:9")
    assert outcome.returncode == 1
    assert "http://127.0.0.1:9 cannot be reached" in outcome.stderr
