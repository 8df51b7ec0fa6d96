"""What the gateway keeps of the others' events: directives and baselines in SQL, the latest estimate and directive in live state."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from affectloop.bus import Bus, Outgoing, Partition, Record
from affectloop.clock import Clock
from affectloop.codec import encode, from_record, session_of
from affectloop.errors import InvalidMessage, Unavailable
from affectloop.events import BaselineMeasured, Directive, EmotionEstimate, Event, SessionChange, SessionChanged
from affectloop.policy.access import may_be_read
from affectloop.runtime.dead_letters import dead_letter
from affectloop.runtime.faults import reason
from affectloop.session import Session
from affectloop.store.live import LiveState
from affectloop.store.sql.database import Store, Work
from affectloop.store.sql.people import People, UnknownLearner
from affectloop.store.sql.tables import TrainingSession
from affectloop.store.sql.training import Baselines, Directives, modality_of
from affectloop.telemetry.metrics import RECORDS
from affectloop.topics import TOPICS
from affectloop_gateway.api.sessions.latest import DIRECTIVE, ESTIMATE

logger = logging.getLogger(__name__)

GROUP = "gateway"
KEPT = tuple(topic.name for topic in TOPICS if topic.kept)
POLL_S = 0.25
POLL_RECORDS = 500
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class _Read:
    """A record that could be read."""

    record: Record
    session: Session
    event: Event


class FactIngest:
    """Stores what the recommender and the feature services decide and learn. One thread."""

    def __init__(self, store: Store, live: LiveState, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._live = live
        self._bus = bus
        self._clock = clock

    async def run(self) -> None:
        """Ingest until cancelled."""
        stop = threading.Event()
        working = asyncio.create_task(asyncio.to_thread(self._ingest, stop))
        try:
            await asyncio.shield(working)
        finally:
            stop.set()
            await asyncio.wait([working])

    def take(self, records: Sequence[Record]) -> list[Outgoing]:
        """Keep what these say; gives the dead letters. Doing it twice changes nothing."""
        dead: list[Outgoing] = []
        by_tenant: dict[str, list[_Read]] = {}
        for record in records:
            read = self._read(record, dead)
            if read is not None:
                by_tenant.setdefault(read.session.tenant_id, []).append(read)
        for tenant_id, some in by_tenant.items():
            facts = [read for read in some if not isinstance(read.event, EmotionEstimate)]
            if facts:
                self._store_facts(tenant_id, facts, dead)
            for read in some:
                self._show(read)
        return dead

    def _store_facts(self, tenant_id: str, facts: Sequence[_Read], dead: list[Outgoing]) -> None:
        """In one transaction; where it fails, each fact in its own, and the one that fails is a dead letter: it costs no other."""
        try:
            self._store_at_once(tenant_id, facts)
        except Unavailable:
            raise
        except Exception as error:
            if len(facts) > 1:
                for fact in facts:
                    self._store_facts(tenant_id, [fact], dead)
                return
            problem = InvalidMessage("record", f"it cannot be stored: {reason(error)}", "see the gateway's log")
            self._bury(facts[0].record, problem, dead)

    def _store_at_once(self, tenant_id: str, facts: Sequence[_Read]) -> None:
        with self._store.work(tenant_id) as work:
            for fact in facts:
                _keep(work, fact)

    def _bury(self, record: Record, error: InvalidMessage, dead: list[Outgoing]) -> None:
        dead.append(dead_letter(record, error, GROUP))
        RECORDS.labels(GROUP, record.topic, "dead").inc()
        logger.warning("dead letter", extra={"topic": record.topic, "field": error.field, "problem": error.problem})

    def _ingest(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._ingest_until_broken(stop)
            except Unavailable as error:
                logger.warning("the fact ingest waits", extra={"cause": str(error)})
                stop.wait(PAUSE_S)

    def _ingest_until_broken(self, stop: threading.Event) -> None:
        consumer = self._bus.consumer(GROUP, KEPT, lambda lost: None)
        producer = self._bus.producer(durable=True)
        try:
            while not stop.is_set():
                records = consumer.poll(POLL_S, POLL_RECORDS)
                if records:
                    producer.send(self.take(records))
                    consumer.acknowledge(_ends(records))
        finally:
            consumer.close()
            producer.close()

    def _read(self, record: Record, dead: list[Outgoing]) -> _Read | None:
        try:
            session = self._live.session(session_of(record))
            event = None if session is None else from_record(record, session.key)
        except InvalidMessage as error:
            self._bury(record, error, dead)
            return None
        if session is None or event is None or not may_be_read(event, session.consented):
            RECORDS.labels(GROUP, record.topic, "unknown-session" if session is None else "not-allowed").inc()
            return None
        RECORDS.labels(GROUP, record.topic, "taken").inc()
        return _Read(record, session, event)

    def _show(self, read: _Read) -> None:
        kind = {EmotionEstimate: ESTIMATE, Directive: DIRECTIVE}.get(type(read.event))
        if kind is not None:
            self._live.put_latest(read.session.session_id, kind, encode(read.event))


def _keep(work: Work, read: _Read) -> None:
    """Store a fact; sessions that were never in the database (a replay on the command line) are left out."""
    row = work.rows.get(TrainingSession, (work.tenant_id, read.session.session_id))
    if row is None:
        return
    if isinstance(read.event, Directive):
        Directives(work).keep(read.event)
    if isinstance(read.event, BaselineMeasured):
        _keep_baseline(work, row, read.event)
    if isinstance(read.event, SessionChanged) and read.event.change is SessionChange.STOPPED_BY_FAULT:
        stopped = [read.event.service, read.event.topic]
        work.rows.refresh(row, with_for_update=True)
        row.faults = sorted([*(pair for pair in row.faults if pair != stopped), stopped])
    work.rows.flush()


def _keep_baseline(work: Work, row: TrainingSession, event: BaselineMeasured) -> None:
    modality = modality_of(event.name)
    if modality is not None and modality not in row.consented:
        return  # withdrawn meanwhile
    try:
        Baselines(work).keep(row.learner_id, event, People(work).key(row.learner_id))
    except UnknownLearner:
        return  # erased meanwhile


def _ends(records: Sequence[Record]) -> dict[Partition, int]:
    return {record.topic_partition: record.offset + 1 for record in records}
