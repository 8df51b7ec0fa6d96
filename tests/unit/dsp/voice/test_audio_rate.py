import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from affectloop.dsp.voice.audio_rate import Resampler, resampler_from

RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def sine(rate: float, hz: float, seconds: float = 0.5) -> NDArray[np.float32]:
    return np.asarray(np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate), np.float32)


def piecewise(resampler: Resampler, samples: NDArray[np.float32], cuts: list[int]) -> tuple[int, NDArray[np.float32]]:
    """What a stream that keeps only what it needs gives."""
    raw, first, given_out, start = np.zeros(0, np.float32), 0, None, 0
    out = []
    for piece in np.split(samples, sorted(cuts)):
        raw = np.concatenate([raw, piece])
        number, found = resampler.outputs(first, raw)
        if given_out is None:
            given_out = start = number
        found = found[given_out - number :]
        given_out += len(found)
        out.append(found)
        oldest = min(max(resampler.first_input_of(given_out), first), first + len(raw))
        raw, first = raw[oldest - first :], oldest
    return start, np.concatenate(out)


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_frequency_and_height(rate: int) -> None:
    first, found = resampler_from(rate).outputs(0, sine(rate, 440))
    expected = np.sin(2 * np.pi * 440 * (first + np.arange(len(found))) / 16_000)
    assert len(found) > 7_900
    assert np.abs(found - expected).max() < 0.01


def test_what_16_khz_cannot_hold_is_removed() -> None:
    _, found = resampler_from(48_000).outputs(0, sine(48_000, 11_000))
    assert np.abs(found).max() < 0.01


def test_16_khz_is_left_as_it_is() -> None:
    samples = sine(16_000, 300)
    first, found = resampler_from(16_000).outputs(77, samples)
    assert first == 77
    assert found is samples


@settings(max_examples=30, deadline=None)
@given(rate=st.sampled_from(RATES), cuts=st.lists(st.integers(0, 4_000), max_size=8))
def test_how_the_samples_are_cut_changes_nothing(rate: int, cuts: list[int]) -> None:
    samples = np.random.default_rng(0).normal(0, 0.2, 4_000).astype(np.float32)
    whole_first, whole = resampler_from(rate).outputs(0, samples)
    first, pieces = piecewise(resampler_from(rate), samples, cuts)
    assert first == whole_first
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


@pytest.mark.parametrize("rate", [0.0, 4_000.0, 96_000.0])
def test_a_rate_beyond_microphones_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="8,000 to 48,000"):
        resampler_from(rate)


def test_an_odd_rate_gets_the_nearest_ratio() -> None:
    odd = resampler_from(44_099.7)
    assert odd.up / odd.down == pytest.approx(16_000 / 44_099.7, rel=1e-4)
