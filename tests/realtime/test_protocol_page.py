"""The client that docs/protocol.md shows."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/protocol.md"
CLIENT, DRAWN = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
PATIENCE_S = 60


def run(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_the_client_says_that_there_is_no_camera() -> None:
    outcome = run(CLIENT.replace("VideoCapture(0)", "VideoCapture(99)"))
    assert outcome.returncode == 1
    assert outcome.stderr.endswith("no camera\n")


def test_the_client_measures_the_drawn_jump(server: str) -> None:
    client, _ = CLIENT.split("camera = cv2.")
    outcome = run((client + DRAWN).replace("ws://127.0.0.1:8000", server.replace("http", "ws", 1)))
    assert outcome.returncode == 0, outcome.stderr
    assert re.fullmatch(r"3\d\.\d cm\n", outcome.stdout)
