"""Electrodermal activity of one learner, hop by hop: wear, tonic and phasic level, responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp import electrodermal
from affectloop.dsp.order import median
from affectloop.events import Reason, SkinConductanceResponse
from affectloop_physio.sample_buffer import ROUNDING_US, Window, forget_hops
from affectloop_physio.settings import PhysioSettings

FloatArray = NDArray[np.float64]

SECOND_US = 1_000_000
BIN_US = 250_000
BINS_A_HOP = SECOND_US // BIN_US
WHOLE = 80  # bins: 20 s, what a response is judged from (12 s) and the tonic level needs
SETTLING = 12  # bins: for 3 s after skin and electrodes have touched anew the conductance speaks of the contact
HELD = WHOLE + SETTLING  # a touch just before the window must be known
SHORTEST = 20  # bins, 5 s
CURRENT = 8  # bins: a stream without samples for 2 s has stopped
BRIDGED = 4  # bins: a shorter gap, or a sensor of 1 Hz, is filled with a straight line
CONFIRMED_AFTER = 16  # bins from a response's peak to the hop that tells it: 3 s to settle, 0.75 s of smoothing
RATE_HOPS = 60
LEAST_RATE_HOPS = 30  # good seconds within the last minute below which no response rate is told
NOISIEST_MICROSIEMENS = 0.03  # sample noise as large as a response
HIGHEST_MICROSIEMENS = 100.0  # no skin conducts better; wet electrodes touch
AIR_SHARE = 0.5  # of the least conductance: below, there is air between, and the next touch is a new one
JUMP_SHARE, JUMP_MICROSIEMENS = 0.1, 0.15  # of the level, and besides, within 250 ms: a contact lost, not sweat
FLAT_BINS = 40  # 10 s of exactly one value: no skin is so calm


@dataclass(frozen=True, slots=True)
class ElectrodermalReading:
    """Tonic and phasic level, responses confirmed in this hop, or why there is nothing."""

    quality: float
    reason: Reason
    tonic: float | None = None
    phasic: float | None = None
    responses: tuple[SkinConductanceResponse, ...] = ()
    settled: bool = False  # from a whole window, fit for a resting level


class ElectrodermalTracker:
    """Conductance on a grid of 250 ms of absolute time, so that every window sees the same samples."""

    def __init__(self, settings: PhysioSettings) -> None:
        self._settings = settings
        self._bins = np.full(HELD, np.nan)
        self._hops: dict[int, int | None] = {}  # responses told by each hop; None where nothing could be told

    def reading(self, closing_us: int, second: Window | None, *, off_body: bool) -> ElectrodermalReading:
        """Take the second before the closing time and look at the last 20, or at those since the electrodes touched anew."""
        self._bins = np.concatenate((self._bins[BINS_A_HOP:], binned(second, closing_us)))
        reading = self._looked(closing_us, off_body)
        self._hops[closing_us] = len(reading.responses) if reading.tonic is not None else None
        forget_hops(self._hops, closing_us - RATE_HOPS * SECOND_US)
        return reading

    @property
    def responses_per_min(self) -> float | None:
        """Responses told in the good seconds of the last minute; ``None`` where these are too few."""
        counts = [count for count in self._hops.values() if count is not None]
        return sum(counts) * 60 / len(counts) if len(counts) >= LEAST_RATE_HOPS else None

    def _looked(self, closing_us: int, off_body: bool) -> ElectrodermalReading:
        level = unbroken(self._bins)
        if len(level) == 0:
            return ElectrodermalReading(0.0, Reason.NO_SIGNAL)
        if len(level) < SHORTEST:
            return ElectrodermalReading(0.0, Reason.WARMING_UP)
        least = self._settings.least_conductance_microsiemens
        bare = level < AIR_SHARE * least
        touching = level[touched(level, bare) + SETTLING :][-WHOLE:]
        lately = touching[-FLAT_BINS:] if len(touching) else level[-CURRENT:]
        if off_body or not np.ptp(level[-FLAT_BINS:]) or median(lately) < least:
            return ElectrodermalReading(0.0, Reason.OFF_BODY)
        if len(touching) < SHORTEST:
            return ElectrodermalReading(0.0, Reason.WARMING_UP if len(touching) or bare.any() else Reason.NOISY)
        noise = electrodermal.noise(touching)
        if noise > NOISIEST_MICROSIEMENS or touching.max() > HIGHEST_MICROSIEMENS:
            return ElectrodermalReading(0.0, Reason.NOISY)
        return self._levels(closing_us, touching, noise)

    def _levels(self, closing_us: int, level: FloatArray, noise: float) -> ElectrodermalReading:
        smooth = electrodermal.smoothed(level)
        tonic = electrodermal.tonic_level(smooth)
        last = len(level) - CONFIRMED_AFTER
        found = electrodermal.responses(smooth, noise, self._settings.least_response_microsiemens, last - BINS_A_HOP, last)
        begin_us = closing_us - len(level) * BIN_US + BIN_US // 2
        return ElectrodermalReading(
            quality=(1 - noise / NOISIEST_MICROSIEMENS) * len(level) / WHOLE,
            reason=Reason.GOOD,
            tonic=tonic,
            phasic=float(smooth[-1] - tonic),
            responses=tuple(
                SkinConductanceResponse(
                    onset_time_us=begin_us + one.onset * BIN_US,
                    peak_time_us=begin_us + one.peak * BIN_US,
                    amplitude_microsiemens=one.amplitude_microsiemens,
                )
                for one in found
            ),
            settled=len(level) == WHOLE,
        )


def touched(level: FloatArray, bare: NDArray[np.bool_]) -> int:
    """The first bin since the electrodes last touched anew: were bare, or the conductance jumped; before the level if never."""
    steps = np.abs(level[1:] - level[:-1])
    anew = np.flatnonzero(bare[:-1] | (steps > JUMP_SHARE * level[:-1] + JUMP_MICROSIEMENS))
    return len(level) if bare[-1] else int(anew[-1]) + 1 if len(anew) else -SETTLING


def binned(second: Window | None, closing_us: int) -> FloatArray:
    """The means of the four quarters of the second before the closing time, NaN where there is no sample."""
    if second is None:
        return np.full(BINS_A_HOP, np.nan)
    times = second.times_us(np.arange(len(second.samples), dtype=np.float64)) + ROUNDING_US - (closing_us - SECOND_US)
    quarters = np.clip(times // BIN_US, 0, BINS_A_HOP - 1).astype(np.intp)
    counts = np.bincount(quarters, minlength=BINS_A_HOP)
    sums = np.bincount(quarters, second.samples[:, 0], BINS_A_HOP)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def unbroken(bins: FloatArray) -> FloatArray:
    """The newest stretch without a gap of more than a second, short gaps filled; empty where it ended 2 s ago."""
    known = np.flatnonzero(~np.isnan(bins))
    if len(known) == 0 or known[-1] < len(bins) - CURRENT:
        return np.empty(0)
    breaks = np.flatnonzero(np.diff(known) > BRIDGED)
    if len(breaks):
        known = known[breaks[-1] + 1 :]
    if known[-1] - known[0] + 1 == len(known) and known[-1] == len(bins) - 1:
        return bins[known[0] :]
    return np.interp(np.arange(known[0], len(bins)), known, bins[known])
