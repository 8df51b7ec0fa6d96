"""Recordings of the Empatica E4 wristband: the zip of E4 Connect, or its folder.

Each CSV begins with the time of its first sample (Unix seconds, UTC) and its rate, in every column.
Source: the info.txt that Empatica puts into each zip.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput
from affectloop.events import SignalKind
from affectloop_capture.admission.validation import PLAUSIBLE, first_implausible
from affectloop_capture.sources.base import FileFormat, Source
from affectloop_capture.sources.sampled import SignalTrack

CAPTURED_BY = "Empatica E4"
LARGEST_TABLE_BYTES = 256_000_000  # four times a day of the fastest signal: a zip that claims more is none of a wristband
LATEST_START_S = 4_102_444_800  # the year 2100: what is later is no Unix time in seconds


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV of the E4."""

    name: str
    rate_hz: int  # of the hardware, so that a missing rate row is not taken for one
    columns: int = 1
    unit: float = 1.0  # of a number, in the unit of the signal


SIGNAL_TABLES = {
    SignalKind.EDA: Table("EDA", 4),
    SignalKind.PPG: Table("BVP", 64),
    SignalKind.ACCELERATION: Table("ACC", 32, columns=3, unit=1 / 64),  # g
    SignalKind.TEMPERATURE: Table("TEMP", 4),
}
HEART_RATE = Table("HR", 1)
Read = Callable[[], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What a table holds."""

    starts_at_us: int
    rate_hz: int
    values: NDArray[np.float64]  # (n, columns)


def open_e4(path: Path, *, salvage: bool = False) -> Source:
    """The wristband's signals as one source that starts when its first signal does.

    ``InvalidInput`` names the file and the row that is wrong.
    """
    tables = _tables(path)
    contents = {kind: _content(tables, table, path) for kind, table in SIGNAL_TABLES.items() if table.name in tables}
    if not contents:
        raise InvalidInput(f"{path}: holds none of EDA.csv, BVP.csv, ACC.csv, TEMP.csv; give a zip or folder of E4 Connect")
    starts_at_us = min(content.starts_at_us for content in contents.values())
    tracks = tuple(_track(path, kind, content, starts_at_us) for kind, content in contents.items())
    return Source(path.name, tracks, _description(contents, len(tags_us(path))), starts_at_us)


def reference_heart_rate(path: Path) -> Content:
    """The device's own heart rate in beats per minute: to compare with, never an input."""
    tables = _tables(path)
    if HEART_RATE.name not in tables:
        raise InvalidInput(f"{path}: holds no HR.csv; export the session again")
    return _content(tables, HEART_RATE, path)


def tags_us(path: Path) -> tuple[int, ...]:
    """When the wearer pressed the button, in microseconds since 1970; none where there is no tags.csv."""
    read = _tables(path).get("TAGS")
    if read is None:
        return ()
    rows = read().decode(errors="replace").split()
    if not all(_is_number(row) for row in rows):
        raise InvalidInput(f"{path}: tags.csv holds what is no time; export the session again")
    return tuple(round(float(row) * MICROSECONDS) for row in rows)


def _tables(path: Path) -> Mapping[str, Read]:
    """The CSVs by name; several in one name are told apart by nobody, so the first counts."""
    if path.is_dir():
        return {_table_name(file.name): file.read_bytes for file in sorted(path.iterdir(), reverse=True) if file.suffix.lower() == ".csv"}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInput(f"{path}: is no whole zip ({error}); copy it again") from error
    members = [member for member in members if not PurePosixPath(member.filename).name.startswith(".")]  # macOS adds ._EDA.csv
    return {_table_name(PurePosixPath(member.filename).name): _reader(path, member) for member in reversed(members)}


def _table_name(file_name: str) -> str:
    name = PurePosixPath(file_name).stem.upper()
    return "TAGS" if name.startswith("TAGS") else name  # some exports name it tags_S05.csv


def _reader(path: Path, member: zipfile.ZipInfo) -> Read:
    def read() -> bytes:
        if member.file_size > LARGEST_TABLE_BYTES:
            raise InvalidInput(f"{path}: {member.filename} claims {member.file_size} bytes; no E4 session is that long")
        try:
            with zipfile.ZipFile(path) as archive, archive.open(member) as file:
                return file.read(LARGEST_TABLE_BYTES)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as error:  # damaged, encrypted, truncated
            raise InvalidInput(f"{path}: {member.filename} cannot be read ({error}); export the session again") from error

    return read


def _content(tables: Mapping[str, Read], table: Table, path: Path) -> Content:
    where = f"{path}: {table.name}.csv"
    raw = tables[table.name]().removeprefix(b"\xef\xbb\xbf")  # what spreadsheets put before a text
    rows = raw.split(b"\n", 2)
    if not raw.strip():
        raise InvalidInput(f"{where} is empty; export the session again")
    start_s = _common(where, 1, rows[0], table, "start time")
    if not 0 < start_s < LATEST_START_S:
        raise InvalidInput(f"{where} row 1: {start_s:g} is no start time in Unix seconds; export the session again")
    rate_hz = _common(where, 2, rows[1] if len(rows) > 1 else b"", table, "rate")
    if rate_hz != table.rate_hz:
        raise InvalidInput(
            f"{where} row 2: the rate is {rate_hz:g} Hz where an E4 has {table.rate_hz}: the row is missing or changed; "
            "export the session again"
        )
    values = _values(where, rows[2] if len(rows) > 2 else b"", table.columns)
    return Content(round(start_s * MICROSECONDS), table.rate_hz, values)


def _common(where: str, number: int, row: bytes, table: Table, what: str) -> float:
    """The number that all columns of a row have in common."""
    cells = [cell.strip() for cell in row.decode(errors="replace").split(",")]
    numbers = {float(cell) for cell in cells} if all(_is_number(cell) for cell in cells) else set()
    if len(cells) != table.columns or len(numbers) != 1:
        text = row.decode(errors="replace").strip()[:60]
        raise InvalidInput(f"{where} row {number}: {text!r} is no {what} in {table.columns} columns; export the session again")
    return numbers.pop()


def _values(where: str, raw: bytes, columns: int) -> NDArray[np.float64]:
    if not raw.strip():
        raise InvalidInput(f"{where} holds no samples; export the session again")
    try:
        values = np.loadtxt(io.BytesIO(raw), delimiter=",", ndmin=2, dtype=np.float64, comments=None)
    except ValueError:
        values = np.empty((0, 0))
    if values.shape[1] == columns and np.isfinite(values).all():
        return values
    raise InvalidInput(f"{where} {_first_bad_row(raw, columns)}; export the session again, or cut the file before it")


def _first_bad_row(raw: bytes, columns: int) -> str:
    for number, row in enumerate(raw.decode(errors="replace").splitlines(), start=3):
        cells = row.split(",")
        if row.strip() and (len(cells) != columns or not all(_is_number(cell) for cell in cells)):
            return f"row {number}: {row.strip()[:60]!r} is not {columns} numbers"
    return "cannot be read"


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _track(path: Path, kind: SignalKind, content: Content, starts_at_us: int) -> SignalTrack:
    table = SIGNAL_TABLES[kind]
    samples = (content.values * table.unit).astype(np.float32)
    wrong = first_implausible(samples, PLAUSIBLE[kind])
    if wrong is not None:
        row, value = wrong[0] + 3, wrong[1]
        span = f"{PLAUSIBLE[kind].low:g} to {PLAUSIBLE[kind].high:g} {PLAUSIBLE[kind].unit}"
        raise InvalidInput(f"{path}: {table.name}.csv row {row}: {value:g} is no {kind} ({span}); cut the file before it")
    return SignalTrack(kind, Fraction(content.rate_hz), samples, content.starts_at_us - starts_at_us, CAPTURED_BY)


def _description(contents: Mapping[SignalKind, Content], tags: int) -> str:
    longest_s = max(len(content.values) / content.rate_hz for content in contents.values())
    missing = [table.name for kind, table in SIGNAL_TABLES.items() if kind not in contents]
    without = f", without {', '.join(missing)}" if missing else ""
    return f"Empatica E4, {longest_s / 60:.1f} min of {', '.join(contents)}{without}, {tags} button presses"


def _knows(path: Path, first_bytes: bytes) -> bool:
    return path.is_dir() or first_bytes[:4] in (b"PK\x03\x04", b"PK\x05\x06")


FORMAT = FileFormat(
    name="Empatica E4 zips or folders",
    reads="EDA, BVP, ACC, TEMP and tags of E4 Connect, on the wristband's clock",
    suffixes=(".zip",),
    knows=_knows,
    open=open_e4,
)
