"""How the store keeps tenants apart and its tables in order, the same in SQLite and in a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from affectloop.clock import ManualClock
from affectloop.codec import to_record
from affectloop.errors import InvalidInput, Unavailable
from affectloop.store.sql.database import Store
from affectloop.store.sql.outbox import Outbox
from affectloop.store.sql.people import People, add_tenant
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import Learner, Table, Tenant, TrainingSession, VaultName
from servers.postgres import fresh_database
from stored import KEYS, every_table, learner, started, trial


def test_the_migrations_make_the_declared_tables(store: Store, url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    engine.dispose()


def test_opening_again_keeps_what_is_there(store: Store, url: str, clock: ManualClock) -> None:
    known = learner(store)
    again = Store.open(url, KEYS, clock)
    with again.reading("north") as work:
        found = [row.learner_id for row in People(work).learners()]
    again.close()
    assert found == [known]


def test_what_raises_is_undone(store: Store) -> None:
    class Stumbled(Exception):
        pass

    def stumble() -> None:
        with store.work("north") as work:
            People(work).add(birth_year=2000)
            raise Stumbled

    with pytest.raises(Stumbled):
        stumble()
    with store.reading("north") as work:
        assert People(work).learners() == []


def test_a_tenant_does_not_see_the_rows_of_another(store: Store) -> None:
    mine, session = learner(store), started(store, owner := learner(store))
    with store.reading("south") as work:
        seen = (
            People(work).learners(),
            Sessions(work).latest(),
            [tenant.tenant_id for tenant in work.rows.scalars(select(Tenant))],
            work.rows.get(Learner, ("north", mine)),
            work.rows.get(TrainingSession, ("north", session.session_id)),
        )
    assert seen == ([], [], ["south"], None, None)
    assert owner != mine


def test_a_tenant_does_not_change_the_rows_of_another(store: Store) -> None:
    learner(store)
    with store.work("south") as work:
        work.rows.execute(update(Learner).values(birth_year=1900))
        work.rows.execute(delete(VaultName))
    with store.reading("north") as work:
        assert [row.birth_year for row in People(work).learners()] == [2000]


def test_nothing_is_written_for_another_tenant(store: Store) -> None:
    with pytest.raises(InvalidInput, match="cannot be written"), store.work("south") as work:
        work.rows.add(Learner(tenant_id="north", learner_id="planted", created_at_us=1))


@pytest.mark.parametrize("name", ["", "*;", "North", "a'b", "x" * 33, "../north"])
def test_a_tenant_with_a_dangerous_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidInput, match="is no tenant"), store.work(name):
        pass


@pytest.mark.postgres
def test_postgresql_itself_hides_other_tenants_rows(postgres: str, clock: ManualClock) -> None:
    with fresh_database(postgres) as url:
        store = Store.open(url, KEYS, clock)
        for tenant in ("north", "south"):
            add_tenant(store, tenant, title=tenant, profile="demo")
            session = started(store, learner(store, tenant, name="Ada"), tenant)
            with store.work(tenant) as work:
                Outbox(work).put(to_record(trial(session, 1), session.key))
        engine = create_engine(url)
        counted: dict[str, list[int]] = {}
        with engine.connect() as raw:  # SQL as an intruder would write it, past the library
            for tenant in ("", "north", "*"):
                raw.execute(text("SELECT set_config('affectloop.tenant', :tenant, false)"), {"tenant": tenant})
                counted[tenant] = [
                    raw.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ("learners", "vault_names", "outbox")
                ]
            protected = (
                raw.execute(text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity ORDER BY relname"))
                .scalars()
                .all()
            )
        engine.dispose()
        store.close()
    assert counted == {"": [0, 0, 0], "north": [1, 1, 1], "*": [2, 2, 2]}
    assert list(protected) == every_table()


@pytest.mark.postgres
def test_postgresql_refuses_to_write_for_another_tenant(postgres: str, clock: ManualClock) -> None:
    with fresh_database(postgres) as url:
        store = Store.open(url, KEYS, clock)
        planted = "INSERT INTO learners (tenant_id, learner_id, created_at_us) VALUES ('north', 'planted', 1)"
        with pytest.raises(DBAPIError, match="row-level security"), store.work("south") as work:
            work.rows.execute(text(planted))
        store.close()


@pytest.mark.postgres
def test_a_superuser_is_bound_by_row_level_security_too(postgres: str, clock: ManualClock) -> None:
    with fresh_database(postgres) as url:
        database = url.rsplit("/", 1)[1]
        store = Store.open(postgres.rsplit("/", 1)[0] + "/" + database, KEYS, clock)
        add_tenant(store, "north", title="north", profile="demo")
        learner(store)
        with store.reading("south") as work:
            seen = work.rows.execute(text("SELECT count(*) FROM learners")).scalar_one()
        store.close()
    assert seen == 0


def test_sqlite_needs_a_file() -> None:
    with pytest.raises(InvalidInput, match="sqlite:///FILE"):
        Store.open("sqlite://", KEYS)


@pytest.mark.parametrize("url", ["mysql://x/y", "no address"])
def test_another_database_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(InvalidInput, match="postgresql"):
        Store.open(url, KEYS)


def test_a_database_that_is_not_there_is_named_without_its_secret() -> None:
    with pytest.raises(Unavailable, match="does not answer") as caught:
        Store.open("postgresql://user:hidden@127.0.0.1:1/facts", KEYS)
    assert "hidden" not in str(caught.value)


def test_postgresql_without_a_master_key_is_refused() -> None:
    with pytest.raises(Unavailable, match="openssl rand -base64 32"):
        Store.open("postgresql://user@127.0.0.1:1/facts")


def test_an_embedded_store_makes_its_key_once_for_its_owner_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'facts.db'}"
    for _ in range(2):
        store = Store.open(url)
        add_tenant(store, "north", title="north", profile="demo")
        known = learner(store, name="Ada")
        store.close()
    reopened = Store.open(url)
    with reopened.reading("north") as work:
        assert People(work).name(known) == "Ada"
    reopened.close()
    assert (tmp_path / "facts.db.key").stat().st_mode & 0o077 == 0
