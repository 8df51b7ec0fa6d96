"""Synthetic physiology of known truth: heartbeats, ECG, PPG, electrodermal activity, movement, temperature.

It is synthetic, and says so: shapes are sums of Gaussians and exponentials that look like the real thing, for tests whose
answer is known and for a demonstration without a person. It is no evidence of how well anything works on people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Course = Callable[[FloatArray], FloatArray]  # a value over time in seconds

BREATHS_HZ = 0.25  # 15 a minute
GRAVITY_G = 1.0

# Height (mV), centre and width (s) of an ECG's waves relative to the R peak, after McSharry et al., IEEE Trans. Biomed. Eng. 50(3), 2003.
ECG_WAVES = ((0.12, -0.17, 0.025), (-0.10, -0.035, 0.010), (1.10, 0.0, 0.011), (-0.22, 0.035, 0.012), (0.28, 0.28, 0.055))
PULSE_DELAY_S = 0.20  # from the R peak to the foot of the pulse at the wrist
PULSE_WAVES = ((1.0, 0.11, 0.075), (0.45, 0.24, 0.10), (0.22, 0.42, 0.09))  # systolic, its shoulder, dicrotic: height, centre, width
RISE_S, DECAY_S = 0.75, 3.0  # time constants of a skin conductance response
RESPONSE_LENGTH_S = 30.0  # after ten decays nothing is left


@dataclass(frozen=True, slots=True)
class Response:
    """A skin conductance response to be: when it begins, how high it rises above the level it starts from."""

    onset_s: float
    amplitude_microsiemens: float

    @property
    def peak_s(self) -> float:
        """When it is highest, alone."""
        return self.onset_s + _PEAK_AFTER_S


@dataclass(frozen=True, slots=True)
class Movement:
    """A stretch of rhythmic movement."""

    start_s: float
    end_s: float
    cadence_hz: float
    amplitude_g: float

    def at(self, time_s: FloatArray) -> FloatArray:
        """The movement over time, with a second harmonic, faded in and out over half a second."""
        phase = 2 * np.pi * self.cadence_hz * (time_s - self.start_s)
        fade = np.clip(np.minimum(time_s - self.start_s, self.end_s - time_s) / 0.5, 0, 1)
        moved: FloatArray = self.amplitude_g * fade * (np.sin(phase) + 0.4 * np.sin(2 * phase + 1.0))
        return moved


def sample_times(duration_s: float, rate_hz: float) -> FloatArray:
    """The times of samples from 0 to the duration, shape (n,), seconds."""
    return np.arange(int(duration_s * rate_hz), dtype=np.float64) / rate_hz


def beat_times(
    duration_s: float, heart_rate_bpm: float | Course, rng: np.random.Generator, *, arrhythmia: float = 0.05, jitter_s: float = 0.004
) -> FloatArray:
    """Times of R peaks whose rate follows a course and the breath.

    Parameters
    ----------
    duration_s
        Length, seconds.
    heart_rate_bpm
        The mean rate, beats per minute, as a number or over time.
    rng
        Source of chance.
    arrhythmia
        Respiratory sinus arrhythmia: how far the rate swings with each breath, as a share of it (0 to 0.2).
    jitter_s
        Standard deviation of each beat's time besides, seconds.

    Returns
    -------
    Shape (n,), seconds, ascending.

    Source: integral pulse frequency modulation, Mateo & Laguna, IEEE Trans. Biomed. Eng. 47(8), 2000.
    """
    time_s = sample_times(duration_s, 200.0)
    course = heart_rate_bpm(time_s) if callable(heart_rate_bpm) else np.full(len(time_s), float(heart_rate_bpm))
    rate = course / 60 * (1 + arrhythmia * np.sin(2 * np.pi * BREATHS_HZ * time_s + rng.uniform(0, 2 * np.pi)))
    beats = np.cumsum(rate) / 200.0 + rng.uniform(0, 1)
    at_s = np.interp(np.arange(1, int(beats[-1]) + 1), beats, time_s)
    return np.sort(at_s + rng.normal(0, jitter_s, len(at_s)))


def electrocardiogram(
    beats_s: FloatArray, duration_s: float, rate_hz: float, rng: np.random.Generator, *, noise_mv: float = 0.02, wander_mv: float = 0.1
) -> FloatArray:
    """An ECG with its R peaks at the given times.

    Parameters
    ----------
    beats_s, duration_s, rate_hz, rng
        Times of the R peaks, length, samples a second, source of chance.
    noise_mv, wander_mv
        Standard deviation of the sample noise, and amplitude of the baseline's wander with the breath.

    Returns
    -------
    Shape (n,), mV.
    """
    time_s = sample_times(duration_s, rate_hz)
    millivolts = wander_mv * np.sin(2 * np.pi * BREATHS_HZ * time_s) + 0.5 * wander_mv * np.sin(2 * np.pi * 0.05 * time_s + 1)
    stretch = _stretch(beats_s)
    for height, centre, width in ECG_WAVES:
        _add_waves(millivolts, rate_hz, beats_s + centre * stretch, np.full(len(beats_s), height), width)
    return millivolts + rng.normal(0, noise_mv, len(time_s))


def photoplethysmogram(
    beats_s: FloatArray,
    duration_s: float,
    rate_hz: float,
    rng: np.random.Generator,
    *,
    noise: float = 0.01,
    movements: Sequence[Movement] = (),
    coupling: float = 4.0,
) -> FloatArray:
    """A PPG whose pulses follow the beats by ``PULSE_DELAY_S``; blood volume up.

    Parameters
    ----------
    beats_s, duration_s, rate_hz, rng
        Times of the R peaks, length, samples a second, source of chance.
    noise
        Standard deviation of the sample noise; a pulse is about 1 high.
    movements, coupling
        What shakes the sensor, and how much of it (per g) shows.

    Returns
    -------
    Shape (n,), arbitrary units.
    """
    time_s = sample_times(duration_s, rate_hz)
    volume = 0.3 * np.sin(2 * np.pi * 0.07 * time_s)
    breath = 1 + 0.1 * np.sin(2 * np.pi * BREATHS_HZ * beats_s)
    stretch = _stretch(beats_s)
    for height, centre, width in PULSE_WAVES:
        _add_waves(volume, rate_hz, beats_s + PULSE_DELAY_S + centre * stretch, height * breath, width)
    for movement in movements:
        volume += coupling * movement.at(time_s - 0.05)  # flesh lags behind the strap
    return volume + rng.normal(0, noise, len(time_s))


def acceleration(
    duration_s: float, rate_hz: float, rng: np.random.Generator, *, movements: Sequence[Movement] = (), noise_g: float = 0.005
) -> FloatArray:
    """Acceleration of a wrist that rests or moves, gravity included: shape (n, 3), g."""
    time_s = sample_times(duration_s, rate_hz)
    moved = np.zeros(len(time_s))
    for movement in movements:
        moved += movement.at(time_s)
    axes = np.stack((0.7 * moved, 0.5 * moved, GRAVITY_G + 0.5 * moved), axis=1)
    return axes + rng.normal(0, noise_g, axes.shape)


def conductance(
    duration_s: float,
    rate_hz: float,
    rng: np.random.Generator,
    *,
    tonic_microsiemens: float | Course = 3.0,
    responses: Sequence[Response] = (),
    noise_microsiemens: float = 0.002,
) -> FloatArray:
    """Electrodermal activity: a tonic level and the responses on it.

    Parameters
    ----------
    duration_s, rate_hz, rng
        Length, samples a second, source of chance.
    tonic_microsiemens
        The level, uS, as a number or over time.
    responses
        Each adds a curve that rises by its amplitude and decays.
    noise_microsiemens
        Standard deviation of the sample noise.

    Returns
    -------
    Shape (n,), uS.

    Source: biexponential response, Lim et al., Int. J. Psychophysiol. 25, 1997.
    """
    time_s = sample_times(duration_s, rate_hz)
    level = tonic_microsiemens(time_s) if callable(tonic_microsiemens) else np.full(len(time_s), float(tonic_microsiemens))
    for response in responses:
        level = level + response.amplitude_microsiemens * response_curve(time_s - response.onset_s)
    return level + rng.normal(0, noise_microsiemens, len(time_s))


def response_curve(since_onset_s: FloatArray) -> FloatArray:
    """The curve of a skin conductance response, 0 before the onset, 1 at its peak."""
    since = np.clip(since_onset_s, 0, RESPONSE_LENGTH_S)
    curve: FloatArray = (np.exp(-since / DECAY_S) - np.exp(-since / RISE_S)) / _PEAK_HEIGHT
    return curve


def skin_temperature(duration_s: float, rate_hz: float, rng: np.random.Generator, *, celsius: float = 32.0) -> FloatArray:
    """Skin temperature that drifts slowly: shape (n,), degrees Celsius, in steps of 0.02 as sensors give it."""
    time_s = sample_times(duration_s, rate_hz)
    drift = 0.3 * np.sin(2 * np.pi * time_s / 600 + rng.uniform(0, 2 * np.pi))
    return np.round((celsius + drift) / 0.02) * 0.02


_PEAK_AFTER_S = float(np.log(DECAY_S / RISE_S) * RISE_S * DECAY_S / (DECAY_S - RISE_S))
_PEAK_HEIGHT = float(np.exp(-_PEAK_AFTER_S / DECAY_S) - np.exp(-_PEAK_AFTER_S / RISE_S))


def _stretch(beats_s: FloatArray) -> FloatArray:
    """How much longer than at 60 bpm the waves of each beat take: the root of its interval (Bazett)."""
    if len(beats_s) < 2:
        return np.ones(len(beats_s))
    intervals = np.diff(beats_s)
    stretch: FloatArray = np.sqrt(np.clip(np.append(intervals, intervals[-1]), 0.3, 2.0))
    return stretch


def _add_waves(signal: FloatArray, rate_hz: float, centres_s: FloatArray, heights: FloatArray, width_s: float) -> None:
    """Add a Gaussian at each centre, where it matters (4 widths)."""
    reach = int(np.ceil(4 * width_s * rate_hz))
    offsets = np.arange(-reach, reach + 1)
    middle = np.round(centres_s * rate_hz).astype(np.intp)
    places = middle[:, None] + offsets
    waves = heights[:, None] * np.exp(-0.5 * ((places / rate_hz - centres_s[:, None]) / width_s) ** 2)
    inside = (places >= 0) & (places < len(signal))
    np.add.at(signal, places[inside], waves[inside])
