"""Synthetic recordings cut into chunks, and a stand-in for the host that plays them to a processor."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from affectloop.events import END_OF_TIME_US, BaselineMeasured, Event, Header, PhysioFeatures, SignalChunk, SignalKind
from affectloop.processor import SessionContext
from affectloop.synthetic import physiology
from affectloop_physio.processor import PhysioProcessor
from affectloop_physio.settings import PhysioSettings

START_US = 1_767_225_600_000_000
SETTINGS = PhysioSettings(_env_file=None)


@dataclass(frozen=True)
class Signal:
    """One stream's samples; ``stream_id`` is the kind's name unless given."""

    kind: SignalKind
    rate_hz: float
    samples: NDArray[np.float64]
    start_us: int = START_US
    stream_id: str = ""

    def chunks(self, chunk_s: float) -> list[SignalChunk]:
        """Cut into chunks of about that length; the last one ends the stream."""
        size = max(int(chunk_s * self.rate_hz), 1)
        return list(self._cut(range(0, len(self.samples), size), size))

    def _cut(self, starts: range, size: int) -> Iterator[SignalChunk]:
        for start in starts:
            part = self.samples[start : start + size]
            last = start + len(part) >= len(self.samples)
            header = Header(
                session_id="s1",
                stream_id=self.stream_id or self.kind.value,
                sequence=start,
                event_time_us=self.time_us(start),
                complete_until_us=END_OF_TIME_US if last else self.time_us(start + len(part)),
            )
            samples = np.asarray(part, np.float32).reshape(len(part), -1)
            yield SignalChunk(header=header, kind=self.kind, sample_rate_hz=self.rate_hz, samples=samples)

    def time_us(self, sample: int) -> int:
        return self.start_us + round(sample * 1e6 / self.rate_hz)


@dataclass
class Played:
    """A processor in the hands of a host that may kill it: copies of what came before are dropped."""

    context: SessionContext = field(default_factory=lambda: SessionContext(session_id="s1", started_at_us=START_US))
    events: dict[tuple[str, int], Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.processor = PhysioProcessor(self.context, SETTINGS)
        self._released: list[SignalChunk] = []
        self._heard: dict[str, int] = {}
        self._queue: list[SignalChunk] = []
        self._progress_us = 0

    def play(self, chunks: Sequence[SignalChunk], kills: frozenset[int] = frozenset()) -> list[Event]:
        """Take chunks in the order of their arrival; killed after those numbers."""
        self._heard = dict.fromkeys({chunk.header.stream_id for chunk in chunks}, 0)
        for number, chunk in enumerate(chunks):
            self._queue.append(chunk)
            self._heard[chunk.header.stream_id] = chunk.header.complete_until_us
            self._move_on()
            if number in kills:
                self._kill()
        return list(self.events.values())

    def _move_on(self) -> None:
        progress = min(self._heard.values())
        if progress <= self._progress_us:
            return
        self._progress_us = progress
        ready = sorted((each for each in self._queue if each.header.event_time_us < progress), key=_order)
        self._queue = [each for each in self._queue if each.header.event_time_us >= progress]
        self._released += ready
        self._feed(ready)

    def _feed(self, ready: Iterable[SignalChunk]) -> None:
        for chunk in ready:
            self._take(self.processor.step(chunk))
        self._take(self.processor.advance(self._progress_us))

    def _take(self, made: Iterable[Event]) -> None:
        for event in made:
            self.events.setdefault((event.header.stream_id, event.header.sequence), event)

    def _kill(self) -> None:
        needs = self.processor.needs_from_us
        stored = {event.name: event for event in self.events.values() if isinstance(event, BaselineMeasured)}
        self.processor = PhysioProcessor(SessionContext(session_id="s1", started_at_us=START_US, baselines=stored), SETTINGS)
        self._feed([chunk for chunk in self._released if chunk.header.event_time_us >= needs])


def _order(chunk: SignalChunk) -> tuple[int, str, int]:
    return chunk.header.event_time_us, chunk.header.stream_id, chunk.header.sequence


def arriving(signals: Sequence[Signal], chunk_s: float) -> list[SignalChunk]:
    """The chunks of several signals as they come: each when its last sample was taken."""
    chunks = [chunk for signal in signals for chunk in signal.chunks(chunk_s)]
    return sorted(chunks, key=lambda chunk: (chunk.header.event_time_us + len(chunk.samples) * 1e6 / chunk.sample_rate_hz, _order(chunk)))


def features(signals: Sequence[Signal], chunk_s: float = 1.0, kills: frozenset[int] = frozenset()) -> list[PhysioFeatures]:
    """What a processor makes of signals."""
    return [event for event in Played().play(arriving(signals, chunk_s), kills) if isinstance(event, PhysioFeatures)]


def wristband(
    duration_s: float = 100.0,
    seed: int = 1,
    *,
    heart_rate_bpm: float | physiology.Course = 72.0,
    responses: Sequence[physiology.Response] = (),
    movements: Sequence[physiology.Movement] = (),
) -> list[Signal]:
    """The four signals of a wristband at an E4's rates."""
    rng = np.random.default_rng(seed)
    beats = physiology.beat_times(duration_s, heart_rate_bpm, rng)
    return [
        Signal(SignalKind.PPG, 64.0, physiology.photoplethysmogram(beats, duration_s, 64.0, rng, movements=movements)),
        Signal(SignalKind.ACCELERATION, 32.0, physiology.acceleration(duration_s, 32.0, rng, movements=movements)),
        Signal(SignalKind.EDA, 4.0, physiology.conductance(duration_s, 4.0, rng, responses=responses)),
        Signal(SignalKind.TEMPERATURE, 4.0, physiology.skin_temperature(duration_s, 4.0, rng)),
    ]


def chest_strap(duration_s: float = 100.0, seed: int = 1, rate_hz: float = 130.0, heart_rate_bpm: float = 72.0) -> Signal:
    """An ECG at a chest strap's rate."""
    rng = np.random.default_rng(seed)
    beats = physiology.beat_times(duration_s, heart_rate_bpm, rng)
    return Signal(SignalKind.ECG, rate_hz, physiology.electrocardiogram(beats, duration_s, rate_hz, rng))
