"""What the estimates say of the learner's strain, smoothed and gated: a reading that may only ever ease the training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from affectloop.events import Cause

MARGIN_S = 2.0  # estimates younger than this are left out: a trial never waits for them, and so a replay sees the same ones
SMOOTHING_S = 30.0  # a strain that lasts; one face pulled or one breath held is none
LEAST_ESTIMATES = 15  # of the 60 that 30 s bring at 2 Hz: a quarter
STALE_S = 10.0  # older than this, an estimate says nothing of now


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One estimate, as far as strain goes; ``strain`` (0 to 1) is ``None`` where the estimate abstained or is unsure."""

    time_us: int
    strain: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Smoothed strain, 0 to 1; ``None`` where it cannot be said, and ``cause`` says why."""

    strain: float | None
    cause: Cause | None = None


NOTHING = Reading(None, Cause.NO_ESTIMATE)


def gated(time_us: int, strain: float | None, confidence: float, abstained: bool, gate: float) -> Glimpse:
    """One estimate past the confidence gate (0 to 1)."""
    return Glimpse(time_us, None if abstained or confidence < gate else strain)


def read(glimpses: Sequence[Glimpse], at_us: int) -> Reading:
    """The strain at a trial.

    Parameters
    ----------
    glimpses : sequence of Glimpse
        Estimates of the session in any order; those outside the window do not count.
    at_us : int
        When the trial was answered.

    Returns
    -------
    Reading
        The mean over ``SMOOTHING_S``, or why there is none: no estimate, a stale one, or too few sure ones.
    """
    until_us = at_us - round(MARGIN_S * 1e6)
    since_us = until_us - round(SMOOTHING_S * 1e6)
    window = [glimpse for glimpse in glimpses if since_us <= glimpse.time_us < until_us]
    if not window:
        return NOTHING
    if max(glimpse.time_us for glimpse in window) < at_us - round(STALE_S * 1e6):
        return Reading(None, Cause.ESTIMATE_STALE)
    sure = [(glimpse.time_us, glimpse.strain) for glimpse in window if glimpse.strain is not None]
    if len(sure) < LEAST_ESTIMATES or max(time_us for time_us, _ in sure) < at_us - round(STALE_S * 1e6):
        return Reading(None, Cause.ESTIMATE_UNSURE)
    return Reading(sum(strain for _, strain in sure) / len(sure))
