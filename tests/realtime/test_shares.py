"""Whose turn it is, in a time that is only counted."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise

import pytest

from kinemotion.realtime.shares import FRAMES, GRAPHS, MOST_S, REPLAYS, Shares

FRAME_S = 0.013
GRAPH_S = 0.25
LONG_S = 60.0


@dataclass(eq=False)
class Source:
    """Work of one kind, in pieces of one length, as long as there is some."""

    name: str
    length_s: float
    pieces: float = math.inf
    begun_s: list[float] = field(default_factory=list)

    def take(self) -> "Source | None":
        if not self.pieces:
            return None
        self.pieces -= 1
        return self


class Bench:
    """So many workers over some sources; each source has a share, and may have so many workers at once."""

    def __init__(self, workers: int, *sources: tuple[Source, float, int]) -> None:
        self.now_s = 0.0
        self.spent_s = defaultdict[str, float](float)
        self.most: Counter[str] = Counter()
        self.shares: Shares[int, Source] = Shares()
        self._idle = set(range(workers))
        self._ends: list[tuple[float, int, float, str]] = []
        for source, share, at_once in sources:
            self.shares.attend(source.take, share, at_once)

    def run(self, seconds: float) -> None:
        """Works on, for so many seconds."""
        until_s = self.now_s + seconds
        self._begin()
        while self._ends and self._ends[0][0] <= until_s:
            self.now_s, worker, length_s, name = heappop(self._ends)
            self.shares.done(worker, length_s)
            self.spent_s[name] += length_s
            self._idle.add(worker)
            self._begin()
        self.now_s = until_s

    def dismiss(self, count: int) -> None:
        """Goes on without so many of those that have nothing to do."""
        self._idle -= set(sorted(self._idle)[:count])

    def _begin(self) -> None:
        for worker in sorted(self._idle):
            source = self.shares.next(worker)
            if source is not None:
                self._idle.remove(worker)
                source.begun_s.append(self.now_s)
                heappush(self._ends, (self.now_s + source.length_s, worker, source.length_s, source.name))
        at_work = Counter(name for *_, name in self._ends)
        self.most |= at_work


def usual(workers: int) -> tuple[Bench, dict[str, Source]]:
    """What a server has, all of it wanting more than there is."""
    half = max(workers // 2, 1)
    frames, replays, graphs = Source("frames", FRAME_S), Source("replays", 0.014), Source("graphs", GRAPH_S)
    bench = Bench(workers, (frames, FRAMES, workers), (replays, REPLAYS, half), (graphs, GRAPHS, half))
    return bench, {source.name: source for source in (frames, replays, graphs)}


@pytest.mark.parametrize("workers", [1, 2, 4, 16])
@pytest.mark.parametrize(
    ("wanting", "expected"),
    [
        ("frames replays graphs", (3 / 8, 3 / 8, 1 / 4)),
        ("frames replays", (1 / 2, 1 / 2, 0)),
        ("frames graphs", (3 / 5, 0, 2 / 5)),
        ("frames", (1, 0, 0)),
    ],
)
def test_each_has_its_share_however_long_its_pieces_are(
    workers: int, wanting: str, expected: tuple[float, ...]
) -> None:
    bench, sources = usual(workers)
    for name in sources.keys() - set(wanting.split()):
        sources[name].pieces = 0
    bench.run(LONG_S)
    shares = [bench.spent_s[name] / LONG_S / workers for name in sources]
    assert shares == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("workers", "most"), [(1, 1), (2, 1), (3, 1), (5, 2)])
def test_of_what_takes_long_no_more_is_begun_at_once_than_may_be(workers: int, most: int) -> None:
    bench, sources = usual(workers)
    sources["frames"].pieces = sources["replays"].pieces = 0
    bench.run(LONG_S)
    assert bench.most == {"graphs": most}


@pytest.mark.parametrize(("workers", "longest_s"), [(1, GRAPH_S + 4 * FRAME_S), (2, 4 * FRAME_S), (4, 4 * FRAME_S)])
def test_a_frame_waits_for_a_graph_only_where_there_is_one_worker(workers: int, longest_s: float) -> None:
    bench, sources = usual(workers)
    bench.run(LONG_S)
    begun_s = sources["frames"].begun_s
    assert max(later - earlier for earlier, later in pairwise(begun_s)) < longest_s


def test_who_had_nothing_to_do_has_saved_nothing_up() -> None:
    bench, sources = usual(1)
    sources["replays"].pieces = sources["graphs"].pieces = 0
    bench.run(LONG_S)
    sources["replays"].pieces = math.inf
    before_s = bench.spent_s["frames"]
    bench.run(1)
    assert bench.spent_s["frames"] - before_s == pytest.approx(1 / 2, abs=3 * FRAME_S)


def test_who_waited_behind_a_limit_has_saved_up_a_second_at_most() -> None:
    bench, sources = usual(3)  # where one worker is less than the share of replays
    sources["graphs"].pieces = 0
    bench.run(300)
    sources["frames"].pieces = 0
    bench.run(1)
    bench.dismiss(2)
    sources["frames"].pieces = math.inf
    before_s = bench.spent_s["frames"]
    bench.run(10)
    assert bench.spent_s["frames"] - before_s > (10 - MOST_S) / 2 - 0.1


@pytest.mark.parametrize("name", ["frames", "replays", "graphs"])
def test_a_piece_that_takes_a_minute_is_charged_as_one_of_a_second(name: str) -> None:
    bench, sources = usual(2)
    bench.run(10)
    lengths_s = {source.name: source.length_s for source in sources.values()}
    sources[name].length_s = 60.0
    bench.run(1)
    sources[name].length_s = lengths_s[name]
    bench.run(65)
    before_s = bench.spent_s[name]
    bench.run(10)
    share = {"frames": 0.75, "replays": 0.75, "graphs": 0.5}[name]
    assert bench.spent_s[name] - before_s == pytest.approx(10 * share, abs=0.6)
