"""Skin conductance responses: put on real quiet minutes at known times, and found again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import find_peaks

from affectloop.dsp import electrodermal
from affectloop.dsp.filters import FloatArray
from affectloop.synthetic.physiology import Response, response_curve
from affectloop_learning.datasets.physiology import E4
from affectloop_learning.evaluation.physio.neurokit import neurokit
from affectloop_learning.evaluation.scores import agreement, pooled
from affectloop_learning.markdown import Table

NOISES_MICROSIEMENS = (0.002, 0.010)
RESPONSE_TOLERANCE_S = 2.0
QUIET_S = 60  # length of a stretch of real skin conductance without a visible response


def ours(level: FloatArray) -> FloatArray:
    """Peaks (s) of the responses that the service's rule finds in a minute."""
    smooth = electrodermal.smoothed(level)
    found = electrodermal.responses(smooth, electrodermal.noise(level), 0.03, 1, len(level) - 1)
    return np.array([one.peak for one in found]) / electrodermal.GRID_HZ


def rises(level: FloatArray) -> FloatArray:
    """Peaks that stand out by 0.03 uS, without smoothing."""
    return find_peaks(level, prominence=0.03)[0] / electrodermal.GRID_HZ


def theirs(level: FloatArray, floor: float) -> FloatArray:
    """Peaks of neurokit2's responses of at least ``floor`` uS."""
    made = neurokit("eda_process", level, sampling_rate=4)
    if made is None:
        return np.empty(0)
    return np.asarray(made[1]["SCR_Peaks"][made[1]["SCR_Amplitude"] >= floor], float) / electrodermal.GRID_HZ


SKIN_METHODS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "ours": ours,
    "prominence 0.03 uS, not smoothed": rises,
    "neurokit2 eda_process": lambda level: theirs(level, 0.0),
    "neurokit2, amplitude >= 0.03 uS": lambda level: theirs(level, 0.03),
}


def response_table(sessions: list[E4]) -> Table:
    """Responses put on real quiet minutes, and what is found where none was put."""
    stretches = [stretch for session in sessions for stretch in quiet_stretches(session.conductance_microsiemens)]
    table: Table = [("method", "noise nS", "minutes", "precision", "recall", "F1", "false a quiet minute")]
    for noise in NOISES_MICROSIEMENS:
        for name, method in SKIN_METHODS.items():
            rng = np.random.default_rng(0)
            scores, false = [], 0
            for stretch in stretches:
                false += len(method(stretch + rng.normal(0, noise, len(stretch))))
                level, truth = with_responses(stretch, rng)
                scores.append(agreement(truth, method(level + rng.normal(0, noise, len(level))), RESPONSE_TOLERANCE_S))
            score = pooled(scores)
            table.append(
                (name, f"{1e3 * noise:.0f}", str(len(stretches)), f"{score.precision:.3f}", f"{score.recall:.3f}", f"{score.f1:.3f}",
                 f"{false / len(stretches):.2f}")
            )  # fmt: skip
    return table


def quiet_stretches(conductance: FloatArray) -> list[FloatArray]:
    """Minutes of real skin conductance at 4 Hz without a visible response."""
    kernel = np.hanning(11)[1:-1] / np.hanning(11)[1:-1].sum()
    length, found, start = int(QUIET_S * electrodermal.GRID_HZ), [], 0
    while start + length <= len(conductance):
        stretch = conductance[start : start + length]
        smooth = np.convolve(stretch, kernel, "valid")
        rises = [(smooth[at : at + 24] - np.minimum.accumulate(smooth[at : at + 24])).max() for at in range(0, len(smooth) - 24, 4)]
        quiet = max(rises) < 0.012 and stretch.min() > 0.1 and np.ptp(stretch) < 2 and np.abs(np.diff(stretch)).max() < 0.05
        found += [stretch] if quiet else []
        start += length if quiet else 40
    return found


def with_responses(stretch: FloatArray, rng: np.random.Generator, count: int = 4) -> tuple[FloatArray, FloatArray]:
    """The stretch with responses of 0.05-0.5 uS at random times at least 3 s apart; gives it and the times of their peaks (s)."""
    onsets: list[float] = []
    while len(onsets) < count:
        onset = rng.uniform(4, QUIET_S - 10)
        onsets += [onset] if all(abs(onset - other) > 3 for other in onsets) else []
    time_s, level = np.arange(len(stretch)) / electrodermal.GRID_HZ, stretch.copy()
    peaks = []
    for onset in sorted(onsets):
        response = Response(onset, float(np.exp(rng.uniform(np.log(0.05), np.log(0.5)))))
        slowness = rng.uniform(0.7, 1.4)
        level = level + response.amplitude_microsiemens * response_curve((time_s - onset) / slowness)
        peaks.append(onset + slowness * (response.peak_s - onset))
    return level, np.array(peaks)
