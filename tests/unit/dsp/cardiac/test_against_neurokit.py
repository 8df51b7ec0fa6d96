"""Where neurokit2's batch functions are right, ours agree with them."""

import warnings
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from affectloop.dsp import electrodermal
from affectloop.dsp.cardiac.beats import r_peaks
from affectloop.dsp.cardiac.pulse import pulses
from affectloop.synthetic.physiology import Response, beat_times, conductance, electrocardiogram, photoplethysmogram

LENGTH_S = 60.0


@pytest.fixture(scope="module")
def neurokit() -> Iterator[ModuleType]:
    """Neurokit2, whose own warnings (and those of what it imports) are not ours to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2

        yield neurokit2


@pytest.mark.filterwarnings("ignore")
def test_r_peaks_are_neurokits_to_ten_milliseconds(neurokit: ModuleType) -> None:
    rng = np.random.default_rng(1)
    ecg = electrocardiogram(beat_times(LENGTH_S, 75.0, rng), LENGTH_S, 250.0, rng)
    theirs = neurokit.ecg_peaks(neurokit.ecg_clean(ecg, sampling_rate=250), sampling_rate=250)[1]["ECG_R_Peaks"] / 250
    ours = r_peaks(ecg, 250.0).at / 250
    inside = theirs[(theirs > 0.5) & (theirs < LENGTH_S - 0.5)]
    assert np.abs(ours[:, None] - inside).min(axis=0).max() < 0.010
    assert abs(len(ours) - len(theirs)) <= 2  # at the ends


@pytest.mark.filterwarnings("ignore")
def test_pulse_intervals_are_those_between_neurokits_peaks(neurokit: ModuleType) -> None:
    rng = np.random.default_rng(2)
    ppg = photoplethysmogram(beat_times(LENGTH_S, 75.0, rng), LENGTH_S, 64.0, rng)
    theirs = neurokit.ppg_findpeaks(neurokit.ppg_clean(ppg, sampling_rate=64), sampling_rate=64)["PPG_Peaks"] / 64
    ours = pulses(ppg, 64.0).at / 64
    lag = np.array([theirs[np.argmin(np.abs(theirs - at - 0.08))] - at for at in ours[2:-2]])
    assert np.abs(lag - np.median(lag)).max() < 0.03
    assert abs(len(ours) - len(theirs)) <= 2


@pytest.mark.filterwarnings("ignore")
def test_skin_responses_are_neurokits_above_the_same_floor(neurokit: ModuleType) -> None:
    put = [Response(10.0, 0.15), Response(22.0, 0.4), Response(40.0, 0.2)]
    level = conductance(LENGTH_S, 4.0, np.random.default_rng(3), responses=put, noise_microsiemens=0.001)
    info = neurokit.eda_process(level, sampling_rate=4)[1]
    theirs = info["SCR_Peaks"][info["SCR_Amplitude"] >= 0.03] / 4
    ours = electrodermal.responses(electrodermal.smoothed(level), electrodermal.noise(level), 0.03, 1, len(level) - 1)
    assert [one.peak / 4 for one in ours] == pytest.approx(list(theirs), abs=1.0)
