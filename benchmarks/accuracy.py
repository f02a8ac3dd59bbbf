"""How far the figures are from the truth: `make accuracy` prints the tables and writes `docs/accuracy.md`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import orjson
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from kinemotion.jumps import Jump, JumpTracker, Movement
from kinemotion.pose.graph import Mode, Pose, PoseGraph
from kinemotion.pose.jpeg import decode, read_header
from kinemotion.pose.models import BUNDLED_FOLDER, MODELS
from kinemotion.synthetic import Camera, Clip, CountermovementJump, DropJump, JumpTruth, SquatJump

Array = NDArray[np.float64]
Seen = tuple[Array, Array | None]

MODEL: Final = BUNDLED_FOLDER / MODELS[0].filename
OUTPUT: Final = Path(__file__).parents[1] / "docs" / "accuracy.md"
RECORDED: Final = Path(__file__).parents[2] / "shared" / "data" / "landmarks"
SETTLE_S: Final = 1.0
DRAWN: Final = 66
SIZES: Final = ((640, 480), (480, 854), (1280, 720), (1080, 1920), (640, 480))
SAME_JUMP_S: Final = 0.3


@dataclass(frozen=True)
class Found:
    """What came of one drawn jump: how many jumps were reported, and the nearest one's errors in cm and ms."""

    movement: str
    reported: int
    errors: dict[str, float]
    within_two_sd: bool


def scenario(number: int) -> Clip:
    """A drawn jump; everything about it follows from its number."""
    rng = np.random.default_rng([number, 11])
    height_m, arms = float(rng.uniform(0.15, 0.55)), rng.choice(["hips", "swing"])
    depth_m = float(rng.uniform(0.7, 1.0)) * min(0.36, 0.10 + 0.7 * height_m)  # low jumps are shallow
    motion: CountermovementJump | SquatJump | DropJump
    match number % 3:
        case 0:
            motion = CountermovementJump(height_m=height_m, depth_m=depth_m, arms=arms)
        case 1:
            motion = SquatJump(height_m=height_m, depth_m=depth_m, arms=arms)
        case _:
            contact_s, box_m = float(rng.uniform(0.18, 0.32)), float(rng.choice([0.2, 0.3, 0.4]))
            motion = DropJump(height_m=height_m, contact_s=contact_s, drop_height_m=box_m, arms=arms)
    camera = Camera(
        distance_m=float(rng.uniform(2.5, 5.0)),
        height_m=float(rng.uniform(0.6, 1.5)),
        yaw_deg=float(rng.choice([0, 20, -30, 45, -45])),
        share=None if rng.random() < 0.5 else float(rng.uniform(0.42, 0.6)),
        place=(float(rng.uniform(0.42, 0.58)), 0.52),
    )
    return Clip(
        [motion],
        fps=float(rng.choice([24, 25, 30, 30, 50, 60])),
        size=SIZES[int(rng.integers(len(SIZES)))],
        camera=camera,
        body_height_m=float(rng.uniform(1.55, 1.95)),
        seed=number,
        phase=float(rng.random()),
    )


def track(times: Iterable[float], poses: Iterable[Seen | None], movement: str, aspect: float) -> list[Jump]:
    """The final jumps in a stream of poses; each is landmarks, and world landmarks if there are any."""
    tracker = JumpTracker(Movement(movement), settle_s=SETTLE_S)
    jumps: dict[int, Jump] = {}
    for time_s, pose in zip(times, poses, strict=True):
        landmarks, world = (None, None) if pose is None else pose
        update = tracker.update(float(time_s), landmarks, aspect=aspect, world=world)
        jumps |= {jump.index: jump for jump in update.jumps}
    return [*(jumps | {jump.index: jump for jump in tracker.finish()}).values()]


def compare(jumps: Sequence[Jump], truth: JumpTruth) -> Found:
    """The errors of the jump that is nearest to the truth."""
    near = [jump for jump in jumps if abs(jump.events_s["takeoff"] - truth.events_s["takeoff"]) < SAME_JUMP_S]
    if not near:
        return Found(truth.movement, len(jumps), {}, within_two_sd=False)
    jump = near[0]
    errors = {
        f"{name}, {unit}": scale * (jump.metrics[key] - truth.metrics[key])
        for name, key, unit, scale in (
            ("height", "jump_height_m", "cm", 100),
            ("flight time", "flight_time_ms", "ms", 1),
            ("contact time", "ground_contact_time_ms", "ms", 1),
            ("depth", "countermovement_depth_m", "cm", 100),
        )
        if key in jump.metrics and key in truth.metrics
    }
    for event in ("takeoff", "landing"):
        errors[f"{event}, ms"] = 1000 * (jump.events_s[event] - truth.events_s[event])
    sure = abs(errors["height, cm"]) <= 200 * jump.uncertainty["jump_height_m"]
    return Found(truth.movement, len(jumps), errors, sure)


def through_mediapipe(number: int, mode: Mode, share: float) -> Found:
    """One drawn jump through JPEG and MediaPipe, with a random share of its frames."""
    cv2.setNumThreads(1)
    clip = scenario(number)
    kept = np.random.default_rng([number, 12]).random(len(clip.times_s)) < share
    frames = [frame for frame, keep in zip(clip.jpegs(), kept, strict=True) if keep]
    with PoseGraph(MODEL, mode) as graph:
        poses = [graph.detect(decode(jpeg, read_header(jpeg)), round(time_s * 1e6)) for time_s, jpeg in frames]
    (truth,) = clip.truth
    return compare(track([time_s for time_s, _ in frames], poses, truth.movement, aspect(clip)), truth)


