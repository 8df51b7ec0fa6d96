"""What a device may say: plausible content, plausible times, numbers that go up. Pure; nothing is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidMessage
from affectloop.events import END_OF_TIME_US, AudioChunk, Event, SignalChunk, SignalKind, VideoFrame
from affectloop.session import Mode, Session
from affectloop_capture.admission.image_headers import LARGEST_SIDE_PX, depth_size, jpeg_size
from affectloop_capture.samples import after_last_us, sample_count


@dataclass(frozen=True, slots=True)
class Plausible:
    """What a sensor of one kind can deliver."""

    unit: str
    low: float
    high: float
    slowest_hz: float
    fastest_hz: float
    channels: int = 1


PLAUSIBLE = {
    SignalKind.EDA: Plausible("uS", 0, 100, 1, 1000),  # wristbands measure 0.01 to 100 uS
    SignalKind.ECG: Plausible("mV", -20, 20, 50, 5000),  # R waves stay under 5 mV; electrode offset added
    SignalKind.PPG: Plausible("arbitrary unit", -1e6, 1e6, 10, 2000),  # each device has its own unit
    SignalKind.ACCELERATION: Plausible("g", -16, 16, 5, 1000, channels=3),  # the widest range of a wrist sensor
    SignalKind.TEMPERATURE: Plausible("degrees Celsius", 0, 50, 0.1, 100),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What capture accepts of one record."""

    side_px: int = LARGEST_SIDE_PX
    picture_bytes: int = 3_900_000  # of the topic's 4 MB, the rest is for the header and the seal
    chunk_s: float = 10.0  # a longer chunk could not reach an estimate in time
    clock_tolerance_s: float = 5.0  # network time keeps a device well within; more makes a session's clocks useless


def check_content(event: Event, limits: Limits) -> None:
    """``InvalidMessage`` where the content is none that the sensor could have delivered."""
    if isinstance(event, VideoFrame) and not event.is_empty:
        check_frame(event, limits)
    elif isinstance(event, SignalChunk):
        check_samples(event)
    if isinstance(event, (SignalChunk, AudioChunk)) and sample_count(event) / event.sample_rate_hz > limits.chunk_s:
        seconds = sample_count(event) / event.sample_rate_hz
        raise InvalidMessage(f"{type(event).__name__}.samples", f"are {seconds:.1f} s at once", f"send at most {limits.chunk_s:g} s")


def check_frame(frame: VideoFrame, limits: Limits) -> None:
    """``InvalidMessage`` where the pictures are too large, truncated or of another kind, by their headers alone."""
    for field, picture in (("VideoFrame.jpeg", frame.jpeg), ("VideoFrame.depth_png16", frame.depth_png16 or b"")):
        if len(picture) > limits.picture_bytes:
            raise InvalidMessage(field, f"has {len(picture)} bytes; the limit is {limits.picture_bytes}", "compress it more")
    jpeg_size(frame.jpeg, limits.side_px)
    if frame.depth_png16 is not None:
        depth_size(frame.depth_png16, limits.side_px)


def check_samples(chunk: SignalChunk) -> None:
    """``InvalidMessage`` where a sample, the rate or the number of channels is none of this kind of signal."""
    plausible = PLAUSIBLE[chunk.kind]
    if not plausible.slowest_hz <= chunk.sample_rate_hz <= plausible.fastest_hz:
        span = f"{plausible.slowest_hz:g} to {plausible.fastest_hz:g} Hz"
        raise InvalidMessage("SignalChunk.sample_rate_hz", f"{chunk.sample_rate_hz:g} Hz is no rate of {chunk.kind} ({span})", "check it")
    if chunk.samples.ndim != 2 or chunk.samples.shape[1] != plausible.channels:
        raise InvalidMessage("SignalChunk.samples", f"{chunk.kind} takes {plausible.channels} channels", "send each instant whole")
    wrong = first_implausible(chunk.samples, plausible)
    if wrong is not None:
        index, value = wrong
        problem = f"sample {index} is {value:g}, outside {plausible.low:g} to {plausible.high:g} {plausible.unit}"
        raise InvalidMessage("SignalChunk.samples", problem, f"send {chunk.kind} in {plausible.unit}; leave out what was not measured")


def first_implausible(samples: np.ndarray[tuple[int, ...], np.dtype[np.float32]], plausible: Plausible) -> tuple[int, float] | None:
    """Number and value of the first sample that is not finite or not in range; ``None`` where all are."""
    wrong = ~((samples >= plausible.low) & (samples <= plausible.high))  # NaN compares false
    if not wrong.any():
        return None
    row, column = (int(index) for index in np.argwhere(wrong)[0])
    return row, float(samples[row, column])


def check_times(event: Event, session: Session, now_us: int, limits: Limits) -> None:
    """``InvalidMessage`` where the event lies before its session, in the future, or makes no sense with its own promise."""
    header, tolerance_us = event.header, round(limits.clock_tolerance_s * MICROSECONDS)
    if header.complete_until_us < header.event_time_us:
        raise InvalidMessage("Header.complete_until_us", "is before the event itself", "give the time of what comes next")
    if header.event_time_us < session.started_at_us - tolerance_us:
        seconds = (session.started_at_us - header.event_time_us) / MICROSECONDS
        raise InvalidMessage("Header.event_time_us", f"is {seconds:.1f} s before the session began", "set the device's clock")
    if session.mode is Mode.LIVE and after_last_us(event) > now_us + tolerance_us:
        seconds = (after_last_us(event) - now_us) / MICROSECONDS
        raise InvalidMessage("Header.event_time_us", f"is {seconds:.1f} s in the future", "set the device's clock")


class StreamPosition(StrEnum):
    """Where a record stands in its stream."""

    NEXT = "next"
    AFTER_GAP = "gap"
    COPY = "copy"  # it was there before: a device that sends again after a broken call


class StreamOrder:
    """The numbers and promises of one stream: numbers go up, and no record is older than what was promised complete."""

    def __init__(self) -> None:
        self._next = -1  # the least number that may come; -1: any
        self._promised_us = 0

    def position(self, event: Event) -> StreamPosition:
        """Where the event stands; ``InvalidMessage`` when it breaks its stream's own promise."""
        header, first = event.header, self._next < 0
        if not first and header.sequence < self._next:
            return StreamPosition.COPY
        if self._promised_us == END_OF_TIME_US:
            raise InvalidMessage("Header.stream_id", f"stream {header.stream_id} has ended", "open a new session")
        if header.event_time_us < self._promised_us:
            late_us = self._promised_us - header.event_time_us
            problem = f"is {late_us} us older than its stream was said to be complete"
            raise InvalidMessage("Header.event_time_us", problem, "count times from the stream's start and the sample's number")
        gap = not first and header.sequence > self._next and not event.is_empty
        self._next = max(header.sequence + sample_count(event), self._next)
        self._promised_us = header.complete_until_us
        return StreamPosition.AFTER_GAP if gap else StreamPosition.NEXT
