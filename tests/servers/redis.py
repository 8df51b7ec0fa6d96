"""A real Redis for tests: the running one that REDIS_URL names, or one of our own on a free port in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from servers.ports import free_port

STARTS_WITHIN_S = 20.0


class CannotStart(Exception):
    """The server is not to be had here; the message names the remedy."""


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of a Redis; raises ``CannotStart`` where there is none and none can be started."""
    if running := os.environ.get("REDIS_URL"):
        yield running
        return
    program = shutil.which("redis-server")
    if program is None:
        raise CannotStart("Redis: install redis-server (apt-get install redis-server) or set REDIS_URL to a running one")
    with tempfile.TemporaryDirectory(prefix="affectloop-redis-") as folder:
        yield from _started(program, Path(folder), free_port())


def _started(program: str, folder: Path, port: int) -> Iterator[str]:
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _wait_for(server, port, folder / "log")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(STARTS_WITHIN_S)


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    with Redis(port=port) as client:
        while time.monotonic() < deadline and server.poll() is None:
            try:
                client.ping()
            except RedisError:
                time.sleep(0.02)
            else:
                return
    raise CannotStart(f"Redis: redis-server did not come up: {log.read_text()[-500:]}")
