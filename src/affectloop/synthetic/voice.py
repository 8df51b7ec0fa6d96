"""A synthetic voice of known truth: syllables, pitch, pauses and a manner of speaking, from one seed.

It speaks no language. Harmonics of a glottal source pass three formants (vowels), noise stands for fricatives and
bursts, and all times are known, so that voice activity, pitch, syllables and the cues of arousal can be tested and a
small model trained without anyone's recording.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
CONTROL_HZ = 200  # how often the synthesis updates pitch, formants and gains
HIGHEST_HARMONIC_HZ = 7_000.0

VOWELS_HZ = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240), (640, 1190, 2390))
BANDWIDTHS_HZ = (80.0, 100.0, 140.0)

HEAD_MOVES_DB = 2.5  # standard deviation: a mouth that comes a third nearer to the microphone is 3.5 dB louder

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a voice speaks."""

    pitch_hz: float = 180.0
    pitch_range_semitones: float = 2.5  # standard deviation of the accents
    level_dbfs: float = -26.0  # of the speech itself, root mean square
    tilt_db_per_octave: float = -5.0  # of the source, above 200 Hz; 0 is flat
    syllables_per_s: float = 4.5  # within phrases
    phrase_s: tuple[float, float] = (1.0, 3.5)  # shortest and longest
    pause_s: tuple[float, float] = (0.4, 1.5)
    noise_dbfs: float = -65.0  # of the room, white
    formant_scale: float = 1.0  # below 1 a long vocal tract, above it a child's


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenVoice:
    """Sound and its truth; times in seconds from its start."""

    pcm: NDArray[np.int16]
    sample_rate_hz: int
    syllables_s: FloatArray  # (n, 2), start and end
    phrases_s: FloatArray  # (n, 2), start and end
    pitch_hz: FloatArray  # (m,), every 5 ms (CONTROL_HZ); NaN where not voiced

    def speaks_at(self, times_s: FloatArray) -> NDArray[np.bool_]:
        """Whether each time lies within a phrase."""
        starts, ends = self.phrases_s[:, :1], self.phrases_s[:, 1:]
        return np.asarray(((times_s >= starts) & (times_s < ends)).any(axis=0))

    def pitch_at(self, times_s: FloatArray) -> FloatArray:
        """True pitch at each time, NaN where not voiced."""
        index = np.clip((times_s * CONTROL_HZ).astype(int), 0, len(self.pitch_hz) - 1)
        return np.asarray(self.pitch_hz[index])


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A voice at rest, and the microphone before it."""

    at_rest: Manner
    sensitivity: tuple[float, ...]  # how strongly each cue of ``CUES`` follows arousal, 1 is usual


# What a unit of arousal (-1 calm, 1 aroused) adds to each cue. The directions are those of Banse & Scherer 1996 and of the
# review of Juslin & Laukka 2003 (anger, fear and elation over sadness and tenderness: higher and wider pitch, louder, more
# high-frequency energy, faster); the sizes are this project's, the middle of what acted speech shows.
CUES = {
    "pitch_semitones": 4.0,
    "range_log2": 0.5,
    "level_db": 6.0,
    "tilt_db_per_octave": 3.0,
    "rate_log2": 0.2,
}


def a_speaker(rng: np.random.Generator) -> Speaker:
    """Draw a speaker: sex and age by pitch and vocal tract, a usual rate, a microphone's gain, a room's noise."""
    octave = rng.uniform(np.log2(95), np.log2(280))
    at_rest = Manner(
        pitch_hz=float(2**octave),
        pitch_range_semitones=float(rng.uniform(1.5, 4.0)),
        level_dbfs=float(rng.uniform(-38, -18)),
        tilt_db_per_octave=float(rng.uniform(-7, -2)),
        syllables_per_s=float(rng.uniform(3.8, 5.6)),
        noise_dbfs=float(rng.uniform(-80, -58)),
        formant_scale=float(np.clip(0.9 + 0.15 * (octave - np.log2(95)) + rng.normal(0, 0.04), 0.8, 1.3)),
    )
    return Speaker(at_rest=at_rest, sensitivity=tuple(float(value) for value in rng.lognormal(0, 0.3, len(CUES))))


def manner_at(speaker: Speaker, arousal: float, rng: np.random.Generator, *, scatter: float = 0.35) -> Manner:
    """How the speaker speaks at an arousal of -1 to 1; ``scatter`` is what each cue varies by chance, in units of arousal."""
    shown = np.array(speaker.sensitivity) * (arousal + rng.normal(0, scatter, len(CUES))) * np.array(list(CUES.values()))
    moved = dict(zip(CUES, shown.tolist(), strict=True))
    rest = speaker.at_rest
    return Manner(
        pitch_hz=float(np.clip(rest.pitch_hz * 2 ** (moved["pitch_semitones"] / 12), 75, 550)),
        pitch_range_semitones=rest.pitch_range_semitones * 2 ** moved["range_log2"],
        level_dbfs=float(min(rest.level_dbfs + moved["level_db"] + rng.normal(0, HEAD_MOVES_DB), -10.0)),
        tilt_db_per_octave=rest.tilt_db_per_octave + moved["tilt_db_per_octave"],
        syllables_per_s=float(np.clip(rest.syllables_per_s * 2 ** moved["rate_log2"], 2.5, 7.5)),
        noise_dbfs=rest.noise_dbfs,
        formant_scale=rest.formant_scale,
    )


def speak(duration_s: float, manner: Manner, seed: int) -> SpokenVoice:
    """Speak for ``duration_s`` in phrases and pauses, beginning with a pause; the same seed gives the same samples."""
    rng = np.random.default_rng(seed)
    phrases, syllables = _plan(duration_s, manner, rng)
    controls = round(duration_s * CONTROL_HZ)
    track = _Track.silent(controls)
    for phrase in phrases:
        inside = syllables[(syllables[:, 0] >= phrase[0]) & (syllables[:, 1] <= phrase[1] + 1e-9)]
        for number, (start, end) in enumerate(inside):
            declination = 1.5 * (0.5 - number / max(len(inside) - 1, 1))  # semitones: pitch falls over a phrase
            track.syllable(start, end, declination, manner, rng)
    sound = _voiced(track, round(duration_s * SAMPLE_RATE_HZ), manner) + _hissed(track, round(duration_s * SAMPLE_RATE_HZ), rng)
    speaking = np.interp(np.arange(len(sound)) / SAMPLE_RATE_HZ, np.arange(controls) / CONTROL_HZ, track.voice + track.hiss) > 0
    power = float(np.mean(np.square(sound[speaking]))) if speaking.any() else 1.0
    sound *= 10 ** (manner.level_dbfs / 20) / np.sqrt(power)
    sound += rng.normal(0, 10 ** (manner.noise_dbfs / 20), len(sound))
    return SpokenVoice(
        pcm=np.clip(np.round(sound * 32_768), -32_768, 32_767).astype(np.int16),
        sample_rate_hz=SAMPLE_RATE_HZ,
        syllables_s=syllables,
        phrases_s=phrases,
        pitch_hz=np.where(track.voice > 0.1, track.pitch, np.nan),
    )


def _plan(duration_s: float, manner: Manner, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    phrases: list[tuple[float, float]] = []
    syllables: list[tuple[float, float]] = []
    at = rng.uniform(*manner.pause_s)
    while True:
        lengths = _syllable_lengths(manner, rng)
        end = at + lengths.sum()
        if end > duration_s - 0.1:
            return np.array(phrases).reshape(-1, 2), np.array(syllables).reshape(-1, 2)
        edges = at + np.concatenate([[0.0], np.cumsum(lengths)])
        syllables += pairwise(edges.tolist())
        phrases.append((at, end))
        at = end + rng.uniform(*manner.pause_s)


def _syllable_lengths(manner: Manner, rng: np.random.Generator) -> FloatArray:
    count = max(2, round(rng.uniform(*manner.phrase_s) * manner.syllables_per_s))
    lengths = rng.lognormal(0, 0.2, count)
    lengths[-1] *= 1.4  # the last syllable of a phrase is drawn out
    scaled: FloatArray = lengths * count / (manner.syllables_per_s * lengths.sum())
    return scaled


@dataclass(slots=True)
class _Track:
    """The synthesis' controls over time, each (n,) at ``CONTROL_HZ``, formants (n, 3)."""

    pitch: FloatArray
    voice: FloatArray
    hiss: FloatArray
    formants: FloatArray

    @classmethod
    def silent(cls, controls: int) -> _Track:
        formants = np.tile(np.array(VOWELS_HZ[-1], float), (controls, 1))
        return cls(np.full(controls, 100.0), np.zeros(controls), np.zeros(controls), formants)

    def syllable(self, start_s: float, end_s: float, declination: float, manner: Manner, rng: np.random.Generator) -> None:
        """One consonant and one vowel."""
        first, last = round(start_s * CONTROL_HZ), min(round(end_s * CONTROL_HZ), len(self.pitch))
        length = last - first
        consonant = max(4, round(length * rng.uniform(0.22, 0.38)))
        vowel = slice(first + consonant, last)
        kind = rng.choice(3, p=(0.4, 0.3, 0.3))  # stop, fricative, sonorant
        accent = declination + rng.normal(0, manner.pitch_range_semitones)
        glide = np.linspace(-0.5, 0.5, length) * rng.normal(0, 2.0)  # semitones within the syllable
        self.pitch[first:last] = np.clip(manner.pitch_hz * 2 ** ((accent + glide) / 12), 65, 620)
        self.formants[first:last] = np.array(VOWELS_HZ[rng.integers(len(VOWELS_HZ))]) * manner.formant_scale
        strength = 10 ** (rng.normal(0, 2.0) / 20)
        self.voice[vowel] = strength * _hump(last - first - consonant)
        if kind == 2:
            self.voice[first : first + consonant] = 0.25 * strength
        elif kind == 1:
            self.hiss[first : first + consonant] = 0.12 * _hump(consonant)
        else:
            self.hiss[first + consonant - 2 : first + consonant] = 0.2  # the burst after a closure


