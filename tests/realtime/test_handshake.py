"""What happens between a handshake accepted and the session that follows."""

import asyncio
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from starlette.types import Message
from starlette.websockets import WebSocket
from tests.realtime.door import PATIENCE_S, small

from kinemotion.realtime.access import Access
from kinemotion.realtime.graphs import GraphSupply
from kinemotion.realtime.handshake import analyze
from kinemotion.realtime.protocol import SUBPROTOCOL
from kinemotion.realtime.runtime import running


async def test_a_client_that_was_just_accepted_when_the_last_worker_hung_is_sent_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Message] = []
    incoming: asyncio.Queue[Message] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})
    settings = small(max_sessions=1)
    async with running(settings, Access.from_settings(settings)) as runtime:

        async def send(message: Message) -> None:
            sent.append(message)
            if message["type"] == "websocket.accept":
                monkeypatch.setattr(GraphSupply, "stuck", True)
                runtime.sessions.overload()

        scope: dict[str, Any] = {
            "type": "websocket",
            "app": SimpleNamespace(state=SimpleNamespace(runtime=runtime)),
            "scheme": "ws",
            "server": ("127.0.0.1", 8000),
            "path": "/ws/analyze",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1:8000")],
            "client": ("127.0.0.1", 50_000),
            "subprotocols": [SUBPROTOCOL],
        }
        await asyncio.wait_for(analyze(WebSocket(scope, incoming.get, send)), PATIENCE_S)
        assert runtime.admission.taken == 0
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    error = orjson.loads(sent[1]["text"])
    assert (error["code"], error["fatal"], sent[2]["code"]) == ("overloaded", True, 1013)
