"""Who may connect: room for so many sessions."""

import asyncio


class Admission:
    """Counts the sessions in and out; a place is taken before anything is awaited, so a burst never overshoots.

    Args:
        capacity: how many sessions there is room for.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.taken = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def full(self) -> bool:
        """Whether the next client will be refused."""
        return self.taken >= self.capacity

    def enter(self) -> bool:
        """Takes a place, if there is one."""
        if self.full:
            return False
        self.taken += 1
        self._empty.clear()
        return True

    def leave(self) -> None:
        """Gives a place back."""
        self.taken -= 1
        if self.taken == 0:
            self._empty.set()

    async def empty(self) -> None:
        """Waits until nobody is in."""
        await self._empty.wait()
