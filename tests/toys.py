"""Two small services whose rules are those of the real ones: means over windows, closed by event time."""

from collections.abc import Iterable

import numpy as np

from affectloop.events import (
    AudioChunk,
    AudioFeatures,
    EmotionEstimate,
    Event,
    Header,
    Modality,
    PhysioFeatures,
    Reason,
    SignalChunk,
    SignalKind,
)
from affectloop.processor import HoppingWindows, SessionContext
from affectloop.runtime.service import Service
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.settings import RuntimeSettings
from affectloop.topics import AUDIO, AUDIO_FEATURES, ESTIMATES, PHYSIO_FEATURES, SIGNALS

HOP_US = 500_000
WINDOW_US = 4_000_000
START_US = 1_767_225_600_000_000


class _Windowed:
    """The values of the last window at every hop."""

    def __init__(self, context: SessionContext, settings: object) -> None:
        self._context = context
        self._windows = HoppingWindows(HOP_US, longest_us=WINDOW_US)
        self._held: list[tuple[int, str, float]] = []

    def step(self, event: Event) -> Iterable[Event]:
        self._windows.saw(event.header, event.ends_us if isinstance(event, SignalChunk | AudioChunk) else None)
        self._held += [(time_us, event.header.stream_id, value) for time_us, value in _values(event)]
        return ()

    def advance(self, watermark_us: int) -> Iterable[Event]:
        for closing in self._windows.due(watermark_us):
            window = [(stream, value) for time_us, stream, value in self._held if closing - WINDOW_US <= time_us < closing]
            self._held = [held for held in self._held if held[0] >= closing + HOP_US - WINDOW_US]
            yield self.output(closing, watermark_us, sorted(window))

    @property
    def closes_next_us(self) -> int:
        return self._windows.closes_next_us

    @property
    def needs_from_us(self) -> int:
        return -1 if self._windows.next_us is None else self._windows.next_us - WINDOW_US

    def output(self, closing: int, watermark_us: int, window: list[tuple[str, float]]) -> Event:
        raise NotImplementedError


class MeanSignal(_Windowed):
    def output(self, closing: int, watermark_us: int, window: list[tuple[str, float]]) -> Event:
        values = [value for _, value in window]
        return PhysioFeatures(
            header=self._windows.header(self._context, "physio", closing, watermark_us),
            heart_quality=0.0,
            heart_reason=Reason.NO_SIGNAL,
            variability_quality=0.0,
            variability_reason=Reason.NO_SIGNAL,
            eda_quality=1.0,
            eda_reason=Reason.GOOD,
            tonic_microsiemens=float(np.mean(values)) if values else None,
        )


class MeanSound(_Windowed):
    def output(self, closing: int, watermark_us: int, window: list[tuple[str, float]]) -> Event:
        values = [value for _, value in window]
        return AudioFeatures(
            header=self._windows.header(self._context, "audio", closing, watermark_us),
            quality=1.0,
            reason=Reason.GOOD,
            level_dbfs=float(np.mean(values)) if values else None,
        )


class Fused(_Windowed):
    def output(self, closing: int, watermark_us: int, window: list[tuple[str, float]]) -> Event:
        body = [value for stream, value in window if stream == "physio"]
        voice = [value for stream, value in window if stream == "audio"]
        return EmotionEstimate(
            header=self._windows.header(self._context, "fusion", closing, watermark_us),
            abstained=not (body or voice),
            reason=Reason.GOOD,
            confidence=1.0,
            arousal=float(np.tanh(np.mean(body + voice) / 100)) if body or voice else None,
            face_share=0.0,
            wristband_share=float(bool(body)),
            voice_share=float(bool(voice)),
        )


def _values(event: Event) -> list[tuple[int, float]]:
    if isinstance(event, SignalChunk):
        start, step = event.header.event_time_us, 1e6 / event.sample_rate_hz
        return [(start + round(index * step), float(value)) for index, value in enumerate(event.samples[:, 0])]
    if isinstance(event, AudioChunk):
        return [(event.header.event_time_us, float(np.mean(event.pcm)) / 2000)]
    if isinstance(event, PhysioFeatures) and event.tonic_microsiemens is not None:
        return [(event.header.event_time_us, event.tonic_microsiemens)]
    if isinstance(event, AudioFeatures) and event.level_dbfs is not None:
        return [(event.header.event_time_us, event.level_dbfs)]
    return []


PHYSIO = Service(name="physio", consumes=(SIGNALS,), produces=(PHYSIO_FEATURES,), settings=RuntimeSettings, processor=MeanSignal)
VOICE = Service(name="audio", consumes=(AUDIO,), produces=(AUDIO_FEATURES,), settings=RuntimeSettings, processor=MeanSound)
FUSION = Service(
    name="fusion", consumes=(PHYSIO_FEATURES, AUDIO_FEATURES), produces=(ESTIMATES,), settings=RuntimeSettings, processor=Fused,
)  # fmt: skip


def toy_session(session_id: str = "s1", mode: Mode = Mode.REPLAY, streams: tuple[str, ...] = ("eda", "temperature", "mic")) -> Session:
    captured = tuple(Stream(AUDIO.name if name == "mic" else SIGNALS.name, name) for name in streams)
    return new_session(
        mode=mode, captured=captured, consented=frozenset(Modality), profile="research", emotion_inference=True,
        started_at_us=START_US, session_id=session_id,
    )  # fmt: skip


def signal(
    session_id: str, stream: str, number: int, value: float, *, start_us: int = START_US, count: int = 4, last: bool = False
) -> SignalChunk:
    """The ``number``-th chunk of ``count`` samples at 4 Hz."""
    begins = start_us + number * count * 250_000
    until = (1 << 63) - 1 if last else begins + count * 250_000
    header = Header(session_id=session_id, stream_id=stream, sequence=number * count, event_time_us=begins, complete_until_us=until)
    kind = SignalKind.EDA if stream == "eda" else SignalKind.TEMPERATURE
    return SignalChunk(header=header, kind=kind, sample_rate_hz=4.0, samples=np.full((count, 1), value, np.float32))


def sound(session_id: str, number: int, value: float, *, start_us: int = START_US, last: bool = False) -> AudioChunk:
    """The ``number``-th chunk of 250 ms."""
    begins = start_us + number * 250_000
    until = (1 << 63) - 1 if last else begins + 250_000
    header = Header(session_id=session_id, stream_id="mic", sequence=number * 2000, event_time_us=begins, complete_until_us=until)
    return AudioChunk(header=header, sample_rate_hz=8000.0, pcm=np.full(2000, int(value), np.int16))
