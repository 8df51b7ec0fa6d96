"""Several sources as one learner: one start, one order of time, chunks of any length with the same sample times."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput
from affectloop.events import END_OF_TIME_US, Event, Header
from affectloop.session import Stream
from affectloop_capture.samples import after_last_us
from affectloop_capture.sources.base import Source, Track
from affectloop_capture.sources.timeline import Cut, chunked, cut, ended

FILES_START_AT_US = 1_767_225_600 * MICROSECONDS  # 2026-01-01T00:00Z, where no file says when it was made: replays must repeat
CHUNK_MS = 250  # four chunks a second: half of the shortest hop of the features, in the range of real devices
SHORTEST_CHUNK_MS, LONGEST_CHUNK_MS = 10, 10_000


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

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing of the sources or was assumed; of a damaged file it is all known once it has played."""
        return tuple(f"{source.name}: {note}" for source in self.sources for note in source.notes)

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
