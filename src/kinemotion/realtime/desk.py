"""Who works on which replay: the desk from which workers take the frames of jumps that are not final.

A graph follows the body from frame to frame, so a replay keeps the one that it began with, where it can. Of those whose
frames are all there the jump that landed first goes first, unless it has many more frames than others. Where the desk
cannot keep up, a jump that waited too long is given up by its session, and the live result has to do.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Lock
from time import monotonic
from typing import Final

from kinemotion.errors import ClientError
from kinemotion.pose import jpeg
from kinemotion.pose.graph import PoseGraph
from kinemotion.realtime.messages import Frame
from kinemotion.realtime.metrics import ReplayEnd
from kinemotion.realtime.replay import NO_POSES, Poses, Replay
from kinemotion.realtime.scheduler import Piece

_MAX_HELD_BYTES: Final = 128 * 1024 * 1024
_MANY: Final = 10  # frames waiting
_FRAME_S: Final = 0.02  # by which each of its frames puts a replay back: nobody's many frames hold up all others
_SEARCH_S: Final = 1.0  # by which a search is put back: a jump that was seen loses more by waiting

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Follower:
    """A graph, and the replay that it follows or followed last; none where one must be made first."""

    graph: PoseGraph | None
    replay: Replay | None = None
    working: bool = False

    def distance(self, replay: Replay) -> int:
        """How much would be lost by having it follow a replay now."""
        if self.replay is replay:
            return 0
        if self.replay is None or self.replay.over:
            return 1
        return 3 if self.replay.complete else 2

    def spoil(self) -> None:
        """Has another graph made for the next step: one that failed may not get well again."""
        graph, self.graph = self.graph, None
        if graph is not None:
            graph.close()


class _Step:
    """A piece of work of a replay with a graph of the desk's: one frame, or what must come before it."""

    def __init__(self, desk: "ReplayDesk", replay: Replay, follower: _Follower, step: Callable[[], None]) -> None:
        self._desk = desk
        self._replay = replay
        self._follower = follower
        self._step = step
        self._lock = Lock()
        self._over = False

    def run(self) -> None:
        try:
            self._step()
        except Exception:
            _log.exception("a jump could not be replayed")
            self._desk.give_up(self._replay, "failed")
            self._follower.spoil()
        finally:
            if self._end():
                self._desk.done(self._follower, self._replay)
            elif self._follower.graph is not None:
                self._follower.graph.close()  # it came back when nobody waited any more

    def abandon(self) -> None:
        if self._end():
            self._desk.lose(self._follower, self._replay)

    def _end(self) -> bool:
        with self._lock:
            first, self._over = not self._over, True
        return first


class _Conclusion:
    """A replay to be judged further."""

    def __init__(self, desk: "ReplayDesk", replay: Replay) -> None:
        self._desk = desk
        self._replay = replay

    def run(self) -> None:
        self._desk.conclude(self._replay)

    def abandon(self) -> None:
        self._desk.give_up(self._replay, "failed")


