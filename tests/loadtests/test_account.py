"""A camera's frames: each ends in one way, and all durations count from when a frame was due."""

import pytest
from loadtests.account import PATIENCE_S, Account


class Heard:
    """Collects what an account tells Locust."""

    def __init__(self) -> None:
        self.events: list[tuple[str, float | None, str | None]] = []

    def __call__(self, name: str, duration_s: float | None, size: int = 0, fault: str | None = None) -> None:
        self.events.append((name, duration_s, fault))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def account(heard: Heard) -> Account:
    return Account("camera", heard)


def send(account: Account, *seqs: int, late_s: float = 0.0) -> None:
    """Frames at ten a second."""
    for seq in seqs:
        account.send(seq, seq / 10, seq / 10 + late_s)


def ends(account: Account) -> dict[str, int]:
    return {name: getattr(account, name) for name in ("sent", "answered", "dropped", "unanswered", "open")}


def test_an_answer_counts_from_when_its_frame_was_due_however_late_it_was_sent(account: Account, heard: Heard) -> None:
    send(account, 0, late_s=0.5)
    account.answer(0, 0.6)
    assert account.latency_ms.tolist() == pytest.approx([600])
    assert account.late_ms.tolist() == pytest.approx([500])
    assert heard.events == [("first answer", pytest.approx(0.1), None), ("frame", 0.6, None)]


def test_an_answer_acknowledges_every_frame_before_its_own(account: Account) -> None:
    send(account, 0, 1, 2, 3)
    account.answer(2, 0.3)
    assert ends(account) == {"sent": 4, "answered": 1, "dropped": 2, "unanswered": 0, "open": 0}
    assert account.acknowledged_ms.tolist() == pytest.approx([300, 200, 100])
    assert account.latency_ms.tolist() == pytest.approx([100])
    account.end_session(0.4)
    assert account.open == 1


def test_a_server_that_stalls_cannot_hide_behind_one_quick_answer(account: Account, heard: Heard) -> None:
    send(account, *range(40))
    account.answer(39, 3.95)
    assert account.latency_ms.tolist() == pytest.approx([50], rel=1e-3)
    assert account.unanswered == sum(3.95 - seq / 10 > PATIENCE_S for seq in range(40))
    assert account.errors == {"unanswered": 20}
    assert sum(fault == "unanswered" for *_, fault in heard.events) == 20


def test_a_frame_that_nobody_ever_answers_is_an_error_unless_it_came_just_before_the_end(account: Account) -> None:
    send(account, 0, 10, 20, 30)
    account.end_session(3.0)
    assert ends(account) == {"sent": 4, "answered": 0, "dropped": 0, "unanswered": 1, "open": 3}
    assert (account.began_s, account.ended_s) == (0.0, 3.0)


def test_a_frame_that_the_server_refuses_is_one_error(account: Account) -> None:
    send(account, 0, 1)
    account.fail("rate_limited", seq=0)
    account.answer(1, 0.2)
    account.end_session(0.2)
    assert ends(account) == {"sent": 2, "answered": 1, "dropped": 0, "unanswered": 1, "open": 0}
    assert account.errors == {"rate_limited": 1}


def test_the_first_answer_counts_from_the_first_frame_sent_whichever_it_answers(account: Account) -> None:
    send(account, 0, 1, 2, late_s=0.05)
    account.answer(1, 0.2)
    account.answer(2, 0.9)
    account.end_session(1.0)
    account.send(0, 5.0, 5.0)
    account.end_session(5.1)  # without an answer
    assert account.first_answer_ms.tolist() == pytest.approx([150])


@pytest.mark.parametrize("seq", [0, 7])
def test_an_answer_to_no_frame_that_waits_for_one_is_an_error(account: Account, seq: int) -> None:
    send(account, 0)
    account.answer(0, 0.1)
    account.answer(seq, 0.2)
    assert account.errors == {"unknown_seq": 1}


def test_sessions_add_up(account: Account) -> None:
    for began_s in (0.0, 100.0):
        account.start(0.05)
        for seq in range(3):
            account.send(seq, began_s + seq, began_s + seq)
        account.answer(2, began_s + 2.02)
        account.end_session(began_s + 3)
    assert ends(account) == {"sent": 6, "answered": 2, "dropped": 2, "unanswered": 2, "open": 0}
    assert len(account.start_ms) == 2
    assert account.first_answer_ms.tolist() == pytest.approx([2020, 2020], rel=1e-3)
    assert account.by_second == {2: 1, 102: 1}
