"""Names, units and explanations for people. A metric's suffix is its unit."""

from collections.abc import Iterable, Sequence
from typing import Final

from kinemotion.jumps import Jump, Movement, Phase

MINUS: Final = "\N{MINUS SIGN}"
TIMES: Final = "\N{MULTIPLICATION SIGN}"
HEADLINE: Final = "jump_height_m"

MOVEMENTS: Final = {
    Movement.AUTO: "Jump",
    Movement.CMJ: "Countermovement jump",
    Movement.SJ: "Squat jump",
    Movement.DJ: "Drop jump",
}

PHASES: Final = {
    Phase.NO_POSE: "Nobody in view",
    Phase.STANDING: "Standing",
    Phase.COUNTERMOVEMENT: "Dipping",
    Phase.SQUAT: "Squat",
    Phase.PROPULSION: "Pushing off",
    Phase.FLIGHT: "Flight",
    Phase.LANDING: "Landing",
    Phase.DROP: "Dropping",
    Phase.CONTACT: "Ground contact",
}

EVENTS: Final = {
    "contact": "Touch-down",
    "onset": "Onset",
    "lowest": "Lowest point",
    "takeoff": "Take-off",
    "apex": "Apex",
    "landing": "Landing",
}
"""In the order in which they happen."""

METRICS: Final = {
    "jump_height_m": "Jump height",
    "jump_height_flight_time_m": "Height from flight time",
    "jump_height_takeoff_velocity_m": "Height from take-off velocity (the same)",
    "flight_time_ms": "Flight time",
    "takeoff_velocity_m_s": "Take-off velocity",
    "countermovement_depth_m": "Countermovement depth",
    "eccentric_duration_ms": "Time down (eccentric)",
    "concentric_duration_ms": "Time up (concentric)",
    "time_to_takeoff_ms": "Time to take-off",
    "peak_eccentric_velocity_m_s": "Peak velocity down",
    "peak_concentric_velocity_m_s": "Peak velocity up",
    "rsi_modified_m_s": "Modified reactive strength index",
    "squat_hold_duration_ms": "Squat held for",
    "ground_contact_time_ms": "Ground contact time",
    "reactive_strength_index_m_s": "Reactive strength index",
    "flight_contact_ratio": "Flight to contact ratio",
    "drop_height_m": "Drop height",
    "knee_angle_lowest_deg": "Knee at the lowest point",
    "hip_angle_lowest_deg": "Hip at the lowest point",
    "ankle_angle_lowest_deg": "Ankle at the lowest point",
    "peak_power_w": "Peak power (estimate)",
    "mean_force_n": "Mean force (estimate)",
}
"""In the order in which they are shown; one that is missing here comes last, by its own name."""

MEANINGS: Final = {
    "jump_height_m": "How far the centre of mass rose from take-off to its highest point: the best estimate.",
    "jump_height_flight_time_m": "g t²/8. Too high if the legs are bent on landing.",
    "jump_height_takeoff_velocity_m": "v²/2g of the take-off velocity, which is measured through the same flight: "
    "always the jump height again, and no second measurement of it.",
    "flight_time_ms": "From the last contact of the feet to the first.",
    "takeoff_velocity_m_s": "Upward speed of the centre of mass as the feet leave.",
    "countermovement_depth_m": "How far the centre of mass sank below standing; a deep bend reads a few centimetres "
    "short.",
    "eccentric_duration_ms": "From the onset to the lowest point.",
    "concentric_duration_ms": "From the lowest point (squat jump: from the first rise) to take-off.",
    "time_to_takeoff_ms": "From the onset to take-off.",
    "peak_eccentric_velocity_m_s": "Fastest sinking before the lowest point.",
    "peak_concentric_velocity_m_s": "Fastest rise, just before take-off.",
    "rsi_modified_m_s": "Jump height over time to take-off.",
    "squat_hold_duration_ms": "How long the squat was held still.",
    "ground_contact_time_ms": "From touch-down to take-off.",
    "reactive_strength_index_m_s": "Jump height over ground contact time.",
    "flight_contact_ratio": "Flight time over ground contact time.",
    "drop_height_m": "How high a free fall ends as fast as the body came down: less than the box for who steps down "
    "from it, more for who jumps off. A stated box is weighed in.",
    "knee_angle_lowest_deg": "180° is straight, but the pose model may show a straight leg as 150 to 180, and a "
    "deep bend 15° too open; mean of both legs.",
    "hip_angle_lowest_deg": "Between trunk and thigh; mean of both legs.",
    "ankle_angle_lowest_deg": "Between shank and foot, by the lean of the shank over a flat foot; mean of both legs.",
    "peak_power_w": "From jump height and body mass.",
    "mean_force_n": "On the ground, from jump height, push-off distance and body mass.",
}

GRADES: Final = {
    "A": ("very reliable", "Good enough to compare one jump with the next."),
    "B": ("reliable", "Good for training: small differences between single jumps mean little."),
    "C": (
        "use with care",
        "The height may be several centimetres off. A still camera, good light and 60 pictures a second help.",
    ),
    "D": ("rough guess", "Only that there was a jump is certain; do not use the numbers."),
}

_UNLIKE: Final = "movement_unlike"
_OF_ANOTHER: Final = (
    "for the height alone",
    "The grade is that of the height. All else was measured as for a movement that this did not look like.",
)

