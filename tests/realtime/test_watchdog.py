"""The thread that looks after the workers."""

from threading import Semaphore

from kinemotion.realtime.watchdog import Watchdog


def test_it_looks_over_and_over_and_ends_with_its_context() -> None:
    looks = Semaphore(0)
    with Watchdog(lambda: looks.release(), patience_s=0.004) as watchdog:
        for _ in range(5):
            assert looks.acquire(timeout=10)
    assert not watchdog._thread.is_alive()


def test_one_that_is_patient_ends_at_once() -> None:
    with Watchdog(lambda: None, patience_s=1e6) as watchdog:
        pass
    assert not watchdog._thread.is_alive()
