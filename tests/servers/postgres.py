"""A real PostgreSQL for tests: the running one that POSTGRES_URL names, or one of our own on a free port in a folder of its own.

Each gives the address of a fresh, empty database, owned by a role that is no superuser, as in production.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from servers.ports import free_port
from servers.redis import CannotStart

STARTS_WITHIN_S = 60
REMEDY = "install postgresql (apt-get install postgresql) or set POSTGRES_URL to a running one"


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL's superuser; raises ``CannotStart`` where there is none and none can be started."""
    if running := os.environ.get("POSTGRES_URL"):
        yield running
        return
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="affectloop-postgres-") as folder:
        yield from _started(programs, Path(folder), free_port())


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """A database of its own on the server, and a role that owns it and is no superuser."""
    name, secret = f"affectloop_{secrets.token_hex(6)}", secrets.token_hex(12)
    superuser = _driver(server)
    _execute(superuser, f"CREATE ROLE {name} LOGIN PASSWORD '{secret}'", f"CREATE DATABASE {name} OWNER {name}")
    try:
        yield superuser.set(username=name, password=secret, database=name).render_as_string(hide_password=False)
    finally:
        _execute(superuser, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}")


def _driver(address: str) -> URL:
    return make_url(address).set(drivername="postgresql+pg8000")


def _execute(url: URL, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def _programs() -> Path:
    """The folder with initdb and pg_ctl."""
    on_path = shutil.which("initdb")
    folders = ([Path(on_path).parent] if on_path else []) + sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise CannotStart(f"PostgreSQL: {REMEDY}")


def _started(programs: Path, folder: Path, port: int) -> Iterator[str]:
    become = _other_user(folder)
    data = folder / "data"
    _call([*become, str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C"])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={folder}"
    control = [*become, str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", str(STARTS_WITHIN_S)]
    _call([*control, "-l", str(folder / "log"), "-o", options, "start"])
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        _call([*control, "-m", "immediate", "stop"])


def _other_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: how to run it as somebody else."""
    if os.geteuid() != 0:
        return []
    runuser = shutil.which("runuser")
    if runuser is None:
        raise CannotStart(f"PostgreSQL does not run as root and runuser is missing: run the tests as another user, or {REMEDY}")
    user = "postgres" if subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode == 0 else "nobody"
    shutil.chown(folder, user)
    return [runuser, "-u", user, "--"]


def _call(command: list[str]) -> None:
    """Run a program; its last words go into the error."""
    with tempfile.TemporaryFile() as words:  # not a pipe: the server would inherit it, and reading would never end
        done = subprocess.run(
            command, stdout=words, stderr=words, stdin=subprocess.DEVNULL, timeout=STARTS_WITHIN_S + 30, check=False, cwd="/"
        )
        words.seek(0)
        if done.returncode:
            raise CannotStart(f"PostgreSQL: {Path(command[-1]).name} failed: {words.read().decode(errors='replace')[-500:]}")
