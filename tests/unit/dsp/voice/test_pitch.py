import numpy as np
import pytest
from numpy.typing import NDArray

from affectloop.dsp.voice.features import FRAME, SAMPLE_RATE_HZ, STEP, framed, power_spectra
from affectloop.dsp.voice.pitch import pitch
from affectloop.synthetic.voice import Manner, speak

SECOND = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ


def spectra_of(samples: NDArray[np.float64]) -> NDArray[np.float32]:
    return power_spectra(framed(samples.astype(np.float32)))


def buzz(hz: float, harmonics: int = 12) -> NDArray[np.float64]:
    return 0.1 * sum((np.cos(2 * np.pi * k * hz * SECOND + k) / k for k in range(1, harmonics + 1)), np.zeros(len(SECOND)))


@pytest.mark.parametrize("hz", [72.0, 98.3, 150.0, 217.7, 330.0, 500.0, 620.0])
def test_a_buzz_has_the_pitch_it_was_made_with(hz: float) -> None:
    found = pitch(spectra_of(buzz(hz))).hz
    assert np.isfinite(found).all()
    assert np.abs(1200 * np.log2(found / hz)).max() < 10  # cents


def test_a_voice_without_its_fundamental_keeps_its_pitch() -> None:
    found = pitch(spectra_of(buzz(200.0) - 0.1 * np.cos(2 * np.pi * 200.0 * SECOND + 1))).hz
    assert np.nanmedian(found) == pytest.approx(200.0, rel=0.01)


@pytest.mark.parametrize("hum_hz", [50.0, 60.0])
def test_mains_hum_is_not_a_voice(hum_hz: float) -> None:
    hum = 0.2 * np.cos(2 * np.pi * hum_hz * SECOND) + np.random.default_rng(1).normal(0, 0.01, len(SECOND))
    assert np.isfinite(pitch(spectra_of(hum)).hz).mean() < 0.05


def test_white_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, 4 * SAMPLE_RATE_HZ)
    assert not pitch(spectra_of(noise)).voiced.mean() > 0.01
    assert not pitch(spectra_of(np.zeros(SAMPLE_RATE_HZ))).voiced.any()


def test_no_frames_give_no_pitch() -> None:
    assert pitch(spectra_of(np.zeros(0))).hz.shape == (0,)


def test_a_child_and_a_broken_voice_are_both_followed_through_their_accents() -> None:
    for seed, hz in enumerate((90.0, 320.0)):
        spoken = speak(6, Manner(pitch_hz=hz), seed)
        found = pitch(spectra_of(spoken.pcm / 32_768)).hz
        truth = spoken.pitch_at((np.arange(len(found)) * STEP + FRAME / 2) / SAMPLE_RATE_HZ)
        cents = np.abs(1200 * np.log2(found / truth))
        cents = cents[np.isfinite(cents)]
        assert np.median(cents) < 3
        assert (cents > 200).mean() < 0.03


def test_strength_falls_with_noise() -> None:
    rng = np.random.default_rng(3)
    strengths = [pitch(spectra_of(buzz(180.0) + rng.normal(0, noise, len(SECOND)))).strength.mean() for noise in (0.0, 0.1, 0.3)]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] > 0.95
