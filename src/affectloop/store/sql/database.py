"""Durable facts in SQL: one transaction of one tenant at a time, SQLite embedded and PostgreSQL in production.

A tenant's rows are out of reach of every other tenant twice: each query is narrowed to the tenant of its transaction,
and PostgreSQL refuses other rows by row-level security.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from affectloop.clock import Clock, SystemClock
from affectloop.errors import InvalidInput
from affectloop.store.sql.failures import DiskFull, explained
from affectloop.store.sql.keys import MasterKey
from affectloop.store.sql.tables import Owned

MIGRATIONS = Path(__file__).parent / "migrations"
EVERY_TENANT = "*"  # what the gateway's workers work for; no tenant can be called so
TENANT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
TENANT_ROLE = "affectloop_tenant"  # what a superuser becomes for a transaction: row-level security does not bind superusers
OWNERS_ALONE = 0o600
BUSY_MS = 5_000  # a writer of SQLite waits this long for another one
MIGRATION_LOCK = 0x4166_6665  # "Affe": one replica migrates, the others wait
OUTBOX_LOCK = 0x4166_6666  # one replica publishes the outbox
FULL_FOR_S = 10.0  # after a write found no room; then it is tried again

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a tenant's audit log, to be kept elsewhere."""

    tenant_id: str
    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Work:
    """One transaction of one tenant; the repositories are built on it."""

    tenant_id: str
    rows: Session
    keys: MasterKey
    clock: Clock
    keep_head: Callable[[Head], None]  # of the audit log, once it is committed

    @property
    def now_us(self) -> int:
        """The time that what is written now carries."""
        return self.clock.wall_us()


class Store:
    """The database.

    Parameters
    ----------
    engine
        Where it is.
    keys
        The installation's key, which wraps the learners' keys.
    clock
        Stamps what is written.
    keep_head
        Keeps the head of an audit log elsewhere than in the database.
    """

    def __init__(self, engine: Engine, keys: MasterKey, clock: Clock, keep_head: Callable[[Head], None]) -> None:
        self._engine = engine
        self._keys = keys
        self._clock = clock
        self._keep_head = keep_head
        self._becomes_tenant_role = False
        self._full_until_s = 0.0

    @classmethod
    def open(
        cls, url: str, keys: MasterKey | None = None, clock: Clock | None = None, keep_head: Callable[[Head], None] | None = None
    ) -> Store:
        """Open the database of that address and bring its tables up to date; ``Unavailable`` says what is missing.

        ``sqlite:///FILE`` needs no key: one is made and kept beside the file. PostgreSQL needs one. ``keep_head`` gets the head of
        an audit log once it is committed; by default nobody does.
        """
        address = _address(url)
        wrapping = keys or MasterKey.beside(address.database, url)
        store = cls(engine_of(address), wrapping, clock or SystemClock(), keep_head or _nowhere)
        with explained(address.render_as_string()):
            store.migrate()
        return store

    @property
    def is_postgres(self) -> bool:
        """Whether several processes may share it."""
        return self._engine.dialect.name == "postgresql"

    def migrate(self) -> None:
        """Bring the tables up to date; replicas that start together take turns."""
        with self._engine.begin() as connection:
            if self.is_postgres:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
                connection.execute(text(BIND_TENANT), {"tenant": EVERY_TENANT})
            command.upgrade(migrations(connection, self._keys), "head")
            if self.is_postgres and connection.execute(text(IS_ABOVE_THE_LAW)).scalar_one():
                self._becomes_tenant_role = True
                for statement in GRANTS:
                    connection.execute(text(statement))

    @contextmanager
    def work(self, tenant_id: str) -> Iterator[Work]:
        """A transaction that writes; committed when the block ends, undone when it raises."""
        try:
            with explained(self._engine.url.render_as_string()), self._transaction(tenant_id, reading=False) as work:
                yield work
        except DiskFull:
            self._note_full()
            raise

    @property
    def is_full(self) -> bool:
        """Whether a write found no room on the disk just now."""
        return self._clock.monotonic_s() < self._full_until_s

    def _note_full(self) -> None:
        if not self.is_full:  # one line, however many ask
            logger.error("the database's disk is full: nothing is stored until there is room")
        self._full_until_s = self._clock.monotonic_s() + FULL_FOR_S

    @contextmanager
    def reading(self, tenant_id: str) -> Iterator[Work]:
        """A transaction that only reads, and waits for no writer."""
        with explained(self._engine.url.render_as_string()), self._transaction(tenant_id, reading=True) as work:
            yield work

    @contextmanager
    def publishing(self) -> Iterator[bool]:
        """Whether this process may publish the outbox until the block ends; another replica may be at it."""
        if not self.is_postgres:
            yield True
            return
        with explained(self._engine.url.render_as_string()), self._engine.connect() as connection:
            mine = connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": OUTBOX_LOCK}).scalar_one()
            try:
                yield bool(mine)
            finally:
                if mine:
                    connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": OUTBOX_LOCK})

    def pseudonym(self, tenant_id: str, name_elsewhere: str) -> str:
        """The pseudonym of a person whom another system names so."""
        return self._keys.pseudonym(tenant_id, name_elsewhere)

    def scrub(self) -> bool:
        """Take what was deleted out of the files; ``False`` where somebody reads on, or where that is the server's business.

        SQLite overwrites in place what is deleted, but older pages stay in its log until that is written back and cut.
        """
        if self.is_postgres:
            return False
        with explained(self._engine.url.render_as_string()):
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.close()
        return not busy

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, tenant_id: str, *, reading: bool) -> Iterator[Work]:
        if tenant_id != EVERY_TENANT and not TENANT_NAME.fullmatch(tenant_id):
            raise InvalidInput(f"{tenant_id!r} is no tenant: use lower-case letters, digits and hyphens, at most 32")
        with Session(self._engine, expire_on_commit=False) as rows, rows.begin():
            rows.connection(execution_options={"affectloop_reading": reading})
            if self.is_postgres:
                self._bind(rows, tenant_id)
            if tenant_id != EVERY_TENANT:
                _narrow(rows, tenant_id)
            yield Work(tenant_id, rows, self._keys, self._clock, self._keep_head)

    def _bind(self, rows: Session, tenant_id: str) -> None:
        """Let row-level security know the tenant, until the transaction ends."""
        if self._becomes_tenant_role:
            rows.execute(text(f"SET LOCAL ROLE {TENANT_ROLE}"))
        rows.execute(text(BIND_TENANT), {"tenant": tenant_id})


