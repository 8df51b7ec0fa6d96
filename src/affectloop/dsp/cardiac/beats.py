"""Heartbeats in a short window of an electrocardiogram: R peaks and how far they can be trusted."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp.filters import FloatArray, Spectrum, local_maxima, refined
from affectloop.dsp.order import median, medians

QRS_BAND_HZ = (8.0, 25.0)  # where a QRS complex stands out of P and T waves (Pan & Tompkins 1985 take 5-15 Hz)
SHAPE_BAND_HZ = (3.0, 40.0)  # keeps the R wave's shape, loses baseline wander and most mains hum
MIRROR_S = 0.5  # longer than the impulse response of both bands
REFRACTORY_S = 0.2  # no two ventricular beats are closer
T_WAVE_S = 0.36  # a T wave follows its QRS complex within this time
T_WAVE_SHARE = 0.5  # and has less than half of its envelope in the QRS band
BLOCK_S = 1.5  # holds a beat at 40 bpm and above; the median of the blocks' maxima forgives the others
THRESHOLD = 0.35  # of that level
FAINT_THRESHOLD = 0.18  # where a beat is missing
MISSING = 1.6  # an interval this much longer than the median lacks a beat
PLACE_S = 0.08  # an R wave's extreme lies this near to the maximum of its envelope
SHAPE_S = 0.1  # half of the stretch whose shape is compared between beats
LOWEST_RATE_HZ = 60.0  # below, the QRS band is above half of the sample rate


@dataclass(frozen=True, slots=True)
class Beats:
    """Heartbeats of one window.

    ``at`` are positions in samples (fractional, ascending), ``likeness`` the correlation of each with the window's
    median beat (-1 to 1), ``quality`` (0 to 1) how far the window as a whole shows a heart.
    """

    at: FloatArray
    likeness: FloatArray
    quality: float


NO_BEATS = Beats(np.empty(0), np.empty(0), 0.0)


def r_peaks(millivolts: FloatArray, rate_hz: float) -> Beats:
    """Find the R peaks in a window of an ECG.

    The envelope of the QRS band is thresholded relative to the window's own level, T waves are told by their smaller
    envelope, gaps are searched again with a lower threshold, and each beat is placed on the extreme of the wider band.

    Parameters
    ----------
    millivolts
        Shape (n,), one lead, any polarity. Less than 2 s give no beat.
    rate_hz
        Samples a second, at least 60; fewer give no beat.

    Returns
    -------
    Beats, positions in samples of the window.

    Source: after Pan & Tompkins, IEEE Trans. Biomed. Eng. 32(3), 1985 (bands, T-wave rule, search back); the envelope
    instead of the moving integral: Nygårds & Sörnmo, Med. Biol. Eng. Comput. 21, 1983.
    """
    if rate_hz < LOWEST_RATE_HZ or len(millivolts) < 2 * rate_hz or not np.ptp(millivolts):
        return NO_BEATS
    spectrum = Spectrum(millivolts, rate_hz, MIRROR_S)
    envelope = np.abs(spectrum.analytic(*QRS_BAND_HZ))
    level = _level(envelope, rate_hz)
    peaks = local_maxima(envelope)
    peaks = peaks[envelope[peaks] >= FAINT_THRESHOLD * level]
    peaks = peaks[strongest_apart(envelope[peaks], peaks, REFRACTORY_S * rate_hz)]
    chosen = _chosen(peaks / rate_hz, envelope[peaks], level)
    if len(chosen) < 2:
        return NO_BEATS
    shape = spectrum.band(*SHAPE_BAND_HZ)
    placed = _placed(shape, peaks[chosen], round(PLACE_S * rate_hz))
    likeness = likeness_to_median(shape, placed, -round(SHAPE_S * rate_hz), round(SHAPE_S * rate_hz))
    quality = _quality(envelope, peaks[chosen], likeness, rate_hz)
    return Beats(refined(np.abs(shape), placed), likeness, quality)


def strongest_apart(heights: FloatArray, at: NDArray[np.intp], least: float) -> NDArray[np.intp]:
    """Indices of candidates, the highest first, of which no two are closer than ``least``; ascending.

    Parameters
    ----------
    heights, at
        Shape (k,): how strong each candidate is, and its position (ascending).
    least
        Least distance, in the unit of ``at``.
    """
    places: list[int] = at.tolist()
    kept: list[int] = []  # indices, ascending, hence their places too
    for index in np.argsort(-heights, kind="stable").tolist():
        slot = bisect_left(kept, index)
        clear_before = slot == 0 or places[index] - places[kept[slot - 1]] >= least
        if clear_before and (slot == len(kept) or places[kept[slot]] - places[index] >= least):
            kept.insert(slot, index)
    return np.array(kept, np.intp)


def block_maxima(values: FloatArray, blocks: int) -> FloatArray:
    """The largest value of each of so many stretches of nearly equal length, shape (blocks,)."""
    return np.maximum.reduceat(values, np.arange(blocks) * len(values) // blocks)


def _level(envelope: FloatArray, rate_hz: float) -> float:
    blocks = max(int(len(envelope) / rate_hz / BLOCK_S), 1)
    return median(block_maxima(envelope, blocks))


def _chosen(at_s: FloatArray, heights: FloatArray, level: float) -> list[int]:
    """Which candidates are beats."""
    times, strengths = at_s.tolist(), heights.tolist()
    chosen: list[int] = []
    for index, height in enumerate(strengths):
        if height < THRESHOLD * level:
            continue
        if chosen and times[index] - times[chosen[-1]] < T_WAVE_S and height < T_WAVE_SHARE * strengths[chosen[-1]]:
            continue
        chosen.append(index)
    return sorted(chosen + _searched_again(times, strengths, chosen))


def _searched_again(times: list[float], heights: list[float], chosen: list[int]) -> list[int]:
    """The strongest faint candidate of each interval that is too long."""
    if len(chosen) < 3:
        return []
    found = []
    usual = median(np.diff([times[index] for index in chosen]))
    for before, after in pairwise(chosen):
        if times[after] - times[before] > MISSING * usual:
            inside = [
                index
                for index in range(before + 1, after)
                if times[index] - times[before] > T_WAVE_S and times[after] - times[index] > T_WAVE_S
            ]
            found += [max(inside, key=heights.__getitem__)] if inside else []
    return found


def _placed(shape: FloatArray, peaks: NDArray[np.intp], reach: int) -> NDArray[np.intp]:
    """The strongest extreme near each peak."""
    size = np.abs(shape)
    return np.array(
        [max(peak - reach, 0) + int(np.argmax(size[max(peak - reach, 0) : peak + reach + 1])) for peak in peaks.tolist()], np.intp
    )


def likeness_to_median(shape: FloatArray, at: NDArray[np.intp], before: int, after: int) -> FloatArray:
    """Correlation of the stretch around each position with the median of all stretches.

    Parameters
    ----------
    shape, at
        Shape (n,), and positions (k,), samples.
    before, after
        Bounds of the stretch relative to the position, samples; a stretch beyond the ends is moved inside.

    Returns
    -------
    Shape (k,), -1 to 1; 0 where a stretch is flat.
    """
    length = after - before
    starts = np.clip(at + before, 0, len(shape) - length)
    stretches = shape[starts[:, None] + np.arange(length)]
    stretches = stretches - stretches.mean(axis=1, keepdims=True)
    pattern = medians(stretches.T)
    pattern -= pattern.mean()
    norms = np.sqrt((stretches**2).sum(axis=1) * (pattern**2).sum())
    return np.where(norms > 0, stretches @ pattern / np.where(norms > 0, norms, 1.0), 0.0)


def _quality(envelope: FloatArray, peaks: NDArray[np.intp], likeness: FloatArray, rate_hz: float) -> float:
    """Beats alike (from 0.5 to 0.9) and out of the ground (from 2 to 4 times its envelope): noise is neither."""
    reach = int(0.12 * rate_hz)  # a QRS complex and the filter's tails
    ground = np.ones(len(envelope), bool)
    for peak in peaks.tolist():
        ground[max(peak - reach, 0) : peak + reach + 1] = False
    height = median(envelope[peaks])
    level = float(np.sqrt(np.mean(envelope[ground] ** 2))) if ground.any() else height
    prominence = height / level if level > 0 else np.inf
    alike = median(likeness)
    return min(max((alike - 0.5) / 0.4, 0.0), 1.0) * min(max((prominence - 2) / 2, 0.0), 1.0)
