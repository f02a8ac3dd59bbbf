"""What Locust is told besides its own options, and where its reports go unless it is told."""

from argparse import Namespace
from pathlib import Path
from typing import Protocol

from locust.argument_parser import LocustArgumentParser

from loadtests.result import FOLDER


class Options(Protocol):
    """The options that the cameras read."""

    host: str
    fps: float
    clips: int
    jump_every: float
    session_s: float
    send_pose: bool
    result: Path


def add_options(parser: LocustArgumentParser) -> None:
    """Adds the options, and has the CSV files and the HTML report written by default."""
    group = parser.add_argument_group("cameras")
    group.add_argument("--fps", type=float, default=30.0, help="Frames a second of each camera. Default: 30")
    group.add_argument(
        "--jump-every", type=float, default=20.0,
        help="Seconds from one jump in front of a camera to the next; 0 for nobody who jumps. Default: 20",
    )  # fmt: skip
    group.add_argument("--clips", type=int, default=4, help="How many different athletes are drawn. Default: 4")
    group.add_argument(
        "--session-s", type=float, default=0.0,
        help="Seconds after which a camera stops, and comes back; 0 for never. Default: 0",
    )  # fmt: skip
    group.add_argument(
        "--no-pose", dest="send_pose", action="store_false",
        help="Cameras ask for answers without the 33 points, which are a tenth as long",
    )  # fmt: skip
    group.add_argument(
        "--result", type=Path, default=FOLDER / "result.json",
        help=f"Where the result for `python -m loadtests.slo` goes. Default: {FOLDER}/result.json",
    )  # fmt: skip
    parser.set_defaults(
        host="http://localhost:8000", csv_prefix=f"{FOLDER}/locust", html_file=f"{FOLDER}/report.html"
    )  # what the command line says wins


def check(options: Namespace) -> None:
    """Refuses what makes no sense.

    Raises:
        ValueError: it says which option.
    """
    if not 1 <= options.fps <= 120:
        raise ValueError("--fps is 1 to 120")
    if options.clips < 1:
        raise ValueError("--clips is at least 1")
    if min(options.jump_every, options.session_s) < 0:
        raise ValueError("--jump-every and --session-s are not negative")
