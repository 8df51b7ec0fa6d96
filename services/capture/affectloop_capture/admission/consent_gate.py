"""The consent gate: what a session does not allow goes no further, whatever its device sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from affectloop.clock import Clock
from affectloop.events import AudioFeatures, Event, FaceFeatures, Modality
from affectloop.session import Session
from affectloop.topics import FACE_FEATURES, TOPIC_OF_EVENT, Topic

LONGEST_DESCRIPTOR_AGE_S = 0.25  # a withdrawn consent acts within a second: this, the record in flight, and the consumers' own check
MANY_SESSIONS = 4096  # of the cache; beyond it what is stale is forgotten


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record, or a modality, goes no further."""

    modality: Modality | None
    stream_id: str
    field: str
    problem: str
    remedy: str


class ConsentGate:
    """Decides for each event, by a session descriptor that is at most 250 ms old.

    Parameters
    ----------
    lookup
        Reads a session from live state; ``None`` where it is unknown. What it raises is not caught: no answer is no consent.
    clock
        Tells the age of a descriptor.
    """

    def __init__(self, lookup: Callable[[str], Session | None], clock: Clock) -> None:
        self._lookup = lookup
        self._clock = clock
        self._known: dict[str, tuple[float, Session | None]] = {}

    def is_fresh(self, session_id: str) -> bool:
        """Whether the descriptor at hand may still be used."""
        known = self._known.get(session_id)
        return known is not None and self._clock.monotonic_s() - known[0] < LONGEST_DESCRIPTOR_AGE_S

    def refresh(self, session_id: str) -> Session | None:
        """Read the descriptor anew."""
        asked_at_s = self._clock.monotonic_s()  # before the answer, which may be as old as the question
        session = self._lookup(session_id)
        if len(self._known) >= MANY_SESSIONS:
            self._known = {name: known for name, known in self._known.items() if asked_at_s - known[0] < LONGEST_DESCRIPTOR_AGE_S}
        self._known[session_id] = (asked_at_s, session)
        return session

    def session(self, session_id: str) -> Session | None:
        """The session as it is now, or was at most 250 ms ago."""
        return self._known[session_id][1] if self.is_fresh(session_id) else self.refresh(session_id)

    def refusal(self, event: Event) -> Refusal | None:
        """Why the event may not pass; ``None`` when it may."""
        return refusal_by(self.session(event.header.session_id), event)


def refusal_by(session: Session | None, event: Event) -> Refusal | None:
    """Why the session does not take the event; ``None`` when it does."""
    objection = _objection(session, event)
    return Refusal(event.modality, event.header.stream_id, *objection) if objection else None


def _objection(session: Session | None, event: Event) -> tuple[str, str, str] | None:
    if session is None:
        return "Header.session_id", "the session is not known", "open a session first, or ask whether it was erased"
    if session.ended_at_us is not None:
        return "Header.session_id", "the session has ended", "open a new session"
    if not session.allows(event.modality):
        return "modality", f"there is no live consent for {event.modality}", "ask for the consent, or leave this device off"
    return _inference_objection(session, event) or _stream_objection(session, event)


def _inference_objection(session: Session, event: Event) -> tuple[str, str, str] | None:
    if session.emotion_inference:
        return None
    if isinstance(event, FaceFeatures) and event.expression is not None:
        field = "FaceFeatures.expression"
    elif isinstance(event, AudioFeatures) and (event.arousal is not None or event.arousal_error is not None):
        field = "AudioFeatures.arousal"
    else:
        return None
    return field, f"profile {session.profile} allows no emotion inference", "leave the field out"


def _stream_objection(session: Session, event: Event) -> tuple[str, str, str] | None:
    topic, stream_id = TOPIC_OF_EVENT[type(event)], event.header.stream_id
    for source in topic.derives_from:
        if session.expects(source):
            return "Header.stream_id", f"{topic.name} is made from {source.name} in this session", "send the one or the other"
    if not _is_declared(session, topic, stream_id):
        names = ", ".join(sorted(session.expects(topic))) or "none"
        return "Header.stream_id", f"the session declares no stream {stream_id} of {topic.name} (it declares {names})", "declare it first"
    return None


def _is_declared(session: Session, topic: Topic, stream_id: str) -> bool:
    expected = session.expects(topic)
    another_face = topic is FACE_FEATURES and stream_id.startswith("face-")  # others in the picture are not known beforehand
    return stream_id in expected or (another_face and bool(expected))
