"""How the physiology is scored: agreement of beats, heart rates of a wrist, semi-synthetic skin responses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from affectloop.dsp.cardiac.beats import Beats
from affectloop.dsp.cardiac.variability import merged
from affectloop.dsp.filters import FloatArray
from affectloop.events import END_OF_TIME_US, Header, PhysioFeatures, SignalChunk, SignalKind
from affectloop.processor import SessionContext
from affectloop.synthetic.physiology import Response, response_curve
from affectloop_physio.heart import SAME_BEAT_S, WINDOW_US, ZONE_OVERLAP_US, ZONE_US
from affectloop_physio.processor import PhysioProcessor
from affectloop_physio.settings import PhysioSettings
from physiology_datasets import Wrist

START_US = 1_767_225_600_000_000
SETTINGS = PhysioSettings(_env_file=None)
RESPONSE_TOLERANCE_S = 2.0
GRID_HZ = 4.0
QUIET_S = 60  # length of a stretch of real skin conductance without a visible response


@dataclass(frozen=True)
class Agreement:
    """Matches of what was found with what is true, each used once."""

    matched: int
    missed: int
    false: int
    errors: FloatArray  # found minus true, of the matches

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there was nothing and nothing was found."""
        total = 2 * self.matched + self.missed + self.false
        return 2 * self.matched / total if total else 1.0

    @property
    def precision(self) -> float:
        """Share of the found that is true."""
        return self.matched / max(self.matched + self.false, 1)

    @property
    def recall(self) -> float:
        """Share of the true that is found."""
        return self.matched / max(self.matched + self.missed, 1)


def agreement(truth: FloatArray, found: FloatArray, tolerance: float) -> Agreement:
    """Match two ascending series of times, one to one, in order."""
    errors, at_truth, at_found = [], 0, 0
    while at_truth < len(truth) and at_found < len(found):
        error = found[at_found] - truth[at_truth]
        if abs(error) <= tolerance:
            errors.append(error)
        at_truth += error >= 0 or abs(error) <= tolerance
        at_found += error < 0 or abs(error) <= tolerance
    return Agreement(len(errors), len(truth) - len(errors), len(found) - len(errors), np.array(errors))


def pooled(parts: Iterable[Agreement]) -> Agreement:
    """All of them as one."""
    parts = list(parts)
    return Agreement(
        matched=sum(part.matched for part in parts),
        missed=sum(part.missed for part in parts),
        false=sum(part.false for part in parts),
        errors=np.concatenate([part.errors for part in parts]),
    )


def beats_in_hops(samples: FloatArray, rate_hz: float, find: Callable[[FloatArray, float], Beats]) -> FloatArray:
    """Times (s) of beats as the service collects them: each second its zone of the last 10 s, the ends added."""
    window, zone, overlap = WINDOW_US / 1e6, (ZONE_US[0] / 1e6, ZONE_US[1] / 1e6), ZONE_OVERLAP_US / 1e6
    last = int(len(samples) / rate_hz)
    found = []
    for closing in range(int(window), last + 1):
        start = round((closing - window) * rate_hz)
        at = (find(samples[start : round(closing * rate_hz)], rate_hz).at + start) / rate_hz
        begin = 0.0 if closing == window else closing - zone[0] - overlap
        end = last + 1.0 if closing == last else closing - zone[1] + overlap
        found.append(at[(at >= begin) & (at < end)])
    return merged(np.concatenate(found), SAME_BEAT_S)


def chunks(kind: SignalKind, samples: FloatArray, rate_hz: float, seconds: float = 1.0) -> Iterator[SignalChunk]:
    """A recording as capture would send it."""
    size = max(int(seconds * rate_hz), 1)
    for start in range(0, len(samples), size):
        part = np.asarray(samples[start : start + size], np.float32)
        begin, end = (START_US + round(at / rate_hz * 1e6) for at in (start, start + len(part)))
        header = Header(session_id="s", stream_id=kind.value, sequence=start, event_time_us=begin, complete_until_us=end)
        yield SignalChunk(header=header, kind=kind, sample_rate_hz=rate_hz, samples=part.reshape(len(part), -1))


def features(signals: Sequence[tuple[SignalKind, FloatArray, float]]) -> list[PhysioFeatures]:
    """What the service says of a recording, second by second."""
    processor = PhysioProcessor(SessionContext(session_id="s", started_at_us=START_US), SETTINGS)
    events = sorted((chunk for signal in signals for chunk in chunks(*signal)), key=lambda chunk: chunk.header.event_time_us)
    made = []
    for event in events:
        made += list(processor.advance(event.header.event_time_us))
        processor.step(event)
    made += list(processor.advance(END_OF_TIME_US))
    return [event for event in made if isinstance(event, PhysioFeatures)]


def wrist_features(wrist: Wrist) -> dict[float, PhysioFeatures]:
    """What the service says of a wrist, by seconds since its start."""
    signals = [
        (SignalKind.PPG, wrist.pulse, wrist.pulse_rate_hz),
        (SignalKind.ACCELERATION, wrist.acceleration_g, wrist.acceleration_rate_hz),
    ]
    return {(each.header.event_time_us - START_US) / 1e6: each for each in features(signals)}


def wrist_readings(wrist: Wrist) -> FloatArray:
    """The service's heart rates at the reference's times; NaN where it gives none."""
    made = wrist_features(wrist)
    return np.array([_rate(made.get(float(at))) for at in wrist.rate_at_s])


def _rate(made: PhysioFeatures | None) -> float:
    return np.nan if made is None or made.heart_rate_bpm is None else made.heart_rate_bpm


def quiet_stretches(conductance: FloatArray) -> list[FloatArray]:
    """Minutes of real skin conductance at 4 Hz without a visible response."""
    kernel = np.hanning(11)[1:-1] / np.hanning(11)[1:-1].sum()
    length, found, start = int(QUIET_S * GRID_HZ), [], 0
    while start + length <= len(conductance):
        stretch = conductance[start : start + length]
        smooth = np.convolve(stretch, kernel, "valid")
        rises = [(smooth[at : at + 24] - np.minimum.accumulate(smooth[at : at + 24])).max() for at in range(0, len(smooth) - 24, 4)]
        quiet = max(rises) < 0.012 and stretch.min() > 0.1 and np.ptp(stretch) < 2 and np.abs(np.diff(stretch)).max() < 0.05
        found += [stretch] if quiet else []
        start += length if quiet else 40
    return found


def with_responses(stretch: FloatArray, rng: np.random.Generator, count: int = 4) -> tuple[FloatArray, FloatArray]:
    """The stretch with responses of 0.05-0.5 uS at random times at least 3 s apart; gives it and the times of their peaks (s)."""
    onsets: list[float] = []
    while len(onsets) < count:
        onset = rng.uniform(4, QUIET_S - 10)
        onsets += [onset] if all(abs(onset - other) > 3 for other in onsets) else []
    time_s, level = np.arange(len(stretch)) / GRID_HZ, stretch.copy()
    peaks = []
    for onset in sorted(onsets):
        response = Response(onset, float(np.exp(rng.uniform(np.log(0.05), np.log(0.5)))))
        slowness = rng.uniform(0.7, 1.4)
        level = level + response.amplitude_microsiemens * response_curve((time_s - onset) / slowness)
        peaks.append(onset + slowness * (response.peak_s - onset))
    return level, np.array(peaks)
