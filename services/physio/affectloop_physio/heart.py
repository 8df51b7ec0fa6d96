"""Heart rate and variability of one learner, hop by hop, from an ECG or a PPG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp.cardiac import pulse_rate
from affectloop.dsp.cardiac.beats import NO_BEATS, Beats
from affectloop.dsp.cardiac.variability import Variability, merged, rate, variability
from affectloop.events import Reason
from affectloop_physio.sample_buffer import SampleBuffer, Window, forget_hops

FloatArray = NDArray[np.float64]

SECOND_US = 1_000_000
WINDOW_US = 10 * SECOND_US  # holds seven beats at 40 bpm
CURRENT_US = 2 * SECOND_US  # a stream without samples for longer has stopped
# Beats are taken for variability where a window knows both sides of them; neighbours' zones overlap, copies are merged.
ZONE_US = (3 * SECOND_US, 2 * SECOND_US)
ZONE_OVERLAP_US = 150_000
VARIABILITY_HOPS = 60
SAME_BEAT_S = 0.2  # two beats closer than this are one seen twice
LEAST_REGULAR = 0.7  # share of plausible intervals below which beats are guesses
MOST_BRIDGED = 0.1  # share of a window that may be straight lines over gaps
SPECTRUM_US = 8 * SECOND_US  # resolves 7.5 bpm
LEAST_SPECTRUM_US = 7 * SECOND_US
AGREEING_BPM = 10.0  # pulses that are this far from the spectrum's strongest line are not the heart's, or the line is not
WRIST_TRUST = 0.7  # quality of a followed rate at best: a line may be the wrong one
FOLLOWED_HOPS = 20  # seconds over which a rate is followed; older ones change it by less than 0.1 bpm
PERSISTING_HOPS = 5  # seconds for which a followed rate must have been certain where no pulses vouch for it
PERSISTING_BPM = 8.0  # and as near to what it is now
VOUCHING_HOPS = 20  # seconds for which confirmed pulses say where the rate must be
VOUCHING_BPM = 12.0  # and how near


@dataclass(frozen=True, slots=True)
class HeartReading:
    """A heart rate, or why there is none. ``settled``: from a whole window of beats, fit for a resting level."""

    quality: float
    reason: Reason
    bpm: float | None = None
    error_bpm: float | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class VariabilityReading:
    """Variability of the last minute, or why there is none."""

    quality: float
    reason: Reason
    value: Variability | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatMethod:
    """How beats are found in one kind of signal, and what is asked of them."""

    find: Callable[[FloatArray, float], Beats]
    shortest_us: int  # of a window that is looked at
    timing_error_s: float  # standard error of one beat's time
    least_quality: float  # for a heart rate
    least_variability_quality: float
    variability_trust: float  # share of the variability's quality that the signal can give at best


@dataclass(frozen=True, slots=True)
class _HopBeats:
    at_us: FloatArray
    present: bool
    good: bool


class BeatTrack:
    """Beats of one signal: the rate of the last 10 s, the variability of the last 60 s."""

    def __init__(self, method: BeatMethod) -> None:
        self._method = method
        self._hops: dict[int, _HopBeats] = {}

    def reading(self, closing_us: int, window: Window | None, *, moving: bool) -> HeartReading:
        """Look at the window that closes here; what a movement beats is no beat for variability."""
        found, reading = self._looked(closing_us, window)
        at_us = window.times_us(found.at) if window is not None else np.empty(0)
        begin, end = closing_us - ZONE_US[0] - ZONE_OVERLAP_US, closing_us - ZONE_US[1] + ZONE_OVERLAP_US
        good = not moving and reading.bpm is not None and found.quality >= self._method.least_variability_quality
        present = reading.reason is not Reason.NO_SIGNAL
        self._hops[closing_us] = _HopBeats(at_us[(at_us >= begin) & (at_us < end)], present, good)
        forget_hops(self._hops, closing_us - VARIABILITY_HOPS * SECOND_US)
        return reading

    def doubt(self, closing_us: int) -> None:
        """The beats of the hop just read are not confirmed: no variability from them."""
        self._hops[closing_us] = replace(self._hops[closing_us], good=False)

    def _looked(self, closing_us: int, window: Window | None) -> tuple[Beats, HeartReading]:
        if window is None or window.last_us < closing_us - CURRENT_US:
            return NO_BEATS, HeartReading(0.0, Reason.NO_SIGNAL)
        if window.duration_us < self._method.shortest_us:
            return NO_BEATS, HeartReading(0.0, Reason.WARMING_UP)
        if not np.ptp(window.samples[:, 0]):
            return NO_BEATS, HeartReading(0.0, Reason.OFF_BODY)
        found = self._method.find(joined(window.samples), window.rate_hz)
        heart_rate = rate(found.at / window.rate_hz, self._method.timing_error_s) if len(found.at) > 3 else None
        if heart_rate is None or window.bridged > MOST_BRIDGED:
            return found, HeartReading(0.0, Reason.NOISY)
        quality = found.quality * heart_rate.plausible * (1 - window.bridged)
        if found.quality < self._method.least_quality or heart_rate.plausible < LEAST_REGULAR:
            return found, HeartReading(quality, Reason.NOISY)
        settled = window.duration_us >= WINDOW_US - 2e6 / window.rate_hz
        return found, HeartReading(quality, Reason.GOOD, heart_rate.bpm, heart_rate.error_bpm, settled)

    def variability(self, closing_us: int, least_plausible: float) -> VariabilityReading:
        """The variability of the beats of the last 60 hops."""
        good = [hop for hop in self._hops.values() if hop.good]
        coverage = len(good) / VARIABILITY_HOPS
        if coverage < least_plausible:
            return VariabilityReading(0.0, self._too_few(closing_us))
        beats = merged(np.concatenate([hop.at_us for hop in good]) / 1e6, SAME_BEAT_S)
        value = variability(beats, least_plausible)
        if value is None:
            return VariabilityReading(0.0, Reason.TOO_FEW_BEATS)
        return VariabilityReading(self._method.variability_trust * coverage * value.plausible, Reason.GOOD, value)

    def _too_few(self, closing_us: int) -> Reason:
        """Why a minute lacks beats: there is no signal, it has not been there for a minute, or it is bad."""
        if not any(hop.present for hop in self._hops.values()):
            return Reason.NO_SIGNAL
        oldest = self._hops.get(closing_us - (VARIABILITY_HOPS - 1) * SECOND_US)
        return Reason.TOO_FEW_BEATS if oldest is not None and oldest.present else Reason.WARMING_UP


def joined(samples: FloatArray) -> FloatArray:
    """One signal out of several channels: their mean in deviations of each, the way up of the first."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    spread = samples.std(axis=0)
    alive = spread > 0
    standard = (samples[:, alive] - samples[:, alive].mean(axis=0)) / spread[alive]
    one: FloatArray = (standard * np.sign(standard.T @ standard[:, 0])).mean(axis=1)
    return one