def _hump(length: int) -> FloatArray:
    ramp = min(6, max(1, length // 3))  # 30 ms
    edge = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp) + 0.5) / ramp)
    hump: FloatArray = np.concatenate([edge, np.ones(max(length - 2 * ramp, 0)), edge[::-1]])[:length]
    return hump


def _voiced(track: _Track, samples: int, manner: Manner) -> FloatArray:
    """Harmonics of the pitch, each with the gain of source and formants at its own frequency."""
    at = np.arange(samples) / SAMPLE_RATE_HZ
    control_at = np.arange(len(track.pitch)) / CONTROL_HZ
    turn = np.exp(2j * np.pi * np.cumsum(np.interp(at, control_at, track.pitch)) / SAMPLE_RATE_HZ)
    spoken = np.flatnonzero(np.interp(at, control_at, track.voice) > 0)
    sound = np.zeros(samples)
    if not spoken.size:
        return sound
    turn, wave, total = turn[spoken], np.ones(spoken.size, complex), np.zeros(spoken.size)
    for harmonic in range(1, int(HIGHEST_HARMONIC_HZ / np.median(track.pitch[track.voice > 0])) + 1):
        wave = wave * turn
        gain = track.voice * _gain(harmonic * track.pitch, track.formants, manner.tilt_db_per_octave)
        total += np.interp(at[spoken], control_at, gain) * wave.real
    sound[spoken] = total
    return sound


def _gain(frequency: FloatArray, formants: FloatArray, tilt_db_per_octave: float) -> FloatArray:
    source = 10 ** (tilt_db_per_octave * np.log2(np.maximum(frequency, 200.0) / 200.0) / 20)
    resonance = np.ones_like(frequency)
    for centre, bandwidth in zip(formants.T, BANDWIDTHS_HZ, strict=True):
        resonance *= centre**2 / np.abs(centre**2 - frequency**2 + 1j * frequency * bandwidth)
    gain: FloatArray = source * resonance * (frequency < HIGHEST_HARMONIC_HZ)
    return gain


def _hissed(track: _Track, samples: int, rng: np.random.Generator) -> FloatArray:
    noise = np.diff(rng.normal(0, 1, samples + 1))  # differencing tilts it up, as fricatives are
    gain = np.interp(np.arange(samples) / SAMPLE_RATE_HZ, np.arange(len(track.hiss)) / CONTROL_HZ, track.hiss)
    hissed: FloatArray = noise * gain
    return hissed
