"""Fixtures of the store's contract: SQLite and a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from affectloop.clock import ManualClock
from affectloop.store.sql.database import Store
from affectloop.store.sql.people import add_tenant
from servers.postgres import fresh_database, postgres_server
from servers.redis import CannotStart
from stored import KEYS, every_table


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            yield stack.enter_context(postgres_server())
        except CannotStart as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def shared_database(postgres: str) -> Iterator[str]:
    with fresh_database(postgres) as url:
        Store.open(url, KEYS).close()
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'facts.db'}"
    url: str = request.getfixturevalue("shared_database")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(every_table())}"))
    engine.dispose()
    return url


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(url: str, clock: ManualClock) -> Iterator[Store]:
    store = Store.open(url, KEYS, clock)
    for tenant in ("north", "south"):
        add_tenant(store, tenant, title=tenant, profile="demo")
    yield store
    store.close()
