"""Drawn jumps: through JPEG and MediaPipe, with every frame and with a third of them, and as landmarks alone."""

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np
from benchmarks.accuracy.filming import filmed, seen
from benchmarks.accuracy.findings import (
    MOVEMENTS,
    Requirement,
    Section,
    Table,
    all_found,
    all_honest,
    honest,
    label,
    mean_error,
    metric_table,
    of,
    shown,
    sizes,
    worst_error,
    yes,
)
from benchmarks.accuracy.outcome import Outcome, aspect, compare, follow, follow_live, jump_of, replay

from kinemotion.pose.graph import Mode, Pose
from kinemotion.synthetic import Camera, Clip, CountermovementJump, DropJump, SquatJump

JUMPS: Final = 60
HELD: Final = range(0, JUMPS, 10)
HANDS_DEG: Final = (0.3, 0.5)
BESIDE_DEG: Final = 70
RATES: Final = (30.0, 60.0, 120.0)
NOISES: Final = (0.0, 0.001, 0.002)
SIZES: Final = ((640, 480), (480, 854), (1280, 720), (1080, 1920), (640, 480))
HEIGHT: Final = "jump_height_m"
HEIGHT_CM: Final = {"cmj": 1.0, "sj": 1.0, "dj": 1.5}
COLUMNS: Final = (HEIGHT, "flight_time_ms", "ground_contact_time_ms", "takeoff_ms", "landing_ms")


def scenario(number: int, wobble_deg: float = 0.0) -> Clip:
    """A drawn jump; everything about it follows from its number, but for how unsteady the camera is held."""
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
        yaw_deg=float(rng.choice([0, 20, -30, 45, -45, 70, -90])),
        share=None if rng.random() < 0.5 else float(rng.uniform(0.42, 0.6)),
        place=(float(rng.uniform(0.42, 0.58)), 0.52),
        wobble_deg=wobble_deg,
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


def through_mediapipe(number: int) -> tuple[bool, Outcome, Outcome, Outcome]:
    """One drawn jump through JPEG and MediaPipe: as a file, as a server's final result, and live with a third.

    First whether it is seen from the side.
    """
    cv2.setNumThreads(1)
    clip = scenario(number)
    truth = jump_of(clip)
    frames = filmed(clip)
    poses = seen(frames, Mode.FINAL)
    jumps = follow(clip.times_s, poses, truth.movement, aspect(clip))
    found = ((frame, pose) for frame, pose in zip(frames, poses, strict=True) if pose is not None)
    landmarks = {frame.elapsed_us: Pose(pose.landmarks, pose.world) for frame, pose in found}  # as live graphs find
    final = [replay(frames, landmarks, jump) for jump in jumps]
    kept = np.random.default_rng([number, 12]).random(len(frames)) < 1 / 3
    third = [frame for frame, keep in zip(frames, kept, strict=True) if keep]
    live = follow_live(third, seen(third, Mode.LIVE), truth.movement)
    beside = abs(clip.camera.yaw_deg) >= BESIDE_DEG
    return beside, compare(jumps, truth), compare([jump for jump in final if jump], truth), compare(live, truth)


