"""Synthetic learners to be streamed: a heart, a skin, a voice, and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import cv2
import numpy as np

from affectloop.events import END_OF_TIME_US, Event, Header, SignalKind, VideoFrame
from affectloop.session import Stream
from affectloop.synthetic.physiology import beat_times, conductance, electrocardiogram
from affectloop.synthetic.voice import a_speaker, manner_at, speak
from affectloop.topics import FRAMES
from affectloop_capture.merge import MergedSource, merge
from affectloop_capture.sources import CAMERA, AudioTrack, SignalTrack, Source, Track

ECG_HZ, EDA_HZ = 128, 4


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
        tracks.append(Pictures([nobody()], 5.0, seconds))
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


def nobody() -> bytes:
    """A picture of an empty room."""
    picture = np.tile(np.linspace(60, 180, 160, dtype=np.uint8), (120, 1))
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))[1])
