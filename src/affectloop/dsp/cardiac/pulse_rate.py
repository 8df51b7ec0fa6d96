"""Heart rate of a moving wrist: the pulse's spectrum where the acceleration has none, followed over some seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from affectloop.dsp.filters import FloatArray

SLOWEST_BPM, FASTEST_BPM = 40, 210
RATES_BPM = np.arange(SLOWEST_BPM, FASTEST_BPM + 1, dtype=float)  # transforms are padded to 60 s: bin number = bpm
BINS = 2 * FASTEST_BPM + 1  # up to the second harmonic of the fastest
MASK = 0.8  # of the pulse's strongest line is what the strongest movement takes away
MASK_FULL = 0.5  # of the strongest movement takes away as much: strides have half-rate lines too
HARMONIC = 0.3  # weight of the second harmonic; a heart has one, a swinging arm often not
FLOOR = 0.2  # likelihood of a rate without a line: masks and noise can hide it
NOISE_CONTRAST, LINE_CONTRAST = 1.5, 3.5  # strongest over root mean square: white noise has 1.7 to 3, a wrist at rest 3.8 to 6
EDGE_BPM = 5  # a spectrum whose strongest rate is within this of the slowest falls from below it
DRIFT_BPM = 3.0  # scale of how far a heart rate moves in one second (two-sided exponential)
NEAR_BPM = 8  # rates this close to the most probable one are the same line, seen through a window of 8 s
STILL_G = 0.03  # movement below this is a hand's tremor or the sensor's noise and masks in proportion
AT_CADENCE_BPM = 4  # a window of 8 s cannot tell a rate from a movement this near to it
STRONG_LINE = 0.5  # of the movement's strongest line: a movement's own beat, not what stands beside it
LOWEST_PULSE_RATE_HZ, LOWEST_ACCELERATION_RATE_HZ = 15.0, 15.0  # twice the second harmonic of the fastest


@lru_cache(maxsize=64)
def _hann(count: int) -> FloatArray:
    window = np.hanning(count)
    window.flags.writeable = False
    return window


def amplitude_by_bpm(samples: FloatArray, rate_hz: float) -> FloatArray:
    """Amplitude spectrum with one bin a beat per minute.

    Parameters
    ----------
    samples
        Shape (n, channels), n >= 2, uniformly sampled, any unit.
    rate_hz
        Samples a second, at least 15.

    Returns
    -------
    Shape (BINS, channels): element k belongs to k per minute.
    """
    centred = (samples - samples.mean(axis=0)) * _hann(len(samples))[:, None]
    values: FloatArray = np.abs(np.fft.rfft(centred, round(60 * rate_hz), axis=0)[:BINS])
    if len(values) < BINS:
        values = np.pad(values, ((0, BINS - len(values)), (0, 0)))
    return values


def rate_likelihood(volume: FloatArray, rate_hz: float, acceleration_g: FloatArray | None, acceleration_rate_hz: float) -> FloatArray:
    """How likely each heart rate is, from one window of PPG and acceleration.

    The pulse's lines are lowered where the wrist moves at the same rate, the second harmonic is added to the first.

    Parameters
    ----------
    volume
        Shape (n, channels), some 8 s of PPG, any unit.
    rate_hz
        Samples a second, at least 15.
    acceleration_g
        Shape (m, axes), the same time, g; ``None`` where there is none.
    acceleration_rate_hz
        Samples a second, at least 15; ignored without acceleration.

    Returns
    -------
    Shape of ``RATES_BPM``, FLOOR to FLOOR + 1, not normalised.

    Source: after Zhang, Pi & Liu, IEEE Trans. Biomed. Eng. 62(2), 2015 (TROIKA: acceleration's lines removed from the
    pulse's spectrum); the saturating mask is our own.
    """
    spread = volume.std(axis=0)
    alive = volume[:, spread > 0] / spread[spread > 0]
    if not alive.size:
        return np.full(len(RATES_BPM), FLOOR + 1.0)
    lines = amplitude_by_bpm(alive, rate_hz).mean(axis=1)
    lines = lines / max(lines[SLOWEST_BPM : FASTEST_BPM + 1].max(), 1e-12)
    if acceleration_g is not None:
        lines = np.maximum(lines - _mask(acceleration_g, acceleration_rate_hz), 0)
    combed = lines[SLOWEST_BPM : FASTEST_BPM + 1] + HARMONIC * lines[2 * SLOWEST_BPM : 2 * FASTEST_BPM + 1 : 2]
    likelihood: FloatArray = FLOOR + _trust(combed) * (combed / max(combed.max(), 1e-12)) ** 2
    return likelihood


def _trust(combed: FloatArray) -> float:
    """How far a spectrum has a line (0 to 1): noise has none that stands out, a drift only an edge."""
    if np.argmax(combed) < EDGE_BPM:
        return 0.0
    contrast = float(combed.max() / max(np.sqrt(np.mean(combed**2)), 1e-12))
    return min(max((contrast - NOISE_CONTRAST) / (LINE_CONTRAST - NOISE_CONTRAST), 0.0), 1.0)


def _mask(acceleration_g: FloatArray, rate_hz: float) -> FloatArray:
    """What is taken from the pulse's lines, by bpm."""
    lines = _joined_lines(acceleration_g, rate_hz)
    strongest = lines[SLOWEST_BPM:].max()
    if strongest <= 0:
        return np.zeros(BINS)
    mask: FloatArray = MASK * min(_movement_g(acceleration_g) / STILL_G, 1.0) * np.minimum(lines / (MASK_FULL * strongest), 1.0)
    return mask


def _joined_lines(acceleration_g: FloatArray, rate_hz: float) -> FloatArray:
    lines: FloatArray = np.sqrt((amplitude_by_bpm(acceleration_g, rate_hz) ** 2).sum(axis=1))
    return lines


def _movement_g(acceleration_g: FloatArray) -> float:
    return float(np.sqrt((acceleration_g.std(axis=0) ** 2).sum()))


def explained_by_movement(bpm: float, acceleration_g: FloatArray, rate_hz: float) -> bool:
    """Whether the acceleration beats at a rate too, as steps do, so that a pulse of that rate may be theirs.

    Parameters
    ----------
    bpm
        The rate, 40 to 210 beats per minute.
    acceleration_g
        Shape (m, axes), m >= 2, some 8 s, g. What moves by less than 0.03 g, or without a rhythm, explains nothing.
    rate_hz
        Samples a second, at least 15.
    """
    if _movement_g(acceleration_g) < STILL_G:
        return False
    lines = _joined_lines(acceleration_g, rate_hz)
    nearest = round(bpm)
    near, strongest = lines[nearest - AT_CADENCE_BPM : nearest + AT_CADENCE_BPM + 1].max(), lines[SLOWEST_BPM:].max()
    rhythmic = strongest >= LINE_CONTRAST * np.sqrt(np.mean(lines[SLOWEST_BPM:] ** 2))
    return bool(rhythmic and near >= STRONG_LINE * strongest)


@lru_cache(maxsize=1)
def _transition() -> FloatArray:
    """Probability of moving from one rate (column) to another (row) within a second."""
    steps = np.abs(RATES_BPM[:, None] - RATES_BPM[None, :])
    odds = np.exp(-steps / DRIFT_BPM)
    probabilities: FloatArray = odds / odds.sum(axis=0)
    return probabilities


@dataclass(frozen=True, slots=True)
class FollowedRate:
    """A heart rate, its standard deviation if it follows the right line, and the probability (0 to 1) that it does."""

    bpm: float
    deviation_bpm: float
    certainty: float


def followed_rate(likelihoods: Sequence[FloatArray]) -> FollowedRate:
    """The heart rate now, from the likelihoods of some successive seconds.

    Parameters
    ----------
    likelihoods
        One ``rate_likelihood`` a second, oldest first, at least one; nothing is known before the first.

    Returns
    -------
    FollowedRate: mean, deviation and mass of what is near the most probable rate.

    Source: forward algorithm of a hidden Markov model (Rabiner, Proc. IEEE 77(2), 1989); for heart rates: Bieri et al.,
    BeliefPPG, UAI 2023.
    """
    transition = _transition()
    belief = np.full(len(RATES_BPM), 1 / len(RATES_BPM))
    for likelihood in likelihoods:
        belief = (transition @ belief) * likelihood
    belief /= belief.sum()  # once: some seconds of likelihoods of at least FLOOR do not underflow
    near = np.abs(RATES_BPM - RATES_BPM[np.argmax(belief)]) <= NEAR_BPM
    rates, weights = RATES_BPM[near], belief[near]
    certainty = float(weights.sum())
    bpm = float((weights * rates).sum()) / certainty
    return FollowedRate(bpm, float(np.sqrt((weights * (rates - bpm) ** 2).sum() / certainty)), certainty)
