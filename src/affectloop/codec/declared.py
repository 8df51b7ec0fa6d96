"""What the fields of an event declare, gathered once a class, and what is said of a value that breaks it."""

from __future__ import annotations

import math
import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, StrEnum, auto
from typing import Any, NoReturn

import numpy as np

from affectloop.errors import InvalidMessage
from affectloop.fields import LONGEST_TEXT


class Way(Enum):
    """How a kind of field travels."""

    ARRAY = auto()
    TUPLE = auto()
    MESSAGE = auto()
    MEMBER = auto()  # of an enum
    SCALAR = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One declared field.

    ``kind`` is the Python class of the value, ``item`` that of a tuple's items; ``low`` to ``high`` is the closed range of a
    number or of an array's elements, ``size`` and ``columns`` are the array's as in ``affectloop.fields.array``.
    """

    name: str
    path: str
    kind: type
    way: Way
    optional: bool
    item: type | None
    dtype: np.dtype[Any] | None
    unit: str
    low: float | None
    high: float | None
    size: int | None
    columns: str
    is_name: bool  # of a session or a stream: never empty

    @property
    def is_bytes(self) -> bool:
        """Whether the contract itself sends the array as bytes: samples of sound."""
        return self.dtype == np.int16

    def refuse_missing(self) -> NoReturn:
        """There is no value, and there must be."""
        raise InvalidMessage(self.path, "is missing", "give it a value")

    def refuse_empty(self) -> NoReturn:
        """A name is empty."""
        raise InvalidMessage(self.path, "is empty", f"name the {self.name.removesuffix('_id')}")

    def refuse_text(self, text: str) -> NoReturn:
        """A text is too long, or is none."""
        if "\0" in text:
            raise InvalidMessage(self.path, "holds the character NUL", "leave it out")
        raise InvalidMessage(self.path, f"has {len(text)} characters", f"give it at most {LONGEST_TEXT}")

    def refuse_number(self, value: float) -> NoReturn:
        """A number is outside its range, or none."""
        what = "is not a number" if math.isnan(value) else f"is {value:g}, outside {self.low} to {self.high}"
        raise InvalidMessage(self.path, f"{what} ({self.unit})", "leave it out where it was not measured")

    def refuse_member(self, number: int) -> NoReturn:
        """A number stands for no member of the enum."""
        enum: Any = self.item or self.kind
        raise InvalidMessage(self.path, f"{number} is no {enum.__name__}", f"use one of {', '.join(enum)}")

    def refuse_elements(self, array: Any) -> NoReturn:
        """An element is outside its range, or no number."""
        what = f"leaves {self.low} to {self.high}" if np.isfinite(array).all() else "holds NaN or infinity"
        raise InvalidMessage(self.path, f"{what} ({self.unit})", "leave out what was not measured")

    def refuse_size(self, count: int) -> NoReturn:
        """An array has not the size that it must have."""
        raise InvalidMessage(self.path, f"has {count} numbers instead of {self.size}", "send them all or none")

    def refuse_columns(self, count: int, width: int) -> NoReturn:
        """Numbers do not fill their channels."""
        raise InvalidMessage(self.path, f"{count} numbers do not fill {width} channels", f"set {self.columns}")

    def refuse_dimensions(self, count: int) -> NoReturn:
        """An array of samples by channels has another shape."""
        raise InvalidMessage(self.path, f"has {count} dimensions", "give samples by channels")

    def refuse_remainder(self) -> NoReturn:
        """Bytes end within a number."""
        if self.is_bytes:
            raise InvalidMessage(self.path, "has half a sample", "send 16-bit samples")
        raise no_message(self.path.partition(".")[0])


def no_message(name: str) -> InvalidMessage:
    """What is said of bytes that protobuf does not read."""
    return InvalidMessage(name, "the bytes are not this protobuf message", "check topic and version")


def declared(event_class: type[Any]) -> tuple[Field, ...]:
    """The fields of an event's class, or of a dataclass within one, in order."""
    hints = typing.get_type_hints(event_class)
    return tuple(_field(event_class, field.name, hints[field.name], field.metadata) for field in fields(event_class))


def _field(event_class: type[Any], name: str, hint: Any, limits: typing.Mapping[str, Any]) -> Field:
    optional = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    if optional:
        (hint,) = (option for option in typing.get_args(hint) if option is not type(None))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    path = f"{event_class.__name__}.{name}"
    return Field(
        name=name,
        path=path,
        kind=origin or hint,
        way=_way(origin or hint),
        optional=optional,
        item=arguments[0] if origin is tuple else None,
        dtype=np.dtype(typing.get_args(arguments[1])[0]) if origin is np.ndarray else None,
        unit=limits.get("unit", ""),
        low=limits.get("low"),
        high=limits.get("high"),
        size=limits.get("size"),
        columns=limits.get("columns", ""),
        is_name=path in ("Header.session_id", "Header.stream_id"),
    )


def _way(kind: Any) -> Way:
    if kind is np.ndarray:
        return Way.ARRAY
    if kind is tuple:
        return Way.TUPLE
    if is_dataclass(kind):
        return Way.MESSAGE
    return Way.MEMBER if issubclass(kind, StrEnum) else Way.SCALAR
