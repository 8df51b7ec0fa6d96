"""The reading of strain: gated, smoothed, never stale."""

import pytest

from affectloop.events import Cause
from affectloop.training_science.strain import Glimpse, gated, read

NOW_US = 1_700_000_000_000_000


def glimpses(strain: float | None, *, since_s: float = 40.0, until_s: float = 0.0) -> list[Glimpse]:
    """Estimates at 2 Hz, from ``since_s`` to ``until_s`` before now."""
    count = round((since_s - until_s) * 2)
    return [Glimpse(NOW_US - round((until_s + index / 2) * 1e6), strain) for index in range(count)]


def test_the_mean_of_half_a_minute_is_read() -> None:
    older, newer = glimpses(0.2, since_s=32, until_s=17), glimpses(0.8, since_s=17, until_s=2)
    assert read(newer + older, NOW_US).strain == pytest.approx(0.5, abs=0.02)


def test_one_strong_second_changes_little() -> None:
    calm = glimpses(0.2, until_s=3.5)
    assert read([*calm, *glimpses(1.0, since_s=3.5, until_s=2.5)], NOW_US).strain == pytest.approx(0.2, abs=0.05)


def test_without_estimates_behaviour_alone_decides() -> None:
    assert read([], NOW_US).cause is Cause.NO_ESTIMATE
    assert read(glimpses(0.9, since_s=90, until_s=40), NOW_US).cause is Cause.NO_ESTIMATE


def test_an_estimate_older_than_ten_seconds_is_stale() -> None:
    reading = read(glimpses(0.9, until_s=11), NOW_US)
    assert (reading.strain, reading.cause) == (None, Cause.ESTIMATE_STALE)


def test_unsure_estimates_are_not_used() -> None:
    unsure = [gated(glimpse.time_us, 0.9, 0.59, False, 0.6) for glimpse in glimpses(0.9)]
    abstained = [gated(glimpse.time_us, None, 0.9, True, 0.6) for glimpse in glimpses(0.9)]
    for some in (unsure, abstained, glimpses(0.9, since_s=6)):
        reading = read(some, NOW_US)
        assert (reading.strain, reading.cause) == (None, Cause.ESTIMATE_UNSURE)


def test_what_came_in_the_last_two_seconds_changes_nothing() -> None:
    known = glimpses(0.4, until_s=2.5)
    assert read(known, NOW_US) == read([*known, *glimpses(1.0, since_s=2.5)], NOW_US)
