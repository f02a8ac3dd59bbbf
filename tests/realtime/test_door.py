"""What those who are turned away are told."""

from collections import Counter
from random import Random

from kinemotion.errors import TooManySessions, Unauthorized, Unverifiable
from kinemotion.realtime.door import AGAIN_AFTER_S, come_again, refused


def test_a_hundred_who_are_refused_at_once_do_not_come_back_in_the_same_second() -> None:
    chance = Random(1)
    seconds = Counter(int(come_again(chance)["Retry-After"]) for _ in range(100))
    assert set(seconds) == {*AGAIN_AFTER_S}
    assert max(seconds.values()) <= 20


def test_only_who_may_have_better_luck_later_is_told_when() -> None:
    assert "Retry-After" in refused(TooManySessions("")).headers
    assert "Retry-After" in refused(Unverifiable("")).headers
    assert "Retry-After" not in refused(Unauthorized("")).headers
