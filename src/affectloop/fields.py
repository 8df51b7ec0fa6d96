"""How an event's fields are declared: unit, closed range and size beside the name, which the codec enforces both ways."""

from dataclasses import field
from typing import Any


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
