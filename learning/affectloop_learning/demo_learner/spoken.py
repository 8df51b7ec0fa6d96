"""The learner's voice: espeak-ng says the story's phrases into a quiet room. What it says is ours; the program is only a tool."""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfilt

from affectloop_learning.demo_learner import story

VOICE = "en-us+f2"
PITCH, EFFORT_PITCH = 58, 80  # of espeak-ng, 0 to 99
WORDS_PER_MIN, EFFORT_WORDS_PER_MIN = 138, 178
LEVEL_DBFS, EFFORT_DB = -25.0, 6.0  # root mean square of what is said; how much louder effort is
ROOM_DBFS = -64.0
SILENCE_DBFS = -50.0  # below it, before and after a phrase, nothing is said


@dataclass(frozen=True, slots=True)
class Voice:
    """The sound, and when each phrase was said, in seconds."""

    pcm: NDArray[np.int16]
    said_s: tuple[tuple[float, float], ...]


def speak() -> Voice:
    """The whole story's sound."""
    rng = np.random.default_rng([story.SEED, 20])
    count = round(story.DURATION_S * story.VOICE_HZ)
    sound, said = _room(count, rng), []
    for phrase in story.PHRASES:
        speech = _said(phrase)
        first = round(phrase.start_s * story.VOICE_HZ)
        sound[first : first + len(speech)] += speech
        said.append((phrase.start_s, round(phrase.start_s + len(speech) / story.VOICE_HZ, 3)))
    for (_, ends_s), (begins_s, _) in pairwise(said):
        assert ends_s < begins_s, f"the phrase at {begins_s} s begins before the last one ends"
    return Voice(np.clip(np.rint(sound * 32_768), -32_768, 32_767).astype(np.int16), tuple(said))


def _said(phrase: story.Phrase) -> NDArray[np.float64]:
    pitch = round(PITCH + phrase.effort * (EFFORT_PITCH - PITCH))
    speed = round(WORDS_PER_MIN + phrase.effort * (EFFORT_WORDS_PER_MIN - WORDS_PER_MIN))
    command = ["espeak-ng", "-v", VOICE, "-p", str(pitch), "-s", str(speed), "--stdout", phrase.text]
    spoken = subprocess.run(command, check=True, capture_output=True).stdout
    samples, rate_hz = soundfile.read(io.BytesIO(_whole(spoken)))
    speech = resample_poly(samples, story.VOICE_HZ, rate_hz)
    loud = np.flatnonzero(np.abs(speech) > 10 ** (SILENCE_DBFS / 20))
    speech = speech[loud[0] : loud[-1] + 1]
    level = LEVEL_DBFS + EFFORT_DB * phrase.effort
    return np.asarray(speech * 10 ** (level / 20) / np.sqrt(np.mean(speech**2)))


def _whole(wave: bytes) -> bytes:
    """The WAV with its true length: espeak-ng, which writes to a pipe, leaves the largest there is."""
    data = wave.index(b"data") + 8
    length = len(wave) - data
    return wave[:4] + (len(wave) - 8).to_bytes(4, "little") + wave[8 : data - 4] + length.to_bytes(4, "little") + wave[data:]


def _room(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Air and a computer's fan."""
    noise = sosfilt(butter(1, 600, fs=story.VOICE_HZ, output="sos"), rng.normal(size=count))
    room: NDArray[np.float64] = noise / noise.std() * 10 ** (ROOM_DBFS / 20)
    return room
