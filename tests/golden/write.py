"""Write the golden messages that are missing: ``python tests/golden/write.py``. Files that are there stay: they are readable for ever.

Each topic has its ``full`` and its ``least`` message; a field that came later has a further one, ``full-2`` and so on.
"""

import dataclasses
import sys
import types
import typing
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import Message

from affectloop.codec import encode, message_class, to_message
from affectloop.events import Event, Header
from affectloop.topics import TOPICS

FOLDER = Path(__file__).parent
HEADER = Header(
    session_id="golden", stream_id="stream", sequence=7, event_time_us=1_767_225_600_500_000,
    complete_until_us=1_767_225_601_000_000,
    captured_by="pytest",
)  # fmt: skip


def example(event: type, *, full: bool) -> Any:
    """An event with every field set, or with what must be alone."""
    hints = typing.get_type_hints(event)
    values = {}
    for field in dataclasses.fields(event):
        kind = hints[field.name]
        optional = isinstance(kind, types.UnionType)
        if (optional or field.default is not dataclasses.MISSING) and not full:
            continue
        if optional:
            (kind,) = (option for option in typing.get_args(kind) if option is not type(None))
        values[field.name] = _value(kind, field.metadata, full=full)
    return event(**values)


def _value(kind: Any, limits: typing.Mapping[str, Any], *, full: bool) -> Any:
    if kind is Header:
        return HEADER
    if typing.get_origin(kind) is np.ndarray:
        dtype = typing.get_args(typing.get_args(kind)[1])[0]
        size = limits.get("size") or 6
        values = np.linspace(max(limits["low"], 0), min(limits["high"], 1), size).astype(dtype)
        return values.reshape(-1, 3) if limits.get("columns") else values
    if typing.get_origin(kind) is tuple:
        return (_value(typing.get_args(kind)[0], {}, full=full),)
    if dataclasses.is_dataclass(kind):
        return example(typing.cast(type, kind), full=full)
    if issubclass(kind, StrEnum):
        return list(kind)[-1]
    if kind in (int, float) and limits:
        return kind(min(max(limits["low"], 1), limits["high"]))
    return {bool: True, str: "text", bytes: b"bytes", int: 1, float: 1.0}[kind]


def unheld(event: type[Event]) -> set[str]:
    """The fields of an event and its parts that no golden message holds, as ``Header.captured_by``."""
    held: set[str] = set()
    for topic in TOPICS:
        kind: Any = topic.event  # mypy takes a dataclass without equality for unhashable
        for path in (FOLDER / topic.name).glob("*.binpb"):
            message = message_class(kind)()
            message.ParseFromString(path.read_bytes())
            held |= _held(message)
    return _held(to_message(example(event, full=True))) - held


def _held(message: Message) -> set[str]:
    found = set()
    for field, value in message.ListFields():
        found.add(f"{message.DESCRIPTOR.name}.{field.name}")
        parts = value if isinstance(value, Sequence) else [value]
        found |= set().union(*(_held(part) for part in parts if isinstance(part, Message)))
    return found


def write() -> list[Path]:
    """Write what is missing; gives the new files."""
    written = []
    for topic in TOPICS:
        folder, event = FOLDER / topic.name, topic.event
        folder.mkdir(exist_ok=True)
        full = sorted(folder.glob("full*.binpb"))
        if unheld(event) or not full:
            path = folder / (f"full-{len(full) + 1}.binpb" if full else "full.binpb")
            path.write_bytes(encode(example(event, full=True)))
            written.append(path)
        if not (folder / "least.binpb").exists():
            (folder / "least.binpb").write_bytes(encode(example(event, full=False)))
            written.append(folder / "least.binpb")
    return written


if __name__ == "__main__":
    sys.stdout.writelines(f"{path}\n" for path in write())
