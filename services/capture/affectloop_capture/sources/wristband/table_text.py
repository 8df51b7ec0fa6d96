"""The text of a table as numbers, however a spreadsheet saved it: encodings, line ends, separators, decimal commas, quotes."""

from __future__ import annotations

import io
import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

NOT_MEASURED = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none", "-"})
ROWS_LOOKED_AT = 50  # for the separator
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_EMPTY_ROW = re.compile(r"\n[ \t]*\n")
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that holds no numbers; its number counts from 1, as editors do."""

    number: int
    text: str


def text_of(raw: bytes) -> str:
    """The text, by its byte order mark, by the zeros of UTF-16 without one, else as UTF-8."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, errors="replace")
    if raw[1:2] == b"\0":
        return raw.decode("utf-16-le", errors="replace")
    return raw.decode("utf-16-be" if raw[:1] == b"\0" and raw[1:2] else "utf-8", errors="replace")


def plain(text: str, columns: int) -> tuple[str, list[str]]:
    """The same rows with line feeds, commas between cells and points in numbers, and notes on what was assumed."""
    text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").replace('"', "").lstrip("\n")
    if re.match(r"[^\n]*\n[ \t]*\n", text):  # no table has an empty second row: each line end was doubled
        text = text.replace("\n\n", "\n")
    rows = text[:4096].split("\n", ROWS_LOOKED_AT)[:-1] or [text]
    separator = next((sign for sign in ";\t" if any(sign in row for row in rows)), ",")
    if separator != ",":
        commas = "," in text
        note = "is read as a spreadsheet saved it: with decimal commas" if commas else ""
        return text.replace(",", ".").replace(separator, ","), [note] if note else []
    if columns == 1 and _has_decimal_commas(rows):
        return text.replace(",", "."), ["is read as a spreadsheet saved it: with decimal commas"]
    return text, []


def _has_decimal_commas(rows: list[str]) -> bool:
    """Of a table with one column: by its start and rate, or by most of its samples."""
    matches = [_DECIMAL_COMMA.fullmatch(row) is not None for row in rows if row.strip()]
    return all(matches[:2]) or sum(matches[2:]) > len(matches[2:]) / 2


def numbers_of(text: str, columns: int, first_row: int) -> tuple[NDArray[np.float64], list[BadRow]]:
    """The values, (n, columns), NaN where there is none, and the rows that hold something else; rows count from ``first_row``."""
    text = text.rstrip("\n\t ,;")
    if not _EMPTY_ROW.search(text):
        try:
            values = np.loadtxt(io.BytesIO(text.encode()), delimiter=",", ndmin=2, dtype=np.float64, comments=None)
        except ValueError:
            values = np.empty((0, 0))
        if values.shape[1] == columns:
            return values, []
    cells, bad = array("d"), []
    for number, row in enumerate(_rows(text), start=first_row):
        found = _numbers(row, columns)
        cells.extend(found or [math.nan] * columns)
        if found is None:
            bad.append(BadRow(number, row.strip()[:60]))
    return np.frombuffer(cells, np.float64).reshape(-1, columns), bad


def _rows(text: str) -> Iterator[str]:
    """The rows one by one: a table may be long."""
    at = 0
    while (end := text.find("\n", at)) >= 0:
        yield text[at:end]
        at = end + 1
    yield text[at:]


def cells_of(row: str) -> list[str]:
    """The cells of a plain row."""
    return [cell.strip() for cell in row.split(",")]


def number_of(cell: str) -> float | None:
    """A cell's finite number; ``None`` where it holds none."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _numbers(row: str, columns: int) -> list[float] | None:
    """A row's numbers, NaN for what was not measured; ``None`` where it holds something else."""
    cells = cells_of(row)
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    if cells == [""]:
        return [math.nan] * columns
    if len(cells) != columns:
        return None
    found = list(_each(cells))
    return found if len(found) == columns else None


def _each(cells: list[str]) -> Iterator[float]:
    for cell in cells:
        try:
            yield math.nan if cell.lower() in NOT_MEASURED else float(cell)
        except ValueError:
            return


def spans(rows: NDArray[np.int64], most: int = 3) -> str:
    """Row numbers in words, consecutive ones as a span."""
    breaks = np.flatnonzero(np.diff(rows) > 1) + 1
    parts = [(int(part[0]), int(part[-1])) for part in islice(np.split(rows, breaks), most + 1)]
    words = [f"{first}" if first == last else f"{first} to {last}" for first, last in parts[:most]]
    return ", ".join(words) + (" and more" if len(parts) > most else "")
