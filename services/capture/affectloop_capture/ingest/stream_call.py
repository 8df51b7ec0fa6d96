"""One device's call: every record is parsed, checked, gated and sent, or counted and refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from affectloop.bus import Producer
from affectloop.clock import Clock
from affectloop.codec import to_record
from affectloop.errors import InvalidMessage, Unavailable
from affectloop.events import Event, Modality
from affectloop.session import Mode, Session
from affectloop.telemetry import metrics
from affectloop.topics import TOPIC_OF_EVENT
from affectloop_capture.admission.clocks import ClockWatch
from affectloop_capture.admission.consent_gate import ConsentGate, Refusal, refusal_by
from affectloop_capture.admission.validation import Limits, StreamOrder, StreamPosition, check_content, check_times
from affectloop_capture.ingest.send_queue import SendQueue
from affectloop_capture.samples import after_last_us

SERVICE = "capture"
MOST_REFUSALS_TOLD = 100  # a call; a device that never reads its answers must not fill memory with them

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shared:
    """What every call of a server shares."""

    gate: ConsentGate
    producer: Producer
    clock: Clock
    limits: Limits
    senders: Executor


@dataclass
class _StreamState:
    """What a call knows of one of its streams."""

    queue: SendQueue
    order: StreamOrder = field(default_factory=StreamOrder)
    clock: ClockWatch = field(default_factory=ClockWatch)


class StreamCall:
    """The records of one device for one session."""

    def __init__(self, shared: Shared, session_id: str) -> None:
        self._shared = shared
        self._session_id = session_id
        self._streams: dict[tuple[str, str], _StreamState] = {}
        self._refused: dict[tuple[str, str], str] = {}  # by topic and stream the field last refused: the same again is not told
        self._told = 0
        self.accepted = 0
        self.dropped = 0

    async def take(self, event: Event) -> Refusal | None:
        """Pass one record on; a refusal that the device has not been told yet."""
        topic = TOPIC_OF_EVENT[type(event)].name
        if event.header.session_id != self._session_id:
            problem = f"the call began for session {self._session_id}"
            return self._refuse(event, Refusal(event.modality, event.header.stream_id, "Header.session_id", problem, "open another call"))
        session = await self._session()
        refusal = refusal_by(session, event)
        if refusal is not None or session is None:
            return self._refuse(event, refusal)
        stream = self._stream(topic, event.header.stream_id)
        try:
            self._check(event, session)
            position = stream.order.position(event)
        except InvalidMessage as error:
            return self._refuse(event, Refusal(event.modality, event.header.stream_id, error.field, error.problem, error.remedy))
        self._refused.pop((topic, event.header.stream_id), None)
        self._pass_on(stream, event, position, session.mode)
        return None

    def refuse(self, modality: Modality | None, error: InvalidMessage) -> Refusal | None:
        """Note a record that could not even be read as an event."""
        metrics.RECORDS.labels(SERVICE, "unread", "refused").inc()
        return self._tell(Refusal(modality, "", error.field, error.problem, error.remedy))

    async def finish(self) -> None:
        """Wait until everything taken is on the bus."""
        for stream in self._streams.values():
            await stream.queue.empty()

    def abandon(self) -> None:
        """Send nothing more."""
        for stream in self._streams.values():
            stream.queue.abandon()

    async def _session(self) -> Session | None:
        gate = self._shared.gate
        if not gate.is_fresh(self._session_id):
            return await asyncio.to_thread(gate.refresh, self._session_id)  # live state may be over a network
        return gate.session(self._session_id)

    def _check(self, event: Event, session: Session) -> None:
        check_content(event, self._shared.limits)
        check_times(event, session, self._shared.clock.wall_us(), self._shared.limits)

    def _stream(self, topic: str, stream_id: str) -> _StreamState:
        key = (topic, stream_id)
        if key not in self._streams:  # bounded: only streams that the session declares come here
            self._streams[key] = _StreamState(SendQueue(self._send))
        return self._streams[key]

    def _pass_on(self, stream: _StreamState, event: Event, position: StreamPosition, mode: Mode) -> None:
        topic = TOPIC_OF_EVENT[type(event)].name
        if mode is Mode.LIVE and not event.is_empty:
            self._watch_clock(stream.clock, event, topic)
        if position is StreamPosition.AFTER_GAP:
            metrics.GAPS.labels(SERVICE, topic).inc()
        if position is StreamPosition.COPY:
            self._drop(topic, "copy")
        elif stream.queue.offer(event):
            self.accepted += 1
            metrics.RECORDS.labels(SERVICE, topic, "accepted").inc()
        else:
            self._drop(topic, "bus-slow")

    def _drop(self, topic: str, why: str, records: int = 1) -> None:
        self.dropped += records
        metrics.DROPPED.labels(SERVICE, topic, why).inc(records)

    def _watch_clock(self, clock: ClockWatch, event: Event, topic: str) -> None:
        state = clock.add(after_last_us(event), self._shared.clock.wall_us())
        if state is None:
            return
        metrics.CLOCK_OFFSET.labels(SERVICE, topic).observe(abs(state.offset_s))
        if state.drift_ratio is not None:
            metrics.CLOCK_DRIFT.labels(SERVICE, topic).observe(abs(state.drift_ratio))

    async def _send(self, events: Sequence[Event]) -> None:
        topic = TOPIC_OF_EVENT[type(events[0])].name
        try:
            sent = await asyncio.get_running_loop().run_in_executor(self._shared.senders, self._publish, events)
        except Unavailable:
            _log.warning("bus unavailable, records dropped", extra={"topic": topic, "records": len(events)})
            self._drop(topic, "bus-unavailable", len(events))
            return
        metrics.PUBLISHED.labels(SERVICE, topic).inc(sent)
        if sent < len(events):
            self._drop(topic, "withdrawn", len(events) - sent)

    def _publish(self, events: Sequence[Event]) -> int:
        """In a sender's thread. The gate is asked again: a consent may have gone while the record waited."""
        session = self._shared.gate.session(self._session_id)
        if session is None:
            return 0
        records = [to_record(event, session.key) for event in events if refusal_by(session, event) is None]
        if records:
            self._shared.producer.send(records)
        return len(records)

    def _refuse(self, event: Event, refusal: Refusal | None) -> Refusal | None:
        metrics.RECORDS.labels(SERVICE, TOPIC_OF_EVENT[type(event)].name, "refused").inc()
        stream = (TOPIC_OF_EVENT[type(event)].name, event.header.stream_id)
        if refusal is None or self._refused.get(stream) == refusal.field:
            return None
        told = self._tell(refusal)
        if told is not None:
            self._refused[stream] = refusal.field
        return told

    def _tell(self, refusal: Refusal) -> Refusal | None:
        if self._told >= MOST_REFUSALS_TOLD:
            return None
        self._told += 1
        return refusal