def landmarks_alone(number: int, fps: float, noise: float) -> Found:
    """One drawn jump as its true landmarks, with noise in shares of the frame."""
    drawn = scenario(number)
    clip = Clip(
        drawn.motions, fps=fps, size=drawn.size, camera=drawn.camera, body_height_m=drawn.body.height_m, seed=number
    )
    points = clip.landmarks()
    points[:, :, :2] += np.random.default_rng([number, 13]).normal(0.0, noise, points[:, :, :2].shape)
    (truth,) = clip.truth
    return compare(
        track(clip.times_s, [(landmarks, None) for landmarks in points], truth.movement, aspect(clip)), truth
    )


def aspect(clip: Clip) -> float:
    """Width over height of a clip's pictures."""
    width, height = clip.size
    return width / height


def rows(found: Sequence[Found]) -> list[list[str]]:
    """A line for each movement: mean absolute and worst errors, jumps missed and invented, and the claimed spread."""
    lines = []
    for movement in ("cmj", "sj", "dj"):
        mine = [one for one in found if one.movement == movement]
        cells = [movement, f"{sum(bool(one.errors) for one in mine)} of {len(mine)}"]
        cells.append(str(sum(max(one.reported - 1, 0) for one in mine)))
        for name in COLUMNS:
            errors = np.array([one.errors[name] for one in mine if name in one.errors])
            cells.append(f"{np.abs(errors).mean():.1f} ({np.abs(errors).max():.1f})" if len(errors) else "")
        cells.append(f"{100 * np.mean([one.within_two_sd for one in mine]):.0f} %")
        lines.append(cells)
    return lines


def recorded() -> list[list[str]]:
    """Jumps of real people: frames of take-off and landing beside the reading."""
    lines = []
    for name, truth in orjson.loads((RECORDED / "truth.json").read_bytes()).items():
        data = np.load(RECORDED / f"{name}.npz")
        pairs = zip(data["image_mode"][..., :4], data["world"][..., :4], strict=True)
        poses = [Pose(*pair) if np.isfinite(pair[0]).all() else None for pair in pairs]
        width, height = data["size_px"]
        jumps = track(data["time_s"], poses, "auto", float(width / height))
        frames = np.arange(len(data["time_s"]))
        for jump in jumps:
            events = [f"{np.interp(jump.events_s[key], data['time_s'], frames):.1f}" for key in ("takeoff", "landing")]
            flight = f"{jump.metrics['flight_time_ms'] / 1000:.3f}"
            read = (truth.get("takeoff_frame"), truth.get("landing_frame"), truth.get("flight_time_s"))
            cells = zip([*events, flight], read, strict=True)
            lines.append([name, *(f"{mine} ({theirs})" for mine, theirs in cells)])
        if not jumps:
            lines.append([name, "no jump", "", f"({truth['jumps']} jumps)"])
    return lines


COLUMNS: Final = ("height, cm", "flight time, ms", "contact time, ms", "takeoff, ms", "landing, ms", "depth, cm")
HEAD: Final = ("movement", "found", "invented", *COLUMNS, "height within 2 sd")
Job = Callable[[int], Found]
JOBS: Final[Mapping[str, Job]] = {
    "Drawn athlete, JPEG, MediaPipe, every frame": partial(through_mediapipe, mode=Mode.STATELESS, share=1.0),
    "The same, a third of the frames at random, live path": partial(through_mediapipe, mode=Mode.LIVE, share=1 / 3),
} | {
    f"Landmarks alone, {fps:g} frames/s, noise {noise:g} of the frame": partial(landmarks_alone, fps=fps, noise=noise)
    for fps in (30.0, 60.0, 120.0)
    for noise in (0.0, 0.001, 0.002)
}


def main() -> None:
    """Runs everything on all cores; prints, and writes the page."""
    tables: dict[str, tuple[Sequence[str], list[list[str]]]] = {}
    console = Console()
    with ProcessPoolExecutor() as pool, Progress(console=console) as progress:
        for title, job in JOBS.items():
            found = list(progress.track(pool.map(job, range(DRAWN)), DRAWN, description=title))
            tables[title] = (HEAD, rows(found))
    if RECORDED.is_dir():
        head = ("clip", "take-off, frame", "landing, frame", "flight time, s")
        tables["Real people, in brackets as read by eye"] = (head, recorded())
    for title, (columns, lines) in tables.items():
        table = Table(*columns, title=title)
        for line in lines:
            table.add_row(*line)
        console.print(table)
    OUTPUT.write_text(page(tables))


def page(tables: dict[str, tuple[Sequence[str], list[list[str]]]]) -> str:
    """The tables as Markdown."""
    parts = [
        "# Accuracy",
        f"Made by `make accuracy` from {DRAWN} drawn jumps of 15 to 55 cm: three movements, arms on the hips or "
        "swinging, 24 to 60 frames/s, several picture sizes, athletes of 1.55 to 1.95 m in many looks, seen from the "
        "front and up to 45° to the side. Errors are mean absolute ones, the worst in brackets.",
    ]
    for title, (columns, lines) in tables.items():
        table = [columns, ["---"] * len(columns), *lines]
        parts += [f"## {title}", "\n".join(f"| {' | '.join(line)} |" for line in table)]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
