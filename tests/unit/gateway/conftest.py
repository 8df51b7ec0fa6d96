"""Fixtures of the gateway's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from school import School, school, template


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose tables are made."""
    return template(tmp_path_factory.mktemp("database"))


@pytest.fixture
def at(database: Path, tmp_path: Path) -> Iterator[School]:
    """A school with its gateway."""
    with school(database, tmp_path) as opened:
        yield opened
