"""Filters over a window: what passes, what does not, and where a maximum is between the samples."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from affectloop.dsp.filters import Spectrum, local_maxima, mirrored, refined
from affectloop.dsp.order import deviation, median, medians, percentile

RATE_HZ = 100.0
TIME_S = np.arange(1000) / RATE_HZ


def wave(frequency_hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * frequency_hz * TIME_S)


def test_a_band_passes_what_is_inside_and_stops_what_is_outside() -> None:
    spectrum = Spectrum(5 + wave(0.1) + wave(3.0) + wave(30.0), RATE_HZ, margin_s=1.0)
    inner = slice(100, 900)
    assert np.abs(spectrum.band(1.0, 10.0) - wave(3.0))[inner].max() < 0.05


def test_the_window_is_filtered_without_a_shift_in_time_like_a_recursive_filter_run_both_ways() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=1000)
    both_ways = sosfiltfilt(butter(2, (1.0, 10.0), "band", fs=RATE_HZ, output="sos"), noise)
    correlation = np.corrcoef(Spectrum(noise, RATE_HZ, margin_s=1.0).band(1.0, 10.0)[50:-50], both_ways[50:-50])[0, 1]
    assert correlation > 0.97


def test_the_envelope_is_the_height_of_the_wave() -> None:
    envelope = np.abs(Spectrum(2 * wave(5.0), RATE_HZ, margin_s=1.0).analytic(2.0, 12.0))
    assert envelope[100:900] == pytest.approx(2.0, rel=0.02)


def test_the_slope_is_the_derivative() -> None:
    slope = Spectrum(wave(2.0), RATE_HZ, margin_s=1.0).slope(0.5, 8.0)
    assert np.abs(slope - 4 * np.pi * np.cos(4 * np.pi * TIME_S))[100:900].max() < 0.3


def test_mirrored_ends_go_on_without_a_step() -> None:
    extended = mirrored(np.arange(10.0), 3)
    assert extended == pytest.approx(np.arange(-3.0, 13.0))


def test_a_maximum_is_found_between_the_samples() -> None:
    curve = -((np.arange(20.0, dtype=np.float64) - 7.3) ** 2)
    peaks = local_maxima(curve)
    assert refined(curve, peaks) == pytest.approx([7.3])


def test_an_index_at_an_end_is_not_moved() -> None:
    assert refined(np.array([3.0, 2.0, 1.0]), np.array([0])) == pytest.approx([0.0])


@pytest.mark.parametrize("count", [1, 2, 5, 8, 81])
def test_quick_order_statistics_equal_numpys(count: int) -> None:
    values = np.random.default_rng(count).normal(size=(3, count))
    assert median(values[0]) == pytest.approx(np.median(values[0]))
    assert medians(values) == pytest.approx(np.median(values, axis=1))
    assert percentile(values[0], 5.0) == pytest.approx(np.percentile(values[0], 5.0))
    assert deviation(values[0]) == pytest.approx(1.4826 * np.median(np.abs(values[0] - np.median(values[0]))))
