"""One table of the Empatica E4: the time of its first sample, its rate, both in every column, then its samples.

Source: the info.txt that Empatica puts into each zip.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from affectloop.bounds import LATEST_US
from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput
from affectloop.events import SignalKind
from affectloop_capture.sources.wristband.archives import Member
from affectloop_capture.sources.wristband.table_text import BadRow, cells_of, number_of, numbers_of, plain, text_of

LONGEST_H = 72  # its memory holds 60 hours
LONGEST_ROW_BYTES = 32  # of one column
LARGEST_TABLE_BYTES = 256_000_000
LARGEST_TAGS_BYTES = 1_000_000
LATEST_S = LATEST_US // MICROSECONDS
FINER_UNITS = ((1_000, "milliseconds"), (MICROSECONDS, "microseconds"), (1_000 * MICROSECONDS, "nanoseconds"))
_ROUNDED = re.compile(r"\d([.]\d{0,7})?[eE]\+?\d+")  # 1.64483E+09: what a narrow column leaves of a time


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV of the E4."""

    name: str
    rate_hz: int  # of the hardware, so that a missing rate row is not taken for one
    columns: int = 1
    unit: float = 1.0  # of a number, in the unit of the signal

    @property
    def most_rows(self) -> int:
        """As many as its memory could hold, and more."""
        return self.rate_hz * 3600 * LONGEST_H


