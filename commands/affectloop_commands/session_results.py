"""What the services make of a session, read off the bus until every stream that it declares has ended."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from affectloop.bus import Bus, Record
from affectloop.codec import from_record
from affectloop.errors import InvalidMessage
from affectloop.events import END_OF_TIME_US, Event, SessionChange, SessionChanged
from affectloop.session import Session, Stream
from affectloop.topics import SESSION_EVENTS, TOPIC_BY_NAME, TOPIC_OF_EVENT, TOPICS

RESULTS = tuple(topic for topic in TOPICS if topic.result)
DEAD_LETTERS = ".dlq"
POLL_S = 0.1


class SessionResults:
    """Collects a session's results in a thread of its own; make it before the first record is played.

    ``from_start`` reads what the bus still holds, too: a session that is open already has its first directive.

    Of copies (same stream and sequence) the first in the log counts; that a copy ends the stream counts too. What a service could
    not read, and where a fault stopped the session, is told in ``notes``.
    """

    def __init__(self, bus: Bus, session: Session, *, from_start: bool = False) -> None:
        self.events: list[Event] = []
        self._unread: Counter[str] = Counter()
        self._session = session
        self._awaited = {stream for stream in session.streams if stream.topic in {topic.name for topic in RESULTS}}
        self._reached = dict.fromkeys(self._awaited, session.started_at_us)
        self._seen: set[tuple[Stream, int]] = set()
        letters = {TOPIC_BY_NAME[stream.topic].dead_letters for stream in session.streams}
        self._tail = bus.tail([topic.name for topic in (*RESULTS, SESSION_EVENTS)] + sorted(letters), from_start=from_start)
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._collect, name="session-results", daemon=True)
        self._thread.start()

    @property
    def complete(self) -> bool:
        """Every awaited stream has ended; raises what went wrong."""
        if self._failure is not None:
            raise self._failure
        return all(reached == END_OF_TIME_US for reached in self._reached.values())

    @property
    def notes(self) -> list[str]:
        """What is missing of the results, and why: a line each."""
        return [note if count == 1 else f"{note} ({count} times)" for note, count in self._unread.items()]

    @property
    def reached_us(self) -> int:
        """How far the slowest awaited stream is."""
        return min(self._reached.values(), default=END_OF_TIME_US)

    @property
    def waits_for(self) -> Sequence[Stream]:
        """Streams that have not ended."""
        waiting = [stream for stream, reached in self._reached.items() if reached != END_OF_TIME_US]
        return sorted(waiting, key=lambda stream: (stream.topic, stream.stream_id))

    def close(self) -> None:
        """Stop collecting; raises what went wrong."""
        self._stop.set()
        self._thread.join()
        self._tail.close()
        if self._failure is not None:
            raise self._failure

    def _collect(self) -> None:
        try:
            while not self._stop.is_set():
                for record in self._tail.poll(POLL_S, 1000):
                    if record.key == self._session.session_id.encode():
                        self._read(record)
        except BaseException as error:
            self._failure = error

    def _read(self, record: Record) -> None:
        if record.topic.endswith(DEAD_LETTERS):
            self._unread[_why(record)] += 1
            return
        try:
            event = from_record(record, self._session.key)
        except InvalidMessage as error:
            self._unread[f"a record of {record.topic} is left out of the report: {error}"] += 1
        else:
            self._take(event)

    def _take(self, event: Event) -> None:
        stream = Stream(TOPIC_OF_EVENT[type(event)].name, event.header.stream_id)
        if isinstance(event, SessionChanged) and event.change is SessionChange.STOPPED_BY_FAULT:
            self._stopped(event.topic)
        if stream in self._reached:
            until_us = event.header.complete_until_us
            self._reached[stream] = max(self._reached[stream], until_us)
        if (stream, event.header.sequence) not in self._seen:
            self._seen.add((stream, event.header.sequence))
            self.events.append(event)

    def _stopped(self, topic: str) -> None:
        """A fault stopped the session in the service that makes this topic: nothing more comes there."""
        for stream in self._reached:
            if stream.topic == topic:
                self._reached[stream] = END_OF_TIME_US


def _why(letter: Record) -> str:
    """What a dead letter says, as a sentence."""
    said = {name: letter.headers.get(name, b"").decode(errors="replace") for name in ("service", "error", "stage")}
    if said["stage"]:
        return f"a fault stopped the session in {said['service']}, the other services went on: {said['error']}"
    return f"{said['service']} could not read a record of {letter.topic.removesuffix(DEAD_LETTERS)}: {said['error']}"
