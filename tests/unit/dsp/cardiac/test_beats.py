"""R peaks and pulses: found where they are, at every rate and either way up; noise and flat lines have none worth the name."""

import numpy as np
import pytest

from affectloop.dsp.cardiac.beats import r_peaks
from affectloop.dsp.cardiac.pulse import pulses
from affectloop.synthetic.physiology import PULSE_DELAY_S, beat_times, electrocardiogram, photoplethysmogram

WINDOW_S = 10.0


def beats_and(seed: int = 3, bpm: float = 72.0) -> tuple[np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return beat_times(WINDOW_S, bpm, rng), rng


@pytest.mark.parametrize("rate_hz", [130.0, 250.0, 360.0, 500.0])
@pytest.mark.parametrize("bpm", [48.0, 72.0, 150.0])
def test_every_r_peak_is_found_to_three_milliseconds(rate_hz: float, bpm: float) -> None:
    beats, rng = beats_and(bpm=bpm)
    found = r_peaks(electrocardiogram(beats, WINDOW_S, rate_hz, rng), rate_hz)
    inside = beats[(beats > 0.3) & (beats < WINDOW_S - 0.3)]
    nearest = np.abs(found.at[:, None] / rate_hz - inside).min(axis=0)
    assert nearest.max() < 0.003
    assert found.quality > 0.9


def test_an_electrode_on_the_other_side_changes_nothing() -> None:
    beats, rng = beats_and()
    ecg = electrocardiogram(beats, WINDOW_S, 250.0, rng)
    assert r_peaks(-ecg, 250.0).at == pytest.approx(r_peaks(ecg, 250.0).at)


def test_a_small_beat_between_large_ones_is_found_again() -> None:
    beats, rng = beats_and()
    ecg = electrocardiogram(beats, WINDOW_S, 250.0, rng)
    weak = round(beats[5] * 250)
    ecg[weak - 20 : weak + 20] *= 0.3
    assert np.abs(r_peaks(ecg, 250.0).at / 250 - beats[5]).min() < 0.02


@pytest.mark.parametrize("rate_hz", [25.0, 64.0, 100.0, 250.0])
@pytest.mark.parametrize("upside", [1, -1])
def test_every_pulse_is_found_whichever_way_up(rate_hz: float, upside: int) -> None:
    beats, rng = beats_and()
    found = pulses(upside * photoplethysmogram(beats, WINDOW_S, rate_hz, rng), rate_hz)
    lag = found.at[:, None] / rate_hz - beats
    nearest = np.take_along_axis(lag, np.abs(lag - PULSE_DELAY_S).argmin(axis=0)[None], axis=0)[0][(beats > 0.5) & (beats < 9.3)]
    assert np.ptp(nearest) < 0.03
    assert found.quality > 0.9


@pytest.mark.parametrize("find", [r_peaks, pulses])
def test_a_flat_line_a_short_one_and_a_slow_one_have_no_beats(find: object) -> None:
    assert callable(find)
    assert len(find(np.full(2500, 0.7), 250.0).at) == 0
    assert len(find(np.arange(3.0), 250.0).at) == 0
    assert len(find(np.random.default_rng(0).normal(size=100), 10.0).at) == 0


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_heart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert r_peaks(rng.normal(size=2500), 250.0).quality < 0.1
    assert r_peaks(np.cumsum(rng.normal(size=2500)), 250.0).quality < 0.1


def test_mains_hum_is_no_heart() -> None:
    hum = np.sin(2 * np.pi * 50 * np.arange(2500) / 250) + np.random.default_rng(0).normal(0, 0.05, 2500)
    assert r_peaks(hum, 250.0).quality < 0.1
