import numpy as np
import pytest
from numpy.typing import NDArray

from affectloop.dsp.voice.features import (
    FRAME,
    LOWEST_LEVEL_DB,
    SAMPLE_RATE_HZ,
    SPEECH_BAND_HZ,
    STEP,
    band_level_db,
    clipped_share,
    framed,
    level_db,
    power_spectra,
    spectral_balance_db,
)

SECOND = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ


def tone(hz: float, amplitude: float = 1.0) -> NDArray[np.float32]:
    return (amplitude * np.sin(2 * np.pi * hz * SECOND)).astype(np.float32)


def test_a_full_scale_sine_has_minus_three_decibels() -> None:
    assert level_db(tone(440)) == pytest.approx(-3.01, abs=0.01)
    assert band_level_db(power_spectra(framed(tone(440))), SPEECH_BAND_HZ) == pytest.approx(-3.01, abs=0.1)


def test_a_constant_offset_is_no_sound() -> None:
    offset = np.full(SAMPLE_RATE_HZ, 0.5, np.float32)
    assert level_db(offset) == pytest.approx(LOWEST_LEVEL_DB)
    assert band_level_db(power_spectra(framed(offset)), SPEECH_BAND_HZ) == pytest.approx(LOWEST_LEVEL_DB)


def test_silence_and_nothing_have_the_lowest_level() -> None:
    assert level_db(np.zeros(100, np.float32)) == pytest.approx(LOWEST_LEVEL_DB)
    assert level_db(np.zeros(0, np.float32)) == pytest.approx(LOWEST_LEVEL_DB)


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (FRAME - 1, 0), (FRAME, 1), (FRAME + STEP - 1, 1), (FRAME + STEP, 2)])
def test_frames_need_all_their_samples(samples: int, frames: int) -> None:
    assert framed(np.zeros(samples, np.float32)).shape == (frames, FRAME)


def test_a_hiss_lies_higher_than_a_hum() -> None:
    low, high = (float(spectral_balance_db(power_spectra(framed(tone(hz))))[0]) for hz in (200, 2_000))
    assert low < -30
    assert high > 30


def test_samples_at_the_rails_are_clipped() -> None:
    assert clipped_share(np.array([32_767, -32_768, 0, 100], np.int16)) == 0.5
    assert clipped_share(np.zeros(0, np.int16)) == 0.0