class WristSpectrum:
    """What the spectrum of a wrist's pulse says of each second: whether pulses are a heart's, and a rate without pulses."""

    def __init__(self, least_certainty: float) -> None:
        self._least_certainty = least_certainty
        self._of: tuple[SampleBuffer, SampleBuffer | None] | None = None
        self._lines: dict[int, _Lines | None] = {}
        self._followed: dict[int, pulse_rate.FollowedRate | None] = {}
        self._confirmed: dict[int, float] = {}  # rates of pulses that the spectrum agreed with
        self._from_us = 0  # windows of earlier hops reach back to where the band was not worn

    def forget(self, closing_us: int) -> None:
        """The band is off the body: nothing up to here is a heart's."""
        self._from_us = closing_us + SPECTRUM_US
        self._lines, self._followed, self._confirmed = {}, {}, {}

    def look(self, closing_us: int, pulse: SampleBuffer, acceleration: SampleBuffer | None) -> None:
        """Take the signals of the hop that is asked for next. What they say is worked out when it is first asked for."""
        if self._of != (pulse, acceleration):  # other sensors have another past
            self._of, self._lines, self._followed = (pulse, acceleration), {}, {}
        kept = closing_us - (FOLLOWED_HOPS + PERSISTING_HOPS) * SECOND_US
        self._lines = {hop: lines for hop, lines in self._lines.items() if hop > kept}
        self._followed = {hop: followed for hop, followed in self._followed.items() if hop > kept}
        self._confirmed = {hop: bpm for hop, bpm in self._confirmed.items() if hop > closing_us - VOUCHING_HOPS * SECOND_US}

    def confirms(self, closing_us: int, bpm: float) -> bool:
        """Whether the spectrum's strongest line is where pulses say that the rate is."""
        lines = self._at(closing_us)
        if lines is None or not np.ptp(lines.likelihood):
            return False
        agreed = abs(float(pulse_rate.RATES_BPM[np.argmax(lines.likelihood)]) - bpm) <= AGREEING_BPM
        if agreed:
            self._confirmed[closing_us] = bpm
        return agreed

    def reading(self, closing_us: int) -> HeartReading | None:
        """The rate without pulses; ``None`` where it is uncertain, where recent pulses deny it or it is new and none vouch for it."""
        now = self._rate(closing_us)
        if now is None or now.certainty < self._least_certainty:
            return None
        if not (self._vouched(now.bpm) if self._confirmed else self._persists(closing_us, now.bpm)):
            return None
        return HeartReading(WRIST_TRUST * now.certainty, Reason.GOOD, now.bpm, now.deviation_bpm)

    def explains(self, closing_us: int, bpm: float) -> bool:
        """Whether the wrist, or who carries the band, moves at that rate."""
        acceleration = self._of[1] if self._of is not None else None
        moved = _whole(acceleration, closing_us, pulse_rate.LOWEST_ACCELERATION_RATE_HZ) if acceleration is not None else None
        return moved is not None and pulse_rate.explained_by_movement(bpm, moved.samples, moved.rate_hz)

    def _vouched(self, bpm: float) -> bool:
        return abs(self._confirmed[max(self._confirmed)] - bpm) <= VOUCHING_BPM

    def _persists(self, closing_us: int, bpm: float) -> bool:
        before = [self._rate(closing_us - back * SECOND_US) for back in range(1, PERSISTING_HOPS)]
        return all(
            each is not None and each.certainty >= self._least_certainty and abs(each.bpm - bpm) <= PERSISTING_BPM for each in before
        )

    def _rate(self, closing_us: int) -> pulse_rate.FollowedRate | None:
        """The rate followed up to a hop; ``None`` where the movement is not known, which may be what beats there."""
        if closing_us not in self._followed:
            all_lines = [self._at(closing_us - back * SECOND_US) for back in range(FOLLOWED_HOPS - 1, -1, -1)]
            known = [lines.likelihood for lines in all_lines if lines is not None and lines.masked]
            here = all_lines[-1]
            self._followed[closing_us] = pulse_rate.followed_rate(known) if here is not None and here.masked else None
        return self._followed[closing_us]

    def _at(self, closing_us: int) -> _Lines | None:
        if closing_us not in self._lines:
            self._lines[closing_us] = self._looked(closing_us)
        return self._lines[closing_us]

    def _looked(self, closing_us: int) -> _Lines | None:
        """How likely each rate is in the 8 s before a hop; ``None`` where there is too little pulse."""
        if self._of is None or closing_us < self._from_us:
            return None
        pulse, acceleration = self._of
        volume = _whole(pulse, closing_us, pulse_rate.LOWEST_PULSE_RATE_HZ)
        if volume is None:
            return None
        moved = _whole(acceleration, closing_us, pulse_rate.LOWEST_ACCELERATION_RATE_HZ) if acceleration else None
        samples, rate_hz = (moved.samples, moved.rate_hz) if moved else (None, 0.0)
        return _Lines(pulse_rate.rate_likelihood(volume.samples, volume.rate_hz, samples, rate_hz), moved is not None)


@dataclass(frozen=True, slots=True)
class _Lines:
    likelihood: FloatArray
    masked: bool  # movement was known and is left out


def _whole(buffer: SampleBuffer, closing_us: int, lowest_hz: float) -> Window | None:
    """The window of a spectrum; ``None`` where more than a second lacks or samples are too few."""
    window = buffer.window(closing_us - SPECTRUM_US, closing_us)
    return window if window is not None and window.duration_us >= LEAST_SPECTRUM_US and window.rate_hz >= lowest_hz else None


Reading = TypeVar("Reading", HeartReading, VariabilityReading)


def better(first: Reading, second: Reading) -> Reading:
    """The first reading, unless only the second has a value, or only the second has a signal."""
    if first.reason is not Reason.GOOD and (second.reason is Reason.GOOD or first.reason is Reason.NO_SIGNAL):
        return second
    return first


def refused(reading: HeartReading, reason: Reason) -> HeartReading:
    """The reading without its value, for this reason; of what is not worn nothing is of any quality."""
    quality = 0.0 if reason is Reason.OFF_BODY else reading.quality
    return replace(reading, quality=quality, reason=reason, bpm=None, error_bpm=None, settled=False)
