"""Which files of a folder or zip are the tables of one session: several of a kind are told apart or named, never merged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from affectloop.errors import InvalidInput
from affectloop_capture.sources.wristband.archives import Member, listed, members_of

SIGNALS = ("EDA", "BVP", "ACC", "TEMP")
TABLES = (*SIGNALS, "HR", "IBI", "TAGS")
SUFFIXES = (".csv", ".txt", ".tsv")
EXPLAINS = "info.txt"  # what Empatica puts into each zip
# EDA(5), EDA (1), EDA - Copy, EDA_copy 2, EDA - Kopie (2): what browsers and systems make of a name that is taken.
_COPIED = re.compile(r"[\s_-]*(?:copy|copie|kopie|copia|\d+|[(\[]\d+[)\]])*[\s()\[\]\d]*", re.IGNORECASE)
LARGEST_COPY_BYTES = 256_000_000


@dataclass(frozen=True, slots=True, eq=False)
class SessionFiles:
    """The tables of one session by name, and what of the files is not read."""

    tables: Mapping[str, Member]
    notes: tuple[str, ...] = ()


def session_files(path: Path) -> SessionFiles:
    """The tables of the one session that a folder or zip holds; ``InvalidInput`` names what is there where that is none or several."""
    members = members_of(path)
    folders: dict[PurePosixPath, list[Member]] = {}
    for member in members:
        folders.setdefault(member.path.parent, []).append(member)
    found = {folder: _named(path, held) for folder, held in folders.items()}
    sessions = sorted(folder for folder, (tables, _) in found.items() if set(tables) & set(SIGNALS))
    if not sessions:
        raise InvalidInput(_no_session(path, members))
    own = PurePosixPath()
    if len(sessions) > 1 and own not in sessions:
        raise InvalidInput(_several(path, sessions))
    chosen = own if own in sessions else sessions[0]
    tables, notes = found[chosen]
    others = [f"{folder}/" for folder in sessions if folder != chosen]
    left = [str(member.path) for member in members if member.path.parent not in sessions or member.path.parent == chosen]
    taken = {str(member.path) for member in tables.values()}
    unread = [name for name in left if name not in taken and not _is_expected(PurePosixPath(name), notes)]
    more = [f"not read: {listed(unread)}"] if unread else []
    more += [f"not read: {listed(others)}, of other sessions; give those alone"] if others else []
    return SessionFiles(tables, (*notes, *more))


def _is_expected(path: PurePosixPath, notes: Sequence[str]) -> bool:
    return path.name.lower() == EXPLAINS or any(path.name in note for note in notes)


def _several(path: Path, sessions: Sequence[PurePosixPath]) -> str:
    names = [f"{folder}/" for folder in sessions]
    remedy = f"give one of them, such as {path / sessions[0]}" if path.is_dir() else "unpack it and give one of its folders"
    return f"{path}: holds several sessions, in {listed(names)}; {remedy}"


def _no_session(path: Path, members: Sequence[Member]) -> str:
    names = [str(member.path) for member in members]
    there = f" but {listed(names)}" if names else ""
    remedy = "give a zip or folder of E4 Connect"
    if names:
        remedy += ", or one of these by itself" if path.is_dir() else ", or unpack this one and give what is in it"
    return f"{path}: holds none of EDA.csv, BVP.csv, ACC.csv, TEMP.csv{there}; {remedy}"


def _named(path: Path, members: Sequence[Member]) -> tuple[dict[str, Member], list[str]]:
    """The tables of one folder by name, and notes on names that are not E4 Connect's own."""
    tables: dict[str, Member] = {}
    notes: list[str] = []
    for table in TABLES:
        candidates = [member for member in members if _is_copy_of(member, table)] or [m for m in members if _mentions(m, table)]
        if not candidates:
            continue
        chosen = min(candidates, key=lambda member: (len(member.name), member.name))
        for other in candidates:
            if other is not chosen:
                notes.append(_same(path, table, chosen, other))
        if PurePosixPath(chosen.name).stem.upper() != table and table != "TAGS":
            notes.append(f"{chosen.name} is taken for {table}.csv")
        tables[table] = chosen
    return tables, notes


def _same(path: Path, table: str, one: Member, other: Member) -> str:
    """A note that two files are copies; ``InvalidInput`` where they differ."""
    if one.read(LARGEST_COPY_BYTES) == other.read(LARGEST_COPY_BYTES):
        return f"{other.name} is a copy of {one.name} and was left out"
    remedy = "leave those of one session" if path.is_dir() else "unpack it and leave those of one session"
    raise InvalidInput(f"{path}: {one.path} and {other.path} are both {table}.csv and differ: of two sessions? {remedy}")


def _is_copy_of(member: Member, table: str) -> bool:
    stem, is_table = _stem(member)
    return is_table and stem.upper().startswith(table) and _COPIED.fullmatch(stem[len(table) :]) is not None


def _mentions(member: Member, table: str) -> bool:
    """Such as S05_EDA.csv or tags_S05.csv."""
    stem, is_table = _stem(member)
    words = re.split(r"[\s_-]+", re.sub(r"[(\[]\d+[)\]]$", "", stem).strip().upper())
    return is_table and len(words) == 2 and (words[0] == table or words[1] == table)


def _stem(member: Member) -> tuple[str, bool]:
    name = member.name.lower()
    path = PurePosixPath(name.removesuffix(".csv") if name.endswith(".csv.csv") else name)
    return path.stem, path.suffix in SUFFIXES and name != EXPLAINS
