"""What a database's error means for who asked: away, full, or a value that it does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from affectloop.errors import InvalidInput, Unavailable

# SQLSTATE classes of PostgreSQL
DATA_EXCEPTION, DISK_FULL = "22", "53100"
AWAY = ("08", "53", "57")  # connection, resources, shut down
FULL_IN_SQLITE = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")


class DiskFull(Unavailable):
    """The database's disk has no room."""


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Say what a database's error means; what means nothing known stays as it is."""
    try:
        yield
    except OverflowError as error:  # of SQLite, for an integer
        raise _no_value() from error
    except DBAPIError as error:
        state = _state(error)
        if _name(error) in FULL_IN_SQLITE or state == DISK_FULL:
            raise DiskFull(f"the disk of the database {where} is full: make room") from error
        if state.startswith(DATA_EXCEPTION):
            raise _no_value() from error
        if isinstance(error, (OperationalError, InterfaceError)) or state.startswith(AWAY):
            raise Unavailable(f"the database {where} does not answer ({type(error).__name__}); start it or check its address") from error
        raise


def _no_value() -> InvalidInput:
    return InvalidInput("a value is none that the database holds: give a smaller number, or a text without NUL")


def _state(error: DBAPIError) -> str:
    """PostgreSQL's code of an error."""
    told = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return str(told.get("C", "")) if isinstance(told, dict) else ""


def _name(error: DBAPIError) -> str:
    """SQLite's name of an error."""
    return str(getattr(error.orig, "sqlite_errorname", ""))
