"""Sampled signals and voices that are whole in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from affectloop.events import END_OF_TIME_US, AudioChunk, Event, FloatArray, Header, Int16Array, SignalChunk, SignalKind, offset_us
from affectloop.session import Stream
from affectloop.topics import AUDIO, SIGNALS
from affectloop_capture.sources.base import MICROPHONE, Track


@dataclass(frozen=True, eq=False)
class SignalTrack:
    """A whole physiological signal in memory."""

    kind: SignalKind
    rate_hz: Fraction
    samples: FloatArray  # (n, channels)
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
        """One chunk, the whole signal."""
        header = _whole(self, session_id, origin_us + self.starts_after_us, self.captured_by)
        yield SignalChunk(header=header, kind=self.kind, sample_rate_hz=float(self.rate_hz), samples=self.samples)

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


def _whole(track: Track, session_id: str, start_us: int, captured_by: str) -> Header:
    return Header(
        session_id=session_id,
        stream_id=track.stream.stream_id,
        sequence=0,
        event_time_us=start_us,
        complete_until_us=END_OF_TIME_US,
        captured_by=captured_by,
    )
