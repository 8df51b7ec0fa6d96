"""What 40 ms of sound hold: power spectra of frames, and the levels and slopes that are read from them.

Every other measure of the voice (activity, pitch, syllables, arousal) starts from these spectra, so that a frame is
transformed once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

SAMPLE_RATE_HZ = 16_000
FRAME = 640  # samples, 40 ms: three periods of the lowest voices that school ages bring (75 Hz), short beside a syllable
STEP = 160  # samples, 10 ms
FRAMES_PER_S = SAMPLE_RATE_HZ // STEP
TRANSFORM = 1024  # at least FRAME plus the longest pitch lag, so that the circular autocorrelation does not wrap into it
FULL_SCALE = 32_768.0
LOWEST_LEVEL_DB = -100.0  # below the quantisation noise of 16 bits; what digital silence is given

SPEECH_BAND_HZ = (100.0, 4_000.0)  # without rumble and mains hum; what an 8 kHz microphone still carries
SYLLABLE_BAND_HZ = (300.0, 3_000.0)  # vowels stand out here, voicing bars and fricatives do not
LOW_BAND_HZ = (100.0, 1_000.0)
HIGH_BAND_HZ = (1_000.0, 4_000.0)

Spectra = NDArray[np.float32]
Frames = NDArray[np.float32]

WINDOW = np.hanning(FRAME + 1)[:-1].astype(np.float32)
_POWER_SCALE = np.float32(2.0 / (TRANSFORM * np.square(WINDOW).sum()))  # one-sided; a frame's bins sum to its mean square


def framed(samples: NDArray[np.float32]) -> Frames:
    """Cut samples into overlapping frames.

    Parameters
    ----------
    samples
        float32, shape (n,), full scale 1, at ``SAMPLE_RATE_HZ``.

    Returns
    -------
    A view, float32, shape (m, FRAME), m = max(0, 1 + (n - FRAME) // STEP).
    """
    if samples.size < FRAME:
        return np.zeros((0, FRAME), np.float32)
    return np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::STEP]


def power_spectra(frames: Frames) -> Spectra:
    """Hann-windowed one-sided power spectra of frames, their mean removed.

    Parameters
    ----------
    frames
        float32, shape (n, FRAME), full scale 1.

    Returns
    -------
    float32, shape (n, TRANSFORM // 2 + 1), bins of 15.625 Hz; the bins of a frame sum to its mean square.
    """
    centred = frames - frames.mean(axis=1, keepdims=True)
    transformed = fft.rfft(centred * WINDOW, TRANSFORM, axis=1)
    power: Spectra = (np.square(transformed.real) + np.square(transformed.imag)) * _POWER_SCALE
    return power


def band_level_db(spectra: Spectra, band_hz: tuple[float, float]) -> NDArray[np.float32]:
    """Level within a band.

    Parameters
    ----------
    spectra
        From ``power_spectra``, shape (n, bins).
    band_hz
        Lowest and highest frequency.

    Returns
    -------
    float32, shape (n,), dB of full scale (a full-scale sine has -3), at least ``LOWEST_LEVEL_DB``.
    """
    low, high = (round(edge * TRANSFORM / SAMPLE_RATE_HZ) for edge in band_hz)
    return _db(spectra[:, low : high + 1].sum(axis=1))


def spectral_balance_db(spectra: Spectra) -> NDArray[np.float32]:
    """How much of the voice lies high: level of 1-4 kHz over that of 100-1000 Hz, in dB.

    A tense, loud voice has a flatter spectrum. The negative of the alpha ratio, with its upper band ended at 4 kHz so
    that microphones of 8 kHz give the same number.

    Source: Eyben et al. 2016, The Geneva Minimalistic Acoustic Parameter Set, section 4 (alpha ratio).
    """
    return band_level_db(spectra, HIGH_BAND_HZ) - band_level_db(spectra, LOW_BAND_HZ)


def level_db(samples: NDArray[np.float32]) -> float:
    """Root mean square of samples without their mean, dB of full scale, at least ``LOWEST_LEVEL_DB``; empty gives that."""
    return float(_db(np.asarray([samples.var() if samples.size else 0.0], np.float32))[0])


def clipped_share(pcm: NDArray[np.int16]) -> float:
    """Share of samples at either end of the 16-bit range, 0 to 1."""
    if not pcm.size:
        return 0.0
    return float(np.mean((pcm >= 32_700) | (pcm <= -32_700)))  # sound cards clip a little short of the end


def _db(power: NDArray[np.float32]) -> NDArray[np.float32]:
    lowest = 10 ** (LOWEST_LEVEL_DB / 10)
    decibels: NDArray[np.float32] = 10 * np.log10(np.maximum(power, np.float32(lowest)))
    return decibels
