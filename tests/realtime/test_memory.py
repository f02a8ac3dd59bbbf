"""What memory is left, on drawn systems; what the allocator is told, on this one."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from kinemotion.realtime import memory

MIB = 1024 * 1024


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


MACHINE = {"proc/meminfo": f"MemTotal: {900 * 1024} kB\nMemAvailable: {800 * 1024} kB\n"}
GROUP = {
    "proc/self/cgroup": "0::/slice/kinemotion\n",
    "sys/fs/cgroup/slice/kinemotion/memory.max": "max\n",
    "sys/fs/cgroup/slice/kinemotion/memory.current": f"{100 * MIB}\n",
    "sys/fs/cgroup/slice/memory.max": f"{500 * MIB}\n",
    "sys/fs/cgroup/slice/memory.current": f"{300 * MIB}\n",
    "sys/fs/cgroup/slice/memory.stat": f"anon 5\ninactive_file {20 * MIB}\n",
}
CONTAINER = {
    "proc/self/cgroup": "0::/../elsewhere\n",
    "sys/fs/cgroup/memory.max": f"{256 * MIB}\n",
    "sys/fs/cgroup/memory.current": f"{300 * MIB}\n",
}
OLD = {
    "proc/self/cgroup": "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{512 * MIB}\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{112 * MIB}\n",
}


@pytest.mark.parametrize(
    ("files", "mib"), [(MACHINE, 800), (MACHINE | GROUP, 220), (MACHINE | CONTAINER, 0), (MACHINE | OLD, 400)]
)
def test_the_tightest_of_machine_and_groups_counts(tmp_path: Path, files: dict[str, str], mib: int) -> None:
    assert memory.free_bytes(write(tmp_path, files)) == mib * MIB


def test_nothing_is_known_where_nothing_tells(tmp_path: Path) -> None:
    assert memory.free_bytes(tmp_path) is None


def test_the_allocator_is_set_up_unless_somebody_chose_already(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int]] = []
    allocator = SimpleNamespace(mallopt=lambda *call: calls.append(call))
    monkeypatch.setattr(memory, "_glibc", lambda: allocator)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")
    memory.be_thrifty()
    monkeypatch.delenv("MALLOC_ARENA_MAX")
    memory.be_thrifty()
    assert calls == [(-8, memory.ARENAS), (-3, memory.LARGE_BYTES)]


def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_glibc", lambda: None)
    memory.be_thrifty()
    memory.give_back()


def test_memory_can_be_given_back_here() -> None:
    memory.give_back()
