"""The messages and enums of the events, by their classes; and the messages whose arrays are read and written as one buffer.

On the wire a packed ``repeated float`` is a length and the numbers' bytes, exactly as ``repeated bytes`` with one element
are. So the same messages are declared a second time with ``repeated bytes`` in place of every repeated float or double,
in a pool of their own: reading 52 numbers then costs a third of what it costs number by number.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from affectloop.messages.v1 import capture_pb2, features_pb2, header_pb2, session_pb2

MODULES = (header_pb2, capture_pb2, features_pb2, session_pb2)
NUMBERS = (FieldDescriptorProto.TYPE_FLOAT, FieldDescriptorProto.TYPE_DOUBLE)


@cache
def message_class(event_class: Any) -> Any:
    """The protobuf message of an event class."""
    return _named(event_class.__name__)


@cache
def buffer_class(event_class: Any) -> Any:
    """The same message, with ``repeated bytes`` in place of each array."""
    full_name = _named(event_class.__name__).DESCRIPTOR.full_name
    return GetMessageClass(_buffer_pool().FindMessageTypeByName(full_name))


@cache
def _buffer_pool() -> DescriptorPool:
    pool = DescriptorPool()
    for module in MODULES:
        file = FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
        for message in file.message_type:
            for field in message.field:
                if field.label == FieldDescriptorProto.LABEL_REPEATED and field.type in NUMBERS:
                    field.type = FieldDescriptorProto.TYPE_BYTES
        pool.AddSerializedFile(file.SerializeToString())
    return pool


@cache
def members(enum: type[StrEnum]) -> dict[int, StrEnum]:
    """An enum's members by their numbers on the wire."""
    wrapper = _named(enum.__name__)
    return {int(wrapper.Value(f"{_prefix(enum)}_{member.name}")): member for member in enum}


@cache
def numbers(enum: type[StrEnum]) -> dict[StrEnum, int]:
    """An enum's numbers on the wire by its members."""
    return {member: number for number, member in members(enum).items()}


def _prefix(enum: type[StrEnum]) -> str:
    return "".join("_" + letter if letter.isupper() else letter for letter in enum.__name__).lstrip("_").upper()


def _named(name: str) -> Any:
    for module in MODULES:
        if hasattr(module, name):
            return getattr(module, name)
    raise KeyError(f"no message or enum is named {name}")
