"""One stream's events in time: cut to a part, in chunks on a fixed grid with the same sample times, and with an end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from affectloop.clock import MICROSECONDS
from affectloop.events import END_OF_TIME_US, Event, Header, offset_us
from affectloop_capture.samples import Chunk, Samples, after_last_us, is_chunk, part, sample_count, samples_of

SILENCE_US = MICROSECONDS  # a shorter one is not worth a record
TOLD_EVERY_US = 30 * MICROSECONDS  # a stream speaks at least once a minute: nobody waits for a silent one, nor holds what the others say


def silences_told(events: Iterable[Event], origin_us: int, empty: Callable[[Header], Event]) -> Iterator[Event]:
    """One stream that says twice a minute that it has nothing, until its first event and between samples that lie apart.

    Such an event takes a number: of the samples that are missing, or, before the first, one more, which all later events move by.
    """
    moved, after_us, after = 0, origin_us, 0
    for first, event in enumerate(events):
        header, is_samples = event.header, is_chunk(event) and not event.is_empty
        silent_us = header.event_time_us - after_us
        if silent_us > SILENCE_US and (not first or is_samples):
            times = (
                range(after_us, header.event_time_us, TOLD_EVERY_US) if empty(header).is_empty else range(0)
            )  # features have no such event
            free = len(times) if not first else header.sequence + moved - after
            for number, time_us in enumerate(times[:free]):
                until_us = min(time_us + TOLD_EVERY_US, header.event_time_us) if number + 1 < free else header.event_time_us
                yield empty(replace(header, sequence=after + number, event_time_us=time_us, complete_until_us=until_us))
            moved += len(times) if not first else 0
        yield replace(event, header=replace(header, sequence=header.sequence + moved)) if moved else event
        after_us, after = after_last_us(event), header.sequence + moved + sample_count(event)


@dataclass(frozen=True, slots=True)
class Cut:
    """The part that is played: closed at the start, open at the end."""

    from_us: int = 0
    until_us: int = END_OF_TIME_US


def cut(events: Iterable[Event], cut: Cut) -> Iterator[Event]:
    """What of one stream lies in the cut."""
    for event in events:
        if event.header.event_time_us >= cut.until_us:
            return
        if is_chunk(event) and not event.is_empty:
            yield from _sliced(event, cut)
        elif event.header.event_time_us >= cut.from_us:
            yield event


def _sliced(chunk: Chunk, cut: Cut) -> Iterator[Chunk]:
    first, after = _index_at(chunk, cut.from_us), _index_at(chunk, cut.until_us)
    if (first, after) == (0, sample_count(chunk)):
        yield chunk
    elif first < after:
        from_us, until_us = (chunk.header.event_time_us + offset_us(index, chunk.sample_rate_hz) for index in (first, after))
        yield part(chunk, samples_of(chunk)[first:after], chunk.header.sequence + first, from_us, until_us)


def _index_at(chunk: Chunk, time_us: int) -> int:
    """Number of the first sample at or after a time."""
    index = -((chunk.header.event_time_us - time_us) * Fraction(chunk.sample_rate_hz) // MICROSECONDS)  # rounded up
    return min(max(int(index), 0), sample_count(chunk))


def chunked(events: Iterable[Event], chunk_ms: float) -> Iterator[Event]:
    """One stream with its samples cut at multiples of ``chunk_ms`` since it began, whatever the pieces were.

    Samples keep their numbers; their times are counted from the first piece of a run without gaps. What holds no samples passes as it is.
    """
    run: _Run | None = None
    for event in events:
        if not is_chunk(event) or event.is_empty:
            yield from run.rest() if run else ()
            run = None
            yield event
            continue
        if run is not None and not run.is_continued_by(event):
            yield from run.rest()
            run = None
        if run is None:
            run = _Run(event, chunk_ms)
        else:
            run.append(samples_of(event))
        yield from run.full()
    yield from run.rest() if run else ()


class _Run:
    """Samples without a gap, of which some wait for the next border."""

    def __init__(self, first: Chunk, chunk_ms: float) -> None:
        self._first = first
        self._rate_hz = Fraction(first.sample_rate_hz)
        self._chunk_s = Fraction(chunk_ms) / 1000
        self._waiting: Samples = samples_of(first)
        self._number = first.header.sequence  # of the first that waits

    def is_continued_by(self, chunk: Chunk) -> bool:
        """Whether the chunk's first sample is the next of this run, in number and (to the rounding) in time."""
        header = chunk.header
        follows = header.sequence == self._number + len(self._waiting) and chunk.sample_rate_hz == self._first.sample_rate_hz
        return follows and abs(header.event_time_us - self._time_us(header.sequence)) <= 1

    def append(self, samples: Samples) -> None:
        """More samples."""
        self._waiting = np.concatenate([self._waiting, samples])

    def full(self) -> Iterator[Chunk]:
        """The chunks that are whole."""
        taken, border = 0, self._border()
        while border - self._number <= len(self._waiting) - taken:
            size = border - self._number
            yield self._chunk(self._waiting[taken : taken + size])
            taken, border = taken + size, self._border()
        self._waiting = self._waiting[taken:]

    def rest(self) -> Iterator[Chunk]:
        """What waits for a border that will not come."""
        if len(self._waiting):
            yield self._chunk(self._waiting)

    def _chunk(self, samples: Samples) -> Chunk:
        number, after = self._number, self._number + len(samples)
        self._number = after
        return part(self._first, samples, number, self._time_us(number), self._time_us(after))

    def _time_us(self, number: int) -> int:
        return self._first.header.event_time_us + offset_us(number - self._first.header.sequence, self._rate_hz)

    def _border(self) -> int:
        """Number of the first sample of the next chunk."""
        samples, grid = (self._chunk_s * self._rate_hz).as_integer_ratio()  # in one chunk; may be less than one
        chunks = self._number * grid // samples + 1
        return -(-chunks * samples // grid)  # rounded up


def ended(events: Iterable[Event], nothing: Callable[[], Event]) -> Iterator[Event]:
    """One stream whose last event, and no other, ends it; ``nothing`` makes the last of a stream without any."""
    held: Event | None = None
    for event in events:
        if held is not None:
            yield held
        held = event
    yield with_end(nothing() if held is None else held)


def with_end(event: Event) -> Event:
    """The same event as the last of its stream."""
    return replace(event, header=replace(event.header, complete_until_us=END_OF_TIME_US))