def _nowhere(_: Head) -> None:
    """Keep no head."""


BIND_TENANT = "SELECT set_config('affectloop.tenant', :tenant, true)"
IS_ABOVE_THE_LAW = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
GRANTS = (
    f"DO $$ BEGIN CREATE ROLE {TENANT_ROLE} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    f"GRANT USAGE ON SCHEMA public TO {TENANT_ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {TENANT_ROLE}",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {TENANT_ROLE}",
)


def migrations(connection: Connection, keys: MasterKey) -> Config:
    """Alembic's configuration for a connection that is open; a migration may have to seal anew."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"], config.attributes["keys"] = connection, keys
    return config


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise InvalidInput("the database's address is none: write sqlite:///FILE or postgresql://USER:SECRET@HOST/NAME") from error
    if address.drivername in ("postgres", "postgresql"):
        return address.set(drivername="postgresql+pg8000")
    if address.drivername not in ("sqlite", "postgresql+pg8000"):
        raise InvalidInput(f"{address.drivername} is not supported: use sqlite or postgresql")
    return address


def engine_of(address: URL) -> Engine:
    """Connections to a database, set up for durable facts."""
    if address.drivername != "sqlite":
        return create_engine(address, pool_pre_ping=True, hide_parameters=True)  # what was sent is in no error's text
    if not address.database or address.database == ":memory:":
        raise InvalidInput("SQLite needs a file: write sqlite:///FILE")
    _keep_private(Path(address.database))
    engine = create_engine(address, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_in_sqlite)
    return engine


def _keep_private(path: Path) -> None:
    """Only this user reads the database; its log and index get the mode of the file that they belong to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(OWNERS_ALONE)
    for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if each.exists():
            each.chmod(OWNERS_ALONE)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours, see below
    # FULL: what was acknowledged survives a power cut, too
    # secure_delete: what is deleted is overwritten in its page
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", f"busy_timeout = {BUSY_MS}", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_in_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once, so that reading before writing is safe."""
    reading = connection.get_execution_options().get("affectloop_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _narrow(rows: Session, tenant_id: str) -> None:
    """Every query of this transaction sees rows of its tenant only, and nothing is written for another one."""

    def narrow(state: ORMExecuteState) -> None:
        if state.is_select or state.is_update or state.is_delete:
            own = with_loader_criteria(Owned, lambda owned: owned.tenant_id == tenant_id, include_aliases=True)
            state.statement = state.statement.options(own)

    def refuse_others(session: Session, _context: Any, _instances: Any) -> None:
        for row in session.new | session.dirty:
            if isinstance(row, Owned) and row.tenant_id != tenant_id:
                raise InvalidInput(f"a row of {row.tenant_id} cannot be written for {tenant_id}")

    event.listen(rows, "do_orm_execute", narrow)
    event.listen(rows, "before_flush", refuse_others)
