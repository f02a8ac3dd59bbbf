"""The token bucket."""

from hypothesis import given
from hypothesis import strategies as st

from kinemotion.realtime.bucket import Bucket

STEPS = st.lists(st.floats(0, 3), min_size=1, max_size=300)


def test_a_burst_is_taken_and_then_the_rate() -> None:
    bucket = Bucket(10, 20, now=5.0)
    assert [bucket.take(5.0) for _ in range(25)] == [True] * 20 + [False] * 5
    assert [bucket.take(5.0 + number / 4) for number in range(1, 9)].count(True) == 8
    assert [bucket.take(7.0) for _ in range(20)].count(True) == 12


@given(steps=STEPS, rate=st.floats(0.5, 50), holds=st.floats(1, 100))
def test_no_span_of_time_gives_more_than_it_should(steps: list[float], rate: float, holds: float) -> None:
    bucket = Bucket(rate, holds, now=0.0)
    now = 0.0
    taken_s = []
    for step in steps:
        now += step
        if bucket.take(now):
            taken_s.append(now)
    for first in range(len(taken_s)):
        for last in range(first, len(taken_s)):
            assert last - first + 1 <= holds + rate * (taken_s[last] - taken_s[first]) + 1e-6


def test_a_clock_that_steps_back_gives_nothing() -> None:
    bucket = Bucket(1, 1, now=10.0)
    assert bucket.take(10.0)
    assert not bucket.take(5.0)
    assert not bucket.take(10.5)
    assert bucket.take(11.0)
