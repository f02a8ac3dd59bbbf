"""What waits to be sent."""

import pytest

from kinemotion.errors import SlowConsumer
from kinemotion.realtime.outbox import MAX_WAITING, Message, Outbox


async def test_durable_messages_go_out_in_order_and_before_the_newest_answer() -> None:
    outbox = Outbox()
    outbox.replace("answer", 1.0)
    outbox.put("first")
    outbox.put("second")
    assert [await outbox.next() for _ in range(3)] == [Message("first"), Message("second"), Message("answer", 1.0)]


async def test_a_newer_answer_takes_the_place_of_one_that_waits() -> None:
    outbox = Outbox()
    assert outbox.replace("old", 1.0, 1.1) is None
    assert outbox.replace("new", 2.0, 2.1) == 1.0
    outbox.finish(1000)
    assert [await outbox.next() for _ in range(2)] == [Message("new", 2.0, 2.1), 1000]


async def test_the_farewell_is_the_last_message_and_the_first_end_counts() -> None:
    outbox = Outbox()
    outbox.replace("answer", 1.0)
    outbox.put("waiting")
    outbox.finish(1008, "farewell")
    outbox.finish(1000, "again")
    outbox.replace("too late", 2.0)
    last = [await outbox.next() for _ in range(4)]
    assert last == [Message("waiting"), Message("answer", 1.0), Message("farewell"), 1008]


async def test_a_client_that_does_not_read_is_given_up_but_gets_its_farewell() -> None:
    outbox = Outbox()
    for _ in range(MAX_WAITING):
        outbox.put("unread")
    with pytest.raises(SlowConsumer):
        outbox.put("one too many")
    outbox.finish(1008, "farewell")
    assert [await outbox.next() for _ in range(MAX_WAITING + 2)][-2:] == [Message("farewell"), 1008]
