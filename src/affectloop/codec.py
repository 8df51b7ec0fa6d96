"""Events to bytes and back, and into the records of the bus. Bad bytes become ``InvalidMessage`` that names the field.

One event class has one message of the same name and the same field names, so the codec is one walk over the declared
fields; what a field may hold is declared beside it in ``affectloop.events`` and enforced in both directions.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, StrEnum, auto
from functools import cache
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError, Message

from affectloop.bus import Outgoing, Record
from affectloop.errors import CannotOpen, InvalidMessage
from affectloop.events import Event
from affectloop.messages.v1 import capture_pb2, features_pb2, header_pb2, session_pb2
from affectloop.sealing import seal, unseal
from affectloop.session import SessionKey
from affectloop.topics import TOPIC_BY_NAME, TOPIC_OF_EVENT, Topic

MODULES = (header_pb2, capture_pb2, features_pb2, session_pb2)
STREAM, KEY_ID = "stream", "key-id"  # names of the record headers


def encode(event: Event) -> bytes:
    """The event as protobuf; ``InvalidMessage`` where a value breaks its declared limits."""
    return to_message(event).SerializeToString()


def decode(event_class: type[Event], payload: bytes) -> Event:
    """Read an event from protobuf; ``InvalidMessage`` names what is wrong."""
    named: Any = event_class  # mypy takes a dataclass without equality for unhashable
    message = message_class(named)()
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise InvalidMessage(event_class.__name__, "the bytes are not this protobuf message", "check topic and version") from error
    event: Event = from_message(event_class, message)
    return event


def to_record(event: Event, key: SessionKey) -> Outgoing:
    """The event as a record of its topic, sealed where the topic says so."""
    topic = TOPIC_OF_EVENT[type(event)]
    header, payload = event.header, encode(event)
    headers = {STREAM: header.stream_id.encode()}
    if topic.sealed:
        payload = seal(payload, key, topic=topic.name, session_id=header.session_id, stream_id=header.stream_id)
        headers[KEY_ID] = key.key_id.encode()
    return Outgoing(topic.name, header.session_id.encode(), payload, headers)


def from_record(record: Record, key: SessionKey) -> Event:
    """Read an event from a record, opening it with the session's key."""
    topic = topic_of(record)
    session_id, stream_id, payload = session_of(record), _text(record, STREAM), record.value
    if topic.sealed:
        if _text(record, KEY_ID) != key.key_id:
            raise InvalidMessage("key-id", "the payload is sealed with another key", "seal with the session's own key")
        try:
            payload = unseal(payload, key, topic=topic.name, session_id=session_id, stream_id=stream_id)
        except CannotOpen as error:
            raise InvalidMessage("payload", str(error), "seal it for this topic, session and stream") from error
    event = decode(topic.event, payload)
    if (event.header.session_id, event.header.stream_id) != (session_id, stream_id):
        raise InvalidMessage("Header", "session or stream is not the record's own", "send one session's stream under its own key")
    return event


def topic_of(record: Record) -> Topic:
    """The declaration of the record's topic; ``InvalidMessage`` for one that this version does not know."""
    if record.topic not in TOPIC_BY_NAME:
        raise InvalidMessage("topic", f"{record.topic} is not declared", "check the version at the topic's end")
    return TOPIC_BY_NAME[record.topic]


def session_of(record: Record) -> str:
    """The session that the record's key names."""
    try:
        return record.key.decode()
    except UnicodeDecodeError as error:
        raise InvalidMessage("key", "the record's key is not a session's name", "use the session id") from error


def _text(record: Record, name: str) -> str:
    value = record.headers.get(name)
    if value is None:
        raise InvalidMessage(name, "the record header is missing", "write records with affectloop.codec.to_record")
    return value.decode(errors="replace")


