"""Physiology of one session: signals in, one ``PhysioFeatures`` every second out.

Every output is a function of the last ``HISTORY_US`` of samples (and the resting levels): beats are found anew in
each hop's 10 s, responses in its 23 s, whether the band is worn from a minute, and only what they gave is remembered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from affectloop.dsp.cardiac.beats import r_peaks
from affectloop.dsp.cardiac.pulse import pulses
from affectloop.dsp.order import median
from affectloop.events import Event, PhysioFeatures, Reason, SignalChunk, SignalKind
from affectloop.processor import HoppingWindows, SessionContext
from affectloop_physio.baseline import RestingBaseline
from affectloop_physio.electrodermal import ElectrodermalReading, ElectrodermalTracker
from affectloop_physio.heart import (
    CURRENT_US,
    LEAST_SPECTRUM_US,
    WINDOW_US,
    BeatMethod,
    BeatTrack,
    HeartReading,
    VariabilityReading,
    WristSpectrum,
    better,
    refused,
)
from affectloop_physio.sample_buffer import SampleBuffer
from affectloop_physio.settings import PhysioSettings
from affectloop_physio.wear import Contact, PulseOrigin, Wear, WearTracker

HOP_US = 1_000_000
STREAM = "physio"
# A resting level: 60 hops; the 60 whose pulses vouch for theirs; the 33 s of these; the minute that says whether they were worn.
# That is longer than 60 hops, the minute of settling before them and the minute before that. And a second.
HISTORY_US = 214 * HOP_US
SAMPLES_US = 33 * HOP_US  # a rate without pulses is followed over 20 hops and their 8 s, and must have been certain 5 hops ago
MOVEMENT_US = 2 * HOP_US  # movement and temperature are told of the last 2 s
LOWEST_RATE_HZ = 0.5  # slower than any signal of a body: not read, nor is its claim of how long it lasts
LARGEST_MOVEMENT_G = 50.0  # beyond, a sensor is broken, as is one that is colder or hotter
COLDEST_CELSIUS, HOTTEST_CELSIUS = -20.0, 60.0
TOUCH_US = 3 * HOP_US  # conductance that says whether there is skin
LEAST_POSTURE_US = HOP_US // 2  # of acceleration in a second that says how the wrist lies
RESTING_BPM, RESTING_MICROSIEMENS = (40.0, 120.0), (0.05, 60.0)
CALM_HEART, CALM_TONIC = 0.3, 0.5  # how far a resting minute's values may lie apart, as a share of their median


@dataclass(slots=True)
class _Stream:
    """One stream's samples, and which of its chunks must be read again after a crash."""

    kind: SignalKind
    buffer: SampleBuffer
    chunks: deque[tuple[int, float]] = field(default_factory=deque)  # first and end time

    def take(self, chunk: SignalChunk) -> float:
        """Keep a chunk; gives the time of its end."""
        if chunk.samples.shape[1] != self.buffer.channels:
            self.buffer = SampleBuffer(chunk.samples.shape[1])  # another sensor: what was held belongs to the old one
        self.buffer.append(chunk)
        begin = chunk.header.event_time_us
        end = begin + len(chunk.samples) * 1e6 / chunk.sample_rate_hz
        self.chunks.append((begin, end))
        return end

    def forget(self, next_us: int) -> None:
        """Let go of what no hop from ``next_us`` on looks at."""
        self.buffer.forget_before(next_us - SAMPLES_US)
        while self.chunks and self.chunks[0][1] <= next_us - HISTORY_US:
            self.chunks.popleft()


