"""One processor by itself: a synthetic wristband in, features out. No bus, no clock, no thread.

    python examples/01_one_processor.py

A processor is pure, so that it can be tried, tested and replayed anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from affectloop.events import Header, PhysioFeatures, SignalChunk, SignalKind
from affectloop.processor import SessionContext
from affectloop.synthetic.physiology import Response, beat_times, conductance, electrocardiogram
from affectloop_physio.processor import PhysioProcessor
from affectloop_physio.settings import PhysioSettings

SECONDS, SECOND_US = 40, 1_000_000
START_US = 1_767_225_600 * SECOND_US  # event time is the samples' own: any start will do
ECG_HZ, EDA_HZ = 128, 4


def chunk(kind: SignalKind, rate_hz: int, samples: NDArray[np.float64], second: int) -> SignalChunk:
    """One second of a signal. Its sequence is the number of its first sample."""
    header = Header(
        session_id="example",
        stream_id=str(kind),
        sequence=second * rate_hz,
        event_time_us=START_US + second * SECOND_US,
        complete_until_us=START_US + (second + 1) * SECOND_US,
    )
    cut = samples[second * rate_hz : (second + 1) * rate_hz, None]
    return SignalChunk(header=header, kind=kind, sample_rate_hz=rate_hz, samples=cut.astype(np.float32))


def features() -> Iterator[PhysioFeatures]:
    """Feed a heart at 72 beats a minute and a skin that responds once; each second gives its features."""
    rng = np.random.default_rng(7)
    heart = electrocardiogram(beat_times(SECONDS, 72.0, rng), SECONDS, ECG_HZ, rng)
    skin = conductance(SECONDS, EDA_HZ, rng, tonic_microsiemens=3.0, responses=[Response(onset_s=28.0, amplitude_microsiemens=0.4)])
    processor = PhysioProcessor(SessionContext(session_id="example", started_at_us=START_US), PhysioSettings())
    for second in range(SECONDS):
        for signal in (chunk(SignalKind.ECG, ECG_HZ, heart, second), chunk(SignalKind.EDA, EDA_HZ, skin, second)):
            list(processor.step(signal))  # nothing yet: windows close in advance alone
        for event in processor.advance(START_US + (second + 1) * SECOND_US):
            if isinstance(event, PhysioFeatures):
                yield event


if __name__ == "__main__":
    for one in features():
        after_s = (one.header.event_time_us - START_US) // SECOND_US
        heart = f"{one.heart_rate_bpm:.1f} bpm" if one.heart_rate_bpm else one.heart_reason
        skin = f"{one.tonic_microsiemens:.2f} uS" if one.tonic_microsiemens else one.eda_reason
        response = "".join(f"  a response of {found.amplitude_microsiemens:.2f} uS" for found in one.responses)
        print(f"{after_s:3} s  heart: {heart:14} skin: {skin}{response}")
