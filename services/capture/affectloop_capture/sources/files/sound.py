"""WAV and FLAC as a microphone: mono, 16 kHz, 16 bit."""

from __future__ import annotations

from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from affectloop.errors import InvalidInput, Unavailable
from affectloop.events import FloatArray, Int16Array
from affectloop_capture.sources.base import VOICE_HZ, FileFormat, Source
from affectloop_capture.sources.container_sizes import missing_part
from affectloop_capture.sources.sampled import AudioTrack

SLOWEST_HZ, FASTEST_HZ = 8_000, 192_000
FULL_SCALE = 32_768
BLOCK_FRAMES = 1 << 20  # read so much at a time, so that only the mono mix is held whole


def soundfile() -> Any:
    """The library, or how to get it."""
    try:
        import soundfile as library
    except ImportError as error:
        raise Unavailable("sound files need soundfile: pip install 'affectloop[capture]'") from error
    return library


def open_sound(path: Path, *, salvage: bool = False) -> Source:
    """A sound file as the learner's microphone; ``InvalidInput`` where it is none, is empty or truncated."""
    if not path.stat().st_size:
        raise InvalidInput(f"{path}: holds no samples, not even a header; record it again")
    missing = missing_part(path)
    if missing:
        raise InvalidInput(f"{path}: the sound is truncated: {missing}; copy it again")
    mono, rate_hz, channels = _mono(path)
    pcm = at_voice_rate(mono, rate_hz)
    seconds = len(pcm) / VOICE_HZ
    return Source(
        path.name, (AudioTrack(VOICE_HZ, pcm, path.suffix.lstrip(".")),), f"sound, {rate_hz} Hz, {channels} channels, {seconds:.1f} s"
    )


def _mono(path: Path) -> tuple[FloatArray, int, int]:
    """The mean of the channels, the rate and how many channels there were."""
    library = soundfile()
    try:
        with library.SoundFile(path) as file:
            stated, rate_hz, channels = file.frames, int(file.samplerate), int(file.channels)
            _check_form(path, stated, rate_hz)
            blocks = [block.mean(axis=1) for block in file.blocks(BLOCK_FRAMES, dtype="float32", always_2d=True)]
    except library.LibsndfileError as error:
        raise InvalidInput(f"{path}: cannot be read as sound ({error}); convert it to WAV or FLAC") from error
    mono: FloatArray = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
    if len(mono) < stated:
        raise InvalidInput(f"{path}: the sound is truncated: {len(mono)} of {stated} samples are there; copy it again")
    if not np.isfinite(mono).all():
        index = int(np.argmin(np.isfinite(mono)))
        raise InvalidInput(f"{path}: sample {index} is not a number; export the sound again")
    return mono, rate_hz, channels


def _check_form(path: Path, frames: int, rate_hz: int) -> None:
    if not frames:
        raise InvalidInput(f"{path}: holds no samples; record it again")
    if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        raise InvalidInput(f"{path}: {rate_hz} Hz; voices are read at {SLOWEST_HZ} to {FASTEST_HZ} Hz; convert it to {VOICE_HZ} Hz")


def at_voice_rate(mono: FloatArray, rate_hz: int) -> Int16Array:
    """16-bit samples at 16 kHz, over the whole sound at once so that no chunk border is heard.

    A sound that has the rate already keeps its bits.
    """
    common = gcd(rate_hz, VOICE_HZ)
    resampled = mono if rate_hz == VOICE_HZ else resample_poly(mono, VOICE_HZ // common, rate_hz // common)
    return np.clip(np.rint(resampled * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _knows(path: Path, first_bytes: bytes) -> bool:
    return first_bytes[:4] == b"fLaC" or (first_bytes[:4] in (b"RIFF", b"RF64") and first_bytes[8:12] == b"WAVE")


FORMAT = FileFormat(
    name="WAV or FLAC",
    reads="8 to 192 kHz, any number of channels, as the learner's microphone: mono, 16 kHz",
    suffixes=(".wav", ".flac"),
    knows=_knows,
    open=open_sound,
)
