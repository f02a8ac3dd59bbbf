"""The thread that looks after the workers."""

from threading import Semaphore

import pytest

from kinemotion.realtime.watchdog import Watchdog


def test_it_looks_over_and_over_and_ends_with_its_context() -> None:
    looks = Semaphore(0)
    with Watchdog(lambda: looks.release(), patience_s=0.004) as watchdog:
        for _ in range(5):
            assert looks.acquire(timeout=10)
    assert not watchdog._thread.is_alive()


def test_it_goes_on_where_a_look_fails(caplog: pytest.LogCaptureFixture) -> None:
    looks = Semaphore(0)

    def fail() -> None:
        looks.release()
        raise RuntimeError("at a loss")

    with Watchdog(fail, patience_s=0.004):
        for _ in range(3):
            assert looks.acquire(timeout=10)
    assert "could not be looked after" in caplog.text


def test_one_that_is_patient_ends_at_once() -> None:
    with Watchdog(lambda: None, patience_s=1e6) as watchdog:
        pass
    assert not watchdog._thread.is_alive()
