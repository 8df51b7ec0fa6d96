"""One session in one service's hands: its streams, what was heard of them, and what waits for its turn."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from affectloop.events import END_OF_TIME_US, Event
from affectloop.processor import Processor
from affectloop.session import Mode, Session
from affectloop.settings import RuntimeSettings
from affectloop.topics import TOPIC_OF_EVENT, Privacy, Topic

UNHEARD_US = -1


class StreamName(NamedTuple):
    """A stream within a session. A tuple: it is looked up for every record and every turn."""

    topic: str
    stream_id: str


@dataclass(slots=True)
class _Heard:
    """What was heard of a stream."""

    sequence: int = -1
    complete_until_us: int = UNHEARD_US  # nothing older comes
    next_due_s: float = 0.0  # monotonic time by which the next record should be here


@dataclass(slots=True)
class SessionState:
    """A session as one service sees it.

    The watermark is the least ``complete_until_us`` over the streams that are waited for; events before it are released in
    (event time, stream, sequence) order. In a live session a stream that is overdue by ``stall_after_s`` is not waited
    for until it speaks again.
    """

    session: Session
    consumes: tuple[Topic, ...]
    partition: int
    touched_s: float
    processor: Processor | None = None
    finished: bool = False
    newest: tuple[str, int, int] = ("", 0, 0)  # where its newest record lies: topic, partition, offset
    newest_us: int = UNHEARD_US  # the latest event time that was heard
    dead_letters: int = 0
    watermark_us: int = UNHEARD_US
    _turned_us: int = UNHEARD_US  # the watermark at the last turn
    _promised_us: int = UNHEARD_US  # what it would have been then, were it not for the wall clock
    _due_s: float = math.inf
    _heard: dict[StreamName, _Heard] = field(default_factory=dict)
    _queue: list[tuple[int, str, int, int, Event]] = field(default_factory=list)
    _facts: list[Event] = field(default_factory=list)
    _began_s: float | None = None
    _expected: list[StreamName] = field(default_factory=list)
    _declared: frozenset[StreamName] = frozenset()
    _declared_by: Session | None = None  # whose streams these are: they are asked for at every turn, and seldom change

    @property
    def expected(self) -> list[StreamName]:
        """The declared streams of consented modalities."""
        self._know_streams()
        return self._expected

    @property
    def live(self) -> bool:
        """Whether promptness comes before completeness."""
        return self.session.mode is Mode.LIVE

    @property
    def needs_from_us(self) -> int:
        """The oldest event time that must be read again after a crash."""
        if self.finished:
            return END_OF_TIME_US
        if self.processor is None:
            return UNHEARD_US
        return min(self.processor.needs_from_us, self._queue[0][0] if self._queue else END_OF_TIME_US)

    def hear(self, event: Event, now_s: float) -> bool:
        """Note a record; ``False`` for a copy of one that was seen. What a copy says of completeness still counts."""
        header, name = event.header, StreamName(TOPIC_OF_EVENT[type(event)].name, event.header.stream_id)
        heard = self._heard.setdefault(name, _Heard())
        heard.complete_until_us = max(heard.complete_until_us, header.complete_until_us)
        span_us = 0 if header.ends_stream else header.complete_until_us - header.event_time_us
        heard.next_due_s = now_s + span_us / 1e6
        self.touched_s = now_s
        self.newest_us = max(self.newest_us, header.event_time_us)
        if header.sequence <= heard.sequence:
            return False
        heard.sequence = header.sequence
        return True

    def end(self, name: StreamName) -> None:
        """Live state says that this stream is over."""
        self._heard.setdefault(name, _Heard()).complete_until_us = END_OF_TIME_US

    def awaits(self, event: Event) -> bool:
        """Whether the session declared the event's stream, or it is a fact."""
        topic = TOPIC_OF_EVENT[type(event)]
        self._know_streams()
        return topic.privacy is Privacy.FACT or StreamName(topic.name, event.header.stream_id) in self._declared

    def _know_streams(self) -> None:
        session = self.session
        if self._declared_by is not session:
            topics = [topic for topic in self.consumes if session.allows(topic.event.modality)]
            self._expected = [StreamName(topic.name, stream) for topic in topics for stream in sorted(session.expects(topic))]
            self._declared = frozenset(StreamName(stream.topic, stream.stream_id) for stream in session.streams)
            self._declared_by = session

    def push(self, event: Event) -> None:
        """Let an event wait for its turn; a live session's facts do not wait."""
        header, topic = event.header, TOPIC_OF_EVENT.get(type(event))
        if self.live and topic is not None and topic.privacy is Privacy.FACT:
            self._facts.append(event)
        else:
            heapq.heappush(self._queue, (header.event_time_us, header.stream_id, header.sequence, id(event), event))

    def released(self) -> Iterator[Event]:
        """Take the events before watermark, in order; a live session's facts first."""
        facts, self._facts = self._facts, []
        yield from facts
        while self._queue and self._queue[0][0] < self.watermark_us:
            yield heapq.heappop(self._queue)[-1]

    def catch_up(self, wall_us: int) -> None:
        """What the wall clock alone had held back at the last turn it had let go by ``wall_us``."""
        if self._promised_us > self.watermark_us:
            self.watermark_us = max(self.watermark_us, min(self._promised_us, wall_us))

    def advance_watermark(self, now_s: float, wall_us: int, limits: RuntimeSettings) -> bool:
        """Work out watermark anew; says whether it moved. A live session's never passes the wall clock: no hop closes early."""
        if self._began_s is None:
            self._began_s = now_s
        looked = [self._stream_watermark(name, now_s, limits) for name in self.expected]
        waited = [until_us for until_us, _ in looked if until_us is not None]
        watermark = min(waited) if waited else self._without_streams(now_s, limits.stall_after_s)
        if watermark == END_OF_TIME_US and not self._may_finish():
            watermark = self._all_that_waits()
            held_back = False
        else:
            held_back = self.live and watermark != END_OF_TIME_US
        self._promised_us = watermark
        self.watermark_us = max(self.watermark_us, min(watermark, wall_us) if held_back else watermark)
        self._due_s = self._looks_else_from(now_s, [overdue_s for _, overdue_s in looked], limits)
        moved, self._turned_us = self.watermark_us > self._turned_us, self.watermark_us
        return moved

    def due_s(self, limits: RuntimeSettings) -> float:
        """When it has passed, monotonic, the session must be turned though nothing came: a stream is overdue, or the session idle."""
        return min(self._due_s, self.touched_s + limits.idle_after_s)

    @property
    def due_wall_us(self) -> int:
        """From when on, by the wall clock, it must be turned though nothing came: an event or a window was too early."""
        if self._promised_us <= self.watermark_us or self.finished:
            return END_OF_TIME_US
        at_us = min(
            self._queue[0][0] + 1 if self._queue else END_OF_TIME_US,
            self.processor.closes_next_us if self.processor is not None else END_OF_TIME_US,
        )
        return at_us if at_us <= self._promised_us else END_OF_TIME_US

    def finish(self) -> None:
        """Nothing more is done with it here."""
        self.finished = True
        self.processor = None
        self._queue.clear()
        self._facts.clear()

    def restart(self) -> None:
        """A consent was withdrawn: forget what was understood, and what waits of that modality."""
        self.processor = None
        self._queue = [item for item in self._queue if self.session.allows(item[-1].modality)]
        heapq.heapify(self._queue)

    def _stream_watermark(self, name: StreamName, now_s: float, limits: RuntimeSettings) -> tuple[int | None, float]:
        """The stream's own watermark, ``None`` while it is overdue in a live session; and when it is overdue, infinity for never."""
        heard = self._heard.get(name)
        if self.session.faults and self.session.is_stopped(name.topic):
            return END_OF_TIME_US, math.inf
        until_us = heard.complete_until_us if heard else UNHEARD_US
        if not self.live or until_us == END_OF_TIME_US:
            return until_us, math.inf
        due_s = heard.next_due_s if heard else (self._began_s or 0.0) + limits.first_record_within_s
        overdue_s = due_s + limits.stall_after_s
        if now_s > overdue_s:
            return END_OF_TIME_US if self.session.ended_at_us is not None else None, math.inf
        return until_us, overdue_s

    def _without_streams(self, now_s: float, stall_after_s: float) -> int:
        """Nothing is waited for: release what is there; at the session's end, finish."""
        over = self.session.ended_at_us is not None and now_s > self.touched_s + stall_after_s
        return END_OF_TIME_US if over else self._all_that_waits()

    def _all_that_waits(self) -> int:
        return max([self.watermark_us] + [item[0] + 1 for item in self._queue])

    def _looks_else_from(self, now_s: float, overdue_s: list[float], limits: RuntimeSettings) -> float:
        """When the passing of time alone makes the watermark another one."""
        if self.session.ended_at_us is not None and now_s <= (silent_s := self.touched_s + limits.stall_after_s):
            return min(silent_s, *overdue_s) if overdue_s else silent_s
        return min(overdue_s, default=math.inf)

    def _may_finish(self) -> bool:
        """A live session's facts may come until it ends."""
        facts = any(topic.privacy is Privacy.FACT for topic in self.consumes)
        return not (self.live and facts) or self.session.ended_at_us is not None


def ended_mark(name: StreamName) -> str:
    """How live state notes that a service needs no more of a stream."""
    return f"ended:{name.topic}:{name.stream_id}"


def ended_streams(marks: Iterable[str]) -> list[StreamName]:
    """The streams that such marks name."""
    return [StreamName(*mark.split(":", 2)[1:]) for mark in marks if mark.startswith("ended:")]


FINISHED_MARK = "finished"