class PhysioProcessor:
    """The state machine of one session's physiology."""

    def __init__(self, context: SessionContext, settings: PhysioSettings) -> None:
        self._context = context
        self._settings = settings
        self._windows = HoppingWindows(HOP_US, longest_us=HISTORY_US)
        self._streams: dict[str, _Stream] = {}
        self._starts: deque[int] = deque()  # of chunks that begin after the next hop
        self._begun_us: int | None = None  # start of the newest chunk that began before it
        self._ecg = BeatTrack(
            BeatMethod(
                find=r_peaks,
                shortest_us=5 * HOP_US,  # three intervals at 40 bpm
                timing_error_s=0.003,
                least_quality=settings.least_ecg_quality,
                least_variability_quality=settings.least_ecg_quality,
                variability_trust=1.0,
            )
        )
        self._ppg = BeatTrack(
            BeatMethod(
                find=pulses,
                shortest_us=LEAST_SPECTRUM_US,  # which must confirm them
                timing_error_s=0.015,
                least_quality=settings.least_ppg_quality,
                least_variability_quality=settings.least_ppg_variability_quality,
                variability_trust=0.6,  # an upstroke's time moves with blood pressure: RMSSD from a wrist correlates weakly with the ECG's
            )
        )
        self._wrist = WristSpectrum(settings.least_wrist_certainty)
        self._movements: deque[tuple[int, float]] = deque(maxlen=WINDOW_US // HOP_US)
        self._skin = ElectrodermalTracker(settings)
        self._wear = WearTracker(settings)
        self._origin = PulseOrigin()
        self._resting_heart = RestingBaseline(context, "resting_heart_rate", plausible=RESTING_BPM, widest=CALM_HEART)
        self._resting_tonic = RestingBaseline(context, "resting_tonic", plausible=RESTING_MICROSIEMENS, widest=CALM_TONIC)

    def step(self, event: Event) -> Iterable[Event]:
        """Take a chunk of samples."""
        if not isinstance(event, SignalChunk):
            return ()
        name, begin_us = event.header.stream_id, event.header.event_time_us
        end_us = float(begin_us)
        if event.sample_rate_hz >= LOWEST_RATE_HZ:
            if name not in self._streams or self._streams[name].kind is not event.kind:
                self._streams[name] = _Stream(event.kind, SampleBuffer(event.samples.shape[1]))
            end_us = self._streams[name].take(event)
        self._starts.append(begin_us)
        self._windows.saw(event.header, round(end_us))
        return ()

    def advance(self, watermark_us: int) -> Iterator[Event]:
        """Close the seconds up to ``watermark_us``."""
        for closing_us in self._windows.due(watermark_us):
            yield from self._closed(closing_us, watermark_us)
            self._forget(closing_us + HOP_US)

    @property
    def closes_next_us(self) -> int:
        """The end of the next hop."""
        return self._windows.closes_next_us

    @property
    def needs_from_us(self) -> int:
        """The start of the oldest chunk that an output to come looks at; at least one from before the next hop."""
        oldest = [stream.chunks[0][0] for stream in self._streams.values() if stream.chunks]
        if self._begun_us is not None:
            oldest.append(self._begun_us)
        return min(oldest, default=-1)

    def _forget(self, next_us: int) -> None:
        while self._starts and self._starts[0] < next_us:
            self._begun_us = self._starts.popleft()
        for name, stream in list(self._streams.items()):
            stream.forget(next_us)
            if not stream.chunks:
                del self._streams[name]

    def _buffer(self, kind: SignalKind, closing_us: int) -> SampleBuffer | None:
        """The buffer of a kind: the first by name that has samples just now, else the first that has any."""
        buffers = [stream.buffer for _, stream in sorted(self._streams.items()) if stream.kind is kind]
        if len(buffers) < 2:
            return buffers[0] if buffers else None
        current = [buffer for buffer in buffers if buffer.window(closing_us - CURRENT_US, closing_us) is not None]
        return (current or buffers)[0]

    def _closed(self, closing_us: int, watermark_us: int) -> Iterator[Event]:
        """What one second gives: perhaps a resting level, and the features."""
        movement_g, temperature = self._movement(closing_us), self._temperature(closing_us)
        wear = self._wear.decided(closing_us, self._contact(closing_us, temperature))
        source, heart, variability = self._heart(closing_us, wear)
        eda = self._buffer(SignalKind.EDA, closing_us)
        skin = self._skin.reading(
            closing_us, eda.window(closing_us - HOP_US, closing_us) if eda else None, off_body=wear.reason is Reason.OFF_BODY
        )
        yield from self._learnt(closing_us, wear, heart if source is SignalKind.ECG or wear.settled else None, skin)
        value = variability.value
        yield PhysioFeatures(
            header=self._windows.header(self._context, STREAM, closing_us, watermark_us),
            heart_rate_bpm=heart.bpm,
            heart_rate_error_bpm=heart.error_bpm,
            heart_rate_source=source if heart.bpm is not None else None,
            heart_quality=heart.quality,
            heart_reason=heart.reason,
            rmssd_ms=value.rmssd_ms if value else None,
            sdnn_ms=value.sdnn_ms if value else None,
            variability_quality=variability.quality,
            variability_reason=variability.reason,
            tonic_microsiemens=skin.tonic,
            phasic_microsiemens=skin.phasic,
            responses_per_min=self._skin.responses_per_min if skin.tonic is not None else None,
            responses=skin.responses,
            eda_quality=skin.quality,
            eda_reason=skin.reason,
            heart_rate_change_bpm=self._resting_heart.change(closing_us, heart.bpm),
            tonic_change_microsiemens=self._resting_tonic.change(closing_us, skin.tonic if wear.settled else None),
            temperature_celsius=temperature,
            movement_g=movement_g,
            wear_quality=wear.quality,
            wear_reason=wear.reason,
        )

    def _learnt(self, closing_us: int, wear: Wear, heart: HeartReading | None, skin: ElectrodermalReading) -> Iterator[Event]:
        """The resting levels that are complete: of hops that were calm, and of a band only of those that were worn."""
        calm, off = not self._moved_within(closing_us, WINDOW_US), wear.reason is Reason.OFF_BODY
        bpm = heart.bpm if calm and heart is not None and heart.settled else None
        tonic = skin.tonic if calm and skin.settled and wear.settled else None
        for learnt in (
            self._resting_heart.learnt(closing_us, bpm, off_body=off and bpm is None),
            self._resting_tonic.learnt(closing_us, tonic, off_body=off),
        ):
            if learnt is not None:
                yield learnt

    def _contact(self, closing_us: int, celsius: float | None) -> Contact:
        """What the band's sensors say of the last second."""
        windows = [
            buffer.window(closing_us - length_us, closing_us) if (buffer := self._buffer(kind, closing_us)) else None
            for kind, length_us in ((SignalKind.EDA, TOUCH_US), (SignalKind.ACCELERATION, HOP_US), (SignalKind.PPG, CURRENT_US))
        ]
        touch, posture, pulse = windows
        return Contact(
            celsius=celsius,
            microsiemens=median(touch.samples[:, 0]) if touch is not None else None,
            posture_g=posture.samples.mean(axis=0) if posture is not None and posture.duration_us >= LEAST_POSTURE_US else None,
            pulse=pulse is not None,
        )

    def _heart(self, closing_us: int, wear: Wear) -> tuple[SignalKind, HeartReading, VariabilityReading]:
        """The ECG's reading where it has one, else the PPG's: a strap is worn whatever the band says."""
        ecg, ppg = self._buffer(SignalKind.ECG, closing_us), self._buffer(SignalKind.PPG, closing_us)
        from_ecg = self._ecg.reading(closing_us, ecg.window(closing_us - WINDOW_US, closing_us) if ecg else None, moving=False)
        from_ppg = self._pulse(closing_us, ppg, wear)
        chosen = better(from_ecg, from_ppg)
        plausible = self._settings.least_plausible_ratio
        of_pulse = self._ppg.variability(closing_us, plausible)
        if not wear.on and of_pulse.reason is not Reason.NO_SIGNAL:
            of_pulse = VariabilityReading(0.0, wear.reason)
        variability = better(self._ecg.variability(closing_us, plausible), of_pulse)
        return SignalKind.PPG if chosen is from_ppg else SignalKind.ECG, chosen, variability

    def _pulse(self, closing_us: int, ppg: SampleBuffer | None, wear: Wear) -> HeartReading:
        """From pulses on a wrist at rest where the spectrum confirms them, else from the spectrum; of a band that is worn."""
        moving = self._moved_within(closing_us, WINDOW_US)
        reading = self._ppg.reading(closing_us, ppg.window(closing_us - WINDOW_US, closing_us) if ppg else None, moving=moving)
        if wear.reason is Reason.OFF_BODY:
            self._wrist.forget(closing_us)
            self._origin.forget()
        if ppg is None or reading.reason is Reason.NO_SIGNAL:
            return reading
        if not wear.on_for(closing_us, WINDOW_US):
            self._ppg.doubt(closing_us)
            return refused(reading, Reason.WARMING_UP if wear.on else wear.reason)
        if reading.reason in (Reason.WARMING_UP, Reason.OFF_BODY):
            return reading
        self._wrist.look(closing_us, ppg, self._buffer(SignalKind.ACCELERATION, closing_us))
        found = self._confirmed(closing_us, reading, moving)
        if found.bpm is None:
            return found
        self._origin.take(closing_us, explained=self._wrist.explains(closing_us, found.bpm))
        if self._origin.is_heart(closing_us):
            return found
        self._ppg.doubt(closing_us)
        return refused(found, Reason.MOVING)

    def _confirmed(self, closing_us: int, reading: HeartReading, moving: bool) -> HeartReading:
        """The pulses' reading where the spectrum confirms it, else the spectrum's, else the pulses' without its value."""
        if reading.bpm is not None and not moving and self._wrist.confirms(closing_us, reading.bpm):
            return reading
        self._ppg.doubt(closing_us)
        return self._wrist.reading(closing_us) or refused(reading, Reason.MOVING if moving else Reason.NOISY)

    def _moved_within(self, closing_us: int, length_us: int) -> bool:
        """Whether the wrist moved in any hop of the time before."""
        return any(at_us > closing_us - length_us and moved > self._settings.moving_g for at_us, moved in self._movements)

    def _movement(self, closing_us: int) -> float | None:
        """Standard deviation of the acceleration's norm in the last 2 s."""
        buffer = self._buffer(SignalKind.ACCELERATION, closing_us)
        window = buffer.window(closing_us - MOVEMENT_US, closing_us) if buffer else None
        if window is None or len(window.samples) < 2:
            return None
        movement_g = float(np.sqrt((window.samples**2).sum(axis=1)).std())
        if movement_g > LARGEST_MOVEMENT_G:
            return None
        self._movements.append((closing_us, movement_g))
        return movement_g

    def _temperature(self, closing_us: int) -> float | None:
        buffer = self._buffer(SignalKind.TEMPERATURE, closing_us)
        window = buffer.window(closing_us - MOVEMENT_US, closing_us) if buffer else None
        celsius = float(window.samples[:, 0].mean()) if window is not None else np.nan
        return celsius if COLDEST_CELSIUS <= celsius <= HOTTEST_CELSIUS else None