SIGNAL_TABLES = {
    SignalKind.EDA: Table("EDA", 4),
    SignalKind.PPG: Table("BVP", 64),
    SignalKind.ACCELERATION: Table("ACC", 32, columns=3, unit=1 / 64),  # g
    SignalKind.TEMPERATURE: Table("TEMP", 4),
}
HEART_RATE = Table("HR", 1)
FIRST_SAMPLE_ROW = 3


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What a table holds; a row of NaN was not measured."""

    starts_at_us: int
    rate_hz: int
    values: NDArray[np.float64]  # (n, columns)
    notes: tuple[str, ...] = ()

    @property
    def ends_at_us(self) -> int:
        """The time of the sample after the last."""
        return self.starts_at_us + round(len(self.values) * MICROSECONDS / self.rate_hz)


def read_table(where: str, member: Member, table: Table, *, salvage: bool = False) -> Content:
    """A table; ``InvalidInput`` names ``where`` and the row that is wrong. ``salvage`` takes rows that are no numbers as not measured."""
    raw = member.read(min(table.most_rows * table.columns * LONGEST_ROW_BYTES, LARGEST_TABLE_BYTES))
    text, assumed = plain(text_of(raw), table.columns)
    if not text.strip(" \n,"):
        raise InvalidInput(f"{where} is empty; export the session again")
    start, rate, samples, *_ = [*text.split("\n", 2), "", ""]
    starts_at_us, dated = _start_us(where, start, table)
    _check_rate(where, rate, table)
    if not samples.strip(" \n,"):
        raise InvalidInput(f"{where} holds no samples; export the session again")
    if samples.count("\n") > table.most_rows:
        raise InvalidInput(f"{where} holds more than {LONGEST_H} hours; no E4 session is that long; export the session again")
    values, bad = numbers_of(samples, table.columns, FIRST_SAMPLE_ROW)
    notes = [f"{table.name}.csv {note}" for note in assumed + dated]
    if bad:
        notes.append(
            f"{table.name}.csv: {_salvaged(where, table, bad, whole=samples.endswith(chr(10)), rows=len(values), salvage=salvage)}"
        )
    return Content(starts_at_us, table.rate_hz, values, tuple(notes))


def _salvaged(where: str, table: Table, bad: list[BadRow], *, whole: bool, rows: int, salvage: bool) -> str:
    """The note on rows that are no numbers; ``InvalidInput`` where they are not to be passed over."""
    first = bad[0]
    remedy = "copy or export it again, or take such rows as not measured with --salvage"
    if not salvage and not whole and first.number == FIRST_SAMPLE_ROW + rows - 1:
        raise InvalidInput(f"{where} row {first.number}: {first.text!r} is not {_count(table)}: it ends in the middle of a row; {remedy}")
    if not salvage:
        raise InvalidInput(f"{where} row {first.number}: {first.text!r} is not {_count(table)}; {remedy}")
    return f"{len(bad)} of {rows} rows are not {_count(table)} and were left out as not measured, the first is row {first.number}"


def _count(table: Table) -> str:
    return f"{table.columns} numbers" if table.columns > 1 else "a number"


def _start_us(where: str, row: str, table: Table) -> tuple[int, list[str]]:
    """When the first sample was taken, in microseconds since 1970, and a note where that was assumed."""
    cells = cells_of(row)
    dates = {_date_us(cell) for cell in cells}
    if None not in dates and len(dates) == 1 and len(cells) == table.columns:
        (at_us,) = dates
        return at_us or 0, ["begins with a date instead of Unix seconds, which is taken as UTC"]
    start_s = _common(where, 1, row, table, "start time")
    if _ROUNDED.fullmatch(cells[0]):
        raise InvalidInput(f"{where} row 1: {cells[0]!r} was rounded by a spreadsheet; write the start in whole Unix seconds there")
    if 0 <= start_s < LATEST_S:
        return round(start_s * MICROSECONDS), []
    for factor, unit in FINER_UNITS:
        if 0 < start_s / factor < LATEST_S:
            raise InvalidInput(f"{where} row 1: {cells[0]} is a time in {unit}; write {start_s / factor:.6f} there, in Unix seconds")
    raise InvalidInput(f"{where} row 1: {start_s:g} is no start time in Unix seconds; export the session again")


def _date_us(cell: str) -> int | None:
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        return None
    is_date = "-" in cell or ":" in cell  # 20130222 would be one, and is a number
    at = found if found.tzinfo else found.replace(tzinfo=UTC)
    return round(at.timestamp() * MICROSECONDS) if is_date and found.year >= 1970 else None


def _check_rate(where: str, row: str, table: Table) -> None:
    rate_hz = _common(where, 2, row, table, "rate")
    if rate_hz != table.rate_hz:
        raise InvalidInput(
            f"{where} row 2: the rate is {rate_hz:g} Hz where an E4 has {table.rate_hz}: the row is missing or changed; "
            "export the session again"
        )


def _common(where: str, number: int, row: str, table: Table, what: str) -> float:
    """The number that all columns of a row have in common."""
    cells = cells_of(row)
    while len(cells) > table.columns and not cells[-1]:
        cells.pop()
    numbers = {number_of(cell) for cell in cells}
    found = numbers.pop() if len(numbers) == 1 and len(cells) == table.columns else None
    if found is None:
        columns = f" in {table.columns} columns" if table.columns > 1 else ""
        raise InvalidInput(f"{where} row {number}: {row.strip()[:60]!r} is no {what}{columns}; export the session again")
    return found


def read_tags(member: Member) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """When the wearer pressed the button, in microseconds since 1970, and notes on rows that hold no time; labels are passed over."""
    text, _ = plain(text_of(member.read(LARGEST_TAGS_BYTES)), 1)
    times: list[int] = []
    wrong: list[int] = []
    for number, row in enumerate(text.split("\n"), start=1):
        at_us = next((found for cell in cells_of(row) if (found := _time_us(cell)) is not None), None)
        if at_us is not None:
            times.append(at_us)
        elif row.strip(" ,") and not (number == 1 and not any(sign.isdigit() for sign in row)):  # a heading
            wrong.append(number)
    notes = (f"tags.csv: {len(wrong)} of its rows without a time left out, the first is row {wrong[0]}",) if wrong else ()
    return tuple(times), notes


def _time_us(cell: str) -> int | None:
    dated = _date_us(cell)
    seconds = number_of(cell)
    if dated is not None or seconds is None:
        return dated
    return round(seconds * MICROSECONDS) if 0 < seconds < LATEST_S and seconds > 100_000 else None  # less is a label's number
