"""The loop on Faust, for services whose records are few and joined: one agent over all topics, acknowledgement by hand.

Faust tables and transactions are not used: what a window needs is read again after a crash.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import faust

from affectloop.bus import Bus, Partition, Record
from affectloop.runtime.polling_loop import GATHER_FROM_BROKER_S, GATHERED_RECORDS
from affectloop.runtime.processor_host import ProcessorHost
from affectloop.runtime.service import Service
from affectloop.settings import RuntimeSettings
from affectloop.telemetry.metrics import FEED

logger = logging.getLogger(__name__)

TURN_S = 0.02  # how long a turn gathers records
TICK_S = 0.1  # without records, time still passes for the host
COMMIT_INTERVAL_S = 0.5  # as the polling loop's


def run_faust(
    service: Service,
    host: ProcessorHost,
    bus: Bus,
    runtime: RuntimeSettings,
    stop: threading.Event,
    turned: Callable[[], None] = lambda: None,
) -> None:
    """Feed the host from a Faust agent until ``stop`` is set; then finish the turn, publish, acknowledge and leave.

    Runs an event loop of its own, so it may be called in any thread. Outputs go through the bus's own producer, so one
    partitioner places every record.
    """
    asyncio.run(_Agent(service, host, bus, runtime, turned).run(stop))


class _Agent:
    """One service on Faust."""

    def __init__(self, service: Service, host: ProcessorHost, bus: Bus, runtime: RuntimeSettings, turned: Callable[[], None]) -> None:
        self._service = service
        self._host = host
        self._producer = bus.producer(durable=True)
        self._turned = turned
        self._runtime = runtime
        self._waiting: list[Any] = []
        self._unacknowledged: dict[Partition, deque[Any]] = defaultdict(deque)
        self._lost: list[Partition] = []

    async def run(self, stop: threading.Event) -> None:
        """Serve until ``stop``."""
        app = self._app()
        await app.start()
        logger.info("service started")
        turns = asyncio.create_task(self._turns(stop))
        try:
            await turns
        finally:
            await app.stop()
            await asyncio.to_thread(self._producer.close)
            logger.info("service stopped")

    def _app(self) -> faust.App:
        app = faust.App(
            f"affectloop-{self._service.name}",
            broker="kafka://" + self._runtime.bus.removeprefix("kafka://").replace(",", ";kafka://"),
            store="memory://",
            datadir=str(Path(tempfile.gettempdir()) / f"affectloop-{self._service.name}"),  # Faust makes one though nothing is kept
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            topic_partitions=self._runtime.partitions,
            consumer_auto_offset_reset="earliest",
            broker_commit_interval=COMMIT_INTERVAL_S,
            broker_session_timeout=self._runtime.kafka_session_timeout_ms / 1000,
            broker_heartbeat_interval=self._runtime.kafka_session_timeout_ms / 4000,
            broker_max_poll_interval=60.0,
            stream_buffer_maxsize=self._runtime.poll_records * 4,
            stream_wait_empty=False,  # what open windows need stays unacknowledged by intent
            processing_guarantee="at_least_once",
        )
        names = [topic.name for topic in self._service.consumes]
        source = app.topic(*names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

        async def gather(stream: Any) -> None:
            async for event in stream.noack().events():
                self._waiting.append(event)
                while self._host.is_full or len(self._waiting) >= self._runtime.poll_records:  # noqa: ASYNC110 - what frees it is in a thread
                    await asyncio.sleep(TURN_S)

        app.agent(source, name=f"affectloop.{self._service.name}")(gather)
        app.on_partitions_revoked.connect(cast(Any, self._revoked))
        return app

    async def _revoked(self, app: Any, *revoked: Any, **_: Any) -> None:
        self._lost += [Partition(partition.topic, partition.partition) for partitions in revoked for partition in partitions]

    async def _turns(self, stop: threading.Event) -> None:
        """Turn after turn: the agent only gathers, so that a turn takes what is there and an idle host still sees time pass."""
        idle_s = 0.0
        while not stop.is_set():
            if not self._waiting and idle_s < TICK_S:
                await asyncio.sleep(TURN_S / 4)
                idle_s += TURN_S / 4
                continue
            idle_s = 0.0
            if self._lost:
                lost, self._lost = self._lost, []
                self._forget(lost)
            events, self._waiting = self._waiting, []
            await asyncio.to_thread(self._turn, events)
            self._turned()
            if 0 < len(events) < GATHERED_RECORDS:
                await asyncio.sleep(GATHER_FROM_BROKER_S)

    def _forget(self, lost: Sequence[Partition]) -> None:
        self._host.revoke(lost)
        numbers = {partition.number for partition in lost}
        for partition in [partition for partition in self._unacknowledged if partition.number in numbers]:
            del self._unacknowledged[partition]
        self._waiting = [event for event in self._waiting if event.message.partition not in numbers]

    def _turn(self, events: Sequence[Any]) -> None:
        for event in events:
            self._unacknowledged[Partition(event.message.topic, event.message.partition)].append(event)
        with FEED.labels(self._service.name).time():
            processed = self._host.process([_record(event.message) for event in events])
            self._producer.send(processed.outputs)
            for partition, offset in self._host.commit(processed).items():
                waiting = self._unacknowledged[partition]
                while waiting and waiting[0].message.offset < offset:
                    waiting.popleft().ack()


def _record(message: Any) -> Record:
    headers = dict(message.headers or ())
    return Record(
        message.topic, message.partition, message.offset, message.key or b"", message.value or b"", headers, round(message.timestamp * 1e6)
    )
