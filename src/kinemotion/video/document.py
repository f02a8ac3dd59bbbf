"""Results as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import orjson

from kinemotion.jumps import Jump
from kinemotion.video.facts import VideoFacts

_DECIMALS: Final = 4


def document(jumps: Sequence[Jump], video: VideoFacts, software: Mapping[str, str]) -> dict[str, object]:
    """A clip's results: `jumps` as on the wire, `video`, `software`."""
    facts = asdict(video)
    facts |= {name: round(value, _DECIMALS) for name, value in facts.items() if isinstance(value, float)}
    return {"jumps": [{"type": "jump"} | jump.to_dict() for jump in jumps], "video": facts, "software": dict(software)}


def encode(content: object) -> bytes:
    """JSON for people and programs: indented, with a line end."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
