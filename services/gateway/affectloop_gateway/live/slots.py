"""How many do something at the same time, by whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Slots:
    """Slots for everybody alike; used on the event loop only.

    Parameters
    ----------
    most
        How many one may hold.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()

    @contextmanager
    def taken(self, who: str) -> Iterator[bool]:
        """Whether there was a place; it is held until the block ends."""
        if self._held[who] >= self._most:
            yield False
            return
        self._held[who] += 1
        try:
            yield True
        finally:
            self._held[who] -= 1
            if not self._held[who]:
                del self._held[who]


@dataclass(frozen=True, slots=True)
class SocketSlots:
    """Slots of live views, by whom they are counted."""

    of_address: Slots
    of_token: Slots
