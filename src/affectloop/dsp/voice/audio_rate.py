"""Any microphone's rate to 16 kHz, by numbered samples, so that how the sound was cut changes nothing.

Output sample m lies at the time of input sample m * down / up, counted from the stream's first sample. An output is made
only where the filter's whole support is there: it is a function of the input alone, never of the chunk it came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from affectloop.dsp.voice.features import SAMPLE_RATE_HZ

LARGEST_RATIO = 512  # 44.1 kHz is 160/441; a rate between gets the nearest ratio, some millionths off
HALF_WIDTHS = 10  # zero crossings of the filter's sinc on either side


@dataclass(frozen=True, slots=True)
class Resampler:
    """From one rate to ``SAMPLE_RATE_HZ``.

    ``taps`` is float32, odd, at the rate ``up`` times the input's, ``half`` its centre.
    """

    up: int
    down: int
    half: int
    taps: NDArray[np.float32]

    def first_input_of(self, output: int) -> int:
        """Number of the oldest input sample that must be kept for an output and those after it."""
        return (output * self.down - self.half) // self.up

    def outputs(self, first: int, samples: NDArray[np.float32]) -> tuple[int, NDArray[np.float32]]:
        """Resample numbered samples.

        Parameters
        ----------
        first
            Number of the first input sample since the stream began.
        samples
            float32, shape (n,).

        Returns
        -------
        The number of the first output sample whose support is there, and all such outputs, float32, shape (m,).
        """
        begin = -(-(first * self.up + self.half) // self.down)
        end = ((first + len(samples) - 1) * self.up - self.half) // self.down
        if end < begin or not len(samples):
            return begin, np.zeros(0, np.float32)
        if self.up == self.down:
            return begin, samples
        offset = begin * self.down - first * self.up + self.half
        delay = -offset % self.down  # so that upfirdn's grid meets the outputs
        taps = np.concatenate([np.zeros(delay, np.float32), self.taps])
        start = (offset + delay) // self.down
        resampled = signal.upfirdn(taps, samples, self.up, self.down)[start : start + end - begin + 1]
        return begin, resampled.astype(np.float32)


@cache
def resampler_from(sample_rate_hz: float) -> Resampler:
    """The resampler for a rate of 8 to 48 kHz; ``ValueError`` for another."""
    if not 8_000 <= sample_rate_hz <= 48_000:
        raise ValueError(f"a microphone of {sample_rate_hz:g} Hz: 8,000 to 48,000 are read")
    ratio = (Fraction(SAMPLE_RATE_HZ) / Fraction(sample_rate_hz)).limit_denominator(LARGEST_RATIO)
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        return Resampler(1, 1, 0, np.ones(1, np.float32))
    half = HALF_WIDTHS * max(up, down)
    taps = signal.firwin(2 * half + 1, 1 / max(up, down), window=("kaiser", 5.0)) * up
    return Resampler(up, down, half, taps.astype(np.float32))
