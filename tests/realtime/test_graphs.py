"""The supply of pose graphs, with real ones."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread, current_thread

import pytest

from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.models import MODELS, ModelStore
from kinemotion.realtime import graphs, memory
from kinemotion.realtime.graphs import HANGS_S, MADE_AT_ONCE, GraphSupply


@pytest.fixture
def models(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path)


async def test_a_spare_graph_is_handed_out_and_replaced(models: ModelStore) -> None:
    supply = GraphSupply(models, spares=1)
    graph = await supply.acquire(MODELS[0])
    other = await supply.acquire(MODELS[0])
    assert other is not graph
    supply.retire(graph)
    supply.retire(other)
    supply.close()
    with pytest.raises(RuntimeError, match="closed"):
        graph.detect(None)  # type: ignore[arg-type]  # it does not look


async def test_a_spare_graph_is_there_before_it_is_wanted(models: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[PoseGraph] = []
    ready = Event()

    def make(model: Path) -> PoseGraph:
        made.append(PoseGraph(model))
        ready.set()
        return made[-1]

    monkeypatch.setattr(graphs, "PoseGraph", make)
    with contextlib.closing(GraphSupply(models, spares=1)) as supply:
        assert await asyncio.to_thread(ready.wait, 20)
        assert len(made) == 1
        assert await supply.acquire(MODELS[0]) is made[0]
        supply.retire(made[0])


async def test_the_next_spare_is_made_a_moment_later_unless_somebody_waits(
    models: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    later: list[float] = []
    loop = asyncio.get_running_loop()

    def call_later(delay_s: float, call: Callable[[], object]) -> None:
        later.append(delay_s)
        loop.call_soon(call)

    monkeypatch.setattr(loop, "call_later", call_later)
    with contextlib.closing(GraphSupply(models, spares=1)) as supply:
        waited = await supply.acquire(MODELS[0])
        while not supply.ready:
            await asyncio.to_thread(Event().wait, 0.01)
        handed_out = await supply.acquire(MODELS[0])
        supply.retire(waited)
        supply.retire(handed_out)
    assert later == [0, graphs.REFILL_AFTER_S]


async def test_graphs_are_closed_with_their_sessions_and_memory_given_back_once(
    models: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[bool] = []
    monkeypatch.setattr(memory, "give_back", lambda: given_back.append(True))
    with contextlib.closing(GraphSupply(models, spares=0)) as supply:
        retired = [await supply.acquire(MODELS[0]) for _ in range(3)]
        for graph in retired:
            supply.retire(graph)
    for graph in retired:
        with pytest.raises(RuntimeError, match="closed"):
            graph.detect(None)  # type: ignore[arg-type]  # it does not look
    assert 1 <= len(given_back) <= 3


async def test_clients_that_go_away_while_they_wait_leave_nothing_behind(
    models: ModelStore, caplog: pytest.LogCaptureFixture
) -> None:
    supply = GraphSupply(models, spares=0)
    waiting = [asyncio.create_task(supply.acquire(MODELS[0])) for _ in range(40)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    for task in waiting:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    honest = await asyncio.wait_for(supply.acquire(MODELS[0]), 5)
    supply.close()
    supply.retire(honest)
    assert caplog.records == []


async def test_a_graph_whose_client_left_just_when_it_was_ready_is_closed_off_the_event_loop(
    models: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_by: list[Thread] = []
    given_back: list[bool] = []

    class Graph:
        def __init__(self, model: Path) -> None: ...

        def close(self) -> None:
            closed_by.append(current_thread())

    monkeypatch.setattr(memory, "give_back", lambda: given_back.append(True))
    monkeypatch.setattr(graphs, "PoseGraph", Graph)
    supply = GraphSupply(models, spares=1)
    while not supply.ready:
        await asyncio.to_thread(Event().wait, 0.01)
    leaving = asyncio.create_task(supply.acquire(MODELS[0]))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await asyncio.to_thread(supply.close)
    assert closed_by
    assert current_thread() not in closed_by
    assert given_back


async def test_a_spare_that_could_not_be_made_is_no_spare_and_nobody_gets_its_fault(
    models: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Event()

    def fail(model: Path) -> PoseGraph:
        failed.set()
        raise RuntimeError("no memory just now")

    monkeypatch.setattr(graphs, "PoseGraph", fail)
    with contextlib.closing(GraphSupply(models, spares=1)) as supply:
        assert await asyncio.to_thread(failed.wait, 20)
        while not supply._spares[0].done():
            await asyncio.to_thread(Event().wait, 0.01)
        assert supply.ready == 0
        monkeypatch.setattr(graphs, "PoseGraph", PoseGraph)
        supply.retire(await supply.acquire(MODELS[0]))


async def test_makers_that_hang_are_noticed_when_none_is_left(
    models: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, now_s = Event(), 1000.0
    monkeypatch.setattr(graphs, "monotonic", lambda: now_s)
    monkeypatch.setattr(graphs, "PoseGraph", lambda _: go.wait())
    supply = GraphSupply(models, spares=0)
    waiting = [asyncio.create_task(supply.acquire(MODELS[0])) for _ in range(MADE_AT_ONCE)]
    while len(supply._at_work_since_s) < MADE_AT_ONCE:
        await asyncio.to_thread(Event().wait, 0.01)
    found = [supply.stuck]
    now_s += HANGS_S + 1
    found.append(supply.stuck)
    go.set()
    await asyncio.gather(*waiting)
    supply.close()
    assert [*found, supply.stuck] == [False, True, False]


async def test_no_more_than_two_are_made_at_a_time(models: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    go, lock, making, most = Event(), Lock(), 0, 0

    def make(_: object) -> object:
        nonlocal making, most
        with lock:
            making += 1
            most = max(most, making)
        go.wait()
        with lock:
            making -= 1
        return object()

    monkeypatch.setattr(graphs, "PoseGraph", make)
    supply = GraphSupply(models, spares=0)
    waiting = [asyncio.create_task(supply.acquire(MODELS[0])) for _ in range(10)]
    while most < MADE_AT_ONCE:
        await asyncio.to_thread(Event().wait, 0.01)
    go.set()
    await asyncio.gather(*waiting)
    supply.close()
    assert most == MADE_AT_ONCE == 2
