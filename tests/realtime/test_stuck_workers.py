"""Workers whose work does not return: looked at by the tests, so that no time decides."""

from itertools import count
from queue import SimpleQueue
from threading import Event
from typing import Any, cast

import pytest
from tests.realtime.working import PATIENCE_S, Source, Work

from kinemotion.realtime import scheduler as scheduling
from kinemotion.realtime.scheduler import LOOKS, Lane, Scheduler, Stuck


class Rescued(Work):
    """Work whose lane is told when it comes back after it was given up."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self.recovered = Event()
        self.lane = Lane(scheduler, self.work, self.errors.put, self.recovered.set)
        self.lane.release()


def look(scheduler: Scheduler, times: int = LOOKS) -> None:
    for _ in range(times):
        scheduler.look()


def test_work_that_does_not_return_is_given_up_and_another_worker_goes_on(one_worker: Scheduler) -> None:
    stuck, other, closed = Rescued(one_worker), Work(one_worker), Event()
    stuck.lane.offer("hangs")
    assert stuck.next() == "hangs"
    stuck.lane.offer("waits")
    look(one_worker)
    assert isinstance(stuck.errors.get(timeout=PATIENCE_S), Stuck)
    assert stuck.lane.offer("more") == "more"
    stuck.lane.close(closed.set, discard=False)
    assert closed.is_set()
    assert stuck.lane.close(closed.set, discard=True) == "waits"
    assert (one_worker.working, one_worker.stuck) == (1, 1)
    other.lane.offer("goes on")
    assert other.next() == "goes on"
    other.go.put(None)
    assert not stuck.recovered.is_set()
    stuck.go.put(None)
    assert stuck.recovered.wait(PATIENCE_S)
    assert stuck.begun.empty()


def test_a_lane_that_is_closing_is_closed_once_its_work_is_given_up(one_worker: Scheduler) -> None:
    stuck, closed = Work(one_worker), Event()
    stuck.lane.offer("hangs")
    assert stuck.next() == "hangs"
    stuck.lane.close(closed.set, discard=True)
    look(one_worker, LOOKS - 1)
    assert not closed.is_set()
    look(one_worker, 1)
    assert closed.is_set()
    stuck.go.put(None)


def test_a_worker_that_gets_on_is_never_stuck_however_often_it_is_looked_at(one_worker: Scheduler) -> None:
    work = Work(one_worker)
    for number in range(3):
        work.lane.offer(str(number))
        assert work.next() == str(number)
        look(one_worker, LOOKS - 1)
        work.go.put(None)
    assert work.errors.empty()
    assert (one_worker.working, one_worker.stuck) == (1, 0)


def test_where_too_many_are_stuck_nothing_is_left_until_one_comes_back() -> None:
    exhausted = Event()
    scheduler = Scheduler(1, exhausted.set)
    stuck, waiting = [Rescued(scheduler), Rescued(scheduler)], Work(scheduler)
    for work in stuck:
        assert not exhausted.is_set()
        work.lane.offer("hangs")
        assert work.next() == "hangs"
        look(scheduler)
    assert exhausted.is_set()
    assert (scheduler.working, scheduler.stuck) == (0, 2)
    waiting.lane.offer("waits")
    stuck[0].go.put(None)
    assert waiting.next() == "waits"
    waiting.go.put(None)
    assert (scheduler.working, scheduler.stuck) == (1, 1)
    scheduler.close()  # waits for no stuck worker
    stuck[1].go.put(None)
    assert stuck[1].recovered.wait(PATIENCE_S)


def test_where_no_thread_can_be_started_everybody_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    exhausted = Event()
    scheduler = Scheduler(1, exhausted.set)
    work = Rescued(scheduler)
    work.lane.offer("hangs")
    assert work.next() == "hangs"
    with monkeypatch.context() as patch:
        patch.setattr("kinemotion.realtime.scheduler.Thread.start", no_thread)
        look(scheduler)
    assert isinstance(work.errors.get(timeout=PATIENCE_S), Stuck)
    assert exhausted.is_set()
    assert (scheduler.working, scheduler.stuck) == (0, 1)
    scheduler.close()
    work.go.put(None)
    assert work.recovered.wait(PATIENCE_S)


def no_thread(_: object) -> None:
    raise RuntimeError("can't start new thread")


def test_the_last_worker_of_two_does_not_forget_the_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count()
    monkeypatch.setattr(scheduling, "monotonic", lambda: float(next(seconds)))  # each piece takes a second, or more
    scheduler = Scheduler(2)
    stuck = [Rescued(scheduler) for _ in range(3)]
    for one in stuck:
        one.lane.offer("hangs")
        assert one.next() == "hangs"
        look(scheduler)
    assert (scheduler.working, scheduler.stuck) == (1, 3)
    source, work = Source(scheduler, 10), Work(scheduler)
    assert source.begun.get(timeout=PATIENCE_S) == 0
    work.begun = begun = cast(SimpleQueue[Any], source.begun)
    work.lane.offer("waits")
    source.go.put(None)
    for _ in stuck:  # which were charged to the lanes
        if begun.get(timeout=PATIENCE_S) == "waits":
            break
        source.go.put(None)
    else:
        assert begun.get(timeout=PATIENCE_S) == "waits"
    work.go.put(None)
    for _ in range(10):
        source.go.put(None)
    for one in stuck:
        one.go.put(None)
        assert one.recovered.wait(PATIENCE_S)
    scheduler.close()


def test_other_work_that_does_not_return_leaves_its_place_to_more_of_it(one_worker: Scheduler) -> None:
    source = Source(one_worker, 2)
    assert source.begun.get(timeout=PATIENCE_S) == 0
    look(one_worker)
    assert source.abandoned.get(timeout=PATIENCE_S) == 0
    assert source.begun.get(timeout=PATIENCE_S) == 1
    source.go.put(None)
    source.go.put(None)


def test_where_nobody_takes_a_stuck_workers_place_another_does_more_of_its_work(two_workers: Scheduler) -> None:
    source = Source(two_workers, 4)
    for number in range(4):
        assert source.begun.get(timeout=PATIENCE_S) == number
        look(two_workers)
    assert (two_workers.working, two_workers.stuck) == (0, 4)
    for _ in range(4):
        source.go.put(None)
