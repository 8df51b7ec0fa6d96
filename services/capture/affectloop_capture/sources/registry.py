"""Which format a file is of: each is asked whether it knows the first bytes."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from affectloop.errors import AffectloopError, InvalidInput
from affectloop_capture.sources import files
from affectloop_capture.sources.base import FIRST_BYTES, FileFormat, Source
from affectloop_capture.sources.recorders import recorder_named, recorder_of


@cache
def formats() -> tuple[FileFormat, ...]:
    """Every format, by its name: the ``FORMAT`` of each module in ``sources/files``."""
    modules = (importlib.import_module(f"{files.__name__}.{module.name}") for module in pkgutil.iter_modules(files.__path__))
    return tuple(sorted((module.FORMAT for module in modules), key=lambda format: format.name.lower()))


def kinds() -> str:
    """What can be played, for a sentence."""
    return ", ".join(format.name for format in formats())


def format_of(path: Path) -> FileFormat:
    """The format of a file or folder; ``InvalidInput`` where there is none or it is of no known format.

    Its first bytes decide; its name only where nobody knows them, so that a damaged file gets its own format's sentence.
    """
    if not path.exists():
        raise InvalidInput(f"{path}: there is no such file; check the name")
    if not (path.is_file() or path.is_dir()):
        raise InvalidInput(f"{path}: is neither a file nor a folder; write what it brings into a file and give that")
    first_bytes = _first_bytes(path)
    known = next((format for format in formats() if format.knows(path, first_bytes)), None)
    if known:
        return known
    recorder, suffix = recorder_of(first_bytes), path.suffix.lower()
    if recorder:
        raise InvalidInput(f"{path}: is {recorder.name}, which is not read; give {kinds()}; {recorder.remedy}")
    named = next((format for format in formats() if suffix in format.suffixes), None)
    if named:
        return named
    recorder = recorder_named(path.name)
    remedy = f"; if it is {recorder.name}, {recorder.remedy}" if recorder else ""
    raise InvalidInput(f"{path}: {suffix or 'such a file'} is not read; give {kinds()}{remedy}")


def open_source(path: Path, *, salvage: bool = False) -> Source:
    """Open a file by its format; ``InvalidInput`` names the file, what is wrong and the remedy.

    ``salvage`` reads what there is of a damaged file instead of refusing it.
    """
    found = format_of(path)
    try:
        return found.open(path, salvage=salvage)
    except AffectloopError:
        raise
    except Exception as error:  # of a library that met what it did not expect: a fault of the file, as far as anyone can tell
        problem = f"cannot be read as one of {found.name} ({type(error).__name__}: {error})"
        raise InvalidInput(f"{path}: {problem}; check that it opens elsewhere, or export it again") from error


def _first_bytes(path: Path) -> bytes:
    if path.is_dir():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(FIRST_BYTES)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
