"""Several sources as one learner: one start, one order of time, chunks of any length with the same sample times."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput
from affectloop.events import END_OF_TIME_US, Event, Header, offset_us
from affectloop.session import Stream
from affectloop_capture.samples import Chunk, Samples, after_last_us, is_chunk, part, sample_count, samples_of
from affectloop_capture.sources import Source, Track, with_end

FILES_START_AT_US = 1_767_225_600 * MICROSECONDS  # 2026-01-01T00:00Z, where no file says when it was made: replays must repeat
CHUNK_MS = 250  # four chunks a second: half of the shortest hop of the features, in the range of real devices
SHORTEST_CHUNK_MS, LONGEST_CHUNK_MS = 10, 10_000


@dataclass(frozen=True, slots=True)
class Cut:
    """The part that is played: closed at the start, open at the end."""

    from_us: int = 0
    until_us: int = END_OF_TIME_US


@dataclass(frozen=True)
class MergedSource:
    """Sources that play together; make it with ``merge``."""

    sources: tuple[Source, ...]
    origin_us: int  # when all sources start
    cut: Cut  # on the same clock
    chunk_ms: float

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams that a session must declare."""
        return tuple(stream for source in self.sources for stream in source.streams)

    @property
    def started_at_us(self) -> int:
        """When the session starts."""
        return max(self.origin_us, self.cut.from_us)

    @property
    def duration_us(self) -> int:
        """How long it plays."""
        end_us = self.origin_us + max(source.duration_us for source in self.sources)
        return min(end_us, self.cut.until_us) - self.started_at_us

    @property
    def description(self) -> str:
        """A line for each source."""
        return "\n".join(f"{source.name}: {source.description}" for source in self.sources)

    def moved_to(self, started_at_us: int) -> MergedSource:
        """The same, starting then: a recording that plays as if it happened now."""
        shift_us = started_at_us - self.started_at_us
        until_us = self.cut.until_us if self.cut.until_us == END_OF_TIME_US else self.cut.until_us + shift_us
        moved = Cut(self.cut.from_us + shift_us if self.cut.from_us else 0, until_us)
        return replace(self, origin_us=self.origin_us + shift_us, cut=moved)

    def events(self, session_id: str) -> Iterator[Event]:
        """All events, each when it is whole; the last of each stream ends it."""
        tracks = [track for source in self.sources for track in source.tracks]
        yield from heapq.merge(*(self._played(track, session_id) for track in tracks), key=_order)

    def _played(self, track: Track, session_id: str) -> Iterator[Event]:
        """One stream, cut, chunked and ended."""
        pieces = cut(track.events(session_id, self.origin_us), self.cut)
        return ended(chunked(pieces, self.chunk_ms), lambda: self._nothing(track, session_id))

    def _nothing(self, track: Track, session_id: str) -> Event:
        """Nothing of the track lies in the cut: its stream says so, or everyone would wait for it."""
        time_us = self.started_at_us
        stream_id = track.stream.stream_id
        return track.ending(
            Header(session_id=session_id, stream_id=stream_id, sequence=0, event_time_us=time_us, complete_until_us=END_OF_TIME_US)
        )


def merge(sources: Sequence[Source], *, chunk_ms: float = CHUNK_MS, start_s: float = 0.0, duration_s: float | None = None) -> MergedSource:
    """Sources as one learner: all start together, when the first with a clock says, else on 2026-01-01T00:00Z.

    Sequences and times are those of the whole, whatever part ``start_s`` and ``duration_s`` cut out.
    """
    if not sources:
        raise InvalidInput("there is nothing to play; name at least one file")
    if not SHORTEST_CHUNK_MS <= chunk_ms <= LONGEST_CHUNK_MS:
        raise InvalidInput(f"chunks of {chunk_ms:g} ms: choose {SHORTEST_CHUNK_MS} to {LONGEST_CHUNK_MS}")
    if start_s < 0 or (duration_s is not None and duration_s <= 0):
        raise InvalidInput("the start must not be negative, and the duration must be more than 0 s")
    _check_streams(sources)
    origin_us = next((source.starts_at_us for source in sources if source.starts_at_us is not None), FILES_START_AT_US)
    from_us = origin_us + round(start_s * MICROSECONDS)
    until_us = END_OF_TIME_US if duration_s is None else from_us + round(duration_s * MICROSECONDS)
    longest_us = max(source.duration_us for source in sources)
    if from_us >= origin_us + longest_us:
        raise InvalidInput(f"the start at {start_s:g} s is after the end of the files, at {longest_us / MICROSECONDS:.1f} s")
    return MergedSource(tuple(sources), origin_us, Cut(from_us if start_s else 0, until_us), chunk_ms)


def _check_streams(sources: Sequence[Source]) -> None:
    first: dict[Stream, str] = {}
    for source in sources:
        for stream in source.streams:
            if stream in first:
                raise InvalidInput(f"{first[stream]} and {source.name} both bring the learner's {stream.stream_id}; give one of them")
            first[stream] = source.name


def _order(event: Event) -> tuple[int, str]:
    return after_last_us(event), event.header.stream_id


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
