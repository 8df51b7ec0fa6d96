"""The folder that ``--data`` names, and the data sets in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from affectloop.errors import InvalidInput


def found(data: Path, pattern: str, what: str) -> list[Path]:
    """The files below ``data`` that match, in order; ``InvalidInput`` names what is missing where there is none.

    Parameters
    ----------
    data
        The folder that ``--data`` names.
    pattern
        Of the files, below it: ``ecg_mitbih/*.dat``.
    what
        What the files are: "records of the MIT-BIH Arrhythmia Database".
    """
    if not data.is_dir():
        raise InvalidInput(f"--data {data}: there is no such folder")
    files = sorted(data.glob(pattern))
    if not files:
        raise InvalidInput(f"--data {data}: there is no {pattern} in it; put {what} there")
    return files


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Names the file, and what it was taken for, where reading it fails."""
    try:
        yield
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InvalidInput(f"{path} cannot be read as {what}: {error}") from error
