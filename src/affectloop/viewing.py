"""What of an event is shown to whoever may see its topic: the fields that the topic's declaration lists, and no other."""

from __future__ import annotations

from functools import cache
from typing import Any

from affectloop.codec import to_json
from affectloop.events import Event
from affectloop.topics import TOPIC_OF_EVENT

Tree = dict[str, "Tree"]


def as_viewed(event: Event) -> dict[str, Any]:
    """The event as plain lists, numbers and strings, as ``to_json`` writes them; empty where its topic is on no view."""
    listed: dict[str, Any] = _listed(event, tree_of(TOPIC_OF_EVENT[type(event)].shown))
    return listed


@cache
def tree_of(shown: tuple[str, ...]) -> Tree:
    """``("quality", "causes.value", "causes.detail")`` as ``{"quality": {}, "causes": {"value": {}, "detail": {}}}``."""
    tree: Tree = {}
    for path in shown:
        below = tree
        for name in path.split("."):
            below = below.setdefault(name, {})
    return tree


def _listed(value: Any, tree: Tree) -> Any:
    if isinstance(value, tuple):
        return [_listed(item, tree) for item in value]
    if value is None:
        return None
    return {name: _listed(getattr(value, name), below) if below else to_json(getattr(value, name)) for name, below in tree.items()}
