"""The load of benchmarks/loop.py: synthetic learners, their records, and when each is due.

Records are made and sealed before the run, so that the load costs little while it is measured: a record's event time is
the wall time at which a device would have it, and it is sent when it is due (a chunk when its last sample is there).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectloop.bus import Outgoing, Producer
from affectloop.clock import MICROSECONDS, Clock
from affectloop.codec import to_record
from affectloop.events import (
    END_OF_TIME_US,
    AudioChunk,
    AudioFeatures,
    Emotion,
    Event,
    FaceFeatures,
    Header,
    Item,
    Modality,
    Reason,
    SessionChange,
    SessionChanged,
    SignalChunk,
    SignalKind,
    TrialAnswered,
    VideoFrame,
)
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.synthetic import physiology
from affectloop.synthetic.voice import SAMPLE_RATE_HZ, Manner, speak
from affectloop.topics import AUDIO, AUDIO_FEATURES, ESTIMATES, FACE_FEATURES, FRAMES, PHYSIO_FEATURES, SIGNALS
from loop_ages import Expected, Hopping, Promises, Timetable

FRAMES_HZ = 15.0
CHUNK_US = 250_000  # what capture cuts signals and sound to unless told otherwise
TRIALS_HZ = 0.2  # as the topic's declaration
PHYSIO_HOP_US, AUDIO_HOP_US, FUSION_HOP_US = 1_000_000, 500_000, 500_000
STAGGER_US = 5_000_000  # learners begin within it
LEAVES_EDGE_US = (5_000, 55_000)  # a browser's voice features are ready this long after their hop
BODIES = 8  # different ones; learners beyond share them, each with a key of its own
SIGNAL_RATES_HZ = {SignalKind.PPG: 64.0, SignalKind.ACCELERATION: 32.0, SignalKind.EDA: 4.0}
ITEM = Item(item_id="fear-200ms", emotion=Emotion.FEAR, duration_ms=200.0, intensity=0.8, view_deg=0.0, options=7)

Samples = NDArray[Any]


class Topology(StrEnum):
    """Where faces and voices are read."""

    EDGE = "edge"  # features of face and voice are made in the browser; the wristband sends samples
    SOUND = "sound"  # as edge, but the voice comes as sound
    VIDEO = "video"  # camera frames, samples and sound: nothing is made at the edge


@dataclass(frozen=True, slots=True)
class Timed:
    """A record and when it is due."""

    due_us: int
    record: Outgoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The times of a run, us: learners begin at ``start``, what is measured lies within [measured, ends)."""

    start_us: int
    measured_us: int
    ends_us: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One record to be: its number (first sample, frame, hop), event time, promise, and when it is due."""

    number: int
    event_time_us: int
    promised_us: int
    due_us: int


def regular(first_us: int, until_us: int, rate_hz: float) -> list[Slot]:
    """Frames: each is due when it is taken and promises nothing beyond itself, as a camera does."""
    count = math.ceil((until_us - first_us) * rate_hz / MICROSECONDS)
    times = [first_us + round(number * MICROSECONDS / rate_hz) for number in range(count)]
    return [Slot(number, time_us, time_us + 1, time_us) for number, time_us in enumerate(times)]


def chunks(first_us: int, until_us: int, rate_hz: float, chunk_us: int = CHUNK_US) -> list[Slot]:
    """Samples in chunks: each is due, and promises so much, when its last sample has been taken."""
    count = (until_us - first_us) // chunk_us
    borders = [round(number * chunk_us * rate_hz / MICROSECONDS) for number in range(count + 1)]
    slots = []
    for begin, end in pairwise(borders):
        begin_us, end_us = (first_us + round(sample * MICROSECONDS / rate_hz) for sample in (begin, end))
        slots.append(Slot(begin, begin_us, end_us, end_us))
    return slots


def hops(first_us: int, until_us: int, hop_us: int, leaves_after_us: int) -> list[Slot]:
    """Features that a browser makes at each hop, on the hop's own grid; due when they leave it."""
    closings = range((first_us // hop_us + 1) * hop_us, until_us, hop_us)
    return [Slot(closing // hop_us, closing, closing + hop_us, closing + leaves_after_us) for closing in closings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """One learner's slots by stream."""

    slots: dict[Stream, list[Slot]]
    trials: list[Slot]

    def promises(self, topic: str) -> tuple[Promises, ...]:
        """The timetables of a topic's streams."""
        return tuple(
            Timetable([slot.promised_us for slot in slots], [slot.due_us for slot in slots])
            for stream, slots in self.slots.items()
            if stream.topic == topic
        )


def captured(topology: Topology) -> tuple[Stream, ...]:
    """What a learner's devices bring."""
    face = Stream(FRAMES.name, "camera") if topology is Topology.VIDEO else Stream(FACE_FEATURES.name, FACE_FEATURES.stream)
    voice = Stream(AUDIO_FEATURES.name, AUDIO_FEATURES.stream) if topology is Topology.EDGE else Stream(AUDIO.name, "microphone")
    return (face, voice, *(Stream(SIGNALS.name, kind.value) for kind in SIGNAL_RATES_HZ))


def opened(topology: Topology, count: int) -> list[Session]:
    """Sessions of learners who consented to everything; they get their start when the load is ready."""
    return [
        new_session(
            mode=Mode.LIVE, captured=captured(topology), consented=frozenset(Modality), profile="benchmark", emotion_inference=True,
            started_at_us=1,
        )
        for _ in range(count)
    ]  # fmt: skip


def begins_us(number: int, window: Window) -> int:
    """When a learner begins: spread evenly, in no order, and on no common grid."""
    return window.start_us + round(number * 0.6180339887 % 1.0 * STAGGER_US)


def streams(topology: Topology, number: int, window: Window) -> Streams:
    """When each record of a learner is due."""
    first_us, until_us = begins_us(number, window), window.ends_us + MICROSECONDS
    made = {}
    for stream in captured(topology):
        if stream.topic in (FRAMES.name, FACE_FEATURES.name):
            made[stream] = regular(first_us, until_us, FRAMES_HZ)
        elif stream.topic == AUDIO_FEATURES.name:
            low, high = LEAVES_EDGE_US
            made[stream] = hops(first_us, until_us, AUDIO_HOP_US, low + number * 7_919 % (high - low))
        else:
            rate_hz = SAMPLE_RATE_HZ if stream.topic == AUDIO.name else SIGNAL_RATES_HZ[SignalKind(stream.stream_id)]
            made[stream] = chunks(first_us, until_us, rate_hz)
    return Streams(slots=made, trials=regular(first_us + MICROSECONDS, until_us, TRIALS_HZ))


def expected(planned: Streams, session_id: str, window: Window) -> Iterator[Expected]:
    """What the services must make of a learner within the measured time, stage by stage."""
    physio = Hopping(PHYSIO_HOP_US, planned.promises(SIGNALS.name))
    audio = Hopping(AUDIO_HOP_US, planned.promises(AUDIO.name))
    frames = planned.promises(FRAMES.name)
    seen = frames or planned.promises(FACE_FEATURES.name)  # the face service promises what the frame did
    heard = (audio,) if audio.inputs else planned.promises(AUDIO_FEATURES.name)
    hopping = [("physio", physio), ("audio", audio), ("estimate", Hopping(FUSION_HOP_US, (*seen, physio, *heard)))]
    for stage, made in hopping:
        for closing_us in made.closings(window.measured_us, window.ends_us) if made.inputs else ():
            due_us = made.closed_us(closing_us)
            if due_us is not None:
                yield Expected(stage=stage, session_id=session_id, event_time_us=closing_us, due_us=due_us)
    instant = [slot for stream, slots in planned.slots.items() if stream.topic == FRAMES.name for slot in slots]
    for stage, slots in (("face", instant), ("directive", planned.trials)):
        for slot in slots:
            if window.measured_us <= slot.due_us < window.ends_us:
                yield Expected(stage=stage, session_id=session_id, event_time_us=slot.event_time_us, due_us=slot.due_us)


STAGE_OF_TOPIC = {
    FACE_FEATURES.name: "face", PHYSIO_FEATURES.name: "physio", AUDIO_FEATURES.name: "audio", ESTIMATES.name: "estimate",
    "session.directives.v1": "directive",
}  # fmt: skip


@cache
def body(number: int, seconds: int) -> dict[SignalKind, Samples]:
    """A wristband's signals: pulse, acceleration and conductance at an E4's rates, shape (n, channels)."""
    rng = np.random.default_rng(number)
    beats = physiology.beat_times(float(seconds), 62.0 + 4 * number, rng)
    responses = [physiology.Response(float(at), 0.2) for at in np.arange(5.0 + number, seconds, 20.0)]
    made = {
        SignalKind.PPG: physiology.photoplethysmogram(beats, seconds, SIGNAL_RATES_HZ[SignalKind.PPG], rng),
        SignalKind.ACCELERATION: physiology.acceleration(seconds, SIGNAL_RATES_HZ[SignalKind.ACCELERATION], rng),
        SignalKind.EDA: physiology.conductance(seconds, SIGNAL_RATES_HZ[SignalKind.EDA], rng, responses=responses),
    }
    return {kind: np.asarray(samples, np.float32).reshape(len(samples), -1) for kind, samples in made.items()}


@cache
def voice(number: int, seconds: int) -> Samples:
    """A voice that speaks about a third of the time."""
    return speak(float(seconds), Manner(pitch_hz=110.0 + 20 * number, pause_s=(2.0, 6.0)), number).pcm


@cache
def faces(number: int, seconds: int) -> tuple[Samples, Samples, Samples]:
    """Blendshapes (n, 52), action units (n, 16) and classes (n, 7) that wander slowly, at the frames' rate."""
    rng = np.random.default_rng(1000 + number)
    time_s = np.arange(round(seconds * FRAMES_HZ))[:, None] / FRAMES_HZ

    def wandering(width: int) -> Samples:
        slow = np.sin(2 * np.pi * (time_s * rng.uniform(0.05, 0.5, width) + rng.uniform(0, 1, width)))
        return np.asarray(slow + 0.1 * rng.standard_normal(slow.shape), np.float32)

    classes = np.exp(wandering(7))
    return np.clip(0.2 + 0.15 * wandering(52), 0, 1), np.clip(0.1 * wandering(16), -1, 1), classes / classes.sum(axis=1, keepdims=True)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a learner's records hold."""

    number: int
    seconds: int
    jpegs: Sequence[bytes] = ()

    def event(self, stream: Stream, header: Header, slot: Slot, after: int) -> Event:
        """The record of a slot; ``after`` is the number of the slot that follows."""
        number = self.number % BODIES
        if stream.topic == FRAMES.name:
            return VideoFrame(header=header, jpeg=self.jpegs[slot.number % len(self.jpegs)])
        if stream.topic == FACE_FEATURES.name:
            return self._face(header, slot)
        if stream.topic == AUDIO_FEATURES.name:
            return AudioFeatures(header=header, quality=0.9, reason=Reason.GOOD, voice_share=0.5, level_dbfs=-30.0, pitch_hz=180.0,
                                 intensity_db=25.0, syllables_per_s=4.0, arousal=0.1, arousal_error=0.3)  # fmt: skip
        if stream.topic == AUDIO.name:
            return AudioChunk(header=header, sample_rate_hz=SAMPLE_RATE_HZ, pcm=voice(number, self.seconds)[slot.number : after])
        kind = SignalKind(stream.stream_id)
        samples = body(number, self.seconds)[kind][slot.number : after]
        return SignalChunk(header=header, kind=kind, sample_rate_hz=SIGNAL_RATES_HZ[kind], samples=samples)

    def _face(self, header: Header, slot: Slot) -> FaceFeatures:
        shapes, units, classes = faces(self.number % BODIES, self.seconds)
        return FaceFeatures(
            header=header, quality=0.95, reason=Reason.GOOD, box=np.array([0.3, 0.2, 0.35, 0.5], np.float32),
            pose_deg=np.array([3.0, -2.0, 1.0], np.float32), blendshapes=shapes[slot.number], action_units=units[slot.number],
            expression=classes[slot.number],
        )  # fmt: skip


def events(planned: Streams, session_id: str, contents: Contents) -> Iterator[tuple[int, Event]]:
    """Every event of a learner and when it is due; each stream's last one ends it."""
    for stream, slots in planned.slots.items():
        for slot, following in zip(slots, [*slots[1:], None], strict=True):
            promised_us = slot.promised_us if following else END_OF_TIME_US
            header = _header(session_id, stream.stream_id, slot.number, slot.event_time_us, promised_us)
            after = following.number if following else slot.number + (slot.number - slots[-2].number)
            yield slot.due_us, contents.event(stream, header, slot, after)
    yield from facts(planned, session_id)


def facts(planned: Streams, session_id: str) -> Iterator[tuple[int, Event]]:
    """A session's start and its trials, as the gateway notes them."""
    begun_us = min(slots[0].event_time_us for slots in planned.slots.values())
    yield begun_us, SessionChanged(header=_header(session_id, "session", 1, begun_us, begun_us), change=SessionChange.STARTED)
    for number, slot in enumerate(planned.trials, start=1):
        answer = Emotion.FEAR if number % 4 else Emotion.SURPRISE
        yield slot.due_us, TrialAnswered(
            header=_header(session_id, "trials", number, slot.event_time_us, slot.event_time_us), trial_id=f"{session_id}-{number}",
            item=ITEM, answer=answer, correct=answer is ITEM.emotion, valid=True, reaction_time_ms=900.0,
        )  # fmt: skip


def _header(session_id: str, stream_id: str, sequence: int, event_time_us: int, promised_us: int) -> Header:
    return Header(
        session_id=session_id, stream_id=stream_id, sequence=sequence, event_time_us=event_time_us, complete_until_us=promised_us,
        captured_by="benchmark",
    )  # fmt: skip


def sealed(topology: Topology, number: int, session: Session, window: Window, jpegs: Sequence[bytes]) -> list[Timed]:
    """A learner's records, sealed."""
    seconds = -(-(window.ends_us + 2 * MICROSECONDS - window.start_us) // MICROSECONDS)
    contents = Contents(number, seconds, jpegs)
    planned = streams(topology, number, window)
    return [Timed(due_us, to_record(event, session.key)) for due_us, event in events(planned, session.session_id, contents)]


def pace(timed: Sequence[Timed], producer: Producer, clock: Clock, *, tick_s: float, goes_on: Callable[[], bool]) -> list[float]:
    """Send each record when it is due, those that are due together in one go; gives how late each was, ms.

    Lateness is counted to the moment the bus is given the record; how long the bus takes is part of an age.
    """
    late_ms: list[float] = []
    sent = 0
    while sent < len(timed) and goes_on():
        now_us = clock.wall_us()
        due = sent
        while due < len(timed) and timed[due].due_us <= now_us:
            due += 1
        if due > sent:
            late_ms += [(now_us - each.due_us) / 1000 for each in timed[sent:due]]
            producer.send([each.record for each in timed[sent:due]])
            sent = due
        if due < len(timed):
            clock.sleep(max(tick_s, min((timed[due].due_us - clock.wall_us()) / MICROSECONDS, 0.05)))
    return late_ms
