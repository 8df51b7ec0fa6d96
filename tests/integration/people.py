"""Synthetic learners to be streamed: a heart, a skin, a voice, and pictures."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np

from affectloop.events import END_OF_TIME_US, Event, Header, SignalKind, VideoFrame
from affectloop.session import Session, Stream
from affectloop.synthetic.physiology import beat_times, conductance, electrocardiogram
from affectloop.synthetic.voice import a_speaker, manner_at, speak
from affectloop.topics import FRAMES
from affectloop_capture.playback.merge import MergedSource, merge
from affectloop_capture.sources.base import CAMERA, Source, Track
from affectloop_capture.sources.files.video import open_video
from affectloop_capture.sources.sampled import AudioTrack, SignalTrack
from affectloop_commands.demo_learner import FOLDER

ECG_HZ, EDA_HZ = 128, 4
FRAMES_HZ, FILMED_HZ = 5.0, 25.0  # few, so that several learners fit on a busy machine


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures in turn, as a camera's frames."""

    jpegs: Sequence[bytes]
    frames_hz: float
    seconds: float

    @property
    def stream(self) -> Stream:
        return Stream(FRAMES.name, CAMERA)

    @property
    def duration_us(self) -> int:
        return round(self.seconds * 1e6)

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        count = int(self.seconds * self.frames_hz)
        for number in range(count):
            time_us, next_us = (origin_us + round(place * 1e6 / self.frames_hz) for place in (number, number + 1))
            until_us = END_OF_TIME_US if number == count - 1 else next_us
            header = Header(session_id=session_id, stream_id=CAMERA, sequence=number, event_time_us=time_us, complete_until_us=until_us)
            yield VideoFrame(header=header, jpeg=self.jpegs[number % len(self.jpegs)])

    def ending(self, header: Header) -> Event:
        return VideoFrame(header=header)


def a_learner(
    seconds: float, seed: int = 7, *, modalities: Sequence[str] = ("face", "wristband", "voice"), chunk_ms: float = 250
) -> MergedSource:
    """A learner who sits before a camera, wears a sensor and speaks."""
    tracks: list[Track] = []
    if "face" in modalities:
        tracks.append(Pictures(a_face(), FRAMES_HZ, seconds))
    if "wristband" in modalities:
        tracks += a_wristband(seconds, seed)
    if "voice" in modalities:
        tracks.append(a_voice(seconds, seed))
    return merge([Source("learner", tuple(tracks), "synthetic")], chunk_ms=chunk_ms)


@cache
def a_wristband(seconds: float, seed: int) -> list[Track]:
    """A heart at 72 beats a minute, and a calm skin."""
    rng = np.random.default_rng(seed)
    heart = electrocardiogram(beat_times(seconds, 72.0, rng), seconds, ECG_HZ, rng)
    skin = conductance(seconds, EDA_HZ, rng)
    return [
        SignalTrack(SignalKind.ECG, Fraction(ECG_HZ), heart.astype(np.float32)[:, None]),
        SignalTrack(SignalKind.EDA, Fraction(EDA_HZ), skin.astype(np.float32)[:, None]),
    ]


@cache
def a_voice(seconds: float, seed: int) -> Track:
    """Somebody who speaks at their ease."""
    rng = np.random.default_rng(seed)
    spoken = speak(seconds, manner_at(a_speaker(rng), 0.0, rng), seed)
    return AudioTrack(spoken.sample_rate_hz, spoken.pcm)


def header_at(session: Session, stream_id: str, time_us: int, span_us: int = 500_000) -> Header:
    """Of a stream whose records come every half second, say; they are numbered by their time."""
    return Header(
        session_id=session.session_id,
        stream_id=stream_id,
        sequence=time_us // span_us,
        event_time_us=time_us,
        complete_until_us=time_us + span_us,
    )


@cache
def a_face() -> Sequence[bytes]:
    """Pictures of the demonstration's drawn learner: its first two seconds."""
    (track,) = open_video(FOLDER / "face.webm").tracks
    frames = itertools.islice(track.events("", 0), 0, int(2 * FILMED_HZ), round(FILMED_HZ / FRAMES_HZ))
    return [frame.jpeg for frame in frames if isinstance(frame, VideoFrame)]
