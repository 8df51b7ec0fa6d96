"""Recordings of the Empatica E4 wristband: the zip of E4 Connect, or its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from affectloop.clock import MICROSECONDS
from affectloop.errors import InvalidInput
from affectloop.events import FloatArray, SignalKind
from affectloop_capture.admission.validation import PLAUSIBLE
from affectloop_capture.sources.base import FileFormat, Source
from affectloop_capture.sources.sampled import SignalTrack
from affectloop_capture.sources.wristband.sessions import session_files
from affectloop_capture.sources.wristband.table_text import spans
from affectloop_capture.sources.wristband.tables import FIRST_SAMPLE_ROW, HEART_RATE, SIGNAL_TABLES, Content, read_table, read_tags

CAPTURED_BY = "Empatica E4"
APART_S = 10.0  # tables of one session begin and end within seconds of each other


def open_e4(path: Path, *, salvage: bool = False) -> Source:
    """The wristband's signals as one source that starts when its first signal does.

    What no sensor could have measured, or what was not, is a gap that the notes count. ``InvalidInput`` names the file and the
    row that is wrong; ``salvage`` takes rows that are no numbers as not measured.
    """
    files = session_files(path)
    contents: dict[SignalKind, Content] = {}
    notes = list(files.notes)
    for kind, table in SIGNAL_TABLES.items():
        if table.name in files.tables:
            contents[kind] = content = read_table(f"{path}: {table.name}.csv", files.tables[table.name], table, salvage=salvage)
            notes.extend(content.notes)
    samples = {kind: _samples(kind, content, notes) for kind, content in contents.items()}
    contents = {kind: content for kind, content in contents.items() if np.isfinite(samples[kind]).any()}
    if not contents:
        raise InvalidInput(f"{path}: {notes[-1]}; nothing is left to play: check the units, or export the session again")
    _check_overlap(path, contents)
    notes.extend(_placed(contents))
    starts_at_us = min(content.starts_at_us for content in contents.values())
    tracks = tuple(
        SignalTrack(kind, Fraction(content.rate_hz), samples[kind], content.starts_at_us - starts_at_us, CAPTURED_BY)
        for kind, content in contents.items()
    )
    tags, wrong = read_tags(files.tables["TAGS"]) if "TAGS" in files.tables else ((), ())
    notes.extend((*wrong, *_outside(tags, contents)))
    return Source(path.name, tracks, _description(contents, len(tags)), starts_at_us, notes)


def reference_heart_rate(path: Path) -> Content:
    """The device's own heart rate in beats per minute: to compare with, never an input."""
    tables = session_files(path).tables
    if HEART_RATE.name not in tables:
        raise InvalidInput(f"{path}: holds no HR.csv; export the session again")
    return read_table(f"{path}: HR.csv", tables[HEART_RATE.name], HEART_RATE)


def tags_us(path: Path) -> tuple[int, ...]:
    """When the wearer pressed the button, in microseconds since 1970; none where there is no tags.csv."""
    tables = session_files(path).tables
    return read_tags(tables["TAGS"])[0] if "TAGS" in tables else ()


def _samples(kind: SignalKind, content: Content, notes: list[str]) -> FloatArray:
    """The samples in the signal's unit, NaN where nothing was measured, which is noted with its count."""
    table, plausible = SIGNAL_TABLES[kind], PLAUSIBLE[kind]
    samples: FloatArray = (content.values * table.unit).astype(np.float32)
    absent = np.isnan(samples).any(axis=1)
    wrong = ~absent & ~((samples >= plausible.low) & (samples <= plausible.high)).all(axis=1)
    range_ = f"{plausible.low:g} to {plausible.high:g} {plausible.unit}"
    for rows, problem in ((np.flatnonzero(absent), "hold no number"), (np.flatnonzero(wrong), f"lie outside {range_}")):
        if len(rows):
            place = spans(rows + FIRST_SAMPLE_ROW)
            notes.append(
                f"{table.name}.csv: {len(rows)} of {len(samples)} samples {problem} and were left out as not measured (rows {place})"
            )
    samples[absent | wrong] = np.nan
    return samples


def _check_overlap(path: Path, contents: Mapping[SignalKind, Content]) -> None:
    """Tables that share no moment are of several sessions."""
    first = min(contents, key=lambda kind: contents[kind].ends_at_us)
    last = max(contents, key=lambda kind: contents[kind].starts_at_us)
    apart_s = (contents[last].starts_at_us - contents[first].ends_at_us) / MICROSECONDS
    if apart_s > APART_S:
        names = f"{SIGNAL_TABLES[last].name}.csv begins {_span(apart_s)} after {SIGNAL_TABLES[first].name}.csv has ended"
        raise InvalidInput(f"{path}: {names}: they are of two sessions; give the tables of one")


def _placed(contents: Mapping[SignalKind, Content]) -> Iterator[str]:
    """Notes on tables that begin late or end early."""
    begin_us = min(content.starts_at_us for content in contents.values())
    end_us = max(content.ends_at_us for content in contents.values())
    for kind, content in contents.items():
        late_s, early_s = (content.starts_at_us - begin_us) / MICROSECONDS, (end_us - content.ends_at_us) / MICROSECONDS
        if late_s > APART_S:
            yield f"{SIGNAL_TABLES[kind].name}.csv begins {_span(late_s)} after the first"
        if early_s > APART_S:
            yield f"{SIGNAL_TABLES[kind].name}.csv ends {_span(early_s)} before the last"


def _outside(tags: Sequence[int], contents: Mapping[SignalKind, Content]) -> Iterator[str]:
    """A note on button presses that are of another session."""
    begin_us = min(content.starts_at_us for content in contents.values()) - APART_S * MICROSECONDS
    end_us = max(content.ends_at_us for content in contents.values()) + APART_S * MICROSECONDS
    outside = sum(not begin_us <= tag <= end_us for tag in tags)
    if outside:
        yield f"tags.csv: {outside} of {len(tags)} button presses lie outside the recording"


def _span(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 600 else f"{seconds / 3600:.2f} h"


def _description(contents: Mapping[SignalKind, Content], tags: int) -> str:
    longest_s = max(len(content.values) / content.rate_hz for content in contents.values())
    missing = [table.name for kind, table in SIGNAL_TABLES.items() if kind not in contents]
    without = f", without {', '.join(missing)}" if missing else ""
    return f"Empatica E4, {longest_s / 60:.1f} min of {', '.join(contents)}{without}, {tags} button presses"


def _knows(path: Path, first_bytes: bytes) -> bool:
    return path.is_dir() or first_bytes[:4] in (b"PK\x03\x04", b"PK\x05\x06")


FORMAT = FileFormat(
    name="Empatica E4 zips or folders",
    reads="EDA, BVP, ACC, TEMP and tags of E4 Connect, on the wristband's clock; HR and IBI, its own results, are not read",
    suffixes=(".zip",),
    knows=_knows,
    open=open_e4,
)
