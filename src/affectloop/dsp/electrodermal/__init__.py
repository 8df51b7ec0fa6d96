"""Electrodermal activity on a grid of 250 ms: its tonic level, and skin conductance responses of absolute size.

A response is a rise of at least 0.03 uS from a trough to a peak, never a share of the largest one in sight: such a
relative threshold finds responses in a constant input.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from affectloop.dsp.filters import FloatArray
from affectloop.dsp.order import deviation, percentile

GRID_HZ = 4.0  # what wristbands give; faster signals are averaged to it
KERNEL = 7  # samples of smoothing, 1.75 s: takes 7 % of a quick response's height, two thirds of the noise
REACH = KERNEL // 2
SMOOTHING_LOSS = 1.05  # an amplitude is raised by this: smoothing took 3 to 7 % of it
RISE_S = 8.0  # no response rises for longer
SETTLE_S = 3.0  # a peak is one once nothing higher follows for so long, or it has fallen
LEAST_DIP_MICROSIEMENS = 0.005  # a smaller dip does not part two responses
RISEN_SHARE = 0.05  # of the amplitude above the trough: there it begins; the trough itself may be a quiet while before
NOISE_DIPS, NOISE_RISES = 2.0, 4.0  # standard deviations of the smoothed noise that a dip, a response must exceed
BENDS = 6**0.5  # standard deviation of the second difference of unit noise
TONIC_PERCENTILE = 5.0  # of the smoothed level: below the responses, not on a single low sample


@dataclass(frozen=True, slots=True)
class Response:
    """A skin conductance response: onset and peak in samples of the window, amplitude from the trough before it."""

    onset: int
    peak: int
    amplitude_microsiemens: float


@lru_cache(maxsize=1)
def _kernel() -> FloatArray:
    window = np.hanning(KERNEL + 2)[1:-1]
    kernel: FloatArray = window / window.sum()
    return kernel


@lru_cache(maxsize=1)
def _noise_passed() -> float:
    return float(np.sqrt((_kernel() ** 2).sum()))


def smoothed(conductance: FloatArray) -> FloatArray:
    """The conductance through a Hann kernel of 1.75 s, ends held.

    Parameters
    ----------
    conductance
        Shape (n,), n >= 1, uS at 4 Hz.

    Returns
    -------
    Shape (n,), uS.
    """
    held = np.concatenate((np.full(REACH, conductance[0]), conductance, np.full(REACH, conductance[-1])))
    return np.convolve(held, _kernel(), "valid")


def noise(conductance: FloatArray) -> float:
    """Standard deviation of the sample noise, uS, from the second differences: slow changes do not count.

    Parameters
    ----------
    conductance
        Shape (n,), uS at 4 Hz; less than three samples have no noise.

    Source: median absolute deviation, Hampel, J. Am. Stat. Assoc. 69, 1974.
    """
    if len(conductance) < 3:
        return 0.0
    bends = conductance[2:] - 2 * conductance[1:-1] + conductance[:-2]
    return deviation(bends) / BENDS


def tonic_level(smooth: FloatArray) -> float:
    """The level under the responses, uS: a low percentile of the smoothed conductance of some 20 s, shape (n,)."""
    return percentile(smooth, TONIC_PERCENTILE)


def responses(smooth: FloatArray, noise_microsiemens: float, least_microsiemens: float, first: int, last: int) -> list[Response]:
    """The responses that peak within ``first`` (included) to ``last`` (excluded).

    Each is judged from the samples around its peak alone (8 s before, 3 s after): the same peak is found from any window that holds them.
    A rise that was under way when the window began is none: it may be the electrodes' touch.

    Parameters
    ----------
    smooth
        Shape (n,), smoothed conductance, uS at 4 Hz.
    noise_microsiemens
        Standard deviation of the sample noise before smoothing; raises the thresholds where it is large.
    least_microsiemens
        Least amplitude of a response.
    first, last
        Bounds of the peaks' indices, 1 to n - 1.

    Returns
    -------
    Responses by time of peak.

    Source: trough-to-peak scoring with an absolute criterion, Boucsein et al., Psychophysiology 49, 2012; the dip that
    parts two responses is our own.
    """
    remaining = noise_microsiemens * _noise_passed()
    dip = max(LEAST_DIP_MICROSIEMENS, NOISE_DIPS * remaining)
    least = max(least_microsiemens, NOISE_RISES * remaining)
    levels = smooth.tolist()
    found = []
    for peak in range(max(first, 1), min(last, len(levels) - 1)):
        if levels[peak - 1] < levels[peak] >= levels[peak + 1] and _holds(levels, peak, dip):
            trough = _trough(levels, peak, dip)
            amplitude = (levels[peak] - levels[trough]) * SMOOTHING_LOSS
            if trough > 0 and amplitude >= least:
                onset = max(
                    at for at in range(trough, peak) if levels[at] <= levels[trough] + RISEN_SHARE * (levels[peak] - levels[trough])
                )
                found.append(Response(onset, peak, amplitude))
    return found


def _holds(levels: list[float], peak: int, dip: float) -> bool:
    """Nothing higher follows before a dip."""
    for level in levels[peak + 1 : peak + 1 + round(SETTLE_S * GRID_HZ)]:
        if level > levels[peak]:
            return False
        if level < levels[peak] - dip:
            return True
    return True


def _trough(levels: list[float], peak: int, dip: float) -> int:
    """The lowest sample before the peak, back to where the level comes down from something else."""
    trough = peak
    for index in range(peak - 1, max(peak - round(RISE_S * GRID_HZ), 0) - 1, -1):
        if levels[index] < levels[trough]:
            trough = index
        elif levels[index] > levels[trough] + dip:
            break
    return trough
