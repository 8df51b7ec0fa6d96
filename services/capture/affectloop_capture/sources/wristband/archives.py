"""The files of a folder or zip, with bounds on their number, their sizes and their paths; nothing is unpacked to disk.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.14 to 4.3.16 (where a zip says how long its list is).
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from affectloop.errors import InvalidInput

MOST_FILES = 10_000  # a study's folder of a hundred wearers holds eight hundred
MOST_LIST_BYTES = 4_000_000  # of a zip's list of files: so many of long names
DEEPEST = 5  # folders in folders
OF_THE_SYSTEM = ("__macosx", "thumbs.db", "desktop.ini")
_ENCRYPTED = 1  # the flag's bit


@dataclass(frozen=True, slots=True)
class Member:
    """One file within; ``read`` gives its bytes, and refuses more than so many."""

    path: PurePosixPath
    read: Callable[[int], bytes]

    @property
    def name(self) -> str:
        """Without its folders."""
        return self.path.name


def members_of(path: Path) -> list[Member]:
    """The files of a folder or zip, by path, without those that systems add; ``InvalidInput`` where it is none or beyond the bounds."""
    found = _of_folder(path) if path.is_dir() else _of_zip(path)
    return sorted((member for member in found if not _is_of_the_system(member.path)), key=lambda member: str(member.path))


def _is_of_the_system(path: PurePosixPath) -> bool:
    """Such as ._EDA.csv, which macOS adds."""
    return any(part.startswith(".") or part.lower() in OF_THE_SYSTEM for part in path.parts)


def _of_folder(folder: Path) -> Iterator[Member]:
    seen = 0

    def refuse(error: OSError) -> None:
        raise InvalidInput(f"{error.filename}: cannot be read ({error.strerror}); check its permissions") from error

    for place, folders, files in os.walk(folder, onerror=refuse):
        within = Path(place).relative_to(folder)
        if len(within.parts) >= DEEPEST:
            folders.clear()
        seen += len(files) + len(folders)
        if seen > MOST_FILES:
            raise InvalidInput(f"{folder}: holds more than {MOST_FILES} files; give the folder of one session")
        for name in files:
            if (Path(place) / name).is_file():  # no device, no pipe: reading those would never end
                yield Member(PurePosixPath(_printable((within / name).as_posix())), _file_reader(Path(place) / name))


def _file_reader(path: Path) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            with path.open("rb") as file:
                return _within(file.read(most + 1), most, str(path))
        except OSError as error:
            raise InvalidInput(f"{path}: cannot be read ({error.strerror}); check its permissions") from error

    return read


def _within(content: bytes, most: int, where: str) -> bytes:
    if len(content) > most:
        raise InvalidInput(f"{where}: has more than {most} bytes; no E4 session is that long; export the session again")
    return content


def _of_zip(path: Path) -> list[Member]:
    try:
        _check_list(path)
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith(("/", "\\"))]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InvalidInput(f"{path}: is no whole zip ({error}); copy it again") from error
    return [Member(_inner_path(path, entry.filename), _zip_reader(path, entry)) for entry in entries]


def _check_list(path: Path) -> None:
    """Refuse a zip whose list of files is longer than any wristband's, before it is read."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 65_557, 0))  # the end record and the longest comment after it
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0:
        return  # no zip, which zipfile says
    count, size = int.from_bytes(tail[at + 10 : at + 12], "little"), int.from_bytes(tail[at + 12 : at + 16], "little")
    wide = tail[max(at - 76, 0) : at]
    if wide[:4] == b"PK\6\6":
        count, size = int.from_bytes(wide[32:40], "little"), int.from_bytes(wide[40:48], "little")
    if count > MOST_FILES or size > MOST_LIST_BYTES:
        raise InvalidInput(f"{path}: lists {count} files; no wristband's zip has more than {MOST_FILES}; give the zip of one session")


def _inner_path(path: Path, name: str) -> PurePosixPath:
    inner = PurePosixPath(name.replace("\\", "/"))  # as some Windows programs write it
    if inner.is_absolute() or ".." in inner.parts or ":" in inner.parts[0]:
        shown = ascii(name)[:80]
        raise InvalidInput(f"{path}: holds {shown}, a path that leads out of the zip; no wristband writes that; export the session again")
    return PurePosixPath(_printable(str(inner)))


def _printable(name: str) -> str:
    """A name for a sentence: a damaged zip's may hold anything."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)


def _zip_reader(path: Path, entry: zipfile.ZipInfo) -> Callable[[int], bytes]:
    where = f"{path}: {_printable(entry.filename)}"

    def read(most: int) -> bytes:
        if entry.flag_bits & _ENCRYPTED:
            raise InvalidInput(f"{where} is encrypted; unpack the zip with its password and give the folder")
        if entry.file_size > most:
            raise InvalidInput(f"{where} claims {entry.file_size} bytes; no E4 session is that long; export the session again")
        try:
            with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
                return _within(file.read(most + 1), most, where)
        except NotImplementedError as error:
            raise InvalidInput(f"{where} is compressed in a way that is not read ({error}); unpack the zip and give the folder") from error
        except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError) as error:  # damaged, truncated
            raise InvalidInput(f"{where} cannot be read ({error}); copy the zip again, or export the session again") from error

    return read


def listed(names: Sequence[str], most: int = 5) -> str:
    """Some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
