"""How far a jump's numbers can be trusted."""

import numpy as np

from kinemotion.jumps.flight import Flight
from kinemotion.jumps.jump import Grade, Quality
from kinemotion.jumps.signal import Array, Samples

_FEW_FRAMES = 6


def judge(samples: Samples, flight: Flight, uncertainty: dict[str, float], start_s: float) -> Quality:
    """Grade a jump by the uncertainty of its height, and say what speaks against it."""
    whole = samples.between(start_s, flight.landing_s)
    gaps = np.diff(samples.between(flight.takeoff_s - 0.5, flight.landing_s + 0.1).time)
    fps = float(1 / np.median(gaps)) if len(gaps) else 0.0
    warnings = _warnings(samples, flight, gaps)
    return Quality(_grade(uncertainty["jump_height_m"], warnings), fps, len(whole), flight.frames, warnings)


def _grade(height_sd_m: float, warnings: tuple[str, ...]) -> Grade:
    if height_sd_m < 0.015 and not warnings:
        return "A"
    if height_sd_m < 0.04 and "few_frames_in_flight" not in warnings:
        return "B"
    return "C" if height_sd_m < 0.08 else "D"


def _warnings(samples: Samples, flight: Flight, gaps: Array) -> tuple[str, ...]:
    found = {
        "few_frames_in_flight": flight.frames < _FEW_FRAMES,
        "irregular_frames": len(gaps) > 0 and bool(gaps.max() > 3 * np.median(gaps)),
        "landing_flexed": flight.landing_s + flight.takeoff_s - 2 * flight.apex_s > 0.1 * flight.duration_s,
        "feet_out_of_picture": bool((samples.between(flight.takeoff_s - 0.2, flight.landing_s).feet < -1).any()),
    }
    return tuple(name for name, present in found.items() if present)
