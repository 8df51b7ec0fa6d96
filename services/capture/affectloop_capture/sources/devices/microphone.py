"""A microphone of this machine, live."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from affectloop.clock import Clock
from affectloop.errors import Unavailable
from affectloop.events import END_OF_TIME_US, AudioChunk, Event, Header, offset_us
from affectloop.session import Stream
from affectloop.topics import AUDIO
from affectloop_capture.sources.base import MICROPHONE, VOICE_HZ

BLOCK_SAMPLES = 1_600  # 100 ms: ten records a second


class Microphone:
    """A microphone of this machine through PortAudio; times are counted from the first sample."""

    def __init__(self, clock: Clock, device: Any = None) -> None:
        self._clock = clock
        self._device = device if device is not None else _input_stream()
        self._stopped = threading.Event()

    @property
    def stream(self) -> Stream:
        """The microphone's."""
        return Stream(AUDIO.name, MICROPHONE)

    def events(self, session_id: str) -> Iterator[Event]:
        """A tenth of a second at a time."""
        number, start_us = 0, 0
        with self._device as device:
            while not self._stopped.is_set():
                block, _ = device.read(BLOCK_SAMPLES)
                pcm = np.asarray(block, np.int16).reshape(-1)
                start_us = start_us or self._clock.wall_us() - offset_us(len(pcm), VOICE_HZ)
                yield self._chunk(session_id, start_us, number, pcm)
                number += len(pcm)
        if number:
            yield self._chunk(session_id, start_us, number, np.empty(0, np.int16))

    def stop(self) -> None:
        """After the block at hand."""
        self._stopped.set()

    def _chunk(self, session_id: str, start_us: int, number: int, pcm: np.ndarray[Any, np.dtype[np.int16]]) -> AudioChunk:
        header = Header(
            session_id=session_id,
            stream_id=MICROPHONE,
            sequence=number,
            event_time_us=start_us + offset_us(number, VOICE_HZ),
            complete_until_us=start_us + offset_us(number + len(pcm), VOICE_HZ) if len(pcm) else END_OF_TIME_US,
            captured_by="microphone",
        )
        return AudioChunk(header=header, sample_rate_hz=VOICE_HZ, pcm=pcm)


def _input_stream() -> Any:
    try:
        import sounddevice  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except (ImportError, OSError) as error:  # OSError: the package is there, PortAudio is not
        remedy = "pip install 'affectloop[microphone]', and on Linux the package libportaudio2; or play a WAV file instead"
        raise Unavailable(f"microphones need sounddevice: {remedy}") from error
    try:
        return sounddevice.InputStream(samplerate=VOICE_HZ, channels=1, dtype="int16", blocksize=BLOCK_SAMPLES)
    except sounddevice.PortAudioError as error:
        raise Unavailable(
            f"there is no microphone on this machine ({error}); play a WAV file instead, or let the browser capture"
        ) from error
