"""What the live view is told of an event: plain JSON, downsampled to what can be drawn, and through what it was measured."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from affectloop.bus import Record
from affectloop.codec import from_record
from affectloop.errors import InvalidMessage
from affectloop.events import Directive, Modality
from affectloop.policy.access import Permissions, may_be_read, modalities_of, rests_on, without_felt_causes
from affectloop.session import Mode, Session
from affectloop.topics import TOPIC_OF_EVENT, TOPICS, View
from affectloop.viewing import as_viewed, session_as_viewed
from affectloop_gateway.live.downsampling import Downsampler

SHOWN_TOPICS = tuple(topic.name for topic in TOPICS if topic.view is not None)
DIGITS = 6  # significant ones; float32 has no more


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the live view, ready to be sent."""

    topic: str
    view: View
    modalities: frozenset[Modality]  # whose measurements it rests on
    text: str
    unfelt: str = ""  # the same without what rests on estimates of these modalities, where there is such a part
    felt_through: frozenset[Modality] = frozenset()

    def seen_with(self, permissions: Permissions) -> Message | None:
        """As somebody may see it; ``None`` where they may not."""
        if not permissions.shows(self.view, self.modalities):
            return None
        if self.unfelt and not permissions.shows(View.ESTIMATES, self.felt_through):
            return replace(self, text=self.unfelt)
        return self


def message_of(record: Record, session: Session, arrived_us: int, downsampler: Downsampler) -> Message | None:
    """The record as the live view shows it; ``None`` where there is nothing to show or consent is gone."""
    try:
        event = from_record(record, session.key)
    except InvalidMessage:
        return None  # its consumer makes the dead letter
    topic = TOPIC_OF_EVENT[type(event)]
    if topic.view is None or event.is_empty or not may_be_read(event, session.consented):
        return None
    shown = downsampler(event)
    if shown is None:
        return None
    age_ms = None if session.mode is Mode.REPLAY else round((arrived_us - event.ends_us) / 1000, 1)
    content = as_viewed(shown)
    message = Message(topic.name, topic.view, rests_on(event, session.consented), _text(topic.name, content, age_ms))
    if not isinstance(event, Directive):
        return message
    declared = modalities_of(stream.topic for stream in session.streams)
    return replace(message, unfelt=_text(topic.name, without_felt_causes(content), age_ms), felt_through=declared)


def first_message(session: Session) -> str:
    """What a live view is told before anything else."""
    return _text("session", session_as_viewed(session), None)


def _text(topic: str, content: Any, age_ms: float | None) -> str:
    return json.dumps({"topic": topic, "event": _short(content), "age_ms": age_ms}, separators=(",", ":"), allow_nan=False)


def _short(content: Any) -> Any:
    """The same with numbers of as many digits as were measured."""
    if isinstance(content, float):
        return float(f"{content:.{DIGITS}g}")
    if isinstance(content, list):
        return [_short(item) for item in content]
    return {name: _short(value) for name, value in content.items()} if isinstance(content, dict) else content
