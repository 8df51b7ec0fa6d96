"""Intervals: which are plausible, and what they say."""

import numpy as np
import pytest

from affectloop.dsp.cardiac.variability import merged, plausible_intervals, rate, variability


def beats(count: int = 61, interval_s: float = 0.8) -> np.ndarray:
    return np.arange(count) * interval_s + 0.02 * np.sin(np.arange(count))


def test_a_missed_beat_is_one_implausible_interval_and_does_not_move_the_rate() -> None:
    missed = np.delete(beats(), 30)
    assert plausible_intervals(np.diff(missed)).sum() == len(missed) - 2
    found = rate(missed, 0.003)
    assert found is not None
    assert found.bpm == pytest.approx(75.0, abs=0.2)


def test_a_missed_beat_does_not_move_the_variability_much() -> None:
    whole, missed = variability(beats(), 0.9), variability(np.delete(beats(), 30), 0.9)
    assert whole is not None
    assert missed is not None
    assert missed.rmssd_ms == pytest.approx(whole.rmssd_ms, rel=0.05)


def test_rmssd_and_sdnn_are_those_of_the_definition() -> None:
    intervals = np.random.default_rng(1).normal(0.8, 0.03, 70)
    found = variability(np.concatenate(([0.0], np.cumsum(intervals))), 0.9)
    assert found is not None
    assert found.rmssd_ms == pytest.approx(1e3 * np.sqrt(np.mean(np.diff(intervals) ** 2)), rel=1e-6)
    assert found.sdnn_ms == pytest.approx(1e3 * intervals.std(ddof=1), rel=1e-6)


def test_too_few_plausible_intervals_give_no_variability() -> None:
    rng = np.random.default_rng(2)
    assert variability(np.sort(rng.uniform(0, 60, 70)), 0.9) is None


@pytest.mark.parametrize("interval_s", [0.2, 2.5])
def test_intervals_that_no_heart_has_give_no_rate(interval_s: float) -> None:
    assert rate(beats(20, interval_s), 0.003) is None


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_beats_give_nothing(count: int) -> None:
    assert rate(beats(count), 0.003) is None
    assert variability(beats(count), 0.9) is None


def test_worse_timing_and_implausible_intervals_widen_the_error() -> None:
    sure, jittery, gappy = rate(beats(12), 0.003), rate(beats(12), 0.015), rate(np.delete(beats(12), [3, 7]), 0.003)
    assert sure is not None
    assert jittery is not None
    assert gappy is not None
    assert sure.error_bpm < jittery.error_bpm
    assert sure.error_bpm < gappy.error_bpm


def test_a_beat_seen_from_two_windows_counts_once() -> None:
    assert merged(np.array([1.0, 2.0, 1.004, 3.0]), 0.25) == pytest.approx([1.0, 2.0, 3.0])
