"""Results as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import orjson

from kinemotion.jumps import Jump
from kinemotion.video.facts import VideoFacts

_DECIMALS: Final = 4


def document(
    jumps: Sequence[Jump], video: VideoFacts, software: Mapping[str, str], name: str | None = None
) -> dict[str, object]:
    """A clip's results: `jumps` as on the wire, `video`, `software`, and the athlete's `name` if it was stated."""
    facts = asdict(video)
    facts |= {name: round(value, _DECIMALS) for name, value in facts.items() if isinstance(value, float)}
    stated = {} if name is None else {"name": name}
    told = [{"type": "jump"} | jump.to_dict() for jump in jumps]
    return {**stated, "jumps": told, "video": facts, "software": dict(software)}


def encode(content: object) -> bytes:
    """JSON for people and programs: indented, with a line end."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
