"""A session's jumps, from first seen to final: the live result at once, the replayed one when it is there."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from kinemotion.jumps import Jump, JumpTracker
from kinemotion.pose.graph import Pose
from kinemotion.realtime.desk import ReplayDesk
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.replay import AFTER_DOUBT_S, LIVE_ONLY, SAME_JUMP_S, Jumps, Replay, Span
from kinemotion.realtime.ring import Ring

_LONGEST_DOUBT_S: Final = 2.2
_UNEXPLAINED_S: Final = 1.6  # after a doubt: until then the live path may tell the jump that it belongs to
_NO_ANSWER_S: Final = 2.0  # after which a search waits no more for what the live path says of the next frame
_LATE: Final = 10  # times as late as another jump a searched one may be
_US_PER_S: Final = 1_000_000


class JumpPath:
    """Lives on the event loop.

    What the live path saw of a jump is told at once, and replayed. Where it saw too few frames to tell whether there
    was a jump, the frames are searched once they are all there, and a jump is told if there was one.

    Args:
        desk: where replays are worked on.
        ring: the session's last frames.
        publish: called with every jump that the client is to be told: first not final, then final, once each.
        post: runs a call on the event loop, from any thread.
        tracker: makes a tracker for a replay.
        final_s: a jump that is not final so long after the last of its frames came is left to the live path. A search
            may take ten times as long, until the session ends: without it there would be no jump at all.
    """

    def __init__(
        self,
        desk: ReplayDesk,
        ring: Ring,
        publish: Callable[[Jump], None],
        post: Callable[..., None],
        tracker: Callable[[], JumpTracker],
        final_s: float,
    ) -> None:
        self._desk = desk
        self._ring = ring
        self._publish = publish
        self._post = post
        self._tracker = tracker
        self._final_s = final_s
        self._open: list[Replay] = []
        self._replays: dict[int, Replay] = {}
        self._live_finals: dict[int, Jump] = {}
        self._numbers: dict[int, int] = {}
        self._doubts: list[tuple[float, float]] = []
        self._analysed_s = -math.inf
        self._searches: set[Replay] = set()
        self._timers: dict[Replay, asyncio.TimerHandle] = {}
        self._settled = asyncio.Event()
        self._settled.set()
        self.jumps: dict[int, Jump] = {}

    def frame(self, frame: Frame) -> None:
        """Keeps a frame that was received, and passes it on to replays that want it at once.

        What comes after a flight waits for its end, and for what the live path finds in it.
        """
        now_s = frame.elapsed_us / _US_PER_S
        for replay in tuple(self._open):
            if now_s > replay.span.until_s:
                self._complete(replay)
            elif now_s <= replay.span.urgent_until_s:
                self._desk.add(replay, [frame], complete=False)
        self._ring.append(frame)
        over_s = min(now_s - _UNEXPLAINED_S, max(self._analysed_s, now_s - _NO_ANSWER_S))
        if self._doubts and over_s > self._doubts[0][1]:
            self._look_into(over_s)

    def analysed(self, frame: Frame, pose: Pose | None) -> None:
        """Keeps what the live path found in a frame."""
        self._analysed_s = frame.elapsed_us / _US_PER_S
        if pose is not None:
            self._ring.saw(frame, pose)

    def live(self, jump: Jump) -> None:
        """Takes what the live path saw of a jump, not final or final; its number is the live path's own."""
        if not jump.final:
            if not self._known(jump.events_s["takeoff"], jump.events_s["takeoff"]):
                self._numbers[jump.index] = len(self.jumps) + 1
                jump = replace(jump, index=self._numbers[jump.index])
                self._tell(jump)
                self._start(jump)
            return
        number = self._numbers.get(jump.index)
        if number is None:
            return
        jump = replace(jump, index=number)
        if number in self._replays:
            self._live_finals[number] = jump
        elif not self.jumps[number].final:
            self._tell(_live_only(jump))

    def doubt(self, first_s: float, last_s: float) -> None:
        """Takes a stretch, in seconds, of which the live path saw too little."""
        self._doubts.append((first_s, last_s))

    async def finish(self) -> None:
        """Waits until every jump is final, by its replay or since that is late; no more frames will come."""
        for replay in tuple(self._open):
            self._complete(replay)
        self._look_into(math.inf)
        for search in self._searches:
            self._limit(search, self._final_s)
        await self._settled.wait()

    def give_up(self) -> None:
        """Has what the live path saw of the jumps that are not final do."""
        self.cancel()
        for jump in self._live_finals.values():
            self._tell(_live_only(jump))
        self._live_finals.clear()

    def cancel(self) -> None:
        """Forgets the replays."""
        for replay in (*self._replays.values(), *self._searches):
            self._desk.cancel(replay)
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._open.clear()
        self._replays.clear()
        self._searches.clear()
        self._settled.set()

    def _start(self, jump: Jump) -> None:
        def done(final: Jumps) -> None:
            self._post(self._replayed, jump.index, final)

        span = Span.of(jump)
        landed = self._ring.between(jump.events_s["landing"], math.inf)
        replay = Replay(span, self._tracker, done, landed[0].received_s if landed else None)
        self._replays[jump.index] = replay
        self._open.append(replay)
        self._settled.clear()
        frames = self._ring.between(span.from_s, span.urgent_until_s)
        self._desk.add(replay, frames, self._ring.poses, complete=False)

    def _complete(self, replay: Replay) -> None:
        self._open.remove(replay)
        frames = self._ring.between(math.nextafter(replay.span.urgent_until_s, math.inf), replay.span.until_s)
        self._desk.add(replay, frames, self._ring.poses, complete=True)
        self._limit(replay, self._final_s)

    def _limit(self, replay: Replay, seconds: float) -> None:
        self._unlimit(replay)
        self._timers[replay] = asyncio.get_running_loop().call_later(seconds, self._desk.give_up, replay)

    def _unlimit(self, replay: Replay) -> None:
        timer = self._timers.pop(replay, None)
        if timer is not None:
            timer.cancel()

    def _replayed(self, number: int, final: Jumps) -> None:
        replay = self._replays.pop(number, None)
        if replay is None:
            return
        self._unlimit(replay)
        if replay in self._open:
            self._open.remove(replay)
        live = self._live_finals.pop(number, None)
        if final:
            self._tell(replace(final[0], index=number))
        elif live is not None:
            self._tell(_live_only(live))
        self._settle()

    def _look_into(self, until_s: float) -> None:
        """Searches the stretches of doubt that were over by a time, those close to each other together.

        Those that a jump explains which the live path has found since are forgotten.
        """
        self._doubts = sorted(doubt for doubt in self._doubts if not self._explained(*doubt))
        while self._doubts:
            first_s, last_s = self._doubts[0]
            count = 1
            for start_s, end_s in self._doubts[1:]:
                if start_s > last_s + AFTER_DOUBT_S or end_s - first_s > _LONGEST_DOUBT_S:
                    break
                last_s, count = max(last_s, end_s), count + 1
            if until_s <= last_s:
                break
            del self._doubts[:count]
            self._search(first_s, last_s)

    def _search(self, first_s: float, last_s: float) -> None:
        """Looks for jumps in the frames of a stretch."""

        def done(found: Jumps) -> None:
            self._post(self._searched, replay, found)

        replay = Replay(Span.around(first_s, last_s), self._tracker, done)
        self._searches.add(replay)
        self._limit(replay, _LATE * self._final_s)
        self._settled.clear()
        frames = self._ring.between(replay.span.from_s, replay.span.until_s)
        self._desk.add(replay, frames, self._ring.poses, complete=True)

    def _searched(self, replay: Replay, found: Jumps) -> None:
        if replay not in self._searches:
            return
        self._searches.remove(replay)
        self._unlimit(replay)
        for jump in sorted(found, key=lambda jump: jump.events_s["takeoff"]):
            if not self._known(jump.events_s["takeoff"], jump.events_s["takeoff"]):
                numbered = replace(jump, index=len(self.jumps) + 1)
                self._tell(replace(numbered, final=False))
                self._tell(numbered)
        self._settle()

    def _explained(self, first_s: float, last_s: float) -> bool:
        """Whether a jump that was told took off in a stretch, or the stretch is part of such a jump."""
        spans = [Span.of(jump) for jump in self.jumps.values()]
        part = any(span.from_s < first_s and last_s < span.until_s for span in spans)
        return part or self._known(first_s, last_s)

    def _known(self, earliest_s: float, latest_s: float) -> bool:
        """Whether a jump that was told took off in a stretch, or close to it."""
        takeoffs_s = (jump.events_s["takeoff"] for jump in self.jumps.values())
        return any(earliest_s - SAME_JUMP_S < takeoff_s < latest_s + SAME_JUMP_S for takeoff_s in takeoffs_s)

    def _settle(self) -> None:
        if not self._replays and not self._searches:
            self._settled.set()

    def _tell(self, jump: Jump) -> None:
        self.jumps[jump.index] = jump
        self._publish(jump)


def _live_only(jump: Jump) -> Jump:
    """Says that a jump was not replayed."""
    warnings = (*jump.quality.warnings, LIVE_ONLY)
    return replace(jump, quality=replace(jump.quality, warnings=warnings))
