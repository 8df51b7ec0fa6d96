"""What OpenAPI says of the events that the gateway hands on as they are: their fields, units and ranges."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from affectloop.events import Event
from affectloop.topics import TOPIC_OF_EVENT
from affectloop.viewing import Fields, shown_fields

PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}


def answered_with(event_class: type[Event], description: str) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that answers with an event."""
    return {200: {"description": description, "content": {"application/json": {"schema": schema_of(event_class)}}}}


def schema_of(event_class: type[Event]) -> dict[str, Any]:
    """The JSON schema of what ``affectloop.viewing.as_viewed`` makes of an event."""
    return _object(event_class, shown_fields(TOPIC_OF_EVENT[event_class]))


def _object(kind: Any, shown: Fields) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    listed = [field for field in fields(kind) if field.name in shown]
    properties = {field.name: _property(hints[field.name], dict(field.metadata), shown[field.name]) for field in listed}
    return {"type": "object", "title": kind.__name__, "required": list(properties), "properties": properties}


def _property(hint: Any, limits: dict[str, Any], shown: Fields) -> dict[str, Any]:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union else (hint,)
    known = [option for option in options if option is not type(None)]
    schema = _schema(known[0], limits, shown)
    return {"anyOf": [schema, {"type": "null"}], "description": "null: not measured"} if len(known) < len(options) else schema


def _schema(kind: Any, limits: dict[str, Any], shown: Fields) -> dict[str, Any]:
    if typing.get_origin(kind) is np.ndarray:
        return {"type": "array", "items": _number("number", limits)}
    if typing.get_origin(kind) is tuple:
        return {"type": "array", "items": _schema(typing.get_args(kind)[0], {}, shown)}
    if is_dataclass(kind):
        return _object(kind, shown)
    if issubclass(kind, StrEnum):
        return {"type": "string", "enum": [member.value for member in kind]}
    return _number(PLAIN[kind], limits)


def _number(name: str, limits: dict[str, Any]) -> dict[str, Any]:
    if "unit" not in limits:
        return {"type": name}
    return {"type": name, "minimum": limits["low"], "maximum": limits["high"], "description": f"unit: {limits['unit']}"}
