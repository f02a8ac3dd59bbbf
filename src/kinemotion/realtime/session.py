"""One connection: what its messages set going, what goes back, and how it ends."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from starlette.websockets import WebSocket, WebSocketDisconnect

from kinemotion.errors import (
    BadFrame,
    ClientError,
    Draining,
    FrameTooLarge,
    Internal,
    OutOfOrder,
    Overloaded,
    RateLimited,
    UnsupportedImage,
)
from kinemotion.jumps import Jump, JumpTracker
from kinemotion.pose.graph import PoseGraph
from kinemotion.pose.models import ModelStore, PoseModel
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.graphs import HANGS_S, GraphSupply
from kinemotion.realtime.jump_path import JumpPath
from kinemotion.realtime.logs import fields
from kinemotion.realtime.messages import Drop, Event, Frame, SessionConfig, Start, Stop, Tally
from kinemotion.realtime.metrics import Metrics
from kinemotion.realtime.outbox import Message, Outbox
from kinemotion.realtime.pipeline import Analysed, Pipeline, new_tracker
from kinemotion.realtime.protocol import Protocol, State
from kinemotion.realtime.replay import AFTER_LANDING_S
from kinemotion.realtime.ring import Ring
from kinemotion.realtime.scheduler import Lane, Scheduler, Stuck

_DONE: Final = 1000
_DEPARTURES: Final = {1008: "rate_limited", 1009: "frame_too_large", 1012: "draining"}
_POLICY: Final = 1008
_CLOSE_S: Final = 1.0
_RATE_ERROR_EVERY_S: Final = 1.0
_THROTTLED_EVERY_S: Final = 0.2  # between answers to who sends too much: workers are left to others
_FLOOD_PAUSE_S: Final = 0.1
_DRAINING: Final = "the server is going down; connect again"
_FRAME_ERRORS: Final = (BadFrame, UnsupportedImage, FrameTooLarge, OutOfOrder, RateLimited)

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What the sessions of a server share. Times are seconds."""

    models: ModelStore
    graphs: GraphSupply
    scheduler: Scheduler
    replays: ReplayDesk
    metrics: Metrics
    send_s: float
    stale_s: float
    final_s: float
    ring_s: float
    ring_bytes: int


class _Over(Exception):
    """The connection is over."""


