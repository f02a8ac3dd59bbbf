"""Fuzzes a target: `python -m fuzz picture 3600`, and whatever options libFuzzer takes.

What makes a target fail is left in `build/fuzz`; give the file to the same command to see it again. What led somewhere
new is kept in `build/fuzz/corpus`, and is where the next run begins.

Exit code: 0 nothing was found; anything else, something was, or the arguments make no sense.
"""

import sys
from pathlib import Path
from typing import Final

import atheris

with atheris.instrument_imports(include=["kinemotion"]):
    from fuzz.targets import TARGETS, Target

_FOLDER: Final = Path("build/fuzz")
_MAX_BYTES: Final = 65_536
_SLOW_S: Final = 20
_MAX_MIB: Final = 2048


def options(name: str, seconds: str) -> list[str]:
    """What libFuzzer is told."""
    return [
        f"-max_total_time={seconds}",
        f"-max_len={_MAX_BYTES}",
        f"-timeout={_SLOW_S}",
        f"-rss_limit_mb={_MAX_MIB}",
        f"-artifact_prefix={_FOLDER / name}-",
        f"-dict={_FOLDER / name}.dict",
        "-close_fd_mask=1",
    ]


def fuzz(name: str, target: Target, seconds: str, further: list[str]) -> None:
    """Fuzzes until the time is up, and ends the process."""
    corpus = _FOLDER / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = "".join(f'"{_escaped(word)}"\n' for word in target.words)
    (_FOLDER / f"{name}.dict").write_text(words)
    inputs = further if any(Path(one).is_file() for one in further) else [*further, str(corpus)]
    atheris.Setup([sys.argv[0], *options(name, seconds), *inputs], target.check)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def main() -> None:
    """Reads the command line."""
    name, seconds, *further = [*sys.argv[1:], "", ""]
    if name not in TARGETS or not seconds.isdigit():
        sys.exit(f"python -m fuzz TARGET SECONDS, where TARGET is one of {', '.join(TARGETS)}")
    fuzz(name, TARGETS[name], seconds, [one for one in further if one])


if __name__ == "__main__":
    main()
