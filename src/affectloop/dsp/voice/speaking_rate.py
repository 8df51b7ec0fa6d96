"""Syllables per second from the peaks of the envelope.

Source: de Jong & Wempe 2009, Praat script to detect syllable nuclei and measure speech rate automatically, Behavior
Research Methods 41: peaks of the intensity with dips around them, where the voice has a pitch. Here the peaks are counted in four
bands and averaged, since a vowel that one band runs into its neighbour stands apart in another (as in the sub-band
correlation of Wang & Narayanan 2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from affectloop.dsp.voice.activity import percentile
from affectloop.dsp.voice.features import FRAMES_PER_S, Spectra, band_level_db

BANDS_HZ = ((200.0, 3_000.0), (300.0, 2_000.0), (250.0, 900.0), (900.0, 2_500.0))
SMOOTHING_FRAMES = 1.0  # standard deviation: syllables are 100 ms apart at the least
DIP_DB = 1.0  # how far the envelope must fall between two peaks
CLOSEST_PEAKS = 6  # frames: 16 syllables a second is beyond any speaker
RANGE_DB = 30.0  # below the loudest, a peak is no vowel

Envelopes = NDArray[np.float32]


def envelopes_db(spectra: Spectra) -> Envelopes:
    """Levels of frames in the syllable bands: float32, shape (n, 4), dB of full scale."""
    return np.stack([band_level_db(spectra, band) for band in BANDS_HZ], axis=1)


def syllables(envelopes: Envelopes, speech: NDArray[np.bool_], voiced: NDArray[np.bool_]) -> float:
    """Number of syllables in consecutive frames.

    Parameters
    ----------
    envelopes
        From ``envelopes_db``, shape (n, 4).
    speech, voiced
        bool, shape (n,): where somebody speaks, where there is a pitch.

    Returns
    -------
    The mean count of the bands: a fraction, 0 or more.
    """
    counted = speech & voiced
    if not counted.any():
        return 0.0
    loud_enough = envelopes[:, 0] > percentile(envelopes[speech, 0], 95) - RANGE_DB
    smoothed = ndimage.gaussian_filter1d(envelopes, SMOOTHING_FRAMES, axis=0, mode="nearest")
    counts = [signal.find_peaks(band, prominence=DIP_DB, distance=CLOSEST_PEAKS)[0] for band in smoothed.T]
    return float(np.mean([(counted & loud_enough)[peaks].sum() for peaks in counts]))


def syllables_per_s(envelopes: Envelopes, speech: NDArray[np.bool_], voiced: NDArray[np.bool_], shortest_s: float) -> float | None:
    """Syllables per second of speech; ``None`` where the frames hold less than ``shortest_s`` of speech."""
    spoken_s = speech.sum() / FRAMES_PER_S
    return None if spoken_s < max(shortest_s, 1 / FRAMES_PER_S) else syllables(envelopes, speech, voiced) / float(spoken_s)
