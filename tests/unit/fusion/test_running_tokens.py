"""Tokens that are kept running are those that are worked out from nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from affectloop_fusion.running_tokens import RunningTokens
from affectloop_fusion.tokens import FACE, HOP_US, KINDS, VOICE, WINDOW_US, WRISTBAND, Array, Kind, scaled, trust
from unit.fusion.making import START_US

Measured = list[tuple[int, Array]]
kinds = some.sampled_from(KINDS)


def from_nothing(kind: Kind, measured: Measured, closing_us: int) -> Array:
    """Means of each token of one window, NaN where nothing was measured: the definition."""
    tokens = np.full((kind.count, len(kind.features)), np.nan)
    for place in range(kind.count):
        begins_us = closing_us - WINDOW_US + place * kind.token_us
        within = [values for time_us, values in measured if begins_us <= time_us < begins_us + kind.token_us]
        for feature in range(len(kind.features)):
            known = [values[feature] for values in within if np.isfinite(values[feature])]
            tokens[place, feature] = np.mean(known) if known else np.nan
    return tokens


def a_stretch(kind: Kind, seed: int, seconds: int, gap_s: int) -> Measured:
    """Values at random times with holes in them, and a gap in the middle."""
    draw = np.random.default_rng(seed)
    times = np.sort(draw.integers(0, seconds * 1_000_000, seconds * 6))
    times = np.where(times > seconds * 500_000, times + gap_s * 1_000_000, times)
    rows = np.where(draw.random((len(times), len(kind.features))) < 0.7, draw.normal(0.3, 0.5, (len(times), len(kind.features))), np.nan)
    return [(START_US + int(time_us), row) for time_us, row in zip(times, rows, strict=True)]


@settings(max_examples=25, deadline=None)
@given(kind=kinds, seed=some.integers(0, 1_000), gap_s=some.sampled_from([0, 3, 30]), ahead_s=some.sampled_from([0, 20]))
def test_every_window_is_that_which_is_worked_out_from_nothing(kind: Kind, seed: int, gap_s: int, ahead_s: int) -> None:
    measured = a_stretch(kind, seed, 12, gap_s)
    running, waiting = RunningTokens(kind), list(measured)
    for closing_us in range(START_US + HOP_US, START_US + (24 + gap_s) * 1_000_000, HOP_US):
        while waiting and waiting[0][0] < closing_us + ahead_s * 1_000_000:
            running.add(*waiting.pop(0))
        window, values = running.window(closing_us), from_nothing(kind, measured, closing_us)
        tokens, mask = scaled(values, kind)
        np.testing.assert_allclose(window.tokens, tokens, atol=1e-6)
        assert np.array_equal(window.mask, mask)
        assert window.trust == pytest.approx(float(trust(values, kind)), abs=1e-9)


@pytest.mark.parametrize("kind", [FACE, WRISTBAND, VOICE], ids=lambda kind: str(kind.modality))
def test_a_window_that_was_handed_out_does_not_change_any_more(kind: Kind) -> None:
    running, measured = RunningTokens(kind), a_stretch(kind, 1, 60, 0)
    handed_out = []
    for closing_us in range(START_US + HOP_US, START_US + 60_000_000, HOP_US):
        while measured and measured[0][0] < closing_us:
            running.add(*measured.pop(0))
        window = running.window(closing_us)
        handed_out.append((window.tokens, window.tokens.copy(), window.mask, window.mask.copy()))
    for tokens, as_given, mask, mask_as_given in handed_out:
        assert np.array_equal(tokens, as_given)
        assert np.array_equal(mask, mask_as_given)


@pytest.mark.parametrize("kind", [FACE, WRISTBAND, VOICE], ids=lambda kind: str(kind.modality))
def test_nothing_is_kept_of_a_window_that_has_passed(kind: Kind) -> None:
    running = RunningTokens(kind)
    for number in range(400):
        running.add(START_US + number * 100_000, np.ones(len(kind.features)))
        if number % 5 == 4:
            running.window(START_US + (number + 1) * 100_000)
    assert not running._waiting
    assert len(running._sums) < 2
