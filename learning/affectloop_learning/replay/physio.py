"""Whole recordings through the physiology service's own code, without a bus: what an evaluation measures is what is served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from affectloop.dsp.cardiac.beats import Beats
from affectloop.dsp.cardiac.variability import merged
from affectloop.dsp.filters import FloatArray
from affectloop.events import END_OF_TIME_US, Event, Header, PhysioFeatures, SignalChunk, SignalKind
from affectloop.processor import SessionContext
from affectloop_learning.datasets.physiology import E4, E4_SLOW_HZ, Wrist
from affectloop_physio.heart import SAME_BEAT_S, WINDOW_US, ZONE_OVERLAP_US, ZONE_US
from affectloop_physio.processor import PhysioProcessor
from affectloop_physio.settings import PhysioSettings

START_US = 1_767_225_600_000_000
SETTINGS = PhysioSettings(_env_file=None)


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


Signals = Sequence[tuple[SignalKind, FloatArray, float]]  # kind, samples, samples a second


def features(signals: Signals) -> list[PhysioFeatures]:
    """What the service says of a recording, second by second."""
    return [event for event in served(signals) if isinstance(event, PhysioFeatures)]


def served(signals: Signals) -> list[Event]:
    """All that the service makes of a recording: what it says each second, and the resting levels that it learns."""
    processor = PhysioProcessor(SessionContext(session_id="s", started_at_us=START_US), SETTINGS)
    events = sorted((chunk for signal in signals for chunk in chunks(*signal)), key=lambda chunk: chunk.header.event_time_us)
    made: list[Event] = []
    for event in events:
        made += list(processor.advance(event.header.event_time_us))
        processor.step(event)
    made += list(processor.advance(END_OF_TIME_US))
    return made


def wrist_features(wrist: Wrist) -> dict[float, PhysioFeatures]:
    """What the service says of a wrist, by seconds since its start."""
    return by_second(features(wrist_signals(wrist)))


def wrist_signals(wrist: Wrist) -> list[tuple[SignalKind, FloatArray, float]]:
    """A wrist's pulse and acceleration."""
    return [
        (SignalKind.PPG, wrist.pulse, wrist.pulse_rate_hz),
        (SignalKind.ACCELERATION, wrist.acceleration_g, wrist.acceleration_rate_hz),
    ]


def band_signals(session: E4) -> list[tuple[SignalKind, FloatArray, float]]:
    """All four signals of a wristband."""
    return [
        *wrist_signals(session.wrist),
        (SignalKind.EDA, session.conductance_microsiemens, E4_SLOW_HZ),
        (SignalKind.TEMPERATURE, session.temperature_celsius, E4_SLOW_HZ),
    ]


def by_second(made: Iterable[Event]) -> dict[float, PhysioFeatures]:
    """What the service says, by seconds since the start."""
    return {(each.header.event_time_us - START_US) / 1e6: each for each in made if isinstance(each, PhysioFeatures)}


def wrist_readings(wrist: Wrist) -> FloatArray:
    """The service's heart rates at the reference's times; NaN where it gives none."""
    made = wrist_features(wrist)
    return np.array([_rate(made.get(float(at))) for at in wrist.rate_at_s])


def _rate(made: PhysioFeatures | None) -> float:
    return np.nan if made is None or made.heart_rate_bpm is None else made.heart_rate_bpm
