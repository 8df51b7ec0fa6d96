"""The host of a service's processors: what becomes of records, without a bus in it.

``feed`` takes records and gives outputs; once the bus has accepted those, ``settle`` writes what must be remembered
to live state and says what may be acknowledged. After a crash the records not acknowledged come again, the processors
rebuild their windows, and the outputs carry the same sequences, so that readers drop the copies.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from affectloop.bus import Outgoing, Partition, Record
from affectloop.clock import Clock
from affectloop.codec import decode, encode, from_record, session_of, to_record
from affectloop.errors import InvalidMessage
from affectloop.events import END_OF_TIME_US, BaselineMeasured, Event
from affectloop.processor import Opening
from affectloop.runtime.dead_letters import DeadLetterLimit, dead_letter
from affectloop.runtime.hosted import FINISHED_MARK, Hosted, StreamName, ended_mark, ended_streams
from affectloop.runtime.service import Batch, Service
from affectloop.session import Session
from affectloop.settings import RuntimeSettings
from affectloop.store.live import LiveState
from affectloop.telemetry.metrics import EVENT_AGE, HELD, PUBLISHED, RECORDS, SESSIONS
from affectloop.topics import TOPIC_BY_NAME, TOPIC_OF_EVENT, Privacy

logger = logging.getLogger(__name__)

LONGEST_PROMISE_US = 60_000_000  # no device or service here speaks less often than once a minute and still has a stream


@dataclass(slots=True)
class _Pending:
    """A record that is not acknowledged yet."""

    offset: int
    session_id: str
    ends_us: int = 0  # the first instant after what it holds
    ends: StreamName | None = None
    done: bool = False  # nothing will need it again


@dataclass(slots=True)
class Fed:
    """What one turn gave: outputs, and what to note once they are accepted."""

    outputs: list[Outgoing] = field(default_factory=list)
    baselines: list[BaselineMeasured] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Unknown:
    """Records of a session that live state does not know yet."""

    until_s: float
    partition: int
    waiting: list[tuple[Record, _Pending]] = field(default_factory=list)


def _same(events: Sequence[Event]) -> Sequence[Event]:
    return events


def _check_promise(event: Event) -> None:
    """A promise far ahead would close that many windows at once."""
    header = event.header
    if not header.ends_stream and header.complete_until_us > event.ends_us + LONGEST_PROMISE_US:
        raise InvalidMessage(
            "Header.complete_until_us",
            "promises more than a minute beyond the record",
            "promise the time of the next sample",
        )


class Host:
    """One service's processors, over many sessions. Used from one thread.

    Parameters
    ----------
    service, settings
        What is hosted, and its settings.
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
        self._hosted: dict[str, Hosted] = {}
        self._pending: dict[Partition, deque[_Pending]] = defaultdict(deque)
        self._unknown: dict[str, _Unknown] = {}
        self._limit = DeadLetterLimit(runtime.dead_letter_ratio, runtime.dead_letter_least)

    @property
    def held(self) -> int:
        """Records read and not acknowledged. May be asked from another thread: Faust's agent does while a turn runs."""
        return sum(len(pending) for pending in list(self._pending.values()))

    @property
    def is_full(self) -> bool:
        """Too much is held to read more now."""
        return self.held >= self._runtime.held_records

    def feed(self, records: Sequence[Record]) -> Fed:
        """Take some records, perhaps none (time passes too), and give what follows from them."""
        fed = Fed()
        fresh: list[Event] = []
        for record, pending in self._noted(records) + self._known_now():
            event = self._read(record, pending, fed)
            if event is not None:
                fresh.append(event)
        for event in self._prepare(fresh) if fresh else ():
            self._hosted[event.header.session_id].push(event)
        made: list[Event] = []
        for session_id, hosted in list(self._hosted.items()):
            self._turn(session_id, hosted, made, fed)
        for event in self._complete(made) if made else ():
            self._emit(event, fed)
        return fed

    def settle(self, fed: Fed) -> dict[Partition, int]:
        """The outputs are accepted: note what must be remembered; gives the offsets before which nothing is needed."""
        for event in fed.baselines:
            self._live.put_baseline(event.header.session_id, event.name, event.header.sequence, encode(event))
        for session_id in fed.finished:
            self._live.mark(self._service.name, session_id, FINISHED_MARK)
        offsets = {}
        for place, pending in self._pending.items():
            while pending and self._is_needless(pending[0]):
                gone = pending.popleft()
                if gone.ends and not self._is_finished(gone.session_id):
                    self._live.mark(self._service.name, gone.session_id, ended_mark(gone.ends))
                offsets[place] = gone.offset + 1
        HELD.labels(self._service.name).set(self.held)
        SESSIONS.labels(self._service.name).set(sum(not hosted.finished for hosted in self._hosted.values()))
        return offsets

    def lose(self, places: Iterable[Partition]) -> None:
        """These partitions went to another instance: forget their sessions, it reads them again."""
        numbers = {place.number for place in places}
        for place in [place for place in self._pending if place.number in numbers]:
            del self._pending[place]
        self._hosted = {name: hosted for name, hosted in self._hosted.items() if hosted.partition not in numbers}
        self._unknown = {name: unknown for name, unknown in self._unknown.items() if unknown.partition not in numbers}

    def _noted(self, records: Sequence[Record]) -> list[tuple[Record, _Pending]]:
        noted = []
        for record in records:
            pending = _Pending(record.offset, record.key.decode(errors="replace"))
            self._pending[record.place].append(pending)
            noted.append((record, pending))
        return noted

    def _known_now(self) -> list[tuple[Record, _Pending]]:
        """Records of sessions that were unknown and are known now, or have waited long enough."""
        now_s = self._clock.monotonic_s()
        released: list[tuple[Record, _Pending]] = []
        for session_id, unknown in list(self._unknown.items()):
            if unknown.waiting and (now_s >= unknown.until_s or self._live.session(session_id) is not None):
                released += unknown.waiting
                unknown.waiting = []
            elif now_s >= unknown.until_s + self._runtime.idle_after_s:
                del self._unknown[session_id]
        return released

    def _read(self, record: Record, pending: _Pending, fed: Fed) -> Event | None:
        """One record's event, unless it is dead, not allowed, a copy, late or empty."""
        try:
            hosted = self._host(session_of(record), record.partition)
            if hosted is None:
                self._wait_for_session(record, pending)
                return None
            outcome, event = self._admitted(record, pending, hosted)
        except InvalidMessage as error:
            fed.outputs.append(dead_letter(record, error, self._service.name))
            logger.warning("dead letter", extra={"topic": record.topic, "field": error.field, "problem": error.problem})
            outcome, event = "dead", None
        self._limit.count(outcome == "dead")
        RECORDS.labels(self._service.name, record.topic, outcome).inc()
        pending.done = outcome not in ("ok", "empty")
        return event

    def _wait_for_session(self, record: Record, pending: _Pending) -> None:
        now_s = self._clock.monotonic_s()
        unknown = self._unknown.setdefault(pending.session_id, _Unknown(now_s + self._runtime.unknown_session_s, record.partition))
        if now_s >= unknown.until_s:
            raise InvalidMessage("Header.session_id", "no such session", "open the session before sending its records")
        unknown.waiting.append((record, pending))

    def _admitted(self, record: Record, pending: _Pending, hosted: Hosted) -> tuple[str, Event | None]:
        session = hosted.session
        if hosted.finished:
            return "finished", None
        if self._service.infers_emotion and not session.emotion_inference:
            return "not_allowed", None
        if not session.allows(TOPIC_BY_NAME[record.topic].event.modality if record.topic in TOPIC_BY_NAME else None):
            return "no_consent", None
        event = from_record(record, session.key)
        if not hosted.awaits(event):
            return "undeclared", None
        _check_promise(event)
        pending.ends_us = event.ends_us
        if event.header.ends_stream:
            pending.ends = StreamName(record.topic, event.header.stream_id)
        if not hosted.hear(event, self._clock.monotonic_s()):
            return "copy", None
        if event.is_empty:
            return "empty", None
        is_fact = TOPIC_OF_EVENT[type(event)].privacy is Privacy.FACT
        if event.header.event_time_us < hosted.progress_us and not is_fact:
            return "late", None
        return ("stale", None) if self._is_stale(event, hosted) else ("ok", event)

    def _is_stale(self, event: Event, hosted: Hosted) -> bool:
        """A live session's heavy work on what is long past would only delay what is now."""
        if not hosted.live or self._service.prepare is None:
            return False
        return self._clock.wall_us() - event.header.event_time_us > self._runtime.stale_after_s * 1e6

    def _host(self, session_id: str, partition: int) -> Hosted | None:
        """The session in hand, its consents no older than a setting says; ``None`` where nobody knows it."""
        now_s, hosted = self._clock.monotonic_s(), self._hosted.get(session_id)
        if hosted is not None:
            self._refresh(hosted, now_s)
            return self._hosted.get(session_id)
        session = self._live.session(session_id)
        if session is None:
            return None
        marks = self._live.marks(self._service.name, session_id)
        hosted = Hosted(session, self._service.consumes, partition, touched_s=now_s, refreshed_s=now_s, finished=FINISHED_MARK in marks)
        for name in ended_streams(marks):
            hosted.end(name)
        self._hosted[session_id] = hosted
        return hosted

    def _turn(self, session_id: str, hosted: Hosted, made: list[Event], fed: Fed) -> None:
        """Let one session's events and time move on."""
        now_s = self._clock.monotonic_s()
        self._refresh(hosted, now_s)
        if now_s > hosted.touched_s + self._runtime.idle_after_s:
            self._hosted.pop(session_id, None)
        if hosted.finished or session_id not in self._hosted:
            return
        moved = hosted.move_on(now_s, self._clock.wall_us(), self._runtime)
        for event in hosted.released():
            if hosted.processor is None:
                hosted.processor = self._service.processor(self._opening(hosted.session), self._settings)
            made += hosted.processor.step(event)
        if moved and hosted.processor is not None:
            made += hosted.processor.advance(hosted.progress_us)
        if hosted.progress_us == END_OF_TIME_US:
            hosted.finished = True
            hosted.processor = None
            fed.finished.append(session_id)

    def _opening(self, session: Session) -> Opening:
        stored = self._live.baselines(session.session_id)
        baselines: dict[str, BaselineMeasured] = {}
        for name, value in stored.items():
            event = decode(BaselineMeasured, value)
            assert isinstance(event, BaselineMeasured)
            baselines[name] = event
        return Opening(
            session_id=session.session_id,
            started_at_us=session.started_at_us,
            emotion_inference=session.emotion_inference,
            baselines=baselines,
        )

    def _refresh(self, hosted: Hosted, now_s: float) -> None:
        """Read the session anew when what is known of it is too old; a withdrawn consent makes the processor forget."""
        if now_s < hosted.refreshed_s + self._runtime.refresh_s:
            return
        hosted.refreshed_s = now_s
        session = self._live.session(hosted.session.session_id)
        if session is None:
            self._hosted.pop(hosted.session.session_id, None)
            return
        withdrawn = hosted.session.consented - session.consented
        hosted.session = session
        if withdrawn & {topic.event.modality for topic in self._service.consumes}:
            hosted.restart()

    def _emit(self, event: Event, fed: Fed) -> None:
        topic, session = TOPIC_OF_EVENT[type(event)], self._hosted[event.header.session_id].session
        if isinstance(event, BaselineMeasured):
            fed.baselines.append(event)
        fed.outputs.append(to_record(event, session.key))
        PUBLISHED.labels(self._service.name, topic.name).inc()
        if self._hosted[session.session_id].live:
            age_us = self._clock.wall_us() - event.header.event_time_us
            EVENT_AGE.labels(self._service.name, topic.name).observe(age_us / 1e6)

    def _is_needless(self, pending: _Pending) -> bool:
        if pending.done:
            return True
        if pending.session_id in self._unknown and self._unknown[pending.session_id].waiting:
            return False
        hosted = self._hosted.get(pending.session_id)
        return hosted is None or pending.ends_us <= hosted.needs_from_us

    def _is_finished(self, session_id: str) -> bool:
        hosted = self._hosted.get(session_id)
        return hosted is None or hosted.finished
