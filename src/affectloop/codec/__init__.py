"""Events to bytes and back, and into the records of the bus. Bad bytes become ``InvalidMessage`` that names the field.

One event class has one message of the same name and the same field names; what a field may hold is declared beside it in
``affectloop.events`` and enforced in both directions. ``compiled`` makes a reader and a writer of each class from that.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from affectloop.bus import Outgoing, Record
from affectloop.codec.compiled import compiled
from affectloop.codec.declared import no_message
from affectloop.codec.wire import MODULES, message_class
from affectloop.errors import CannotOpen, InvalidMessage
from affectloop.events import Event
from affectloop.sealing import seal, unseal
from affectloop.session import SessionKey
from affectloop.topics import TOPIC_BY_NAME, TOPIC_OF_EVENT, Privacy, Topic

__all__ = [
    "KEY_ID",
    "MODULES",
    "STREAM",
    "decode",
    "encode",
    "from_message",
    "from_record",
    "message_class",
    "session_of",
    "to_json",
    "to_message",
    "to_record",
    "topic_of",
]

STREAM, KEY_ID = "stream", "key-id"  # names of the record headers


def encode(event: Event) -> bytes:
    """The event as protobuf; ``InvalidMessage`` where a value breaks its declared limits."""
    event_class: Any = type(event)  # mypy takes a dataclass without equality for unhashable
    way = compiled(event_class)
    message = way.message()
    way.write(message, event)
    payload: bytes = message.SerializeToString()
    return payload


def decode(event_class: type[Event], payload: bytes) -> Event:
    """Read an event from protobuf; ``InvalidMessage`` names what is wrong."""
    named: Any = event_class
    way = compiled(named)
    try:
        message = way.message.FromString(payload)
        if len(UnknownFieldSet(message)):  # fields of a later version; or arrays number by number, which the contract allows
            message = way.message.FromString(message_class(named).FromString(payload).SerializeToString())
    except DecodeError as error:
        raise no_message(named.__name__) from error
    event: Event = way.read(message)
    return event


def to_message(event: Event) -> Message:
    """The event as its protobuf message."""
    event_class: Any = type(event)
    message: Message = message_class(event_class).FromString(encode(event))
    return message


def from_message(event_class: type[Event], message: Message) -> Event:
    """Read an event from its protobuf message."""
    return decode(event_class, message.SerializeToString())


def to_record(event: Event, key: SessionKey) -> Outgoing:
    """The event as a record of its topic, sealed with the session's key."""
    topic, header = TOPIC_OF_EVENT[type(event)], event.header
    payload = seal(encode(event), key, topic=topic.name, session_id=header.session_id, stream_id=header.stream_id)
    headers = {STREAM: header.stream_id.encode(), KEY_ID: key.key_id.encode()}
    return Outgoing(topic.name, header.session_id.encode(), payload, headers)


def from_record(record: Record, key: SessionKey) -> Event:
    """Read an event from a record, opening it with the session's key."""
    topic = topic_of(record)
    session_id, stream_id, payload = session_of(record), _text(record, STREAM), record.value
    if KEY_ID in record.headers or topic.privacy is not Privacy.FACT:  # facts of 0.1 before December 2026 are not sealed
        if _text(record, KEY_ID) != key.key_id:
            raise InvalidMessage("key-id", "the payload is sealed with another key", "seal with the session's own key")
        try:
            payload = unseal(payload, key, topic=topic.name, session_id=session_id, stream_id=stream_id)
        except CannotOpen as error:
            raise InvalidMessage("payload", str(error), "seal it for this topic, session and stream") from error
    event = decode(topic.event, payload)
    if event.header.session_id != session_id or event.header.stream_id != stream_id:
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
    if event is None or isinstance(event, (float, int)):
        return event
    if isinstance(event, np.ndarray):
        return event.tolist()
    if isinstance(event, str):
        return str(event) if isinstance(event, StrEnum) else event
    if is_dataclass(event):
        event_class: Any = type(event)
        return {name: to_json(getattr(event, name)) for name in _names(event_class)}
    if isinstance(event, (tuple, list)):
        return [to_json(item) for item in event]
    return f"{len(event)} bytes" if isinstance(event, bytes) else event


@cache
def _names(event_class: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(event_class))