class Session:
    """One accepted connection, from its first message to its close.

    Args:
        socket: accepted already.
        protocol: the dialect that the client speaks.
        services: what the sessions share.

    Everything here runs on the event loop, but for what workers call: `_work`, `_work_failed` and `_retire`.
    """

    def __init__(self, socket: WebSocket, protocol: Protocol, services: Services) -> None:
        self.id = uuid4().hex[:12]
        self._socket = socket
        self._protocol = protocol
        self._services = services
        self._loop = asyncio.get_running_loop()
        self._tasks = asyncio.TaskGroup()
        self._outbox = Outbox()
        self._lane: Lane[Frame] = Lane(services.scheduler, self._work, self._work_failed, self._retire)
        self._graph: PoseGraph | None = None
        self._pipeline: asyncio.Future[Pipeline] = self._loop.create_future()
        self._received = self._analysed = self._dropped = 0
        self._config = SessionConfig()
        ring = Ring(services.ring_s, services.ring_bytes)
        self._jumps = JumpPath(services.replays, ring, self._publish, self._post, self._new_tracker, services.final_s)
        self._finishing = self._ending = False
        self._reason = ""
        self._facts: dict[str, object] = {"session": self.id}
        self._began_s = monotonic()
        self._rate_error_s = self._offered_s = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serves the connection until it ends, and frees what it held."""
        try:
            async with self._tasks:
                self._tasks.create_task(self._read())
                self._tasks.create_task(self._send())
        except* _Over:
            pass
        finally:
            try:
                await asyncio.shield(self._release())
            finally:
                self._sign_off()

    def drain(self) -> None:
        """Brings the session to its end since the server goes down: what was received is still worked on."""
        if not self._finishing:
            self._wind_up(Draining(_DRAINING))

    def hurry(self) -> None:
        """Ends a session that is draining at once; jumps that are not final become so as they were seen live."""
        self._jumps.give_up()
        self._tell(self._summary())
        self._fail(Draining(_DRAINING))

    def overload(self) -> None:
        """Ends the session at once since nobody is left to work for it."""
        self._fail(Overloaded("the server cannot go on; connect again"))

    # What comes in

    async def _read(self) -> None:
        self._watch()
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                self._reason = self._reason or self._departure(message.get("code", 0))
                self._finishing = True
                raise _Over
            if not self._finishing:
                text = message.get("text")
                self._take(message["bytes"] if text is None else text)
                if self._protocol.flooding:  # uvicorn reads once more at most meanwhile, and TCP slows the client
                    await asyncio.sleep(_FLOOD_PAUSE_S)

    def _watch(self) -> None:
        """Ends the session when nothing came for too long; one timer costs less than a limit on every `receive`."""
        if self._timer is not None:
            self._timer.cancel()
        if self._finishing:
            return
        deadline_s, now = self._protocol.deadline(), monotonic()
        if now < deadline_s:
            self._timer = self._loop.call_later(deadline_s - now, self._watch)
        else:
            self._wind_up(self._protocol.overdue(now))

    def _take(self, message: str | bytes) -> None:
        try:
            for event in self._protocol.receive(message, monotonic()):
                self._handle(event)
        except ClientError as error:
            self._refuse(error)
        except Exception:
            self._break("a message could not be handled")

    def _handle(self, event: Event) -> None:
        match event:
            case Start(config):
                self._start(config)
            case Frame():
                self._received += 1
                self._jumps.frame(event)
                self._offer(event)
            case Stop():
                self._wind_up(None)

    def _offer(self, frame: Frame) -> None:
        """Has a frame analysed when the session's turn comes, unless a newer one comes before that.

        Of a client that is throttled, now and then one.
        """
        now = frame.received_s
        held_back = now < min(self._protocol.throttled_until_s, self._offered_s + _THROTTLED_EVERY_S)
        if not held_back:
            self._offered_s = now
        left = self._lane.offer(frame, only_replacing=held_back)
        if left is not None:
            self._drop(left.seq, Drop.RATE_LIMITED if held_back else Drop.SUPERSEDED)

    def _start(self, config: SessionConfig) -> None:
        model = self._services.models.best(config.quality)
        config = replace(config, quality=model.quality)
        self._facts |= {"movement": config.movement, "quality": config.quality}
        _log.info("session started", extra=fields(**self._facts))
        self._tasks.create_task(self._prepare(config, model))

    async def _prepare(self, config: SessionConfig, model: PoseModel) -> None:
        try:
            async with asyncio.timeout(HANGS_S):
                self._graph = await self._services.graphs.acquire(model)
            self._config = config
            self._tell(self._protocol.started(self.id, config, model.name))
            self._protocol.ready(monotonic())
            self._watch()
            self._pipeline.set_result(
                Pipeline(config, self._protocol, self._graph, self._tally, lambda: len(self._jumps.jumps))
            )
        except (TimeoutError, Stuck):
            self._fail(Overloaded("the pose model could not be started in time"))
        except Exception:
            self._break("the pose model could not be started")
        else:
            self._lane.release()

    def _wind_up(self, error: ClientError | None) -> None:
        """Takes no more messages, brings what is under way to its end, and closes: with an error, if there is one."""
        if self._finishing:  # the server began to drain while the client was waited for
            return
        self._finishing = True
        if self._protocol.state is State.WAITING and error is not None:
            self._fail(error)
        else:
            self._tasks.create_task(self._finish(error))

    async def _finish(self, error: ClientError | None) -> None:
        try:
            pipeline = await self._pipeline
            await self._close_lane(discard=False)
            jumps = await asyncio.to_thread(pipeline.finish)
            self._saw(jumps, pipeline.unclear)
            await self._jumps.finish()
            summary = self._summary()
        except Exception:
            self._break("the session could not be brought to its end")
            return
        if error is None:
            self._end(_DONE, summary, "done")
            return
        if isinstance(error, Draining):
            self._tell(summary)
        self._fail(error)

    def _summary(self) -> str | None:
        return self._protocol.summary(self._tally(), list(self._jumps.jumps.values()))

    # What a worker does

    def _work(self, frame: Frame) -> None:
        metrics, turn_s = self._services.metrics, monotonic()
        if turn_s - frame.received_s > self._services.stale_s:
            metrics.given_up(frame.received_s, turn_s, turn_s)
            self._post(self._drop, frame.seq, Drop.STALE)
            return
        try:
            analysed = self._pipeline.result().analyse(frame)
        except Exception as error:
            metrics.given_up(frame.received_s, turn_s, monotonic())
            if not isinstance(error, ClientError):
                raise
            error.seq = frame.seq
            self._post(self._spoil, error)
        else:
            metrics.worked(analysed.times_s)
            self._post(self._deliver, analysed)

    def _work_failed(self, error: Exception) -> None:
        self._services.metrics.frame("failed")
        stuck = isinstance(error, Stuck)
        what = "pose estimation came to a halt" if stuck else "the frame could not be analysed"
        _log.error(what, exc_info=None if stuck else error, extra=fields(session=self.id))
        self._post(self._lose, Internal(what))

    def _retire(self) -> None:
        if self._graph is not None:
            self._services.graphs.retire(self._graph)

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and the client with it
            self._loop.call_soon_threadsafe(self._try, call, *arguments)

    def _try(self, call: Callable[..., None], *arguments: Any) -> None:
        try:
            call(*arguments)
        except Exception:
            self._break("an answer could not be given")

    # What goes out

    def _deliver(self, analysed: Analysed) -> None:
        if self._lane.lost:  # it came back after all, when the session had been given up
            return
        self._analysed += 1
        self._services.metrics.analysed(found=analysed.pose is not None)
        self._jumps.analysed(analysed.frame, analysed.pose)
        self._saw(analysed.jumps, analysed.unclear)
        received_s, written_s = analysed.frame.received_s, analysed.times_s[-1]
        if self._protocol.answers_every_frame:
            self._tell(analysed.answer, received_s, written_s)
        elif (unsent_s := self._outbox.replace(analysed.answer, received_s, written_s)) is not None:
            self._services.metrics.latency(monotonic() - unsent_s)

    def _saw(self, jumps: Iterable[Jump], unclear: tuple[float, float] | None) -> None:
        """Takes the jumps that the live path saw, and a stretch, in seconds, of which it saw too little."""
        for jump in jumps:
            self._jumps.live(jump)
        if unclear is not None:
            self._jumps.doubt(*unclear)

    def _new_tracker(self) -> JumpTracker:
        return new_tracker(self._config, settle_s=AFTER_LANDING_S)

    def _publish(self, jump: Jump) -> None:
        if jump.final:
            self._services.metrics.jump(jump)
        self._tell(self._protocol.jump(jump))

    def _drop(self, seq: int, cause: Drop) -> None:
        self._dropped += 1
        self._services.metrics.frame(cause)
        self._tell(self._protocol.dropped(seq, cause))

    def _refuse(self, error: ClientError) -> None:
        """Turns a message down."""
        if isinstance(error, _FRAME_ERRORS):
            self._received += 1
            self._dropped += 1
            self._services.metrics.frame(error.code if isinstance(error, OutOfOrder | RateLimited) else "rejected")
        if error.fatal:
            self._fail(error)
        elif not self._repeats(error):
            self._tell(self._protocol.error(error))

    def _spoil(self, error: ClientError) -> None:
        """Gives up a frame that was taken, but whose picture is broken."""
        self._dropped += 1
        self._services.metrics.frame("rejected")
        self._tell(self._protocol.error(error))

    def _lose(self, error: ClientError) -> None:
        """Ends the session with a frame that could not be worked on."""
        self._dropped += 1
        self._fail(error)

    def _repeats(self, error: ClientError) -> bool:
        """A flood of frames is not answered with a flood of errors, unless each frame is owed a reply."""
        if not isinstance(error, RateLimited) or self._protocol.answers_every_frame:
            return False
        now = monotonic()
        repeats = now < self._rate_error_s + _RATE_ERROR_EVERY_S
        if not repeats:
            self._rate_error_s = now
        return repeats

    def _tell(self, text: str | None, received_s: float | None = None, written_s: float | None = None) -> None:
        if text is not None and not self._ending:
            try:
                self._outbox.put(text, received_s, written_s)
            except ClientError as error:
                self._fail(error)

    def _fail(self, error: ClientError) -> None:
        self._end(error.close_code, self._protocol.error(error), error.code)

    def _break(self, what: str) -> None:
        """Ends the session after a fault of the server's own, which only the log tells."""
        _log.exception(what, extra=fields(session=self.id))
        self._fail(Internal(what))

    def _end(self, close_code: int, farewell: str | None, reason: str) -> None:
        self._finishing = self._ending = True
        self._reason = self._reason or reason
        self._outbox.finish(close_code, farewell)

    async def _send(self) -> None:
        code = _DONE
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            try:
                while isinstance(item := await self._outbox.next(), Message):
                    async with asyncio.timeout(self._services.send_s):
                        await self._socket.send_text(item.text)
                    if item.received_s is not None and item.written_s is not None:
                        self._services.metrics.sent(item.received_s, item.written_s, monotonic())
                code = item
            except TimeoutError:
                code, self._reason = _POLICY, "slow_consumer"
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await self._socket.close(code, self._reason)
        if not self._reason:  # the client is gone; the reader is about to hear how, and ends this too
            await asyncio.sleep(_CLOSE_S)
            self._reason = "client_gone"
        raise _Over

    # The end

    def _departure(self, code: int) -> str:
        """Why the connection is closed from outside; where there is no `stop`, a client that is done just closes."""
        if code == _DONE and self._protocol.answers_every_frame:
            return "done"
        return _DEPARTURES.get(code, "client_gone")

    async def _close_lane(self, *, discard: bool) -> None:
        closed = asyncio.Event()
        left = self._lane.close(lambda: self._post(closed.set), discard=discard)
        if left is not None:
            self._drop(left.seq, Drop.SUPERSEDED)
        await closed.wait()

    async def _release(self) -> None:
        self._finishing = self._ending = True
        if self._timer is not None:
            self._timer.cancel()
        await self._close_lane(discard=True)
        self._jumps.cancel()
        if not self._lane.lost:  # a graph that hangs is left alone: closing it would hang, too
            self._retire()

    def _sign_off(self) -> None:
        reason = self._reason or "internal"
        _log.info(
            "session ended",
            extra=fields(
                **self._facts,
                reason=reason,
                frames_received=self._received,
                frames_analysed=self._analysed,
                frames_dropped=self._dropped,
                jumps=len(self._jumps.jumps),
                duration_s=round(monotonic() - self._began_s, 3),
            ),
        )
        self._services.metrics.closed(reason)

    def _tally(self) -> Tally:
        return Tally(self._received, self._analysed, self._dropped)
