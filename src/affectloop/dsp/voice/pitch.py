"""Fundamental frequency of frames by autocorrelation, in batches.

Source: Boersma 1993, Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
sampled sound, Proceedings of the Institute of Phonetic Sciences 17: the autocorrelation of a windowed frame over that
of its window (equation 9), parabolic interpolation of its peaks and an octave cost (equation 26).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from affectloop.dsp.voice.features import SAMPLE_RATE_HZ, TRANSFORM, WINDOW, Spectra

LOWEST_HZ = 70.0  # below it lie creak and the hum of mains (50 and 60 Hz), and three periods no longer fit a frame
HIGHEST_HZ = 640.0  # a child's shout
OCTAVE_COST = 0.04  # strength that a peak an octave lower must have more: without it every multiple of the period is as good
VOICED_STRENGTH = 0.5  # harmonic power above noise power

_SHORTEST = int(SAMPLE_RATE_HZ / HIGHEST_HZ)
_LONGEST = int(SAMPLE_RATE_HZ / LOWEST_HZ)
_LAGS = np.arange(_SHORTEST - 1, _LONGEST + 2)
_PITCH_BAND = np.zeros(TRANSFORM // 2 + 1, np.float32)
_PITCH_BAND[4:192] = 1.0  # 62 Hz to 3 kHz: above hum, and wide enough that white noise seldom looks periodic


@dataclass(frozen=True, slots=True)
class Pitch:
    """Pitch of n frames.

    ``hz`` is float32, shape (n,), NaN where the frame is not voiced; ``strength`` float32, shape (n,), 0 to 1, the
    normalised autocorrelation at the best lag (0.5: as much harmonic as other power).
    """

    hz: NDArray[np.float32]
    strength: NDArray[np.float32]

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """Which frames have a pitch."""
        return np.isfinite(self.hz)


def pitch(spectra: Spectra) -> Pitch:
    """Fundamental frequency of each frame, on its own: no tracking, hence no memory.

    Parameters
    ----------
    spectra
        From ``voice_features.power_spectra``, float32, shape (n, bins).

    Returns
    -------
    Pitch between ``LOWEST_HZ`` and ``HIGHEST_HZ`` of the frames whose strength reaches ``VOICED_STRENGTH``.
    """
    if not len(spectra):
        return Pitch(np.zeros(0, np.float32), np.zeros(0, np.float32))
    correlation = _normalised_autocorrelation(spectra)
    inner = correlation[:, 1:-1]
    peak = (inner >= correlation[:, :-2]) & (inner > correlation[:, 2:])
    worth = np.where(peak, inner - _DEMERIT, -np.inf)
    best = worth.argmax(axis=1)
    rows = np.arange(len(best))
    found = np.isfinite(worth[rows, best])
    before, at, after = correlation[rows, best], correlation[rows, best + 1], correlation[rows, best + 2]
    curvature = np.minimum(before - 2 * at + after, -1e-9)  # a peak curves down
    shift = np.clip(0.5 * (before - after) / curvature, -0.5, 0.5)
    strength = np.where(found, np.clip(at - 0.25 * (before - after) * shift, 0, 1), 0).astype(np.float32)
    hz = SAMPLE_RATE_HZ / (_LAGS[1:-1][best] + shift)
    voiced = (strength >= VOICED_STRENGTH) & (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
    return Pitch(np.where(voiced, hz, np.nan).astype(np.float32), strength)


def _normalised_autocorrelation(spectra: Spectra) -> NDArray[np.float32]:
    raw = fft.irfft(spectra * _PITCH_BAND, TRANSFORM, axis=1)
    energy = np.maximum(raw[:, :1], 1e-12)
    return np.asarray(raw[:, _LAGS] / energy / _WINDOW_CORRELATION, np.float32)


def _window_correlation() -> NDArray[np.float32]:
    power = np.square(np.abs(fft.rfft(WINDOW, TRANSFORM)))
    correlation = fft.irfft(power, TRANSFORM)
    normalised: NDArray[np.float32] = (correlation[_LAGS] / correlation[0]).astype(np.float32)
    return normalised


_WINDOW_CORRELATION = _window_correlation()
_DEMERIT = (OCTAVE_COST * np.log2(_LAGS[1:-1] / _SHORTEST)).astype(np.float32)