WARNINGS: Final = {
    "landing_flexed": "Landed with bent legs, which lengthens the flight: the height from flight time reads too high. "
    "Land on the toes with straight legs.",
    "few_frames_in_flight": "Only a few pictures show the flight. Film at 60 pictures a second or more, in good light.",
    "irregular_frames": "Pictures around the jump are missing, or came at uneven times. Film with a fixed rate.",
    "feet_out_of_picture": "The feet left the picture. Step back, stand in the middle, or tilt the camera down.",
    "head_out_of_picture": "The head left the picture. Step back, or tilt the camera up, to leave room for the jump.",
    "camera_moved": "The camera moved. Put it on a stand or lean it against something firm, then film again.",
    "second_person": "Somebody else was in the picture. Let one person alone be seen, then film again.",
    "scale_disagrees": "The body height stated does not fit the fall that was seen. Check it, and whether the clip "
    "plays in slow motion.",
    "drop_height_disagrees": "The drop height stated does not fit the fall that was seen, and was left out. Check it. "
    "Step off the box: stepping down or jumping off it changes the fall.",
    _UNLIKE: "This did not look like the movement asked for: figures of the push-off may mean nothing. Run the "
    "command of the movement that was done: cmj-analyze for countermovement jumps, sj-analyze for squat jumps, "
    'dropjump-analyze for drop jumps, analyze for any; in Python, movement="auto".',
    "onset_not_seen": "The beginning of the movement was not seen, so times and depths before take-off may be missing. "
    "Stand still for a second before the jump.",
    "file_incomplete": "The file ends before it should: it was cut off, or is damaged. Copy it from the camera again.",
    "frames_unreadable": "Some pictures could not be decoded and were left out. Copy the file from the camera again.",
    "frame_times_repaired": "Some pictures had no time of their own and were left out.",
    "frames_missing": "The clip has gaps of several pictures. Record with fewer apps open, or copy the file again.",
    "few_frames_a_second": "The clip has fewer than 24 pictures a second, too few for figures to rely on, whatever "
    "their grade. Film at 60 or more.",
    "nobody_seen": "Nobody was seen. Film the whole body, from head to feet, in good light.",
    "body_seldom_seen": "The body was seen in fewer than half of the pictures. Film the whole body, in good light.",
}

_UNITS: Final = (  # suffix, unit, factor, digits after the point; longer suffixes first
    ("_m_s", "m/s", 1.0, 2),
    ("_ms", "ms", 1.0, 0),
    ("_deg", "°", 1.0, 0),
    ("_m", "cm", 100.0, 1),
    ("_s", "s", 1.0, 2),
    ("_w", "W", 1.0, 0),
    ("_n", "N", 1.0, 0),
)
_BARE: Final = ("", "", 1.0, 2)


def titles(jumps: Sequence[Jump]) -> list[str]:
    """What each of a clip's jumps is called: by its number and, where there are several kinds, by its kind."""
    several = len({jump.movement for jump in jumps}) > 1
    return [f"Jump {jump.index}" + (f", {MOVEMENTS[jump.movement].lower()}" if several else "") for jump in jumps]


def order(names: Iterable[str]) -> list[str]:
    """Metric names in the order in which they are shown, each once."""
    wanted = set(names)
    return [name for name in METRICS if name in wanted] + sorted(wanted.difference(METRICS))


def label(metric: str) -> str:
    """`peak_eccentric_velocity_m_s` as “Peak velocity down”."""
    if metric in METRICS:
        return METRICS[metric]
    words = metric.removesuffix(display(metric)[0]).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def warning(code: str) -> str:
    """A warning as a sentence or two: what is wrong, and what to do."""
    return WARNINGS.get(code) or f"{code.replace('_', ' ').capitalize()}."


def verdict(jump: Jump) -> tuple[str, str]:
    """A jump's grade in a word or two, and what it is good for."""
    return _OF_ANOTHER if _UNLIKE in jump.quality.warnings else GRADES[jump.quality.grade]


def doubts(jump: Jump) -> list[str]:
    """A jump's warnings in words, with figures where there are any; first that it was another movement."""
    codes = sorted(jump.quality.warnings, key=lambda code: code != _UNLIKE)
    return [f"{warning(code)}{_excess(jump) if code == 'landing_flexed' else ''}" for code in codes]


def _excess(jump: Jump) -> str:
    by_time, height = jump.metrics.get("jump_height_flight_time_m"), jump.metrics.get(HEADLINE)
    if by_time is None or height is None or by_time <= height:
        return ""
    return f" Here it reads about {100 * (by_time - height):.0f} cm too high."


def unit(metric: str) -> str:
    """The unit in which a metric is shown."""
    return display(metric)[1]


def number(metric: str, value: float) -> str:
    """A metric's value in the unit in which it is shown, with a real minus sign."""
    _, _, factor, digits = display(metric)
    return f"{round(value * factor, digits) + 0.0:.{digits}f}".replace("-", MINUS)


def measure(metric: str, value: float, deviation: float | None = None) -> str:
    """“34.8 ± 0.6 cm”."""
    spread = "" if not deviation else f" ± {number(metric, deviation)}"
    sign = unit(metric)
    return f"{number(metric, value)}{spread}{'' if sign in ('', '°') else ' '}{sign}"


def display(metric: str) -> tuple[str, str, float, int]:
    """How a metric is shown: its suffix, the unit, what the value is multiplied by for it, digits after the point."""
    return next((entry for entry in _UNITS if metric.endswith(entry[0])), _BARE)
