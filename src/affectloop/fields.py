"""How an event's fields are declared: unit, closed range and size beside the name, which the codec enforces both ways."""

from dataclasses import field, fields, is_dataclass
from typing import Any, get_args, get_type_hints

LONGEST_TEXT = 256  # characters of any text: names of streams, devices, items; none of it is prose


def number(unit: str, low: float, high: float, *, optional: bool = False) -> Any:
    """Declare a number, its unit and its closed range; an optional one defaults to ``None``."""
    metadata = {"unit": unit, "low": low, "high": high}
    return field(default=None, metadata=metadata) if optional else field(metadata=metadata)


def array(unit: str, low: float, high: float, *, size: int | None = None, columns: str = "", optional: bool = False) -> Any:
    """Declare an array: the unit and closed range of each element, its size where it is fixed.

    ``columns`` names the message's field that holds the number of columns of a two-dimensional array.
    """
    metadata = {"unit": unit, "low": low, "high": high, "size": size, "columns": columns}
    return field(default=None, metadata=metadata) if optional else field(metadata=metadata)


def paths(event_class: type) -> tuple[str, ...]:
    """The paths of an event's fields, those of its parts with a dot: ``quality``, ``header.sequence``, ``causes.value``."""
    hints = get_type_hints(event_class)
    found: list[str] = []
    for each in fields(event_class):
        part = part_of(hints[each.name])
        found += [each.name] if part is None else [f"{each.name}.{path}" for path in paths(part)]
    return tuple(found)


def part_of(hint: Any) -> type | None:
    """The dataclass that a field holds, one of it, many or none; ``None`` for plain values."""
    if isinstance(hint, type) and is_dataclass(hint):
        return hint
    return next((part for part in map(part_of, get_args(hint)) if part is not None), None)
