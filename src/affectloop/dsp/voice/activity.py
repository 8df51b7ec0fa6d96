"""When somebody speaks: level over a windowed noise floor, gaps bridged, and a pitch within every stretch.

Nothing here has a memory beyond the arrays it is given, so that a processor that starts again over the same window says
the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from affectloop.dsp.voice.features import FRAMES_PER_S

FLOOR_PERCENTILE = 10.0  # a window that holds a tenth of pauses shows the noise; pure minima would follow dropouts
LOUD_PERCENTILE = 95.0  # a door that slams lasts less than the rest
HIGHEST_FLOOR_DB = -30.0  # who speaks without a pause must not become the noise
MARGIN_DB = 7.0  # over the floor; babble of a dozen voices varies by half of this
RANGE_DB = 35.0  # below the window's loudest, room and reverberation are not the speaker
SMOOTHED_FRAMES = 5  # 50 ms, shorter than a syllable
LONGEST_GAP = 25  # frames: closures and short breaths within a phrase are bridged
SHORTEST_RUN = 8  # frames: a click is not a word
FEWEST_VOICED = 4  # frames with a pitch in a stretch: knocks, rustling and hiss have none

Levels = NDArray[np.float32]
Mask = NDArray[np.bool_]


def noise_floor_db(levels_db: Levels) -> float:
    """Noise floor of a window.

    Parameters
    ----------
    levels_db
        float32, shape (n,), n > 0, levels of the window's frames, dB of full scale.

    Returns
    -------
    dB of full scale, at most ``HIGHEST_FLOOR_DB``.

    Source: after the minimum statistics of Martin 2001, Noise power spectral density estimation based on optimal
    smoothing and minimum statistics; a low percentile takes the minimum's place.
    """
    return min(percentile(levels_db, FLOOR_PERCENTILE), HIGHEST_FLOOR_DB)


def threshold_db(levels_db: Levels, floor_db: float) -> float:
    """Level from which a frame of the window may be speech: over its noise, and not far below its loudest.

    Parameters
    ----------
    levels_db
        float32, shape (n,), n > 0, dB of full scale.
    floor_db
        Their noise floor.
    """
    return max(floor_db + MARGIN_DB, percentile(levels_db, LOUD_PERCENTILE) - RANGE_DB)


def percentile(values: Levels, percent: float) -> float:
    """The value of that rank, without interpolation (twenty times faster than ``numpy.percentile`` on a window); n > 0."""
    rank = round(percent / 100 * (values.size - 1))
    return float(np.partition(values, rank)[rank])


def active(levels_db: Levels, threshold: float) -> Mask:
    """Frames whose smoothed level is above the threshold, both dB of full scale; shape (n,)."""
    if not levels_db.size:
        return np.zeros(0, bool)
    smoothed = ndimage.uniform_filter1d(levels_db, SMOOTHED_FRAMES, mode="nearest")
    above: Mask = smoothed > threshold
    return above


def speech(candidates: Mask, voiced: Mask, levels_db: Levels, *, loudest_at_least_db: float = -np.inf) -> Mask:
    """Stretches of speech among the frames.

    Parameters
    ----------
    candidates
        bool, shape (n,), from ``active``; gaps up to 250 ms between them are bridged.
    voiced
        bool, shape (n,), frames with a pitch.
    levels_db
        float32, shape (n,), dB of full scale.
    loudest_at_least_db
        The near field. A stretch counts where its loud frames (90th percentile) reach this: a voice
        from the next table does not.

    Returns
    -------
    bool, shape (n,).
    """
    if not candidates.any():
        return np.zeros_like(candidates)
    bridged = _bridged(candidates)
    runs, count = ndimage.label(bridged)
    kept = np.zeros(count + 1, bool)
    for number, (run,) in enumerate(ndimage.find_objects(runs), start=1):
        inside = candidates[run]
        kept[number] = (
            inside.sum() >= SHORTEST_RUN
            and (voiced[run] & inside).sum() >= FEWEST_VOICED
            and percentile(levels_db[run][inside], 90) >= loudest_at_least_db
        )
    result: Mask = kept[runs]
    return result


def _bridged(candidates: Mask) -> Mask:
    """Fill the gaps up to ``LONGEST_GAP`` between candidates; edges of the array are no candidates."""
    at = np.flatnonzero(candidates)
    bridged = candidates.copy()
    for place in np.flatnonzero((np.diff(at) > 1) & (np.diff(at) <= LONGEST_GAP + 1)):
        bridged[at[place] : at[place + 1]] = True
    return bridged


def share(mask: Mask, seconds: float) -> float:
    """Share of a time that the mask's frames fill, 0 to 1."""
    return min(1.0, float(mask.sum()) / (FRAMES_PER_S * seconds))
