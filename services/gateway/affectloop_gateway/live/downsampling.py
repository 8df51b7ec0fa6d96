"""Leaving out what nobody could see drawn: faces to about ten a second, signals to the shape of a pulse wave."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from affectloop.events import Event, FaceFeatures, SignalChunk, SignalKind

FACE_EVERY_US = 95_000  # about 10 Hz: more is not seen in a minute-wide row
DRAWN_HZ = 32.0  # enough for the shape of a pulse wave
DRAWN_KINDS = frozenset({SignalKind.EDA, SignalKind.PPG})


@dataclass(slots=True)
class Downsampler:
    """Leaves out what nobody could see drawn; one for each stretch of a session that is shown in order."""

    _face_us: dict[str, int] = field(default_factory=dict)

    def __call__(self, event: Event) -> Event | None:
        """The event as it is shown, or ``None``."""
        if isinstance(event, FaceFeatures):
            return self._face(event)
        return downsampled_signal(event) if isinstance(event, SignalChunk) else event

    def _face(self, event: FaceFeatures) -> FaceFeatures | None:
        stream, at_us = event.header.stream_id, event.header.event_time_us
        if 0 <= at_us - self._face_us.get(stream, -FACE_EVERY_US) < FACE_EVERY_US and not event.header.ends_stream:
            return None
        self._face_us[stream] = at_us
        return event


def downsampled_signal(event: SignalChunk) -> SignalChunk | None:
    """Every n-th sample of a drawn signal, the same ones however the stream was cut into chunks."""
    if event.kind not in DRAWN_KINDS or event.is_empty:
        return None
    stride = max(1, math.ceil(event.sample_rate_hz / DRAWN_HZ))
    first = -event.header.sequence % stride
    samples = event.samples[first::stride]
    if not samples.size:
        return None
    header = event.header
    shifted_us = header.event_time_us + round(first * 1e6 / event.sample_rate_hz)
    header = replace(header, sequence=header.sequence + first, event_time_us=shifted_us)
    return replace(event, header=header, samples=samples, sample_rate_hz=event.sample_rate_hz / stride)
