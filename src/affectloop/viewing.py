"""What of an event is shown to whoever may see its topic, and of a session to whoever may know of it: what is listed, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from affectloop.codec import to_json
from affectloop.events import Event
from affectloop.session import Session
from affectloop.topics import TOPIC_OF_EVENT, Topic

Fields = Mapping[str, Any]  # the names of fields; what lies below a part's name are its own, below any other nothing


def as_viewed(event: Event) -> dict[str, Any]:
    """The event as ``to_json`` writes it, without what is not listed; empty where its topic is on no view."""
    return viewed(TOPIC_OF_EVENT[type(event)], to_json(event))


def viewed(topic: Topic, content: dict[str, Any]) -> dict[str, Any]:
    """What ``to_json`` once made of the topic's event, without what is not listed."""
    listed: dict[str, Any] = _listed(content, shown_fields(topic))
    return listed


def session_as_viewed(session: Session) -> dict[str, Any]:
    """A session as views and reports tell it: what is listed here, never its key."""
    return {
        "session_id": session.session_id,
        "learner_id": session.learner_id,
        "mode": session.mode.value,
        "started_at_us": session.started_at_us,
        "ended_at_us": session.ended_at_us,
        "profile": session.profile,
        "emotion_inference": session.emotion_inference,
        "consented": sorted(session.consented),
        "faults": session.stopped_in,
        "streams": [[stream.topic, stream.stream_id] for stream in session.streams],
    }


def shown_fields(topic: Topic) -> Fields:
    """``("quality", "causes.value", "causes.detail")`` as ``{"quality": {}, "causes": {"value": {}, "detail": {}}}``."""
    return _tree(topic.shown)


@cache
def _tree(shown: tuple[str, ...]) -> Fields:
    tree: dict[str, Any] = {}
    for path in shown:
        below = tree
        for name in path.split("."):
            below = below.setdefault(name, {})
    return tree


def _listed(content: Any, tree: Fields) -> Any:
    if isinstance(content, list):
        return [_listed(item, tree) for item in content]
    if not isinstance(content, dict):
        return content
    return {name: _listed(content[name], below) if below else content[name] for name, below in tree.items() if name in content}
