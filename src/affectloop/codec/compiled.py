"""Readers and writers of events, compiled once a class from what its fields declare.

Every record of every learner passes here. So nothing is looked up or decided for a field at run time: the walk over the
declared fields writes one straight function a class and direction, as ``dataclasses`` writes ``__init__``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np

from affectloop.codec.declared import Field, Way, declared
from affectloop.codec.wire import buffer_class, members, numbers
from affectloop.fields import LONGEST_TEXT

Read = Callable[[Any], Any]
Write = Callable[[Any, Any], None]
NUL = "\0"  # no database holds it in a text


@dataclass(frozen=True, slots=True)
class Compiled:
    """How one class of events travels: its message, and the functions from that to the event and back; these raise ``InvalidMessage``."""

    message: Any  # of ``buffer_class``
    read: Read
    write: Write


@cache
def compiled(event_class: Any) -> Compiled:
    """The way of an event's class, or of a dataclass within one."""
    name, fields = event_class.__name__, declared(event_class)
    names: dict[str, Any] = {"Event": event_class}
    reading, writing = ["def read(message):"], ["def write(message, event):"]
    for place, field in enumerate(fields):
        names |= {f"field_{place}": field, f"read_{place}": _reads(field), f"write_{place}": _writes(field)}
        reading += _indented(_reading(field, place))
        writing += _indented(_writing(field, place))
    reading.append(f"    return Event({', '.join(f'{field.name}={field.name}' for field in fields)})")
    exec(compile("\n".join([*reading, *writing]), f"<codec of {name}>", "exec"), names)  # nothing but declared names is in it
    return Compiled(buffer_class(event_class), names["read"], names["write"])


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _reading(field: Field, place: int) -> list[str]:
    """The lines that make a local variable of the field's name."""
    name, declaration, read = field.name, f"field_{place}", f"read_{place}"
    if field.way is Way.ARRAY:
        content = f"(message.{name},)" if field.is_bytes else f"message.{name}"
        return [f"{name} = {read}({content}, {f'message.{field.columns}' if field.columns else 0})"]
    if field.way is Way.TUPLE:
        return [f"{name} = message.{name}", f"{name} = tuple(map({read}, {name})) if {name} else ()"]
    if field.way is Way.MESSAGE:
        return [f"if not message.HasField({name!r}):", f"    {declaration}.refuse_missing()", f"{name} = {read}(message.{name})"]
    if field.way is Way.MEMBER:
        return [
            f"{name} = {read}(message.{name})",
            f"if {name} is None{f' and message.{name}' if field.optional else ''}:",
            f"    {declaration}.refuse_member(message.{name})",
        ]
    lines = [f"{name} = message.{name}", *_checking(field, declaration)]
    if field.optional:
        return [f"if message.HasField({name!r}):", *_indented(lines), "else:", f"    {name} = None"]
    return lines


def _checking(field: Field, declaration: str) -> list[str]:
    """The lines that check a number or a name in a local variable."""
    name = field.name
    if field.low is not None and field.high is not None:
        return [f"if not {field.low!r} <= {name} <= {field.high!r}:", f"    {declaration}.refuse_number({name})"]  # NaN is never within
    if field.kind is not str:
        return []
    empty = [f"if not {name}:", f"    {declaration}.refuse_empty()"] if field.is_name else []
    return [*empty, f"if len({name}) > {LONGEST_TEXT} or {NUL!r} in {name}:", f"    {declaration}.refuse_text({name})"]


def _reads(field: Field) -> Read | None:
    if field.way is Way.ARRAY:
        return _array_reader(field)
    if field.way is Way.MESSAGE:
        return compiled(field.kind).read
    if field.way is Way.MEMBER:
        return members(field.kind).get
    if field.way is Way.TUPLE:
        return compiled(field.item).read if is_dataclass(field.item) else _member_reader(field)
    return None


def _member_reader(field: Field) -> Read:
    """Reads an item of a tuple of an enum's members."""
    by_number = members(field.item)

    def read(number: int) -> Any:
        return by_number[number] if number in by_number else field.refuse_member(number)

    return read


