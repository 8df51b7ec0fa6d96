"""The outbox's way to the bus: what was stored is published, in order, however often the bus goes away."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence

from affectloop.bus import Bus, Outgoing, Producer
from affectloop.errors import Unavailable
from affectloop.runtime.faults import place_of, reason
from affectloop.store.sql.database import EVERY_TENANT, Store
from affectloop.store.sql.outbox import Outbox
from affectloop.telemetry.metrics import HELD, PUBLISHED, RECORDS
from affectloop.topics import TOPIC_BY_NAME

logger = logging.getLogger(__name__)

SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class OutboxPublisher:
    """Publishes what waits in the outbox.

    Parameters
    ----------
    store, bus
        From where and to where.
    batch
        How many records at once.
    every_s
        How often to look when nobody called ``wake``.
    """

    def __init__(self, store: Store, bus: Bus, *, batch: int, every_s: float) -> None:
        self._store = store
        self._bus = bus
        self._batch = batch
        self._every_s = every_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._producer: Producer | None = None
        self._turning = threading.Lock()  # a turn that outlives its cancelled task ends before the last one begins

    def wake(self) -> None:
        """Something was stored; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def run(self) -> None:
        """Publish until cancelled; then once more, so that what was acknowledged leaves with the process if it can."""
        self._loop = asyncio.get_running_loop()
        pause_s = SHORTEST_PAUSE_S
        try:
            while True:
                try:
                    while await asyncio.to_thread(self.turn) == self._batch:
                        pass
                    pause_s = SHORTEST_PAUSE_S
                except Unavailable as error:
                    logger.warning("the outbox waits", extra={"cause": str(error), "pause_s": pause_s})
                    await asyncio.sleep(pause_s)
                    pause_s = min(LONGEST_PAUSE_S, pause_s * 2)
                    continue
                await self._wait()
        finally:
            await asyncio.shield(asyncio.to_thread(self._finish))

    def turn(self) -> int:
        """Publish the oldest records that wait; gives how many. ``Unavailable`` leaves them where they are."""
        with self._turning, self._store.publishing() as mine:
            if not mine:
                return 0
            with self._store.reading(EVERY_TENANT) as work:
                waiting = Outbox(work).waiting(self._batch)
                HELD.labels("gateway").set(Outbox(work).count_waiting() if waiting else 0)
            if not waiting:
                return 0
            self._producer = self._producer or self._bus.producer(durable=True)
            self._send(self._producer, [record for _, record in waiting])
            with self._store.work(EVERY_TENANT) as work:
                Outbox(work).published([number for number, _ in waiting])
        for _, record in waiting:
            PUBLISHED.labels("gateway", record.topic).inc()
        return len(waiting)

    def _send(self, producer: Producer, records: Sequence[Outgoing]) -> None:
        """All at once; where one of them cannot be sent at all, each by itself. Readers drop the copies."""
        try:
            producer.send(records)
        except Unavailable:
            raise
        except Exception:
            for record in records:
                self._send_alone(producer, record)

    def _send_alone(self, producer: Producer, record: Outgoing) -> None:
        try:
            producer.send([record])
        except Unavailable:
            raise
        except Exception as error:
            logger.error("a fact cannot be published", extra={"topic": record.topic, "cause": reason(error), "place": place_of(error)})
            RECORDS.labels("gateway", record.topic, "dead").inc()
            cause = {"error": reason(error), "field": "", "service": "gateway", "source": "outbox"}
            headers = {name: text.encode() for name, text in cause.items()}
            producer.send([Outgoing(TOPIC_BY_NAME[record.topic].dead_letters, record.key, b"", headers)])

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._every_s):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    def _finish(self) -> None:
        try:
            self.turn()
        except Unavailable:
            logger.warning("the outbox keeps what the bus did not take")
        if self._producer is not None:
            self._producer.close()
