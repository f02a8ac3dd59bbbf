"""A token bucket: so many in a second on average, and so many at once."""


class Bucket:
    """Holds something for each thing that may still happen; full at first.

    Args:
        rate: how much flows in each second.
        holds: how much there is room for.
        now: the present, in seconds of a monotonic clock; the same clock as in every other call.
    """

    def __init__(self, rate: float, holds: float, now: float) -> None:
        self._rate = rate
        self._holds = self._level = holds
        self._filled_s = now

    def take(self, now: float) -> bool:
        """Takes one, if there is one."""
        self._level = min(self._holds, self._level + max(0.0, now - self._filled_s) * self._rate)
        self._filled_s = max(now, self._filled_s)
        if self._level < 1:
            return False
        self._level -= 1
        return True
