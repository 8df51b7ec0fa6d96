"""Which sessions are due, so that a turn need not look at all of them."""

from __future__ import annotations

import heapq
import math


class DueTimes:
    """A time for each name: when it is due, though nothing comes.

    A time that moves on costs nothing: the name is given at the earlier time, and is then set anew.
    """

    def __init__(self) -> None:
        self._times: list[tuple[float, str]] = []  # a heap; entries that the other does not know have passed
        self._earliest: dict[str, float] = {}

    def set(self, name: str, at: float) -> None:
        """The name is due once ``at`` has passed; infinity for never."""
        if at < self._earliest.get(name, math.inf):
            self._earliest[name] = at
            heapq.heappush(self._times, (at, name))

    def passed(self, now: float) -> list[str]:
        """Take the names whose time lies before ``now``: some of them are early, none is late."""
        names = []
        while self._times and self._times[0][0] < now:
            at, name = heapq.heappop(self._times)
            if self._earliest.get(name) == at:
                del self._earliest[name]
                names.append(name)
        return names
