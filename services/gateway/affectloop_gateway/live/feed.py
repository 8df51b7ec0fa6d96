"""The live view's source: the last minute of every session in memory, and what arrives, to whoever watches.

Records stay sealed until somebody watches their session; a slow watcher loses messages, nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from affectloop.bus import Bus, Record
from affectloop.clock import Clock
from affectloop.codec import from_record, session_of
from affectloop.errors import InvalidMessage, Unavailable
from affectloop.events import Event
from affectloop.policy.access import Permissions
from affectloop.runtime.faults import place_of, reason
from affectloop.session import Session
from affectloop.store.live import LiveState
from affectloop.telemetry.metrics import RECORDS
from affectloop.topics import DIRECTIVES
from affectloop.viewing import as_viewed
from affectloop_gateway.api.newest_directives import NewestDirective
from affectloop_gateway.live.downsampling import Downsampler
from affectloop_gateway.live.rendering import SHOWN_TOPICS, Message, message_of

logger = logging.getLogger(__name__)

POLL_S = 0.25
POLL_RECORDS = 1000
BROKEN_PAUSE_S = 1.0
FORGET_DIRECTIVE_S = 600.0  # afterwards the database answers


@dataclass(frozen=True, slots=True)
class Arrived:
    """A record and when it came."""

    record: Record
    at_us: int
    at_s: float


@dataclass(slots=True)
class _Recent:
    """A session's recent records."""

    records: deque[Arrived] = field(default_factory=deque)
    size: int = 0


class Watch:
    """One page that watches one session. What it may see may change while it watches."""

    def __init__(self, session_id: str, permissions: Permissions, limit: int) -> None:
        self.session_id = session_id
        self.permissions = permissions
        self.before: tuple[Arrived, ...] = ()
        self._queue: asyncio.Queue[Message] = asyncio.Queue(limit)

    def offer(self, message: Message) -> None:
        """Hand over a message, unless the page is too far behind."""
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            RECORDS.labels("gateway", message.topic, "not-shown").inc()

    async def next(self) -> Message:
        """The next message that may be seen now, as it may be seen."""
        while True:
            seen = (await self._queue.get()).seen_with(self.permissions)
            if seen is not None:
                return seen


