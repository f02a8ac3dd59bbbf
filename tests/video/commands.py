"""The clip commands in this process, their tables, and an `ffmpeg` made here."""

import csv
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from kinemotion.cli import commands

LISTS = "if '-encoders' in sys.argv: sys.exit(print(' V..... libx264              H.264'))\n"
"""What a program says that makes H.264."""


def kinemotion(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(commands, [str(argument) for argument in arguments])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def ffmpeg(programs: Path, script: str) -> None:
    """Makes a program of that name in a folder."""
    (programs / "ffmpeg").write_text(f"#!{sys.executable}\nimport json, sys, time\n{script}")
    (programs / "ffmpeg").chmod(0o755)