def to_json(event: Any) -> Any:
    """The event as plain lists, numbers and strings, its fields' names unchanged; ``None`` fields stay ``None``."""
    if is_dataclass(event):
        return {field.name: to_json(getattr(event, field.name)) for field in fields(event)}
    if isinstance(event, np.ndarray):
        return event.tolist()
    if isinstance(event, (tuple, list)):
        return [to_json(item) for item in event]
    if isinstance(event, bytes):
        return f"{len(event)} bytes"
    return str(event) if isinstance(event, StrEnum) else event


@cache
def message_class(event_class: Any) -> Callable[[], Message]:
    """The protobuf message of an event class."""
    for module in MODULES:
        if hasattr(module, event_class.__name__):
            return typing.cast(Callable[[], Message], getattr(module, event_class.__name__))
    raise KeyError(f"no message is named {event_class.__name__}")


class _Way(Enum):
    """How a kind of field travels."""

    ARRAY = auto()
    TUPLE = auto()
    MESSAGE = auto()
    MEMBER = auto()  # of an enum
    SCALAR = auto()


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field travels. What never changes is worked out once: every record of every learner passes here."""

    name: str
    path: str
    kind: type
    way: _Way
    optional: bool
    limits: typing.Mapping[str, Any]
    item: type | None  # of a tuple
    low: float | None  # of a number that declares a range
    high: float | None
    is_name: bool  # of a session or a stream


def _way(kind: Any) -> _Way:
    if kind is np.ndarray:
        return _Way.ARRAY
    if kind is tuple:
        return _Way.TUPLE
    if is_dataclass(kind):
        return _Way.MESSAGE
    return _Way.MEMBER if issubclass(kind, StrEnum) else _Way.SCALAR


@cache
def _plan(event_class: type[Any]) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(event_class)
    plan = []
    for field in fields(event_class):
        kind, optional = hints[field.name], False
        if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
            (kind,) = (option for option in typing.get_args(kind) if option is not type(None))
            optional = True
        origin = typing.get_origin(kind)
        item = typing.get_args(kind)[0] if origin is tuple else None
        dtype = typing.get_args(typing.get_args(kind)[1])[0] if origin is np.ndarray else None
        limits = dict(field.metadata) | ({"dtype": np.dtype(dtype)} if dtype else {})
        path, kind = f"{event_class.__name__}.{field.name}", origin or kind
        low, high = limits.get("low"), limits.get("high")
        is_name = path in ("Header.session_id", "Header.stream_id")
        plan.append(_Field(field.name, path, kind, _way(kind), optional, limits, item, low, high, is_name))
    return tuple(plan)


def to_message(event: Any) -> Message:
    """The event as its protobuf message."""
    event_class: type = type(event)
    message = message_class(event_class)()
    for field in _plan(event_class):
        value = getattr(event, field.name)
        if value is None:
            if not field.optional:
                raise InvalidMessage(field.path, "is missing", "give it a value")
            continue
        _put(message, field, value)
    return message


def _put(message: Message, field: _Field, value: Any) -> None:
    if field.way is _Way.SCALAR:
        setattr(message, field.name, _checked(field, value))
    elif field.way is _Way.ARRAY:
        array = _checked_array(field, np.asarray(value, dtype=field.limits["dtype"]))
        if field.limits["columns"]:
            if array.ndim != 2:
                raise InvalidMessage(field.path, f"has {array.ndim} dimensions", "give samples by channels")
            setattr(message, field.limits["columns"], array.shape[1])
        if array.dtype == np.int16:
            setattr(message, field.name, array.astype("<i2").tobytes())
        else:
            getattr(message, field.name).extend(array.ravel().tolist())
    elif field.way is _Way.TUPLE:
        for item in value:
            getattr(message, field.name).append(_wire(item))
    elif field.way is _Way.MESSAGE:
        getattr(message, field.name).CopyFrom(to_message(value))
    else:
        setattr(message, field.name, _enum_number(value))


def _wire(value: Any) -> Any:
    if is_dataclass(value):
        return to_message(value)
    return _enum_number(value) if isinstance(value, StrEnum) else value


def from_message(event_class: Any, message: Message) -> Any:
    """Read an event from its protobuf message."""
    return event_class(**{field.name: _get(message, field) for field in _plan(event_class)})


def _get(message: Message, field: _Field) -> Any:
    value = getattr(message, field.name)
    if field.way is _Way.SCALAR:
        return None if field.optional and not message.HasField(field.name) else _checked(field, value)
    if field.way is _Way.ARRAY:
        return _array(message, field, value)
    if field.way is _Way.TUPLE and field.item is not None:
        if issubclass(field.item, StrEnum):
            return tuple(_enum_member(field, field.item, number) for number in value)
        return tuple(from_message(field.item, item) for item in value)
    if field.way is _Way.MESSAGE:
        if not message.HasField(field.name):
            raise InvalidMessage(field.path, "is missing", "give it a value")
        return from_message(field.kind, value)
    return None if field.optional and value == 0 else _enum_member(field, field.kind, value)


def _array(message: Message, field: _Field, value: Any) -> Any:
    dtype = field.limits["dtype"]
    if dtype == np.int16:
        if len(value) % 2:
            raise InvalidMessage(field.path, "has half a sample", "send 16-bit samples")
        array = np.frombuffer(value, "<i2").astype(np.int16)
    else:
        array = np.asarray(value, dtype=dtype)
    if field.optional and not array.size:
        return None
    if columns := field.limits["columns"]:
        width = getattr(message, columns)
        if not width or array.size % width:
            raise InvalidMessage(field.path, f"{array.size} numbers do not fill {width} channels", f"set {columns}")
        array = array.reshape(-1, width)
    return _checked_array(field, array)


def _checked_array(field: _Field, array: Any) -> Any:
    limits = field.limits
    if limits["size"] is not None and array.size != limits["size"]:
        raise InvalidMessage(field.path, f"has {array.size} numbers instead of {limits['size']}", "send them all or none")
    if array.size and not (array.min() >= limits["low"] and array.max() <= limits["high"]):  # NaN compares false
        what = "holds NaN or infinity" if not np.isfinite(array).all() else f"leaves {limits['low']} to {limits['high']}"
        raise InvalidMessage(field.path, f"{what} ({limits['unit']})", "leave out what was not measured")
    return array


def _checked(field: _Field, value: Any) -> Any:
    if field.low is not None and field.high is not None and not field.low <= value <= field.high:
        what = "is not a number" if math.isnan(value) else f"is {value:g}, outside {field.low} to {field.high}"
        raise InvalidMessage(field.path, f"{what} ({field.limits['unit']})", "leave it out where it was not measured")
    if field.is_name and not value:
        raise InvalidMessage(field.path, "is empty", f"name the {field.name.removesuffix('_id')}")
    return value


def _prefix(enum: type[StrEnum]) -> str:
    return "".join("_" + letter if letter.isupper() else letter for letter in enum.__name__).lstrip("_").upper()


@cache
def _enum_wrapper(enum: type[StrEnum]) -> Any:
    for module in MODULES:
        if hasattr(module, enum.__name__):
            return getattr(module, enum.__name__)
    raise KeyError(f"no enum is named {enum.__name__}")


@cache
def _enum_number(member: StrEnum) -> int:
    return int(_enum_wrapper(type(member)).Value(f"{_prefix(type(member))}_{member.name}"))


def _enum_member(field: _Field, enum: type[StrEnum], value: int) -> StrEnum:
    members = _enum_members(enum)
    if value not in members:
        raise InvalidMessage(field.path, f"{value} is no {enum.__name__}", f"use one of {', '.join(enum)}")
    return members[value]


@cache
def _enum_members(enum: type[StrEnum]) -> dict[int, StrEnum]:
    return {_enum_number(member): member for member in enum}
