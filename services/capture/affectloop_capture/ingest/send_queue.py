"""Drop, never queue: a stream has one send in flight, and what comes meanwhile is dropped rather than delayed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from affectloop.events import Event, VideoFrame

WAITING_CHUNKS = 8  # records of samples, audio or features behind the one in flight: 2 s at 4 Hz. Frames: none


class SendQueue:
    """One stream's way to the bus.

    Parameters
    ----------
    send
        Writes a batch of events; one call at a time.
    """

    def __init__(self, send: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: list[Event] = []
        self._sending: asyncio.Task[None] | None = None

    def offer(self, event: Event) -> bool:
        """Take the event, or refuse it because the bus is slower than the device. The end of a stream is always taken.

        Raises what sending raised before.
        """
        self._raise_failure()
        room = 0 if isinstance(event, VideoFrame) else WAITING_CHUNKS
        if self._sending is not None and len(self._waiting) >= room and not event.header.ends_stream:
            return False
        self._waiting.append(event)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return True

    async def empty(self) -> None:
        """Wait until everything taken is sent; raises what sending raised."""
        if self._sending is not None:
            await asyncio.wait([self._sending])
        self._raise_failure()

    def abandon(self) -> None:
        """Forget what waits: the call is gone."""
        self._waiting.clear()

    async def _send_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._send(batch)

    def _raise_failure(self) -> None:
        if self._sending is not None and self._sending.done():
            finished, self._sending = self._sending, None
            finished.result()
