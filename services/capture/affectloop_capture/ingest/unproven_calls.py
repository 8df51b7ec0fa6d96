"""Calls that have not brought a record with a good token yet: few of one address and not for long, so that they keep no device out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class UnprovenCalls:
    """Used on the event loop only. Where there is no room for a further call, the oldest makes room.

    Parameters
    ----------
    within_s
        How long a call may prove nothing.
    most_of_address, most
        How many may, of one address and of all.
    """

    def __init__(self, within_s: float, most_of_address: int, most: int) -> None:
        self._within_s = within_s
        self._most_of_address = most_of_address
        self._most = most
        self._waiting: dict[asyncio.Timeout, str] = {}  # the oldest first

    @asynccontextmanager
    async def waiting(self, address: str) -> AsyncIterator[None]:
        """A call proves itself within the block; ``TimeoutError`` where it took too long or had to make room."""
        async with asyncio.timeout(self._within_s) as limit:
            self._make_room(address)
            self._waiting[limit] = address
            try:
                yield
            finally:
                self._waiting.pop(limit, None)

    def _make_room(self, address: str) -> None:
        of_address = [limit for limit, whose in self._waiting.items() if whose == address]
        if len(of_address) >= self._most_of_address:
            self._let_go(of_address[0])
        elif len(self._waiting) >= self._most:
            self._let_go(next(iter(self._waiting)))

    def _let_go(self, limit: asyncio.Timeout) -> None:
        del self._waiting[limit]
        limit.reschedule(0)  # long ago


def address_of(peer: str) -> str:
    """The address of a gRPC peer: ``ipv4:10.0.0.7:51312`` without its port."""
    return peer.rpartition(":")[0]
