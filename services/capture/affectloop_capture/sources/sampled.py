"""Sampled signals and voices that are whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from affectloop.events import END_OF_TIME_US, AudioChunk, Event, FloatArray, Header, Int16Array, SignalChunk, SignalKind, offset_us
from affectloop.session import Stream
from affectloop.topics import AUDIO, SIGNALS
from affectloop_capture.sources.base import MICROPHONE, Track


@dataclass(frozen=True, eq=False)
class SignalTrack:
    """A whole physiological signal in memory."""

    kind: SignalKind
    rate_hz: Fraction
    samples: FloatArray  # (n, channels); what was not measured is NaN
    starts_after_us: int = 0  # the source's start
    captured_by: str = ""

    @property
    def stream(self) -> Stream:
        """Named after its kind."""
        return Stream(SIGNALS.name, str(self.kind))

    @property
    def duration_us(self) -> int:
        """To the time of the sample after the last."""
        return self.starts_after_us + offset_us(len(self.samples), self.rate_hz)

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        """The signal in as few chunks as its gaps allow, each complete until the next."""
        whole = _whole(self, session_id, origin_us + self.starts_after_us, self.captured_by)
        runs = list(_measured(self.samples))
        for (first, after), until in zip(runs, [first for first, _ in runs[1:]] + [None], strict=True):
            until_us = END_OF_TIME_US if until is None else whole.event_time_us + offset_us(until, self.rate_hz)
            time_us = whole.event_time_us + offset_us(first, self.rate_hz)
            header = replace(whole, sequence=first, event_time_us=time_us, complete_until_us=until_us)
            samples = self.samples[first:after]
            yield SignalChunk(header=header, kind=self.kind, sample_rate_hz=float(self.rate_hz), samples=samples)

    def ending(self, header: Header) -> Event:
        """A chunk without samples."""
        return SignalChunk(header=header, kind=self.kind, sample_rate_hz=float(self.rate_hz), samples=self.samples[:0])


@dataclass(frozen=True, eq=False)
class AudioTrack:
    """A whole recording of a voice in memory."""

    rate_hz: int
    pcm: Int16Array  # (n,)
    captured_by: str = ""

    @property
    def stream(self) -> Stream:
        """The microphone's."""
        return Stream(AUDIO.name, MICROPHONE)

    @property
    def duration_us(self) -> int:
        """To the time of the sample after the last."""
        return offset_us(len(self.pcm), self.rate_hz)

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        """One chunk, the whole recording."""
        yield AudioChunk(header=_whole(self, session_id, origin_us, self.captured_by), sample_rate_hz=float(self.rate_hz), pcm=self.pcm)

    def ending(self, header: Header) -> Event:
        """A chunk without samples."""
        return AudioChunk(header=header, sample_rate_hz=float(self.rate_hz), pcm=self.pcm[:0])


def _measured(samples: FloatArray) -> Iterator[tuple[int, int]]:
    """First sample, and the one after the last, of each stretch that was measured."""
    measured = np.concatenate([[False], np.isfinite(samples).all(axis=1), [False]])
    edges = np.flatnonzero(measured[1:] != measured[:-1]).reshape(-1, 2)
    yield from ((int(first), int(after)) for first, after in edges)


def _whole(track: Track, session_id: str, start_us: int, captured_by: str) -> Header:
    return Header(
        session_id=session_id,
        stream_id=track.stream.stream_id,
        sequence=0,
        event_time_us=start_us,
        complete_until_us=END_OF_TIME_US,
        captured_by=captured_by,
    )
