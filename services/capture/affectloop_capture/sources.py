"""What a learner can be played from: files, recordings, devices. A new format is one module that makes a ``Source``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from affectloop.errors import InvalidInput
from affectloop.events import END_OF_TIME_US, AudioChunk, Event, FloatArray, Header, Int16Array, SignalChunk, SignalKind, offset_us
from affectloop.recording import RECORDING_SUFFIX
from affectloop.session import Stream
from affectloop.topics import AUDIO, SIGNALS

KINDS = "give videos, Empatica E4 zips or folders, WAV or FLAC, or .affectloop recordings"
NOT_READ = frozenset({".csv", ".txt", ".json", ".edf", ".xdf", ".avro", ".jpg", ".jpeg", ".png", ".mp3", ".key"})  # said at once
CAMERA = "camera"
MICROPHONE = "microphone"
DEMO = "demo"  # instead of a file: the recorded learner that comes with the service


class Track(Protocol):
    """One stream of a source, in pieces as they are read; ``merge`` cuts them as asked."""

    @property
    def stream(self) -> Stream:
        """The topic's and the stream's name."""

    @property
    def duration_us(self) -> int:
        """From the source's start to the stream's end; of a video, what its container says."""

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        """The events in time order, when the source starts at ``origin_us``."""

    def ending(self, header: Header) -> Event:
        """An event in which only the header speaks."""


@dataclass(frozen=True)
class Source:
    """One file or recording: tracks on one clock."""

    name: str
    tracks: tuple[Track, ...]
    description: str  # a line for the user, with what was odd about the file
    starts_at_us: int | None = None  # by its own clock, where it has one

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams it brings."""
        return tuple(track.stream for track in self.tracks)

    @property
    def duration_us(self) -> int:
        """Until the end of its longest stream."""
        return max(track.duration_us for track in self.tracks)


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


def with_end(event: Event) -> Event:
    """The same event as the last of its stream."""
    return replace(event, header=replace(event.header, complete_until_us=END_OF_TIME_US))


def open_source(path: Path, *, salvage: bool = False) -> Source:
    """Open a file by its kind; ``InvalidInput`` names the file, what is wrong and the remedy.

    ``salvage`` reads what there is of a truncated video instead of refusing it.
    """
    if str(path) == DEMO and not path.exists():
        from affectloop_capture.demo_learner import demo_source

        return demo_source()
    if not path.exists():
        raise InvalidInput(f"{path}: there is no such file; check the name")
    suffix = path.suffix.lower()
    if suffix in NOT_READ:
        raise InvalidInput(f"{path}: {suffix} is not read; {KINDS}")
    if path.is_dir() or suffix == ".zip":
        from affectloop_capture.e4 import open_e4

        return open_e4(path)
    if suffix in (".wav", ".flac"):
        from affectloop_capture.sound import open_sound

        return open_sound(path)
    if suffix == RECORDING_SUFFIX:
        from affectloop_capture.recorded import open_recorded

        return open_recorded(path)
    from affectloop_capture.video import open_video

    return open_video(path, salvage=salvage)
