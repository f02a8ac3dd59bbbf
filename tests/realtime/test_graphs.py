"""The supply of pose graphs, with real ones."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread, current_thread

import numpy as np
import pytest

from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.models import MODELS, ModelStore
from kinemotion.realtime import graphs, memory
from kinemotion.realtime.graphs import HANGS_S, GraphSupply
from kinemotion.realtime.scheduler import LOOKS, Lane, Scheduler, Stuck

BLACK = np.zeros((64, 64, 3), np.uint8)


@pytest.fixture
def models(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path)


@pytest.fixture
def workers() -> Iterator[Scheduler]:
    with contextlib.closing(Scheduler(2)) as workers:
        yield workers


class Making:
    """Stands in for graphs, and has whoever makes one wait."""

    unused = False

    def __init__(self) -> None:
        self.begun: SimpleQueue[Path] = SimpleQueue()
        self.go = Event()
        self.closed = Event()

    def __call__(self, model: Path) -> "Making":
        self.begun.put(model)
        self.go.wait()
        return self

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> Making:
    making = Making()
    monkeypatch.setattr(graphs, "PoseGraph", making)
    return making


def use(graph: PoseGraph) -> PoseGraph:
    """Shows it a picture."""
    graph.detect(BLACK)
    return graph


async def test_a_spare_graph_is_handed_out_and_replaced(models: ModelStore, workers: Scheduler) -> None:
    supply = GraphSupply(models, workers, spares=1)
    graph = await supply.acquire(MODELS[0])
    other = await supply.acquire(MODELS[0])
    assert other is not graph
    supply.retire(graph)
    supply.retire(other)
    supply.close()
    with pytest.raises(RuntimeError, match="closed"):
        graph.detect(BLACK)


async def test_a_spare_graph_is_there_before_it_is_wanted(
    models: ModelStore, workers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[PoseGraph] = []
    ready = Event()

    def make(model: Path) -> PoseGraph:
        made.append(PoseGraph(model))
        ready.set()
        return made[-1]

    monkeypatch.setattr(graphs, "PoseGraph", make)
    with contextlib.closing(GraphSupply(models, workers, spares=1)) as supply:
        assert await asyncio.to_thread(ready.wait, 20)
        assert len(made) == 1
        assert await supply.acquire(MODELS[0]) is made[0]
        supply.retire(made[0])


async def test_the_next_spare_is_made_a_moment_later_unless_somebody_waits(
    models: ModelStore, workers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    later: list[float] = []
    loop = asyncio.get_running_loop()

    def call_later(delay_s: float, call: Callable[[], object]) -> None:
        later.append(delay_s)
        loop.call_soon(call)

    monkeypatch.setattr(loop, "call_later", call_later)
    with contextlib.closing(GraphSupply(models, workers, spares=1)) as supply:
        waited = await supply.acquire(MODELS[0])
        while not supply.ready:
            await asyncio.to_thread(Event().wait, 0.01)
        handed_out = await supply.acquire(MODELS[0])
        supply.retire(waited)
        supply.retire(handed_out)
    assert later == [0, graphs.REFILL_AFTER_S]


async def test_graphs_are_closed_with_their_sessions_and_memory_given_back_once(
    models: ModelStore, workers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[bool] = []
    monkeypatch.setattr(memory, "give_back", lambda: given_back.append(True))
    with contextlib.closing(GraphSupply(models, workers, spares=0)) as supply:
        retired = [await supply.acquire(MODELS[0]) for _ in range(3)]
        for graph in retired:
            supply.retire(graph)
    for graph in retired:
        with pytest.raises(RuntimeError, match="closed"):
            graph.detect(BLACK)
    assert 1 <= len(given_back) <= 3


async def test_clients_that_go_away_while_they_wait_leave_nothing_behind(
    models: ModelStore, workers: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    supply = GraphSupply(models, workers, spares=0)
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
    models: ModelStore, workers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_by: list[Thread] = []
    given_back: list[bool] = []

    class Graph:
        unused = False

        def __init__(self, model: Path) -> None: ...

        def close(self) -> None:
            closed_by.append(current_thread())

    monkeypatch.setattr(memory, "give_back", lambda: given_back.append(True))
    monkeypatch.setattr(graphs, "PoseGraph", Graph)
    supply = GraphSupply(models, workers, spares=1)
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
    models: ModelStore, workers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Event()

    def fail(model: Path) -> PoseGraph:
        failed.set()
        raise RuntimeError("no memory just now")

    monkeypatch.setattr(graphs, "PoseGraph", fail)
    with contextlib.closing(GraphSupply(models, workers, spares=1)) as supply:
        assert await asyncio.to_thread(failed.wait, 20)
        while not supply._spares[0].done():
            await asyncio.to_thread(Event().wait, 0.01)
        assert supply.ready == 0
        monkeypatch.setattr(graphs, "PoseGraph", PoseGraph)
        supply.retire(await supply.acquire(MODELS[0]))


async def test_a_graph_that_saw_nothing_serves_the_next_session_and_one_that_did_never(
    models: ModelStore, workers: Scheduler
) -> None:
    with contextlib.closing(GraphSupply(models, workers, spares=1)) as supply:
        first = await supply.acquire(MODELS[0])
        supply.retire(first)
        assert await supply.acquire(MODELS[0]) is first
        supply.retire(use(first))
        second = await supply.acquire(MODELS[0])
        assert second is not first
        supply.retire(use(second))


async def test_no_more_than_some_are_kept_and_none_of_another_model_or_where_no_spare_is_wanted(
    models: ModelStore, workers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Graph:
        unused = True

        def __init__(self, model: Path) -> None:
            self.model = model
            self.closed = False

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr(graphs, "PoseGraph", Graph)
    model = models.path(MODELS[0])
    with contextlib.closing(GraphSupply(models, workers, spares=1)) as supply:
        many = [Graph(Path("other.task")), *(Graph(model) for _ in range(20))]
        for graph in many:
            supply.retire(graph)  # type: ignore[arg-type]
        assert 2 <= supply.ready <= 4
        while sum(graph.closed for graph in many) < 17:
            await asyncio.to_thread(Event().wait, 0.01)
        assert many[0].closed
    assert all(graph.closed for graph in many)
    with contextlib.closing(GraphSupply(models, workers, spares=0)) as supply:
        supply.retire(Graph(model))  # type: ignore[arg-type]
        assert supply.ready == 0


async def test_a_worker_that_makes_a_graph_and_hangs_is_replaced_and_what_comes_of_it_closed(
    models: ModelStore, workers: Scheduler, making: Making
) -> None:
    with contextlib.closing(GraphSupply(models, workers, spares=0)) as supply:
        waiting = asyncio.create_task(supply.acquire(MODELS[0]))
        assert await asyncio.to_thread(making.begun.get, timeout=20) == models.path(MODELS[0])
        for _ in range(LOOKS):
            workers.look()
        with pytest.raises(Stuck):
            await waiting
        assert (workers.working, workers.stuck) == (2, 1)
        making.go.set()
        assert await asyncio.to_thread(making.closed.wait, 20)


async def test_where_making_hangs_no_worker_is_lost_to_another_spare(
    models: ModelStore, workers: Scheduler, making: Making
) -> None:
    with contextlib.closing(GraphSupply(models, workers, spares=2)) as supply:  # of which the second waits
        assert await asyncio.to_thread(making.begun.get) == models.path(MODELS[0])
        for _ in range(LOOKS):
            workers.look()
        waiting = asyncio.create_task(supply.acquire(MODELS[1]))
        assert await asyncio.to_thread(making.begun.get) == models.path(MODELS[1])
        await asyncio.sleep(0)  # the next spare would be ordered now
        for _ in range(LOOKS):
            workers.look()
        with pytest.raises(Stuck):
            await waiting
        assert (workers.working, workers.stuck) == (2, 2)
        assert not supply._orders
        assert making.begun.empty()
        making.go.set()


async def test_once_making_returns_spares_are_made_again_and_who_waited_till_the_end_is_told(
    models: ModelStore, workers: Scheduler, making: Making
) -> None:
    supply = GraphSupply(models, workers, spares=1)
    await asyncio.to_thread(making.begun.get)
    for _ in range(LOOKS):
        workers.look()
    making.go.set()
    await asyncio.to_thread(making.begun.get)
    while not supply.ready:
        await asyncio.to_thread(Event().wait, 0.01)
    making.go.clear()
    served, in_work, waiting = (asyncio.create_task(supply.acquire(MODELS[0])) for _ in range(3))
    await served
    await asyncio.to_thread(making.begun.get)
    supply.close()
    with pytest.raises(RuntimeError, match="going down"):
        await waiting
    making.go.set()
    await in_work


async def test_two_spares_are_made_at_once_however_many_are_wanted_and_however_many_workers_there_are(
    models: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = SimpleQueue[int](), SimpleQueue[None]()
    in_work: list[Path] = []

    class Graph:
        unused = False

        def __init__(self, model: Path) -> None:
            in_work.append(model)
            begun.put(len(in_work))
            go.get()
            in_work.remove(model)

        def close(self) -> None: ...

    monkeypatch.setattr(graphs, "PoseGraph", Graph)
    with (
        contextlib.closing(Scheduler(6)) as workers,  # of which three may make graphs
        contextlib.closing(GraphSupply(models, workers, spares=5)) as supply,
    ):
        counted = [await asyncio.to_thread(begun.get) for _ in range(2)]
        for _ in range(3):
            go.put(None)
            counted.append(await asyncio.to_thread(begun.get))
        for _ in range(2):
            go.put(None)
        while supply.ready < 5:
            await asyncio.to_thread(Event().wait, 0.01)
    assert max(counted) == 2


async def test_a_thread_that_closes_graphs_and_hangs_is_noticed(
    models: ModelStore, workers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, now_s = Event(), Event(), 1000.0

    class Graph:
        unused = False

        def close(self) -> None:
            begun.set()
            go.wait()

    monkeypatch.setattr(graphs, "monotonic", lambda: now_s)
    supply = GraphSupply(models, workers, spares=0)
    supply.retire(Graph())  # type: ignore[arg-type]
    assert await asyncio.to_thread(begun.wait, 20)
    found = [supply.stuck]
    now_s += HANGS_S + 1
    found.append(supply.stuck)
    go.set()
    supply.close()
    assert [*found, supply.stuck] == [False, True, False]


async def test_however_many_graphs_are_ordered_a_worker_is_left_to_a_camera_that_is_there(
    models: ModelStore, workers: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    begun, hold, done = Event(), Event(), Event()

    class Graph:
        unused = False

        def __init__(self, model: Path) -> None:
            begun.set()
            hold.wait()
            order.append("graph")

        def close(self) -> None: ...

    def work(_: int) -> None:
        order.append("frame")
        if order.count("frame") == 1:
            camera.offer(2)
        else:
            done.set()

    monkeypatch.setattr(graphs, "PoseGraph", Graph)
    camera = Lane(workers, work, lambda error: None)
    camera.release()
    with contextlib.closing(GraphSupply(models, workers, spares=0)) as supply:
        crowd = [asyncio.create_task(supply.acquire(MODELS[0])) for _ in range(10)]
        assert await asyncio.to_thread(begun.wait, 20)
        camera.offer(1)
        assert await asyncio.to_thread(done.wait, 20)
        hold.set()
        await asyncio.gather(*crowd)
    assert order == ["frame"] * 2 + ["graph"] * 10
