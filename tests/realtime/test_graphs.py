"""The supply of pose graphs, with real ones."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from kinemotion.pose.models import MODELS, ModelStore
from kinemotion.realtime.graphs import GraphSupply


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
