"""Whole recordings through the audio service's own code, without a bus: what training and evaluation measure is what is served."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from affectloop.events import END_OF_TIME_US, AudioChunk, Event, Header
from affectloop.processor import SessionContext
from affectloop_audio.arousal import ArousalModel, Voice
from affectloop_audio.audio_buffer import AudioBuffer
from affectloop_audio.processor import AudioProcessor
from affectloop_audio.settings import AudioSettings
from affectloop_audio.speech_analysis import HOP_US, Speech, SpeechAnalyzer

START_US = 1_700_000_000_000_000
SESSION = "recording"


def chunks(pcm: NDArray[np.int16], sample_rate_hz: int = 16_000, chunk_ms: float = 250.0, start_us: int = START_US) -> Iterator[AudioChunk]:
    """A recording cut into chunks."""
    length = max(1, round(sample_rate_hz * chunk_ms / 1000))
    for first in range(0, len(pcm), length):
        end = min(first + length, len(pcm))
        at_us, until_us = (start_us + round(number * 1e6 / sample_rate_hz) for number in (first, end))
        header = Header(session_id=SESSION, stream_id="microphone", sequence=first, event_time_us=at_us, complete_until_us=until_us)
        yield AudioChunk(header=header, sample_rate_hz=sample_rate_hz, pcm=pcm[first:end])


def features(
    pcm: NDArray[np.int16], sample_rate_hz: int = 16_000, model: ArousalModel | None = None, chunk_ms: float = 250.0
) -> list[Event]:
    """What the service says of a recording."""
    context = SessionContext(session_id=SESSION, started_at_us=START_US, emotion_inference=model is not None)
    processor = AudioProcessor(context, AudioSettings(), model)
    said: list[Event] = []
    for chunk in chunks(pcm, sample_rate_hz, chunk_ms):
        processor.step(chunk)
        said += processor.advance(chunk.header.complete_until_us)
    return [*said, *processor.advance(END_OF_TIME_US)]


def heard(pcm: NDArray[np.int16]) -> Speech:
    """A whole recording at 16 kHz, its hops joined."""
    buffer = AudioBuffer()
    hops = len(pcm) * 1_000_000 // 16_000 // HOP_US + 1
    listener = SpeechAnalyzer(hops)
    for chunk in chunks(pcm, chunk_ms=60_000):
        buffer.take(chunk)
    for hop in range(1, hops + 1):
        listener.hear(START_US + hop * HOP_US, buffer.until(START_US + hop * HOP_US), -np.inf)
    return Speech.of(listener.last(hops, START_US + hops * HOP_US))


def voice(pcm: NDArray[np.int16], least_spoken_s: float = 1.5) -> Voice | None:
    """How somebody speaks in a recording at 16 kHz; ``None`` where too little is said."""
    return Voice.of(heard(pcm), least_spoken_s)
