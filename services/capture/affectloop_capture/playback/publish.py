"""Playing a learner onto the bus: in real time or as fast as the bus takes it, through the same gate as a device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from affectloop.bus import Outgoing, Producer
from affectloop.clock import MICROSECONDS, Clock
from affectloop.codec import to_record
from affectloop.events import END_OF_TIME_US, Event, VideoFrame
from affectloop.session import Session, Stream
from affectloop.telemetry import metrics
from affectloop.topics import TOPIC_OF_EVENT
from affectloop_capture.admission.consent_gate import ConsentGate, refusal_by
from affectloop_capture.samples import after_last_us, is_chunk, samples_of

SERVICE = "capture"
BATCH_RECORDS, BATCH_BYTES = 64, 1_000_000  # one request to a broker; more gains nothing and delays the answer to a stop
LONGEST_SLEEP_S = 0.1  # between two looks at whether to stop
PROGRESS_EVERY_S = 0.5


class Playable(Protocol):
    """What ``play`` plays: a ``MergedSource``."""

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams that the session must declare."""

    @property
    def started_at_us(self) -> int:
        """Event time at which it starts."""

    @property
    def duration_us(self) -> int:
        """How long it plays."""

    def events(self, session_id: str) -> Iterator[Event]:
        """Its events, each when it is whole."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the play is."""

    played_s: float
    of_s: float
    records: int


@dataclass(slots=True)
class Played:
    """What was played."""

    records: int = 0
    payload_bytes: int = 0
    played_s: float = 0.0  # event time
    took_s: float = 0.0
    complete: bool = False
    refused: Counter[str] = field(default_factory=Counter)  # records by modality, for want of a consent
    lateness_s: list[float] = field(default_factory=list)  # of each record, at real-time speed

    @property
    def lateness_p95_s(self) -> float | None:
        """What 95 % of the records stayed under; ``None`` at full speed."""
        return float(np.percentile(self.lateness_s, 95)) if self.lateness_s else None


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """What a play asks and tells on its way.

    Parameters
    ----------
    gate
        Asked for every event, so that a consent withdrawn in the middle acts; without one the session as given decides.
    progress
        Told twice a second.
    should_stop
        Looked at between events, and ten times a second while waiting.
    hold
        Asked before each batch with the event time up to which every stream has come; while it says so, the play waits.
        Raw topics keep a minute or ten: whoever plays at full speed over a broker keeps the services at most that far
        behind. Services can get as far as that time with what they have, however long chunks and silences are.
    """

    gate: ConsentGate | None = None
    progress: Callable[[Progress], None] = lambda progress: None
    should_stop: Callable[[], bool] = lambda: False
    hold: Callable[[int], bool] = lambda came_until_us: False


def play(
    source: Playable, session: Session, producer: Producer, clock: Clock, *, speed: float | None = 1.0, hooks: Hooks | None = None
) -> Played:
    """Publish every event of the source when it is due; ``speed`` 1 is real time, ``None`` as fast as the bus takes it.

    The session is in live state already and declares the source's streams. Take a durable producer: at a file's play
    nothing is dropped, only late, and how late is measured.
    """
    return _Play(source, session, producer, clock, hooks or Hooks()).play(speed)


class _Play:
    """One play of one source into one session."""

    def __init__(self, source: Playable, session: Session, producer: Producer, clock: Clock, hooks: Hooks) -> None:
        self._source, self._session, self._producer, self._clock, self._hooks = source, session, producer, clock, hooks
        self._played = Played()
        self._told_at_s = -PROGRESS_EVERY_S
        self._came_until_us = {stream.stream_id: source.started_at_us for stream in source.streams}

    def play(self, speed: float | None) -> Played:
        """Publish every event when it is due; ``speed`` 1 is real time, ``None`` as fast as the bus takes it."""
        started_s = self._clock.monotonic_s()
        batches = self._batches() if speed is None else self._in_time(speed, started_s)
        for batch in batches:
            if not self._wait(lambda: self._hooks.hold(min(self._came_until_us.values(), default=END_OF_TIME_US))):
                break
            self._publish(batch)
            self._tell()
        else:
            self._played.complete = not self._hooks.should_stop()
        self._played.took_s = self._clock.monotonic_s() - started_s
        self._tell(at_last=True)
        return self._played

    def _batches(self) -> Iterator[list[Event]]:
        """As many events as one request takes."""
        batch: list[Event] = []
        held_bytes = 0
        for event in self._source.events(self._session.session_id):
            if self._hooks.should_stop():
                return
            batch.append(event)
            held_bytes += _payload_bytes(event)
            if len(batch) >= BATCH_RECORDS or held_bytes >= BATCH_BYTES:
                yield batch
                batch, held_bytes = [], 0
        if batch:
            yield batch

    def _in_time(self, speed: float, started_s: float) -> Iterator[list[Event]]:
        """Each event once it is whole, by the clock."""
        for event in self._source.events(self._session.session_id):
            due_s = started_s + (after_last_us(event) - self._source.started_at_us) / MICROSECONDS / speed
            if not self._wait(lambda due_s=due_s: self._clock.monotonic_s() < due_s, due_s):  # type: ignore[misc]
                return
            late_s = max(self._clock.monotonic_s() - due_s, 0.0)
            self._played.lateness_s.append(late_s)
            metrics.LATENESS.labels(SERVICE).observe(late_s)
            yield [event]

    def _wait(self, must_wait: Callable[[], bool], until_s: float = float("inf")) -> bool:
        """Wait while it must; ``False`` when the play is to stop."""
        while not self._hooks.should_stop():
            if not must_wait():
                return True
            self._clock.sleep(min(LONGEST_SLEEP_S, max(until_s - self._clock.monotonic_s(), 0.0)))
        return False

    def _publish(self, batch: Iterable[Event]) -> None:
        records: list[Outgoing] = []
        for event in batch:
            session = self._session if self._hooks.gate is None else self._hooks.gate.session(self._session.session_id)
            if refusal_by(session, event) is not None:
                self._played.refused[str(event.modality)] += 1
                metrics.RECORDS.labels(SERVICE, TOPIC_OF_EVENT[type(event)].name, "refused").inc()
            else:
                records.append(to_record(event, self._session.key))
                metrics.PUBLISHED.labels(SERVICE, TOPIC_OF_EVENT[type(event)].name).inc()
            self._came_until_us[event.header.stream_id] = event.header.complete_until_us
            self._played.played_s = (after_last_us(event) - self._source.started_at_us) / MICROSECONDS
        if records:
            self._producer.send(records)
        self._played.records += len(records)
        self._played.payload_bytes += sum(len(record.value) for record in records)

    def _tell(self, *, at_last: bool = False) -> None:
        now_s = self._clock.monotonic_s()
        if at_last or now_s - self._told_at_s >= PROGRESS_EVERY_S:
            self._told_at_s = now_s
            self._hooks.progress(Progress(self._played.played_s, self._source.duration_us / MICROSECONDS, self._played.records))


def _payload_bytes(event: Event) -> int:
    if is_chunk(event):
        return samples_of(event).nbytes
    return len(event.jpeg) if isinstance(event, VideoFrame) else 0
