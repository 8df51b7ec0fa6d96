"""The host of a service's processors: what becomes of records, without a bus in it.

``process`` takes records and gives outputs; once the bus has accepted those, ``commit`` writes what must be remembered
to live state and says what may be acknowledged. After a crash the records not acknowledged come again, the processors
rebuild their windows, and the outputs carry the same sequences, so that readers drop the copies.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from affectloop.bounds import check_record
from affectloop.bus import Outgoing, Partition, Record
from affectloop.clock import Clock
from affectloop.codec import decode, encode, from_record, session_of, to_record
from affectloop.errors import InvalidMessage
from affectloop.events import END_OF_TIME_US, BaselineMeasured, Event
from affectloop.processor import SessionContext
from affectloop.runtime.dead_letters import DeadLetterLimit, dead_letter
from affectloop.runtime.due_times import DueTimes
from affectloop.runtime.faults import FaultLimit, Stage, apart, fault_events, fault_letter, place_of, reason
from affectloop.runtime.service import Batch, Service
from affectloop.runtime.service_metrics import ServiceMetrics
from affectloop.runtime.session_state import FINISHED_MARK, SessionState, StreamName, ended_mark, ended_streams
from affectloop.runtime.unacknowledged import Pending, Unacknowledged
from affectloop.session import Fault, Session
from affectloop.settings import RuntimeSettings
from affectloop.store.live import LiveState
from affectloop.telemetry.metrics import FAULTS
from affectloop.topics import TOPIC_BY_NAME, TOPIC_OF_EVENT, Privacy

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Processed:
    """What one turn gave: outputs, and what to note once they are accepted."""

    outputs: list[Outgoing] = field(default_factory=list)
    baselines: list[BaselineMeasured] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)  # by the session that they stopped


@dataclass(slots=True)
class _Unknown:
    """Records of a session that live state does not know yet."""

    until_s: float
    partition: int
    waiting: list[tuple[Record, Pending]] = field(default_factory=list)


def _same(events: Sequence[Event]) -> Sequence[Event]:
    return events


class ProcessorHost:
    """One service's processors, over many sessions. Used from one thread.

    Parameters
    ----------
    service, settings
        What is state, and its settings.
    live
        Sessions, baselines, and what this service has finished with.
    runtime, clock
        The runtime's limits, and the time for what waits on the wall clock (stalls, idleness).
    """

    def __init__(self, service: Service, settings: object, live: LiveState, runtime: RuntimeSettings, clock: Clock) -> None:
        self._service = service
        self._settings = settings
        self._live = live
        self._runtime = runtime
        self._clock = clock
        self._prepare: Batch = service.prepare(settings) if service.prepare else _same
        self._complete: Batch = service.complete(settings) if service.complete else _same
        self._states: dict[str, SessionState] = {}
        self._news: dict[str, None] = {}  # sessions of which something came since they were turned; in order
        self._due, self._due_by_wall = DueTimes(), DueTimes()  # and when the others are due
        self._refreshed_s = -math.inf
        self._turned_wall_us = 0  # the wall clock at the last turn
        self._changed: set[int] = set()  # numbers of partitions of which something may be needless now
        self._unacknowledged = Unacknowledged()
        self._metrics = ServiceMetrics(service.name)
        self._unknown: dict[str, _Unknown] = {}
        self._dead_letters = DeadLetterLimit(runtime.dead_letter_ratio, runtime.dead_letter_least)
        self._faults = FaultLimit(runtime.faults_a_minute)

    @property
    def held(self) -> int:
        """Records read and not acknowledged. May be asked from another thread: Faust's agent does while a turn runs."""
        return self._unacknowledged.count

    @property
    def is_full(self) -> bool:
        """Too much is held to read more now."""
        return self.held >= self._runtime.held_records

    def process(self, records: Sequence[Record]) -> Processed:
        """Take some records, perhaps none (time passes too), and give what follows from them."""
        now_s = self._clock.monotonic_s()
        self._faults.check(now_s)
        self._refresh(now_s)
        processed = Processed()
        fresh: list[Event] = []
        for record, pending in [(record, self._unacknowledged.note(record)) for record in records] + self._known_now():
            event = self._read(record, pending, processed)
            if event is not None:
                fresh.append(event)
        for event in self._in_batch(self._prepare, Stage.PREPARE, fresh, processed):
            if (state := self._states.get(event.header.session_id)) is not None:  # else it was erased meanwhile
                state.push(event)
        made: list[Event] = []
        self._turn(made, processed)
        broken: set[str] = set()
        for event in self._in_batch(self._complete, Stage.COMPLETE, made, processed):
            if event.header.session_id not in broken and not self._emit(event, processed):
                broken.add(event.header.session_id)
        return processed

    def commit(self, processed: Processed) -> dict[Partition, int]:
        """The outputs are accepted: note what must be remembered; gives the offsets before which nothing is needed."""
        for event in processed.baselines:
            self._live.put_baseline(event.header.session_id, event.name, event.header.sequence, encode(event))
        for session_id, faults in processed.faults.items():
            self._live.change_session(session_id, partial(Session.with_faults, faults=faults))
        for session_id in processed.finished:
            self._live.mark(self._service.name, session_id, FINISHED_MARK)
        offsets = {}
        for partition, gone in self._unacknowledged.take(self._is_needless, self._changed):
            if gone.ends and not self._is_finished(gone.session_id):
                self._live.mark(self._service.name, gone.session_id, ended_mark(gone.ends))
            offsets[partition] = gone.offset + 1
        self._changed.clear()
        self._metrics.held.set(self.held)
        return offsets

    def revoke(self, partitions: Iterable[Partition]) -> None:
        """These partitions went to another instance: forget their sessions, it reads them again."""
        numbers = {partition.number for partition in partitions}
        self._unacknowledged.revoke(numbers)
        self._states = {name: state for name, state in self._states.items() if state.partition not in numbers}
        self._unknown = {name: unknown for name, unknown in self._unknown.items() if unknown.partition not in numbers}

    def _known_now(self) -> list[tuple[Record, Pending]]:
        """Records of sessions that were unknown and are known now, or have waited long enough."""
        now_s = self._clock.monotonic_s()
        released: list[tuple[Record, Pending]] = []
        for session_id, unknown in list(self._unknown.items()):
            if unknown.waiting and (now_s >= unknown.until_s or self._live.session(session_id) is not None):
                released += unknown.waiting
                unknown.waiting = []
                self._changed.add(unknown.partition)
            elif now_s >= unknown.until_s + self._runtime.idle_after_s:
                del self._unknown[session_id]
        return released

    def _read(self, record: Record, pending: Pending, processed: Processed) -> Event | None:
        """One record's event, unless it is dead, not allowed, a copy, late or empty."""
        state: SessionState | None = None
        self._changed.add(record.partition)
        try:
            session_id = session_of(record)
            state = self._state(session_id, record.partition)
            if state is None:
                self._wait_for_session(record, pending)
                return None
            self._news[session_id] = None
            state.catch_up(self._turned_wall_us)
            state.newest = (record.topic, record.partition, record.offset)
            outcome, event = self._admitted(record, pending, state)
        except InvalidMessage as error:
            outcome, event = "dead", None
            self._bury(record, state, error, processed)
        except Exception as error:
            if state is None:
                raise
            outcome, event = "fault", None
            self._stop(state, error, Stage.READ, processed)
        self._dead_letters.count(outcome == "dead")
        self._metrics.records(record.topic, outcome).inc()
        pending.done = outcome not in ("ok", "empty")
        return event

    def _bury(self, record: Record, state: SessionState | None, error: InvalidMessage, processed: Processed) -> None:
        """A record that cannot be read is a dead letter; a session of which too many cannot be read is stopped."""
        processed.outputs.append(dead_letter(record, error, self._service.name))
        logger.warning("dead letter", extra={"topic": record.topic, "field": error.field, "problem": error.problem})
        if state is not None:
            state.dead_letters += 1
            if state.dead_letters >= self._runtime.session_dead_letters:
                self._stop(state, error, Stage.READ, processed)

    def _in_batch(self, batch: Batch, stage: Stage, events: list[Event], processed: Processed) -> Sequence[Event]:
        """What a batch gives, less the sessions whose events make it fail."""

        def failed(session_id: str, error: Exception) -> None:
            self._stop(self._states[session_id], error, stage, processed)

        return apart(batch, events, failed) if events else ()

    def _stop(self, state: SessionState, error: Exception, stage: Stage, processed: Processed) -> None:
        """A fault ends its session in this service: a dead letter, a fact and a metric say so; the others never notice."""
        if state.finished:
            return
        session, service = state.session, self._service.name
        state.finish()
        faults = [Fault(service, topic.name) for topic in self._service.produces]
        processed.faults[session.session_id] = faults
        processed.finished.append(session.session_id)
        processed.outputs.append(fault_letter(state.newest, session, error, service, stage))
        processed.outputs += [to_record(event, session.key) for event in fault_events(session, faults, state.newest_us)]
        FAULTS.labels(service, stage.value).inc()
        logger.error("a fault stopped a session", extra={"stage": stage.value, "cause": reason(error), "place": place_of(error)})
        self._faults.count(session, self._clock.monotonic_s())

    def _wait_for_session(self, record: Record, pending: Pending) -> None:
        now_s = self._clock.monotonic_s()
        unknown = self._unknown.setdefault(pending.session_id, _Unknown(now_s + self._runtime.unknown_session_s, record.partition))
        if now_s >= unknown.until_s:
            raise InvalidMessage("Header.session_id", "no such session", "open the session before sending its records")
        unknown.waiting.append((record, pending))

    def _admitted(self, record: Record, pending: Pending, state: SessionState) -> tuple[str, Event | None]:
        session = state.session
        if state.finished:
            return "finished", None
        if self._service.infers_emotion and not session.emotion_inference:
            return "not_allowed", None
        if not session.allows(TOPIC_BY_NAME[record.topic].event.modality if record.topic in TOPIC_BY_NAME else None):
            return "no_consent", None
        event = from_record(record, session.key)
        if not state.awaits(event):
            return "undeclared", None
        check_record(event, session, self._runtime.longest_session_us)
        pending.ends_us = event.ends_us
        if event.header.ends_stream:
            pending.ends = StreamName(record.topic, event.header.stream_id)
        if not state.hear(event, self._clock.monotonic_s()):
            return "copy", None
        if event.is_empty:
            return "empty", None
        is_fact = TOPIC_OF_EVENT[type(event)].privacy is Privacy.FACT
        if event.header.event_time_us < state.watermark_us and not is_fact:
            return "late", None
        return ("stale", None) if self._is_stale(event, state) else ("ok", event)

    def _is_stale(self, event: Event, state: SessionState) -> bool:
        """A live session's heavy work on what is long past would only delay what is now."""
        if not state.live or self._service.prepare is None:
            return False
        return self._clock.wall_us() - event.header.event_time_us > self._runtime.stale_after_s * 1e6

    def _state(self, session_id: str, partition: int) -> SessionState | None:
        """The session in hand, or taken in hand; ``None`` where nobody knows it."""
        state = self._states.get(session_id)
        if state is not None:
            return state
        session = self._live.session(session_id)
        if session is None:
            return None
        marks = self._live.marks(self._service.name, session_id)
        finished = FINISHED_MARK in marks
        state = SessionState(session, self._service.consumes, partition, touched_s=self._clock.monotonic_s(), finished=finished)
        for name in ended_streams(marks):
            state.end(name)
        self._states[session_id] = state
        return state

    def _turn(self, made: list[Event], processed: Processed) -> None:
        """Let the events and watermarks of sessions move on that have news or are due; of the others nothing would change."""
        now_s, wall_us = self._clock.monotonic_s(), self._clock.wall_us()
        self._refresh(now_s)
        turned, self._news = self._news, {}
        turned |= dict.fromkeys(self._due.passed(now_s) + self._due_by_wall.passed(wall_us))
        self._turned_wall_us = wall_us
        for session_id in turned:
            if (state := self._states.get(session_id)) is not None:
                self._turn_session(session_id, state, made, processed)
                self._due.set(session_id, state.due_s(self._runtime))
                self._due_by_wall.set(session_id, state.due_wall_us - 1)

    def _turn_session(self, session_id: str, state: SessionState, made: list[Event], processed: Processed) -> None:
        now_s = self._clock.monotonic_s()
        self._changed.add(state.partition)
        if now_s > state.touched_s + self._runtime.idle_after_s:
            del self._states[session_id]
            return
        if state.finished:
            return
        try:
            self._advance(state, now_s, made)
        except Exception as error:
            self._stop(state, error, Stage.STEP, processed)
        if state.watermark_us == END_OF_TIME_US and not state.finished:
            state.finish()
            processed.finished.append(session_id)

    def _advance(self, state: SessionState, now_s: float, made: list[Event]) -> None:
        """Step what the watermark has passed, then close windows; what was made before a fault counts."""
        moved = state.advance_watermark(now_s, self._clock.wall_us(), self._runtime)
        for event in state.released():
            if state.processor is None:
                state.processor = self._service.processor(self._context(state.session), self._settings)
            made += state.processor.step(event)
        if moved and state.processor is not None:
            made += state.processor.advance(state.watermark_us)

    def _context(self, session: Session) -> SessionContext:
        stored = self._live.baselines(session.session_id)
        baselines: dict[str, BaselineMeasured] = {}
        for name, value in stored.items():
            event = decode(BaselineMeasured, value)
            assert isinstance(event, BaselineMeasured)
            baselines[name] = event
        return SessionContext(
            session_id=session.session_id,
            started_at_us=session.started_at_us,
            emotion_inference=session.emotion_inference,
            baselines=baselines,
        )

    def _refresh(self, now_s: float) -> None:
        """Read the sessions anew when what is known of them is too old; a withdrawn consent makes the processor forget."""
        if now_s < self._refreshed_s + self._runtime.refresh_s:
            return
        self._refreshed_s = now_s
        known = list(self._states.items())
        for (session_id, state), session in zip(known, self._live.sessions_named([name for name, _ in known]), strict=True):
            if session is not state.session and session != state.session:
                self._renew(session_id, state, session)
        self._metrics.sessions.set(sum(not state.finished for state in self._states.values()))

    def _renew(self, session_id: str, state: SessionState, session: Session | None) -> None:
        """Live state knows of another session than we do, or of none."""
        self._news[session_id] = None
        self._changed.add(state.partition)
        if session is None:
            del self._states[session_id]
            return
        withdrawn = state.session.consented - session.consented
        state.session = session
        if withdrawn & {topic.event.modality for topic in self._service.consumes}:
            state.restart()

    def _emit(self, event: Event, processed: Processed) -> bool:
        """Hand an output to the bus; ``False`` for one outside its limits, which is a fault of its session."""
        topic, state = TOPIC_OF_EVENT[type(event)], self._states[event.header.session_id]
        try:
            record = to_record(event, state.session.key)
        except Exception as error:
            self._stop(state, error, Stage.ENCODE, processed)
            return False
        if isinstance(event, BaselineMeasured):
            processed.baselines.append(event)
        processed.outputs.append(record)
        self._metrics.published(topic.name).inc()
        if state.live:
            age_us = self._clock.wall_us() - event.header.event_time_us
            self._metrics.event_age(topic.name).observe(age_us / 1e6)
        return True

    def _is_needless(self, pending: Pending) -> bool:
        if pending.done:
            return True
        if pending.session_id in self._unknown and self._unknown[pending.session_id].waiting:
            return False
        state = self._states.get(pending.session_id)
        return state is None or pending.ends_us <= state.needs_from_us

    def _is_finished(self, session_id: str) -> bool:
        state = self._states.get(session_id)
        return state is None or state.finished
