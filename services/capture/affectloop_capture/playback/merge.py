"""Several sources as one learner: one start, one order of time, chunks of any length with the same sample times."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from affectloop.clock import MICROSECONDS
from affectloop.errors import AffectloopError, InvalidInput
from affectloop.events import END_OF_TIME_US, Event, Header
from affectloop.session import Stream
from affectloop_capture.playback.placing import FILES_START_AT_US as FILES_START_AT_US
from affectloop_capture.playback.placing import check_length, placed
from affectloop_capture.samples import after_last_us
from affectloop_capture.sources.base import Source, Track
from affectloop_capture.sources.timeline import Cut, chunked, cut, ended, silences_told

CHUNK_MS = 250  # four chunks a second: half of the shortest hop of the features, in the range of real devices
NO_OFFSETS: Mapping[int, float] = MappingProxyType({})
SHORTEST_CHUNK_MS, LONGEST_CHUNK_MS = 10, 10_000


@dataclass(frozen=True)
class MergedSource:
    """Sources that play together; make it with ``merge``."""

    sources: tuple[Source, ...]
    origin_us: int  # when the first source starts
    after_us: tuple[int, ...]  # how long after it each of them starts
    cut: Cut  # on the same clock
    chunk_ms: float
    assumed: tuple[str, ...] = ()  # of the sources' clocks

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
        end_us = self.origin_us + _length_us(self.sources, self.after_us)
        return min(end_us, self.cut.until_us) - self.started_at_us

    @property
    def description(self) -> str:
        """A line for each source."""
        return "\n".join(f"{source.name}: {source.description}" for source in self.sources)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing of the sources or was assumed; of a damaged file it is all known once it has played."""
        return (*self.assumed, *(f"{source.name}: {note}" for source in self.sources for note in source.notes))

    def moved_to(self, started_at_us: int) -> MergedSource:
        """The same, starting then: a recording that plays as if it happened now."""
        shift_us = started_at_us - self.started_at_us
        until_us = self.cut.until_us if self.cut.until_us == END_OF_TIME_US else self.cut.until_us + shift_us
        moved = Cut(self.cut.from_us + shift_us if self.cut.from_us else 0, until_us)
        return replace(self, origin_us=self.origin_us + shift_us, cut=moved)

    def events(self, session_id: str) -> Iterator[Event]:
        """All events, each when it is whole; the last of each stream ends it."""
        placed = [(source.name, track, us) for source, us in zip(self.sources, self.after_us, strict=True) for track in source.tracks]
        yield from heapq.merge(*(self._played(name, track, after_us, session_id) for name, track, after_us in placed), key=_order)

    def _played(self, name: str, track: Track, after_us: int, session_id: str) -> Iterator[Event]:
        """One stream, its silences told, cut, chunked and ended."""
        read = _readable(name, track.events(session_id, self.origin_us + after_us))
        told = silences_told(read, self.origin_us, track.ending)
        pieces = cut(told, self.cut)
        return ended(chunked(pieces, self.chunk_ms), lambda: self._nothing(track, session_id))

    def _nothing(self, track: Track, session_id: str) -> Event:
        """Nothing of the track lies in the cut: its stream says so, or everyone would wait for it."""
        time_us = self.started_at_us
        stream_id = track.stream.stream_id
        return track.ending(
            Header(session_id=session_id, stream_id=stream_id, sequence=0, event_time_us=time_us, complete_until_us=END_OF_TIME_US)
        )


def merge(
    sources: Sequence[Source],
    *,
    chunk_ms: float = CHUNK_MS,
    start_s: float = 0.0,
    duration_s: float | None = None,
    offsets_s: Mapping[int, float] = NO_OFFSETS,
    longest_us: int | None = None,
    now_us: int | None = None,
) -> MergedSource:
    """Sources as one learner: each starts when its clock says, without one with the first, or on 2026-01-01T00:00Z.

    ``offsets_s`` moves sources by their number, ``placing`` says how; ``longest_us`` is how long a session may last, ``now_us``
    what no clock can be ahead of. Sequences and times are those of the whole, whatever part ``start_s`` and ``duration_s`` cut out.
    """
    if not sources:
        raise InvalidInput("there is nothing to play; name at least one file")
    if not SHORTEST_CHUNK_MS <= chunk_ms <= LONGEST_CHUNK_MS:
        raise InvalidInput(f"chunks of {chunk_ms:g} ms: choose {SHORTEST_CHUNK_MS} to {LONGEST_CHUNK_MS}")
    if not start_s >= 0 or not (duration_s is None or duration_s > 0):
        raise InvalidInput("the start must not be negative, and the duration must be more than 0 s")
    _check_streams(sources)
    places = placed(sources, offsets_s, now_us)
    origin_us, after_us = places.origin_us, tuple(start_us - places.origin_us for start_us in places.starts_us)
    length_us = _length_us(sources, after_us)
    if start_s * MICROSECONDS >= length_us:
        raise InvalidInput(f"the start at {start_s:g} s is after the end of the files, at {length_us / MICROSECONDS:.1f} s")
    from_us = origin_us + round(start_s * MICROSECONDS)
    until_us = END_OF_TIME_US if duration_s is None or duration_s * MICROSECONDS > length_us else from_us + round(duration_s * MICROSECONDS)
    merged = MergedSource(tuple(sources), origin_us, after_us, Cut(from_us if start_s else 0, until_us), chunk_ms, places.notes)
    if longest_us is not None:
        check_length(sources, places.starts_us, merged.duration_us, longest_us)
    return merged


def _length_us(sources: Sequence[Source], after_us: Sequence[int]) -> int:
    """From the start of the first to the end of the last."""
    return max(source.duration_us + after for source, after in zip(sources, after_us, strict=True))


def _check_streams(sources: Sequence[Source]) -> None:
    first: dict[Stream, str] = {}
    for source in sources:
        for stream in source.streams:
            if stream in first:
                raise InvalidInput(f"{first[stream]} and {source.name} both bring the learner's {stream.stream_id}; give one of them")
            first[stream] = source.name


def _order(event: Event) -> tuple[int, str]:
    return after_last_us(event), event.header.stream_id


def _readable(name: str, events: Iterator[Event]) -> Iterator[Event]:
    """The events of a file; whatever a library raises in its middle is one sentence that names the file."""
    try:
        yield from events
    except AffectloopError:
        raise
    except Exception as error:
        problem = f"cannot be read on ({type(error).__name__}: {error})"
        raise InvalidInput(f"{name}: {problem}; check that it plays elsewhere, or export it again") from error