def held(number: int) -> tuple[Outcome, Outcome]:
    """One of these jumps, filmed from the hand, as a server makes it final and as its live path sees it."""
    cv2.setNumThreads(1)
    clip = scenario(number, HANDS_DEG[HELD.index(number) // len(MOVEMENTS)])
    truth, frames = jump_of(clip), filmed(clip)
    poses = seen(frames, Mode.LIVE)
    landmarks = {frame.elapsed_us: pose for frame, pose in zip(frames, poses, strict=True) if pose is not None}
    live = follow_live(frames, poses, truth.movement)
    final = [replay(frames, landmarks, jump) for jump in live]
    return compare([jump for jump in final if jump], truth), compare(live, truth)


def every_frame(outcomes: Sequence[Outcome], beside: Sequence[Outcome]) -> Section:
    """What every frame gives; `beside` are those of these jumps that are seen from the side."""
    about = (
        f"{JUMPS} drawn jumps of 15 to 55 cm: three movements, arms on the hips or swinging, 24 to 60 frames/s, "
        "several picture sizes, athletes of 1.55 to 1.95 m in many looks and places, seen from the front, the side or "
        "between; JPEG, then MediaPipe from frame to frame, as clips are analysed."
        f"{_seen_from_the_side(beside)}"
    )
    return Section("Drawn athlete", about, _wanted(outcomes), [metric_table(outcomes)])


def replays(outcomes: Sequence[Outcome], beside: Sequence[Outcome]) -> Section:
    """What a server makes final; `beside` are those of these jumps that are seen from the side."""
    about = (
        "The same jumps as a server makes them final that keeps up with the camera: it looks at the flight and its "
        "contacts again, has the live poses of the rest, from half a second before the onset to 0.7 s after landing, "
        f"and knows no others.{_seen_from_the_side(beside)}"
    )
    return Section("Drawn athlete, final results of a server", about, _wanted(outcomes), [metric_table(outcomes)])


def from_the_hand(outcomes: Sequence[tuple[Outcome, Outcome]]) -> Section:
    """What a server makes final of jumps whose camera is held by hand, which its live path does not know."""
    final, live = zip(*outcomes, strict=True)
    about = (
        f"{len(HELD)} of these jumps, filmed by a camera that turns by {HANDS_DEG[0]} or {HANDS_DEG[-1]}° (standard "
        "deviation, once or twice a second); the server takes the camera's motion, seen in the room, off the body's. "
        f"Live, at the camera's own rate, heights are {_mean_and_worst(live, HEIGHT)} cm off, the worst in brackets."
    )
    limits = dict.fromkeys(MOVEMENTS, 1.5)
    requirements = [all_found(final), mean_error(final, HEIGHT, limits), worst_error(final, HEIGHT, 3.0)]
    return Section("Drawn athlete, camera held by hand", about, requirements, [metric_table(final)])


def _seen_from_the_side(outcomes: Sequence[Outcome]) -> str:
    return (
        f" Heights of the {len(outcomes)} that are seen from {BESIDE_DEG}° or more to the side are "
        f"{_mean_and_worst(outcomes, HEIGHT)} cm off, the worst in brackets."
    )


def _wanted(outcomes: Sequence[Outcome]) -> list[Requirement]:
    both = ("takeoff_ms", "landing_ms")
    return [
        all_found(outcomes),
        mean_error(outcomes, HEIGHT, HEIGHT_CM),
        worst_error(outcomes, HEIGHT, 3.0),
        mean_error(outcomes, "flight_time_ms", dict.fromkeys(MOVEMENTS, 8.0)),
        mean_error(outcomes, "ground_contact_time_ms", {"dj": 12.0}),
        *(mean_error(outcomes, event, dict.fromkeys(MOVEMENTS, 10.0)) for event in both),
        mean_error(outcomes, "countermovement_depth_m", {"cmj": 3.0}),
        all_honest(outcomes),
    ]


def a_third(outcomes: Sequence[Outcome]) -> Section:
    """What a random third of the frames gives."""
    requirements = [mean_error(outcomes, HEIGHT, dict.fromkeys(MOVEMENTS, 3.0)), honest(outcomes, HEIGHT)]
    found = f"{sum(bool(one.errors) for one in outcomes)} of {len(outcomes)} jumps were found."
    about = (
        "The same clips with frames dropped at random to a third of the rate, on the live path only; where a gap hides "
        f"a contact, the usual flight time of half a second, give or take 0.15 s, is weighed in. {found}"
    )
    return Section("A third of the frames, live path", about, requirements, [metric_table(outcomes)])


def landmarks_alone(number: int) -> dict[tuple[float, float], Outcome]:
    """One drawn jump as its true landmarks, by frames a second and noise in shares of the frame."""
    clip = scenario(number)
    return {(fps, noise): outcome for fps in RATES for noise, outcome in _at_rate(clip, fps)}


def _at_rate(clip: Clip, fps: float) -> Iterator[tuple[float, Outcome]]:
    first_s, last_s = clip.times_s[[0, -1]].tolist()
    times = np.arange(first_s, last_s, 1 / fps)
    truth, true = jump_of(clip), np.array([clip.landmarks_at(time_s) for time_s in times.tolist()])
    for noise in NOISES:
        points = true.copy()
        points[:, :, :2] += np.random.default_rng([clip.seed, 13]).normal(0.0, noise, points[:, :, :2].shape)
        yield noise, compare(follow(times, [(row,) for row in points], truth.movement, aspect(clip)), truth)


def landmarks_section(results: Sequence[dict[tuple[float, float], Outcome]]) -> Section:
    """What true landmarks give."""
    lines, means = [], []
    for fps, noise in results[0]:
        outcomes = [result[fps, noise] for result in results]
        for movement in MOVEMENTS:
            mine = of(outcomes, movement)
            found = [one for one in mine if one.errors]
            error = float(sizes(mine, HEIGHT).mean()) if found else np.inf
            means.append((error, f"{movement}, {fps:g} frames/s, noise {noise:g}"))
            cells = [_mean_and_worst(mine, name) for name in COLUMNS]
            holds = yes(error <= 0.01 and len(found) == len(mine))
            lines.append((f"{fps:g}", f"{noise:g}", movement, f"{len(found)} of {len(mine)}", *cells, holds))
    worst, where = max(means)
    requirements = [
        all_found([one for result in results for one in result.values()]),
        Requirement(
            f"{label(HEIGHT)}: mean absolute error in every row",
            "at most 1.0",
            f"{shown(HEIGHT, worst, 1)} ({where})",
            worst <= 0.01,
        ),
    ]
    head = ("frames/s", "noise", "movement", "found", *map(label, COLUMNS), "holds")
    about = (
        "The true landmarks of these jumps with noise in shares of the frame: what is left without a camera and a pose "
        "model. Mean absolute errors, the worst in brackets."
    )
    return Section("Landmarks alone", about, requirements, [Table(head, lines)])


def _mean_and_worst(outcomes: Sequence[Outcome], name: str) -> str:
    errors = sizes(outcomes, name)
    return f"{shown(name, float(errors.mean()))} ({shown(name, float(errors.max()))})" if len(errors) else ""
