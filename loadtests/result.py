"""The result of a load test: what every camera sent and got, and the figures over all of them."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from loadtests.account import Account
from loadtests.jumpbook import FilmedJump

FORMAT: Final = "kinemotion.loadtest.v1"
FOLDER: Final = Path("build/loadtests")
ATTACKS_FILE: Final = "attacks.json"
"""Beside the result, where there were hostile clients: how often there was each attack."""

FLOOD: Final = "flood"
"""The kind of camera that is there to disturb, and is not counted in the totals."""

_PERCENTILES: Final = {"p50": 50, "p95": 95, "p99": 99, "max": 100}


@dataclass(slots=True)
class Reel:
    """One camera: its frames, the jumps that it filmed, and how many it did not film but was told of."""

    account: Account
    jumps: list[FilmedJump] = field(default_factory=list)
    strays: int = 0


def summarize(
    reels: Sequence[Reel], *, seconds: float, cpu_share: float, options: Mapping[str, object]
) -> dict[str, Any]:
    """Adds everything up.

    Args:
        reels: the cameras, in the order in which they came.
        seconds: how long the test took.
        cpu_share: how much of one core the load generator used.
        options: what the cameras were told.

    Returns:
        The result, as README.md explains it.
    """
    counted = [reel for reel in reels if reel.account.label != FLOOD]
    accounts = [reel.account for reel in counted]
    return {
        "format": FORMAT,
        "seconds": round(seconds, 1),
        "options": dict(options),
        "totals": _totals(accounts),
        "latency_ms": spread(_all(account.latency_ms for account in accounts)),
        "acknowledged_ms": spread(_all(account.acknowledged_ms for account in accounts)),
        "start_ms": spread(_all(account.start_ms for account in accounts)),
        "first_answer_ms": spread(_all(account.first_answer_ms for account in accounts)),
        "together": _together(accounts),
        "jumps": _jumps(counted),
        "generator": {
            "cpu_share": round(cpu_share, 3),
            "late_ms": spread(_all(account.late_ms for account in accounts)),
        },
        "cameras": [_camera(reel) for reel in reels],
    }


def write(path: Path, result: Mapping[str, Any]) -> None:
    """Writes a result, in a folder that need not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """Percentiles and the maximum; None of nothing."""
    if not len(values):
        return None
    found = np.percentile(np.asarray(values), list(_PERCENTILES.values()))
    return {name: round(float(value), 1) for name, value in zip(_PERCENTILES, found, strict=True)}


def _all(parts: Any) -> "array[float]":
    whole = array("f")
    for part in parts:
        whole.extend(part)
    return whole


def _totals(accounts: Sequence[Account]) -> dict[str, Any]:
    errors = sum((account.errors for account in accounts), Counter[str]())
    sent, answered = sum(account.sent for account in accounts), sum(account.answered for account in accounts)
    failed = errors.total()
    return {
        "cameras": len(accounts),
        "sent": sent,
        "answered": answered,
        "dropped": sum(account.dropped for account in accounts),
        "unanswered": sum(account.unanswered for account in accounts),
        "open": sum(account.open for account in accounts),
        "delivered_share": _share(answered, sent),
        "errors": failed,
        "error_rate": _share(failed, answered + failed),
        "errors_by_kind": dict(errors),
    }


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _together(accounts: Sequence[Account]) -> dict[str, Any] | None:
    """Answers in the whole seconds in which every camera streamed; None if there are none."""
    begun = [account.began_s for account in accounts if account.began_s is not None]
    if not accounts or len(begun) < len(accounts):
        return None
    first, last = int(max(begun)) + 1, int(min(account.ended_s for account in accounts))
    if first >= last:
        return None
    counts = [sum(account.by_second[second] for second in range(first, last)) for account in accounts]
    return {
        "seconds": last - first,
        "answers_per_s": round(sum(counts) / (last - first), 1),
        "least_answered": min(counts),
        "most_answered": max(counts),
        "least_to_most": _share(min(counts), max(counts)),
    }


def _jumps(reels: Sequence[Reel]) -> dict[str, Any]:
    asked = [jump for reel in reels for jump in reel.jumps if jump.asked]
    errors_m = [abs(jump.height_m - jump.true_m) for jump in asked if jump.finals and jump.height_m is not None]
    return {
        "filmed": len(asked),
        "found_once": sum(jump.finals == 1 for jump in asked),
        "missed": sum(jump.finals == 0 for jump in asked),
        "never_final": sum(jump.finals == 0 and jump.first_after_s is not None for jump in asked),
        "found_again": sum(jump.finals > 1 for jump in asked),
        "strays": sum(reel.strays for reel in reels),
        "without_height": sum(jump.finals > 0 and jump.height_m is None for jump in asked),
        "from_live_frames_only": sum(jump.finals > 0 and not jump.replayed for jump in asked),
        "mean_height_error_m": round(float(np.mean(errors_m)), 4) if errors_m else None,
        "greatest_height_error_m": round(max(errors_m), 4) if errors_m else None,
        "first_after_landing_ms": spread(_ms(jump.first_after_s for jump in asked)),
        "final_after_landing_ms": spread(_ms(jump.final_after_s for jump in asked)),
    }


def _ms(durations_s: Any) -> list[float]:
    return [1000 * duration_s for duration_s in durations_s if duration_s is not None]


def _camera(reel: Reel) -> dict[str, Any]:
    account = reel.account
    streamed_s = account.ended_s - account.began_s if account.began_s is not None else 0.0
    return {
        "label": account.label,
        "streamed_s": round(streamed_s, 2),
        "sent": account.sent,
        "answered": account.answered,
        "answers_per_s": round(account.answered / streamed_s, 2) if streamed_s else None,
        "dropped": account.dropped,
        "unanswered": account.unanswered,
        "open": account.open,
        "errors": dict(account.errors),
        "latency_ms": spread(account.latency_ms),
        "jumps": [asdict(jump) for jump in reel.jumps],
        "strays": reel.strays,
    }
