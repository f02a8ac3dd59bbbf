"""Recordings of real people, as MediaPipe saw them, beside what was read from the feet by eye."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from benchmarks.accuracy.findings import Requirement, Section, Table, yes
from benchmarks.accuracy.outcome import EVENTS, follow

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "landmarks"
TITLE: Final = "Real people"
FRAMES: Final = 1.0
"""By how many frames an event may be off its reading."""


@dataclass(frozen=True)
class Recording:
    """One recording.

    Attributes:
        name: its file.
        read: what was read by eye.
        events: take-off and landing of each jump found, in frames.
        flights_s: how long each lasted.
    """

    name: str
    read: dict[str, Any]
    events: Sequence[tuple[float, float]]
    flights_s: Sequence[float]

    def judged(self) -> list[bool]:
        """Whether take-off, landing and flight time of its one jump are as read."""
        (events,), (flight_s,) = self.events, self.flights_s
        slack = [(value, self.read[f"{event}_frame"], FRAMES) for value, event in zip(events, EVENTS, strict=True)]
        slack.append((flight_s, self.read["flight_time_s"], 0.0))
        return [first - more <= value <= last + more for value, (first, last), more in slack]

    @property
    def holds(self) -> bool:
        """Whether it has the jumps that were read, where they were read."""
        return len(self.events) == self.read["jumps"] and (not self.events or all(self.judged()))


def names() -> list[str]:
    """The recordings there are."""
    return list(orjson.loads((FOLDER / "truth.json").read_bytes()))


def recording(name: str) -> Recording:
    """What is found in one recording, by the landmarks of a graph that follows the body, as for clips."""
    read = orjson.loads((FOLDER / "truth.json").read_bytes())[name]
    with np.load(FOLDER / f"{name}.npz") as data:
        times, (width, height) = data["time_s"], data["size_px"]
        pairs = zip(data["video_mode"][..., :4], data["world"][..., :4], strict=True)
        poses = [pair if np.isfinite(pair[0]).all() else None for pair in pairs]
    jumps = follow(times, poses, "auto", float(width / height))
    frames = np.arange(len(times))
    events = [tuple(float(np.interp(jump.events_s[event], times, frames)) for event in EVENTS) for jump in jumps]
    flights = [jump.metrics["flight_time_ms"] / 1000 for jump in jumps]
    return Recording(name, read, [(takeoff, landing) for takeoff, landing in events], flights)


def section(recordings: Sequence[Recording]) -> Section:
    """How near the readings what is found comes."""
    jumping = [one for one in recordings if one.read["jumps"]]
    found = [one for one in jumping if len(one.events) == one.read["jumps"]]
    still = [one for one in recordings if not one.read["jumps"]]
    judged = list(zip(*(one.judged() for one in found), strict=True)) or [(), (), ()]
    wanted = ("within a frame of the reading", "within a frame of the reading", "inside the range read")
    requirements = [
        Requirement(what, want, f"{sum(holds)} of {len(jumping)}", sum(holds) == len(jumping))
        for what, want, holds in zip(("take-off", "landing", "flight time"), wanted, judged, strict=True)
    ]
    invented = sum(len(one.events) for one in still)
    names = " and ".join(one.name for one in still)
    requirements.append(Requirement(f"jumps in {names}", "none", str(invented), not invented))
    head = ("clip", "take-off, frame", "wanted", "landing, frame", "wanted", "flight time, s", "wanted", "holds")
    about = (
        "Landmarks of recorded people, without the soles of their shoes, from a graph that followed them; measured as "
        "in clips, where a landing has 2.5 s to show where its floor is. Take-off and landing were read by eye from "
        "the feet, in frames."
    )
    lines = [line for one in recordings for line in _lines(one)]
    return Section(TITLE, about, requirements, [Table(head, lines)])


def _lines(one: Recording) -> list[tuple[str, ...]]:
    if not one.events:
        return [(one.name, "no jump", f"{one.read['jumps']} jumps", "", "", "", "", yes(one.holds))]
    if not one.read["jumps"]:
        return [(one.name, f"{len(one.events)} jumps", "no jump", "", "", "", "", yes(False))]
    frames = [f"{first - FRAMES:g} to {last + FRAMES:g}" for first, last in (one.read[f"{e}_frame"] for e in EVENTS)]
    shortest, longest = one.read["flight_time_s"]
    return [
        (
            *(one.name, f"{takeoff:.1f}", frames[0], f"{landing:.1f}", frames[1]),
            *(f"{flight_s:.3f}", f"{shortest:.2f} to {longest:.2f}", yes(one.holds)),
        )
        for (takeoff, landing), flight_s in zip(one.events, one.flights_s, strict=True)
    ]
