"""Lanes and workers: real threads, stepped through with events and never with sleep."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue
from random import Random
from threading import Event, Thread
from time import sleep

import pytest
from tests.realtime.working import PATIENCE_S, Source, Work

from kinemotion.realtime import scheduler as scheduling
from kinemotion.realtime.scheduler import Lane, Scheduler

MOMENT_S = 0.0005


def test_a_newer_item_takes_the_place_of_one_that_waits(one_worker: Scheduler) -> None:
    work = Work(one_worker)
    assert work.lane.offer("first") is None
    assert work.next() == "first"
    assert work.lane.offer("second") is None
    assert work.lane.offer("third") == "second"
    assert work.lane.offer("fourth", only_replacing=True) == "third"
    work.go.put(None)
    assert work.next() == "fourth"
    assert work.lane.offer("fifth", only_replacing=True) == "fifth"
    work.go.put(None)


def test_one_item_of_a_lane_is_in_work_at_a_time(two_workers: Scheduler) -> None:
    work, other = Work(two_workers), Work(two_workers)
    work.lane.offer("first")
    assert work.next() == "first"
    work.lane.offer("second")
    other.lane.offer("beside")
    assert other.next() == "beside"  # by the other worker, which had the chance to begin with the second
    assert work.begun.empty()
    other.go.put(None)
    work.go.put(None)
    assert work.next() == "second"
    work.go.put(None)


def test_workers_are_busy_while_something_is_in_work() -> None:
    scheduler = Scheduler(3)
    works = [Work(scheduler) for _ in range(2)]
    for work in works:
        work.lane.offer("first")
        assert work.next() == "first"
    assert (scheduler.busy, scheduler.workers) == (2, 3)
    for work in works:
        work.go.put(None)
    scheduler.close()
    assert scheduler.busy == 0


def test_lanes_take_turns_however_much_one_of_them_is_offered(one_worker: Scheduler) -> None:
    flood, others = Work(one_worker), [Work(one_worker) for _ in range(3)]
    flood.lane.offer("flood 0")
    assert flood.next() == "flood 0"
    for other in others:
        other.lane.offer("a frame")
    for number in range(100):
        flood.lane.offer(f"flood {number}")
    flood.go.put(None)
    for other in others:
        assert other.next() == "a frame"
        assert flood.begun.empty()
        other.go.put(None)
    assert flood.next() == "flood 99"
    flood.go.put(None)


def test_a_newcomer_goes_before_those_who_had_a_turn_once(one_worker: Scheduler) -> None:
    busy, *others = (Work(one_worker) for _ in range(3))
    for other in others:
        other.lane.offer("first")
        assert other.next() == "first"
        other.go.put(None)
    busy.lane.offer("busy")
    assert busy.next() == "busy"
    for other in others:
        other.lane.offer("second")
    newcomers = [Work(one_worker) for _ in range(2)]
    for newcomer in newcomers:
        newcomer.lane.offer("new")
    busy.go.put(None)
    for newcomer in newcomers:
        assert newcomer.next() == "new"
        newcomer.lane.offer("again")
        newcomer.go.put(None)
    for other in others:
        assert other.next() == "second"
        other.go.put(None)
    for newcomer in newcomers:
        assert newcomer.next() == "again"
        newcomer.go.put(None)


def test_a_held_lane_keeps_the_newest_item_until_it_is_released(one_worker: Scheduler) -> None:
    seen: SimpleQueue[str] = SimpleQueue()
    lane: Lane[str] = Lane(one_worker, seen.put, lambda _: None)
    assert lane.offer("old") is None
    assert lane.offer("new") == "old"
    lane.release()
    lane.release()
    assert seen.get(timeout=PATIENCE_S) == "new"
    assert seen.empty()


def test_a_fault_is_reported_and_the_worker_goes_on(one_worker: Scheduler) -> None:
    work = Work(one_worker)
    work.lane.offer("bad")
    fault = ValueError("broken")
    work.go.put(fault)
    assert work.errors.get(timeout=PATIENCE_S) is fault
    work.lane.offer("good")
    work.go.put(None)
    assert [work.next(), work.next()] == ["bad", "good"]


@pytest.mark.parametrize(("discard", "given_back", "worked_on"), [(True, "last", []), (False, None, ["last"])])
def test_closing_waits_for_what_is_in_work(
    one_worker: Scheduler, discard: bool, given_back: str | None, worked_on: list[str]
) -> None:
    work, closed = Work(one_worker), Event()
    work.lane.offer("first")
    assert work.next() == "first"
    work.lane.offer("last")
    assert work.lane.close(closed.set, discard=discard) == given_back
    assert work.lane.offer("too late") == "too late"
    assert not closed.is_set()
    work.go.put(None)
    for item in worked_on:
        assert work.next() == item
        work.go.put(None)
    assert closed.wait(PATIENCE_S)
    assert work.begun.empty()


def test_an_idle_or_held_lane_closes_at_once(one_worker: Scheduler) -> None:
    idle, held = Work(one_worker).lane, Lane[str](one_worker, lambda _: None, lambda _: None)
    for lane in (idle, held):
        closed = Event()
        lane.close(closed.set, discard=True)
        assert closed.is_set()


def test_a_lane_that_waits_for_its_turn_can_be_closed(one_worker: Scheduler) -> None:
    busy, waiting, closed = Work(one_worker), Work(one_worker), Event()
    busy.lane.offer("busy")
    assert busy.next() == "busy"
    waiting.lane.offer("never seen")
    waiting.lane.close(closed.set, discard=True)
    busy.go.put(None)
    assert closed.wait(PATIENCE_S)
    assert waiting.begun.empty()


def test_a_lane_that_is_discarded_while_it_waits_needs_no_worker() -> None:
    scheduler = Scheduler(1)
    busy, waiting, closed = Work(scheduler), Work(scheduler), Event()
    busy.lane.offer("busy")
    assert busy.next() == "busy"
    waiting.lane.offer("never seen")
    waiting.lane.close(closed.set, discard=True)
    assert closed.is_set()
    busy.go.put(None)
    scheduler.close()
    assert waiting.begun.empty()


def test_other_work_leaves_a_worker_to_the_lanes_and_is_all_done(two_workers: Scheduler) -> None:
    source, work = Source(two_workers, 5), Work(two_workers)
    assert source.begun.get(timeout=PATIENCE_S) == 0
    for item in ("first", "second", "third"):
        work.lane.offer(item)
        assert work.next() == item
        work.go.put(None)
    assert source.begun.empty()
    for number in range(1, 5):
        source.go.put(None)
        assert source.begun.get(timeout=PATIENCE_S) == number
    source.go.put(None)


def test_what_takes_long_has_its_turn_less_often(one_worker: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, diary, done = 0.0, list[str](), Event()

    class Timed:
        def __init__(self, name: str, length_s: float) -> None:
            self._name = name
            self._length_s = length_s
            self._left = 100

        def take(self) -> "Timed | None":
            self._left -= 1
            return self if self._left >= 0 else None

        def run(self) -> None:
            nonlocal now_s
            now_s += self._length_s
            diary.append(self._name)
            if len(diary) == 200:
                done.set()

        def abandon(self) -> None: ...

    monkeypatch.setattr(scheduling, "monotonic", lambda: now_s)
    hold = Work(one_worker)
    hold.lane.offer("until all is set")
    assert hold.next()
    for source in (Timed("short", 0.01), Timed("long", 0.1)):
        one_worker.attend(source.take, 1.0)
    hold.go.put(None)
    assert done.wait(PATIENCE_S)
    assert 9 <= diary[:110].count("long") <= 11


class Count:
    """A piece of other work that takes a moment."""

    def __init__(self, done: SimpleQueue[int], number: int) -> None:
        self._done = done
        self._number = number

    def run(self) -> None:
        sleep(MOMENT_S)
        self._done.put(self._number)

    def abandon(self) -> None: ...


@pytest.fixture
def restless() -> Iterator[None]:
    """Has threads take turns a hundred times as often."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(usual_s / 100)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_of_events_nothing_that_was_offered_is_forgotten(seed: int) -> None:
    rng = Random(seed)
    lanes, threads, offers, pieces = rng.randint(1, 12), rng.randint(1, 4), 100, 50
    worked: list[list[int]] = [[] for _ in range(lanes)]
    waiting: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[int] = SimpleQueue()
    scheduler = Scheduler(rng.randint(1, 5))
    for share in (1.0, 0.5):
        scheduler.attend(lambda: None if waiting.empty() else Count(done, waiting.get()), share)
    mailboxes = [Lane[int](scheduler, partial(linger, mine), lambda _: None) for mine in worked]
    replaced: list[list[int]] = [[] for _ in range(lanes)]
    offered: list[set[int]] = [set() for _ in range(lanes)]

    def offer(first: int, rng: Random) -> None:
        for item in range(first, first + offers):
            lane = rng.randrange(lanes)
            offered[lane].add(item)
            rival = mailboxes[lane].offer(item)
            if rival is not None:
                replaced[lane].append(rival)
            if rng.random() < 0.1:
                mailboxes[lane].release()
            sleep(rng.choice((0.0, 0.0, MOMENT_S)))

    def invite() -> None:
        for number in range(pieces):
            waiting.put(number)
            scheduler.invite()
            sleep(rng.choice((0.0, MOMENT_S)))

    crowd = [Thread(target=offer, args=(offers * number, Random(rng.random()))) for number in range(threads)]
    crowd.append(Thread(target=invite))
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(PATIENCE_S)
    for mailbox in mailboxes:
        mailbox.release()
    assert sorted(done.get(timeout=PATIENCE_S) for _ in range(pieces)) == list(range(pieces))
    for mailbox, mine, rivals, all_of_it in zip(mailboxes, worked, replaced, offered, strict=True):
        wait_until(partial(holds, mine, all_of_it - set(rivals)))
        closed = Event()
        assert mailbox.close(closed.set, discard=True) is None
        assert closed.wait(PATIENCE_S)
        assert len(mine) == len(set(mine)) == len(all_of_it) - len(rivals)
    scheduler.close()


def linger(worked: list[int], item: int) -> None:
    sleep(MOMENT_S)
    worked.append(item)


def holds(worked: list[int], wanted: set[int]) -> bool:
    return wanted <= set(worked)


def wait_until(settled: Callable[[], bool]) -> None:
    """Waits for something, and fails if it does not come."""
    for _ in range(1000 * PATIENCE_S):
        if settled():
            return
        Event().wait(0.001)
    pytest.fail("it never came")
