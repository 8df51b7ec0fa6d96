"""Zero-phase filters over a short window, by one Fourier transform: no state, hence nothing to lose or to warm up.

A recursive filter (``scipy.signal.sosfiltfilt``) costs 50-150 us of fixed overhead a call; for windows of some
hundred samples a transform with mirrored ends is several times cheaper, and one transform serves several bands.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


def mirrored(samples: FloatArray, pad: int) -> FloatArray:
    """The samples with ``pad`` more at each end, mirrored through the end point.

    Parameters
    ----------
    samples
        Shape (n,), any unit, n > pad.
    pad
        Samples to add at each end.

    Returns
    -------
    Shape (n + 2 * pad,), same unit: value and slope go on smoothly, so that a filter sees no step at the ends.

    Source: Gustafsson, IEEE Trans. Signal Process. 44(4), 1996 (odd extension, as in ``scipy.signal.filtfilt``).
    """
    head = 2 * samples[0] - samples[pad:0:-1]
    tail = 2 * samples[-1] - samples[-2 : -pad - 2 : -1]
    return np.concatenate((head, samples, tail))


@lru_cache(maxsize=256)
def band_response(count: int, rate_hz: float, low_hz: float, high_hz: float) -> FloatArray:
    """Gain of a band-pass at the frequencies of ``numpy.fft.rfft`` of ``count`` samples.

    Raised-cosine edges, from half to one and a half of each corner: sharper ones would ring beyond a heartbeat.

    Parameters
    ----------
    count, rate_hz
        Length of the transform, and samples a second.
    low_hz, high_hz
        Corners (gain one half). ``low_hz`` 0 lets everything below pass but the mean.

    Returns
    -------
    Shape (count // 2 + 1,), 0 to 1; not to be written to.
    """
    frequency: FloatArray = np.fft.rfftfreq(count, 1 / rate_hz).astype(np.float64)
    gain = _rising_edge(frequency, low_hz) * (1 - _rising_edge(frequency, high_hz))
    gain[0] = 0.0
    gain.flags.writeable = False
    return gain


def _rising_edge(frequency: FloatArray, corner_hz: float) -> FloatArray:
    if corner_hz <= 0:
        return np.ones_like(frequency)
    share = np.clip(frequency / corner_hz - 0.5, 0, 1)
    return 0.5 - 0.5 * np.cos(np.pi * share)


class Spectrum:
    """One window's Fourier transform, out of which bands are cut.

    Parameters
    ----------
    samples
        Shape (n,), n >= 2, uniformly sampled.
    rate_hz
        Samples a second.
    margin_s
        Length of the mirrored ends, seconds; shortened where the window is.
    """

    def __init__(self, samples: FloatArray, rate_hz: float, margin_s: float) -> None:
        self._size = len(samples)
        self._pad = min(round(margin_s * rate_hz), self._size - 1)
        extended = mirrored(samples - samples.mean(), self._pad)
        self._count = next_fast_len(len(extended), real=True)
        self._rate_hz = rate_hz
        self._values: ComplexArray = np.fft.rfft(extended, self._count)

    def band(self, low_hz: float, high_hz: float) -> FloatArray:
        """The band-passed window, shape (n,)."""
        filtered = np.fft.irfft(self._values * self._gain(low_hz, high_hz), self._count)
        return filtered[self._pad : self._pad + self._size]

    def analytic(self, low_hz: float, high_hz: float) -> ComplexArray:
        """The band's analytic signal, shape (n,): real part as ``band``, modulus its envelope."""
        full = np.zeros(self._count, complex)
        full[: len(self._values)] = 2 * self._values * self._gain(low_hz, high_hz)
        return np.fft.ifft(full)[self._pad : self._pad + self._size]

    def slope(self, low_hz: float, high_hz: float) -> FloatArray:
        """The band's derivative, shape (n,), units a second."""
        omega = 2j * np.pi * np.fft.rfftfreq(self._count, 1 / self._rate_hz)
        filtered = np.fft.irfft(self._values * self._gain(low_hz, high_hz) * omega, self._count)
        return filtered[self._pad : self._pad + self._size]

    def _gain(self, low_hz: float, high_hz: float) -> FloatArray:
        return band_response(self._count, self._rate_hz, low_hz, high_hz)


def local_maxima(values: FloatArray) -> NDArray[np.intp]:
    """Indices of samples above their left and not below their right neighbour, ends excluded."""
    middle = values[1:-1]
    return np.flatnonzero((middle > values[:-2]) & (middle >= values[2:])) + 1


def refined(values: FloatArray, peaks: NDArray[np.intp]) -> FloatArray:
    """Positions of maxima between the samples: the vertex of the parabola through each and its neighbours.

    Parameters
    ----------
    values, peaks
        Shape (n,), and indices of local maxima, shape (k,); an index at an end stays as it is.

    Returns
    -------
    Shape (k,), samples, within half a sample of ``peaks``.

    Source: Smith & Serra, PARSHL, 1987 (quadratic peak interpolation).
    """
    inner = np.clip(peaks, 1, max(len(values) - 2, 1))
    left, middle, right = values[inner - 1], values[inner], values[inner + 1]
    curvature = left - 2 * middle + right
    shift = np.where(curvature < 0, 0.5 * (left - right) / np.where(curvature < 0, curvature, -1.0), 0.0)
    return peaks.astype(np.float64) + np.where(inner == peaks, np.clip(shift, -0.5, 0.5), 0.0)
