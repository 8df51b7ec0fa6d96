"""Times and numbers of sampled streams, exact for any rate: always from the stream's start, never added up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np

from affectloop.events import AudioChunk, Event, Header, SignalChunk, offset_us

Chunk = SignalChunk | AudioChunk
Samples = np.ndarray[Any, np.dtype[Any]]


def is_chunk(event: Event) -> TypeGuard[Chunk]:
    """Whether the event holds samples."""
    return isinstance(event, (SignalChunk, AudioChunk))


def samples_of(chunk: Chunk) -> Samples:
    """The samples, the first axis in time."""
    return chunk.samples if isinstance(chunk, SignalChunk) else chunk.pcm


def sample_count(event: Event) -> int:
    """How many numbers of its stream the event takes: its samples, or 1 where it is one thing, 0 where it is empty."""
    return len(samples_of(event)) if is_chunk(event) else int(not event.is_empty)


def after_last_us(event: Event) -> int:
    """When the event is whole: the time of the sample after its last, or its own."""
    if not is_chunk(event):
        return event.header.event_time_us
    return event.header.event_time_us + offset_us(sample_count(event), event.sample_rate_hz)


def part(chunk: Chunk, samples: Samples, sequence: int, event_time_us: int, until_us: int) -> Chunk:
    """A chunk of the same stream with other samples."""
    header = replace(chunk.header, sequence=sequence, event_time_us=event_time_us, complete_until_us=until_us)
    return with_samples(chunk, header, samples)


def with_samples(chunk: Chunk, header: Header, samples: Samples) -> Chunk:
    """A chunk of the same stream with another header and other samples."""
    if isinstance(chunk, SignalChunk):
        return replace(chunk, header=header, samples=samples)
    return replace(chunk, header=header, pcm=samples)
