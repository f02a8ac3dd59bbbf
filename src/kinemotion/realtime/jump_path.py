"""A session's jumps, from first seen to final: the live result at once, the replayed one when it is there."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from kinemotion.jumps import Jump, JumpTracker
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.replay import LIVE_ONLY, Replay, ReplayDesk, Ring

_PATIENCE_S: Final = 10.0


class JumpPath:
    """Lives on the event loop.

    Args:
        desk: where replays are worked on.
        ring: the session's last frames.
        publish: called with every jump that the client is to be told: first not final, then final, once each.
        post: runs a call on the event loop, from any thread.
    """

    def __init__(
        self,
        desk: ReplayDesk,
        ring: Ring,
        publish: Callable[[Jump], None],
        post: Callable[..., None],
    ) -> None:
        self._desk = desk
        self._ring = ring
        self._publish = publish
        self._post = post
        self._open: list[Replay] = []
        self._replays: dict[int, Replay] = {}
        self._live_finals: dict[int, Jump] = {}
        self._settled = asyncio.Event()
        self._settled.set()
        self.jumps: dict[int, Jump] = {}

    def frame(self, frame: Frame) -> None:
        """Keeps a frame that was received, and passes it on to replays that still want it."""
        self._ring.append(frame)
        for replay in tuple(self._open):
            if frame.elapsed_us <= replay.until_us:
                self._desk.add(replay, [frame], complete=False)
            else:
                self._complete(replay)

    def live(self, jump: Jump, tracker: Callable[[], JumpTracker]) -> None:
        """Takes what the live path saw of a jump.

        Args:
            jump: not final, or final.
            tracker: makes a tracker for the replay.
        """
        if not jump.final:
            self._tell(jump)
            self._start(jump, tracker())
        elif jump.index in self._replays:
            self._live_finals[jump.index] = jump
        elif not self._is_final(jump.index):
            self._tell(_live_only(jump))

    async def finish(self) -> None:
        """Waits until every jump is final; no more frames will come."""
        for replay in tuple(self._open):
            self._complete(replay)
        try:
            await asyncio.wait_for(self._settled.wait(), _PATIENCE_S)
        except TimeoutError:
            self.cancel()
        for jump in self._live_finals.values():
            self._tell(_live_only(jump))

    def cancel(self) -> None:
        """Forgets the replays."""
        for replay in self._replays.values():
            self._desk.cancel(replay)
        self._open.clear()
        self._replays.clear()
        self._settled.set()

    def _start(self, jump: Jump, tracker: JumpTracker) -> None:
        def done(final: Jump | None) -> None:
            self._post(self._replayed, jump.index, final)

        replay = Replay(jump, tracker, done)
        self._replays[jump.index] = replay
        self._open.append(replay)
        self._settled.clear()
        self._desk.add(replay, self._ring.since(replay.from_us), complete=False)

    def _complete(self, replay: Replay) -> None:
        self._open.remove(replay)
        self._desk.add(replay, [], complete=True)

    def _replayed(self, index: int, final: Jump | None) -> None:
        replay = self._replays.pop(index, None)
        if replay is None:
            return
        if replay in self._open:
            self._open.remove(replay)
        live = self._live_finals.pop(index, None)
        if final is not None:
            self._tell(final)
        elif live is not None:
            self._tell(_live_only(live))
        if not self._replays:
            self._settled.set()

    def _is_final(self, index: int) -> bool:
        return index in self.jumps and self.jumps[index].final

    def _tell(self, jump: Jump) -> None:
        self.jumps[jump.index] = jump
        self._publish(jump)


def _live_only(jump: Jump) -> Jump:
    """Says that a jump was not replayed."""
    warnings = (*jump.quality.warnings, LIVE_ONLY)
    return replace(jump, quality=replace(jump.quality, warnings=warnings))
