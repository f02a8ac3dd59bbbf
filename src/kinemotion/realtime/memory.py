"""The process's memory: what is left for sessions, and an allocator that gives back what they leave.

glibc keeps an arena of memory for every few threads, and each graph has threads of its own: what a graph frees stays
with the arenas of its threads. Few arenas, trimmed when a graph is closed, keep a server at the size of its sessions;
so does memory of its own for whatever is larger than any frame's needs, as graphs' weights are.
"""

import ctypes
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ARENAS: Final = 2
LARGE_BYTES: Final = 4 * 1024 * 1024
_M_MMAP_THRESHOLD: Final = -3  # malloc.h
_M_ARENA_MAX: Final = -8
_THEIR_CHOICE: Final = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")
_KIB: Final = 1024


def be_thrifty() -> None:
    """Sets glibc's allocator up, unless the environment does; to be called before threads are made."""
    allocator = _glibc()
    if allocator is not None and not any(variable in os.environ for variable in _THEIR_CHOICE):
        allocator.mallopt(_M_ARENA_MAX, ARENAS)
        allocator.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)  # glibc's own grows to 32 MiB


def give_back() -> None:
    """Gives free memory back to the system, where the allocator can; takes about 10 ms, and other threads run on."""
    allocator = _glibc()
    if allocator is not None:
        allocator.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    if os.name != "posix":
        return None
    library = ctypes.CDLL(None)
    functions = ("gnu_get_libc_version", "mallopt", "malloc_trim")
    return library if all(hasattr(library, name) for name in functions) else None


def free_bytes(root: Path = Path("/")) -> int | None:
    """How much this process may still take: what the machine has, and what its control groups leave it.

    Args:
        root: where `proc` and `sys` are.

    Returns:
        The least of them; None where nothing tells, as on other systems than Linux.
    """
    return min((*_machine(root), *_groups(root)), default=None)


def _machine(root: Path) -> Iterator[int]:
    for line in _lines(root / "proc/meminfo"):
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            yield int(value.split()[0]) * _KIB


def _groups(root: Path) -> Iterator[int]:
    """The room in each control group that this process is in, of version 2 and of version 1."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _rooms(root / "sys/fs/cgroup", path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield from _rooms(root / "sys/fs/cgroup/memory", path, *names)


def _rooms(mount: Path, path: str, limit: str, used: str, reclaimable: str) -> Iterator[int]:
    group = mount / path.strip("/")  # in a container it need not be there: then the mount itself is the group
    for folder in (group, *group.parents):
        if not folder.is_relative_to(mount):
            return
        largest, taken = _number(folder / limit), _number(folder / used)
        if largest is not None and taken is not None:
            cached = sum(
                int(line.split()[1]) for line in _lines(folder / "memory.stat") if line.startswith(reclaimable)
            )
            yield max(largest - taken + cached, 0)


def _number(file: Path) -> int | None:
    text = "".join(_lines(file))
    return int(text) if text.isdecimal() else None  # or "max"


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