def _array_reader(field: Field) -> Callable[..., Any]:
    """Reads an array's bytes, in one part as a rule, given the number of its columns where it declares some."""
    check, size, optional, in_columns = _array_check(field), field.size, field.optional, bool(field.columns)
    on_wire = np.dtype(field.dtype).newbyteorder("<")
    step = on_wire.itemsize

    def read(parts: Sequence[bytes], width: int) -> Any:
        content = parts[0] if len(parts) == 1 else _joined(field, parts, step)
        if not content and optional:
            return None
        if len(content) % step:
            field.refuse_remainder()
        array = np.frombuffer(bytearray(content), on_wire)  # a copy, so that it can be written to
        if in_columns:
            if not width or array.size % width:
                field.refuse_columns(array.size, width)
            array = array.reshape(-1, width)
        if size is not None and array.size != size:
            field.refuse_size(array.size)
        check(array)
        return array

    return read


def _joined(field: Field, parts: Sequence[bytes], step: int) -> bytes:
    """An array that came in no part or in several, each of whole numbers."""
    if any(len(part) % step for part in parts):
        field.refuse_remainder()
    return b"".join(parts)


def _array_check(field: Field) -> Callable[[Any], None]:
    """Checks an array's elements, all at once."""
    low, high = field.low, field.high

    def check(array: Any) -> None:
        # The places of the extremes, since these methods of an array cost half of min and max. A NaN is at both: it is not within.
        if array.size and not (array.item(array.argmin()) >= low and array.item(array.argmax()) <= high):
            field.refuse_elements(array)

    return check


def _writing(field: Field, place: int) -> list[str]:
    """The lines that check the event's field and set the message's."""
    name, declaration, write = field.name, f"field_{place}", f"write_{place}"
    lines = {
        Way.ARRAY: [f"{write}(message, {name})"],
        Way.TUPLE: [f"{write}(message.{name}, {name})"],
        Way.MESSAGE: [f"message.{name}.SetInParent()", f"{write}(message.{name}, {name})"],
        Way.MEMBER: [f"message.{name} = {write}[{name}]"],
        Way.SCALAR: [*_checking(field, declaration), f"message.{name} = {name}"],
    }[field.way]
    if field.optional:
        return [f"{name} = event.{name}", f"if {name} is not None:", *_indented(lines)]
    return [f"{name} = event.{name}", f"if {name} is None:", f"    {declaration}.refuse_missing()", *lines]


def _writes(field: Field) -> Any:
    if field.way is Way.ARRAY:
        return _array_writer(field)
    if field.way is Way.MESSAGE:
        return compiled(field.kind).write
    if field.way is Way.MEMBER:
        return numbers(field.kind)
    if field.way is Way.TUPLE:
        return _tuple_writer(field.item)
    return None


def _tuple_writer(item: Any) -> Write:
    """Writes a tuple into a repeated field."""
    if issubclass(item, StrEnum):
        by_member = numbers(item)
        return lambda repeated, values: repeated.extend(by_member[value] for value in values)
    write = compiled(item).write

    def write_all(repeated: Any, values: Any) -> None:
        for value in values:
            write(repeated.add(), value)

    return write_all


def _array_writer(field: Field) -> Callable[[Any, Any], None]:
    """Writes an array's bytes, and the number of its columns where it declares some."""
    check, size, name, columns, is_bytes = _array_check(field), field.size, field.name, field.columns, field.is_bytes
    on_wire = np.dtype(field.dtype).newbyteorder("<")

    def write(message: Any, value: Any) -> None:
        array = np.asarray(value, on_wire)
        if size is not None and array.size != size:
            field.refuse_size(array.size)
        check(array)
        if columns:
            if array.ndim != 2:
                field.refuse_dimensions(array.ndim)
            setattr(message, columns, array.shape[1])
        content = array.tobytes()
        if is_bytes:
            setattr(message, name, content)
        elif content:
            getattr(message, name).append(content)

    return write
