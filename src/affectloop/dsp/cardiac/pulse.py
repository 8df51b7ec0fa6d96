"""Pulses in a short window of a photoplethysmogram: their upstrokes and how far they can be trusted."""

from __future__ import annotations

import numpy as np

from affectloop.dsp.cardiac.beats import NO_BEATS, Beats, block_maxima, likeness_to_median, strongest_apart
from affectloop.dsp.filters import FloatArray, Spectrum, local_maxima, refined
from affectloop.dsp.order import deviation, median

PULSE_BAND_HZ = (0.6, 6.0)  # 36 bpm, and the fourth harmonic of 90 bpm: the upstroke's steepness
MIRROR_S = 1.0
APART_S = 0.3  # 200 beats per minute
BLOCK_S = 1.5  # holds a pulse at 40 bpm and above
THRESHOLD = 0.45  # of the usual upstroke; a dicrotic wave's is below
SHAPE_S = (-0.15, 0.35)  # from the foot to beyond the systolic peak
LOWEST_RATE_HZ = 15.0  # 2.5 samples to the band's shortest period


def pulses(volume: FloatArray, rate_hz: float) -> Beats:
    """Find the steepest points of the upstrokes in a window of a PPG.

    The upstroke, not the peak, since it is sharper and moves less with the wave's shape. Which way is up is told by the window
    itself: blood flows in faster than it leaves.

    Parameters
    ----------
    volume
        Shape (n,), any unit and polarity. Less than 3 s give no pulse.
    rate_hz
        Samples a second, at least 15; fewer give no pulse.

    Returns
    -------
    Beats, positions in samples of the window.

    Source: the first derivative's maximum as fiducial point: Peralta et al., Physiol. Meas. 40(2), 2019; the polarity by
    the skewness of the derivative is our own.
    """
    if rate_hz < LOWEST_RATE_HZ or len(volume) < 3 * rate_hz or not np.ptp(volume):
        return NO_BEATS
    spectrum = Spectrum(volume, rate_hz, MIRROR_S)
    slope = spectrum.slope(*PULSE_BAND_HZ)
    if (slope**3).sum() < 0:
        slope = -slope
    peaks = local_maxima(slope)
    peaks = peaks[slope[peaks] > THRESHOLD * _level(slope, rate_hz)]
    peaks = peaks[strongest_apart(slope[peaks], peaks, APART_S * rate_hz)]
    if len(peaks) < 3:
        return NO_BEATS
    likeness = likeness_to_median(slope, peaks, round(SHAPE_S[0] * rate_hz), round(SHAPE_S[1] * rate_hz))
    return Beats(refined(slope, peaks), likeness, _quality(slope[peaks], likeness))


def _level(slope: FloatArray, rate_hz: float) -> float:
    blocks = max(int(len(slope) / rate_hz / BLOCK_S), 1)
    return median(block_maxima(slope, blocks))


def _quality(heights: FloatArray, likeness: FloatArray) -> float:
    """Pulses alike (from 0.6 to 0.95) and of similar strength (spread from 0.6 down to 0.3 of the median)."""
    alike = float(likeness.sum()) / len(likeness)
    spread = deviation(heights) / median(heights)
    return min(max((alike - 0.6) / 0.35, 0.0), 1.0) * min(max((0.6 - spread) / 0.3, 0.0), 1.0)
