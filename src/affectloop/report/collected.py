"""What a report keeps of a session: one pass over its events, without what is large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from affectloop.events import (
    AudioFeatures,
    Directive,
    EmotionEstimate,
    Event,
    FaceFeatures,
    FloatArray,
    PhysioFeatures,
    Reason,
    SessionChange,
    SessionChanged,
    SkinConductanceResponse,
    TrialAnswered,
)
from affectloop.topics import TOPIC_OF_EVENT

LEARNERS_FACE = "face"  # others in the picture are counted, not shown


@dataclass(slots=True)
class StreamSeen:
    """How complete one stream was."""

    topic: str
    stream_id: str
    records: int = 0
    first_us: int = 0
    last_us: int = 0
    longest_step_us: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def saw(self, start_us: int, end_us: int, reason: Reason) -> None:
        """Count one record, which begins and ends then."""
        if self.records == 0:
            self.first_us = self.last_us = start_us
        self.longest_step_us = max(self.longest_step_us, start_us - self.last_us)
        self.last_us = max(self.last_us, end_us)
        self.records += 1
        self.reasons[str(reason)] += 1


@dataclass(slots=True)
class FaceSeen:
    """One frame: the 52 blendshapes of an hour are not needed."""

    time_us: int
    found: bool
    reason: Reason
    expression: FloatArray | None


@dataclass(slots=True)
class Collected:
    """The session's events by kind, each sorted by time and counted once."""

    faces: list[FaceSeen] = field(default_factory=list)
    physio: list[PhysioFeatures] = field(default_factory=list)
    audio: list[AudioFeatures] = field(default_factory=list)
    estimates: list[EmotionEstimate] = field(default_factory=list)
    trials: list[TrialAnswered] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)
    streams: dict[tuple[str, str], StreamSeen] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)  # topics whose own stream said that nothing follows
    faults: set[str] = field(default_factory=set)  # services that a fault stopped it in
    session_id: str = ""
    first_us: int = 0
    last_us: int = 0

    @property
    def duration_s(self) -> float:
        """From the first event to the end of the last."""
        return (self.last_us - self.first_us) / 1e6

    @property
    def responses(self) -> list[SkinConductanceResponse]:
        """Skin conductance responses, each once."""
        found = {response.onset_time_us: response for event in self.physio for response in event.responses}
        return [found[onset] for onset in sorted(found)]

    def seconds(self, time_us: int) -> float:
        """Seconds since the session's first event."""
        return (time_us - self.first_us) / 1e6


def collect(events: Iterable[Event]) -> Collected:
    """Go through the events once; of copies (same stream and sequence) the first counts."""
    collected = Collected()
    seen: set[tuple[type[Event], str, int]] = set()
    for event in events:
        name = (type(event), event.header.stream_id, event.header.sequence)
        if name in seen or event.is_empty:
            continue
        seen.add(name)
        _keep(collected, event)
    _sort(collected)
    return collected


def _keep(collected: Collected, event: Event) -> None:
    header = event.header
    if isinstance(event, SessionChanged) and event.change is SessionChange.STOPPED_BY_FAULT:
        collected.faults.add(event.service)
        return
    collected.session_id = collected.session_id or header.session_id
    collected.first_us = min(collected.first_us or header.event_time_us, header.event_time_us)
    collected.last_us = max(collected.last_us, event.ends_us - 1)
    _count(collected, event)
    topic = TOPIC_OF_EVENT[type(event)]
    if header.ends_stream and header.stream_id == topic.stream:
        collected.ended.add(topic.name)
    match event:
        case FaceFeatures():
            if header.stream_id == LEARNERS_FACE:
                found = event.quality > 0 or event.box is not None
                collected.faces.append(FaceSeen(header.event_time_us, found, event.reason, event.expression))
        case PhysioFeatures():
            collected.physio.append(event)
        case AudioFeatures():
            collected.audio.append(event)
        case EmotionEstimate():
            collected.estimates.append(event)
        case TrialAnswered():
            collected.trials.append(event)
        case Directive():
            collected.directives.append(event)


def _count(collected: Collected, event: Event) -> None:
    topic = TOPIC_OF_EVENT[type(event)].name
    for part, reason in _reasons(event):
        stream = event.header.stream_id + part
        counted = collected.streams.setdefault((topic, stream), StreamSeen(topic, stream))
        counted.saw(event.header.event_time_us, event.ends_us, reason)


def _reasons(event: Event) -> tuple[tuple[str, Reason], ...]:
    """What each part of a record says of itself; heart and skin fail for different reasons."""
    if isinstance(event, PhysioFeatures):
        return ((" (heart)", event.heart_reason), (" (skin)", event.eda_reason))
    if isinstance(event, (FaceFeatures, AudioFeatures, EmotionEstimate)):
        return (("", event.reason),)
    return (("", Reason.GOOD),)


def _sort(collected: Collected) -> None:
    collected.faces.sort(key=lambda face: face.time_us)
    for kept in (collected.physio, collected.audio, collected.estimates, collected.trials, collected.directives):
        kept.sort(key=_place)


def _place(event: Event) -> tuple[int, int]:
    return event.header.event_time_us, event.header.sequence


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is there; ``None`` where nothing is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
