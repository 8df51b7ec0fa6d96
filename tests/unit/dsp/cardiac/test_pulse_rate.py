"""The heart rate of a moving wrist: the pulse, not the stride."""

import numpy as np
import pytest

from affectloop.dsp.cardiac.pulse_rate import RATES_BPM, followed_rate, rate_likelihood
from affectloop.synthetic.physiology import Movement, acceleration, beat_times, photoplethysmogram


def likelihoods(movement: Movement, *, masked: bool, bpm: float = 80.0) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    beats = beat_times(40.0, bpm, rng)
    pulse = photoplethysmogram(beats, 40.0, 64.0, rng, movements=[movement])[:, None]
    moved = acceleration(40.0, 32.0, rng, movements=[movement])
    ends = range(12, 41)
    return [
        rate_likelihood(pulse[(end - 8) * 64 : end * 64], 64.0, moved[(end - 8) * 32 : end * 32] if masked else None, 32.0) for end in ends
    ]


def test_strides_are_not_taken_for_a_heart() -> None:
    found = followed_rate(likelihoods(Movement(20.0, 40.0, 2.2, 0.3), masked=True)[-20:])
    assert found.bpm == pytest.approx(80.0, abs=3.0)
    assert found.certainty > 0.9


def test_without_acceleration_they_are_and_that_is_why_it_is_asked_for() -> None:
    found = followed_rate(likelihoods(Movement(10.0, 40.0, 2.2, 1.0), masked=False)[-20:])
    assert found.bpm == pytest.approx(132.0, abs=3.0)


def test_noise_gives_no_certainty() -> None:
    rng = np.random.default_rng(6)
    noise = [rate_likelihood(rng.normal(size=(512, 1)), 64.0, rng.normal(0, 0.3, (256, 3)), 32.0) for _ in range(20)]
    assert followed_rate(noise).certainty < 0.9


def test_a_flat_pulse_says_nothing() -> None:
    flat = rate_likelihood(np.zeros((512, 1)), 64.0, None, 32.0)
    assert np.ptp(flat) == 0.0
    assert len(flat) == len(RATES_BPM)