class Feed:
    """What arrives on the bus, to whoever watches. All but ``render`` runs on the event loop.

    Parameters
    ----------
    live, clock
        The sessions' keys and consents; when records came.
    history_s, history_bytes
        How much of each session is kept, and how many bytes of all.
    viewer_queue
        How many messages may wait for a page.
    """

    def __init__(self, live: LiveState, clock: Clock, *, history_s: float, history_bytes: int, viewer_queue: int) -> None:
        self._live = live
        self._clock = clock
        self._history_s = history_s
        self._history_bytes = history_bytes
        self._viewer_queue = viewer_queue
        self._recent: dict[str, _Recent] = {}  # the session that was quiet longest comes first
        self._size = 0
        self._watches: dict[str, list[Watch]] = {}
        self._downsamplers: dict[str, Downsampler] = {}
        self._directives: dict[str, NewestDirective] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def follow(self, bus: Bus, following: Callable[[], None] = lambda: None) -> None:
        """Read the bus until cancelled; a bus that goes away is asked again."""
        with ThreadPoolExecutor(1, "gateway-feed") as thread:
            loop = asyncio.get_running_loop()
            while True:
                try:
                    consumer = await loop.run_in_executor(thread, bus.tail, SHOWN_TOPICS)
                    following()
                    try:
                        while True:
                            records = await loop.run_in_executor(thread, consumer.poll, POLL_S, POLL_RECORDS)
                            await self.take(records)
                    finally:
                        await asyncio.shield(loop.run_in_executor(thread, consumer.close))
                except Unavailable as error:
                    logger.warning("the live view's source is away", extra={"cause": str(error)})
                    await asyncio.sleep(BROKEN_PAUSE_S)

    async def take(self, records: Sequence[Record]) -> None:
        """Keep what arrived and show it to those who watch now."""
        at_us, at_s = self._clock.wall_us(), self._clock.monotonic_s()
        wanted: dict[str, list[Arrived]] = {}
        for record in records:
            try:
                session_id = session_of(record)
            except InvalidMessage:
                continue
            arrived = Arrived(record, at_us, at_s)
            self._keep(session_id, arrived)
            if session_id in self._watches:
                wanted.setdefault(session_id, []).append(arrived)
        self._forget_old(at_s)
        directives = [record for record in records if record.topic == DIRECTIVES.name]
        for event in await asyncio.to_thread(self._opened, directives) if directives else ():
            self._note_directive(event, at_s)
        watches = {session_id: tuple(self._watches[session_id]) for session_id in wanted}  # as of now: later ones find these in their past
        for session_id, arrived_now in wanted.items():
            downsampler = self._downsamplers.setdefault(session_id, Downsampler())
            for message in await asyncio.to_thread(self.render, session_id, arrived_now, downsampler):
                for watch in watches[session_id]:
                    watch.offer(message)

    @asynccontextmanager
    async def watching(self, session_id: str, permissions: Permissions) -> AsyncIterator[Watch]:
        """Watch a session from now on; ``before`` holds its last minute."""
        watch = Watch(session_id, permissions, self._viewer_queue)
        self._forget_old(self._clock.monotonic_s())
        watch.before = tuple(self._recent[session_id].records) if session_id in self._recent else ()
        self._watches.setdefault(session_id, []).append(watch)
        try:
            yield watch
        finally:
            self._watches[session_id].remove(watch)
            if not self._watches[session_id]:
                del self._watches[session_id]
                self._downsamplers.pop(session_id, None)

    def render(self, session_id: str, arrived: Iterable[Arrived], downsampler: Downsampler) -> list[Message]:
        """Open and write out records, with the consents of this moment; call it from a worker thread."""
        session: Session | None = self._live.session(session_id)
        if session is None:
            return []
        messages = (_rendered(each, session, downsampler) for each in arrived)
        return [message for message in messages if message is not None]

    def newest_directive(self, session_id: str) -> NewestDirective | None:
        """The newest directive that was seen of late."""
        return self._directives.get(session_id)

    async def directive_after(self, session_id: str, number: int, wait_s: float) -> NewestDirective | None:
        """A directive beyond a number, as soon as there is one; ``None`` when none came in time."""
        changed = asyncio.Event()
        self._waiting.setdefault(session_id, set()).add(changed)
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    newest = self._directives.get(session_id)
                    if newest is not None and newest.number > number:
                        return newest
                    await changed.wait()
                    changed.clear()
        except TimeoutError:
            return None
        finally:
            self._waiting[session_id].discard(changed)
            if not self._waiting[session_id]:
                del self._waiting[session_id]

    def forget(self, session_id: str) -> None:
        """Let go of an erased session; may be called from the event loop only."""
        self._size -= self._recent.pop(session_id, _Recent()).size
        self._directives.pop(session_id, None)

    def _keep(self, session_id: str, arrived: Arrived) -> None:
        recent = self._recent.pop(session_id, None) or _Recent()
        self._recent[session_id] = recent
        recent.records.append(arrived)
        size = len(arrived.record.value)
        recent.size += size
        self._size += size

    def _forget_old(self, now_s: float) -> None:
        for session_id in list(self._recent):
            recent = self._recent[session_id]
            while recent.records and (recent.records[0].at_s < now_s - self._history_s or self._size > self._history_bytes):
                size = len(recent.records.popleft().record.value)
                recent.size -= size
                self._size -= size
            if not recent.records:
                del self._recent[session_id]
        for session_id, newest in list(self._directives.items()):
            if newest.at_s < now_s - FORGET_DIRECTIVE_S:
                del self._directives[session_id]

    def _opened(self, records: Sequence[Record]) -> list[Event]:
        """The events of records whose sessions are known and that can be read; the fact ingest makes the dead letters."""
        events = []
        for record in records:
            with suppress(InvalidMessage):
                session = self._live.session(session_of(record))
                if session is not None:
                    events.append(from_record(record, session.key))
        return events

    def _note_directive(self, event: Event, at_s: float) -> None:
        session_id = event.header.session_id
        known = self._directives.get(session_id)
        if known is None or known.number < event.header.sequence:
            self._directives[session_id] = NewestDirective(event.header.sequence, as_viewed(event), at_s)
            for changed in self._waiting.get(session_id, ()):
                changed.set()


def _rendered(arrived: Arrived, session: Session, downsampler: Downsampler) -> Message | None:
    """What is shown of one record; one that cannot be shown is missed and said, and the view goes on."""
    try:
        return message_of(arrived.record, session, arrived.at_us, downsampler)
    except Exception as error:
        topic = arrived.record.topic
        logger.error("a record cannot be shown", extra={"topic": topic, "cause": reason(error), "place": place_of(error)})
        RECORDS.labels("gateway", topic, "not-shown").inc()
        return None