class ReplayDesk:
    """Hands out the frames of all replays, and has them worked on. Every method may be called from any thread.

    Args:
        graphs: graphs for final results, as many as there are workers; the desk closes them.
        make: makes another, in place of one that a stuck worker has.
        invite: called whenever there is one more replay with something to do; a replay stands in line once, however
            many frames it has.
        ended: called, from any thread, with how each replay ended and how many seconds that took.
    """

    def __init__(
        self,
        graphs: list[PoseGraph],
        make: Callable[[], PoseGraph],
        invite: Callable[[], None],
        ended: Callable[[ReplayEnd, float], object] = lambda end, seconds: None,
    ) -> None:
        self._followers = [_Follower(graph) for graph in graphs]
        self._make = make
        self._invite = invite
        self._ended = ended
        self._lock = Lock()
        self._replays: list[Replay] = []

    @property
    def waiting(self) -> int:
        """How many frames wait; waits for nobody, and so may be a little behind."""
        return sum(len(replay.waiting) for replay in tuple(self._replays))

    def add(self, replay: Replay, frames: list[Frame], live: Poses = NO_POSES, *, complete: bool) -> None:
        """Adds frames to a replay, a new one or one that is not complete.

        Args:
            replay: whose frames they are.
            frames: in the order of their times.
            live: the poses that the live path found.
            complete: whether these are the last ones.
        """
        with self._lock:
            if replay.over:
                return
            if replay not in self._replays:
                self._replays.append(replay)
            stood = replay.working or replay.ready
            replay.add(frames, live, pressed=self._pressed(replay))
            replay.complete = complete
            ready = replay.ready and not stood
            shed = self._shed()
        for one in shed:
            one.give_up()
            self._tell_end("shed", one)
        if ready:
            self._invite()

    def take(self) -> Piece | None:
        """A piece of work of a replay: of the oldest complete one, else of one that is begun."""
        with self._lock:
            ready = [replay for replay in reversed(self._replays) if replay.ready and not replay.working]
            if all(follower.working for follower in self._followers):
                ready = [replay for replay in ready if not replay.waiting]  # the last word needs no graph
            replay = max(ready, key=self._precedence, default=None)
            return None if replay is None else self._piece(replay)

    def give_up(self, replay: Replay, end: ReplayEnd = "shed") -> None:
        """Leaves a jump to the live path, if it is not final yet."""
        if self._remove(replay):
            replay.give_up()
            self._tell_end(end, replay)

    def cancel(self, replay: Replay) -> None:
        """Forgets a replay; nobody is told."""
        if self._remove(replay):
            replay.forget()
            self._tell_end("cancelled", replay)

    def close(self) -> None:
        """Closes the graphs; nothing may be in work, but for what is stuck."""
        for follower in self._followers:
            if follower.graph is not None:
                follower.graph.close()

    def done(self, follower: _Follower, replay: Replay) -> None:
        """Takes back a graph whose step is done, and has the replay go on."""
        with self._lock:
            follower.working = False
            replay.working = False
            ready = replay.ready
        if ready:
            self._invite()

    def lose(self, follower: _Follower, replay: Replay) -> None:
        """Leaves a graph to a worker that is stuck, and the jump to the live path; does nothing that takes long."""
        with self._lock:
            self._followers[self._followers.index(follower)] = _Follower(None)
        self.give_up(replay, "failed")

    def conclude(self, replay: Replay) -> None:
        """Judges a replay whose frames are done, piece by piece; has it look closer, or makes the jump final, once."""
        try:
            more = replay.judge()
            with self._lock:
                again = not replay.over and (more or replay.look_closer(pressed=self._pressed(replay)))
                replay.working = not again  # what is done is handed out no second time
        except Exception:
            _log.exception("a jump could not be replayed")
            self.give_up(replay, "failed")
            return
        if again:
            self._invite()
        elif self._remove(replay):
            replay.tell()
            self._tell_end("done", replay)

    def _piece(self, replay: Replay) -> Piece:
        replay.working = True
        if not replay.waiting:
            return _Conclusion(self, replay)
        follower = min((one for one in self._followers if not one.working), key=lambda one: one.distance(replay))
        follower.working, before, follower.replay = True, follower.replay, replay
        if follower.graph is None or before not in (replay, None):
            return _Step(self, replay, follower, partial(self._renew, follower))
        return _Step(self, replay, follower, partial(_look, replay, replay.waiting.popleft(), follower.graph))

    def _renew(self, follower: _Follower) -> None:
        """Makes a graph that knows no other jump."""
        if follower.graph is None:
            follower.graph = self._make()
        else:
            follower.graph.forget()

    def _precedence(self, replay: Replay) -> tuple[bool, float]:
        if replay.complete:
            back_s = 0.0 if replay.span.doubt is None else _SEARCH_S
            return True, -(replay.since_s + back_s + _FRAME_S * replay.taken)
        return False, any(follower.replay is replay for follower in self._followers)

    def _pressed(self, replay: Replay) -> bool:
        """Whether much is to be done for other jumps."""
        return self.waiting - len(replay.waiting) > _MANY

    def _tell_end(self, end: ReplayEnd, replay: Replay) -> None:
        self._ended(end, monotonic() - replay.since_s)

    def _remove(self, replay: Replay) -> bool:
        """Takes a replay off the desk; says whether it was still there."""
        with self._lock:
            if replay not in self._replays:
                return False
            self._replays.remove(replay)
            replay.over = True
            return True

    def _shed(self) -> list[Replay]:
        """Takes out those replays that hold most until the others can be held."""
        shed = []
        while sum(one.held_bytes for one in self._replays) > _MAX_HELD_BYTES:
            shed.append(max(self._replays, key=lambda one: one.held_bytes))
            self._replays.remove(shed[-1])
            shed[-1].over = True
        return shed


def _look(replay: Replay, frame: Frame, graph: PoseGraph) -> None:
    try:
        pose = graph.detect(jpeg.decode(frame.jpeg, frame.header))
    except ClientError:
        pose = None
    replay.found(frame, pose)
