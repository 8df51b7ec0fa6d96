"""A database of an earlier version is brought up to date with what it holds, in SQLite and in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text

from affectloop.clock import ManualClock
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import BIND_TENANT, EVERY_TENANT, Store, engine_of, migrations
from affectloop.store.sql.database import _address as address_of
from affectloop.store.sql.people import People
from affectloop.store.sql.tokens import Tokens
from servers.postgres import fresh_database
from stored import KEYS

BEFORE = "0002"
ROWS = (
    "INSERT INTO tenants VALUES ('north', 'north', 'research', 1), ('south', 'south', 'demo', 1)",
    "INSERT INTO learners VALUES ('north', 'ada', 2000, 1, NULL)",
    "INSERT INTO consents VALUES ('north', 'ada', 'face', 'training', 1, true, true, 5, NULL, NULL)",
    "INSERT INTO consents VALUES ('north', 'ada', 'voice', 'training', 1, true, false, 5, 7, 9)",
    "INSERT INTO tokens VALUES ('north', 't1', 'hash', 'teacher', NULL, 1, NULL, NULL)",
    "INSERT INTO audit VALUES ('north', 1, 1, 't1', 'teacher', 'view.name', 'ada', 'zero', 'plain'),"
    " ('north', 2, 2, 't1', 'teacher', 'view.name', 'ada', 'plain', 'plain too')",
)
COLUMNS = {  # as version 0001 made them, whatever their order
    "tenants": "tenant_id, title, profile, created_at_us",
    "learners": "tenant_id, learner_id, birth_year, created_at_us, erased_at_us",
    "consents": "tenant_id, learner_id, modality, purpose, version, guardian, assent, given_at_us, withdrawn_at_us, expires_at_us",
    "tokens": "tenant_id, token_id, secret_hash, role, learner_id, created_at_us, expires_at_us, revoked_at_us",
    "audit": "tenant_id, number, at_us, actor, role, action, subject, previous, digest",
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database at the version before."""
    with _empty(request, tmp_path) as url:
        engine = engine_of(address_of(url))
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(BIND_TENANT), {"tenant": EVERY_TENANT})
            command.upgrade(migrations(connection, KEYS), BEFORE)
            _fill(connection)
        engine.dispose()
        yield url


@contextmanager
def _empty(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'facts.db'}"
        return
    with fresh_database(request.getfixturevalue("postgres")) as url:
        yield url


def _fill(connection: Connection) -> None:
    for row in ROWS:
        table = row.split()[2]
        connection.execute(text(row.replace(f"INTO {table} ", f"INTO {table} ({COLUMNS[table]}) ", 1)))


def test_what_was_there_is_kept_and_counts_for_the_profile_of_its_tenant(old: str) -> None:
    store = Store.open(old, KEYS, ManualClock())
    with store.reading("north") as work:
        consents, audit = Consents(work).of("ada"), Audit(work)
        assert [(one.modality, one.profile, one.guardian, one.assent, one.withdrawn_at_us) for one in consents] == [
            ("face", "research", True, True, None), ("voice", "research", True, False, 7),
        ]  # fmt: skip
        assert ([entry.subject for entry in audit.entries()], audit.first_broken()) == (["ada", "ada"], None)
        assert ([token.holder for token in Tokens(work).every()], People(work).teachers()) == (["unknown"], [])
    store.close()
