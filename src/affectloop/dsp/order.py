"""Medians and percentiles of small arrays: ``numpy.median`` spends 20-50 us a call before it sorts a dozen numbers."""

from __future__ import annotations

import numpy as np

from affectloop.dsp.filters import FloatArray


def median(values: FloatArray) -> float:
    """The median of all elements.

    Parameters
    ----------
    values
        Shape (n,), n >= 1, any unit, no NaN.
    """
    ordered = np.sort(values)
    half = len(ordered) // 2
    return float(ordered[half]) if len(ordered) % 2 else float(ordered[half - 1] + ordered[half]) / 2


def medians(values: FloatArray) -> FloatArray:
    """The medians over the last axis, as ``numpy.median(values, axis=-1)``; its size is at least 1."""
    ordered = np.sort(values, axis=-1)
    half = ordered.shape[-1] // 2
    middle: FloatArray = ordered[..., half] if ordered.shape[-1] % 2 else (ordered[..., half - 1] + ordered[..., half]) / 2
    return middle


def percentile(values: FloatArray, percent: float) -> float:
    """The percentile, between the samples by a straight line, as ``numpy.percentile``.

    Parameters
    ----------
    values
        Shape (n,), n >= 1, any unit, no NaN.
    percent
        0 to 100.
    """
    ordered = np.sort(values)
    place = percent / 100 * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def deviation(values: FloatArray) -> float:
    """The median absolute deviation, scaled to the standard deviation of a normal distribution.

    Source: Hampel, J. Am. Stat. Assoc. 69, 1974.
    """
    return 1.4826 * median(np.abs(values - median(values)))
