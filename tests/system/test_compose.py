"""What docker-compose.yml says, without containers: its brokers' settings and its services' environments, as processes on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

import compose
from affectloop.runtime.service import installed
from servers.kafka import REMEDY as KAFKA_REMEDY
from servers.ports import free_port
from servers.postgres import postgres_server
from servers.redis import CannotStart

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.postgres, pytest.mark.timeout(240)]

DEPLOY = compose.ROOT / "deploy"
SERVICES = sorted(installed())
READY_S = 120.0  # as many processes load their models on few cores
STOP_S = 28.0  # compose kills after 30 s
AFFECTLOOP = str(Path(sys.executable).with_name("affectloop"))


@dataclass
class Loop:
    """Where everything listens, and what compose tells the services."""

    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in ("kafka", "controller", "redis", "grpc", "http")})
    postgres: str = ""

    def environment(self, name: str) -> dict[str, str]:
        """The environment of a service of compose, at addresses of this machine."""
        own = {"AFFECTLOOP_SERVICE": name, "AFFECTLOOP_CAPTURE__PORT": str(self.ports["grpc"])}
        own |= {"AFFECTLOOP_GATEWAY__PORT": str(self.ports["http"]), "PATH": os.environ["PATH"], "HOME": str(self.folder)}
        health = {"AFFECTLOOP_RUNTIME__HEALTH_PORT": str(self.ports.setdefault(name, free_port()))}
        given = {key: self._here(str(value)) for key, value in compose.services()[name]["environment"].items()}
        return own | given | health

    def _here(self, value: str) -> str:
        there = {
            "kafka:9092": f"127.0.0.1:{self.ports['kafka']}",
            "redis:6379": f"127.0.0.1:{self.ports['redis']}",
            "postgres:5432": self.postgres,
        }
        for name, address in there.items():
            value = value.replace(name, address)
        return "127.0.0.1" if value == "0.0.0.0" else value


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Kafka, Redis and PostgreSQL as compose starts them; the topics were made before Kafka's restart."""
    loop = Loop(tmp_path_factory.mktemp("compose"))
    with ExitStack() as stack:
        stack.enter_context(_redis(loop))
        loop.postgres = stack.enter_context(_postgres())
        with _kafka(loop):
            made = _topics(loop, "create")
        assert made.returncode == 0, made.stderr
        stack.enter_context(_kafka(loop))
        yield loop


def test_the_broker_is_what_the_topics_need_and_keeps_them_over_a_restart(loop: Loop) -> None:
    assert _topics(loop, "check").stdout == "every topic is as declared\n"


def test_redis_keeps_nothing_on_disk_and_wants_its_password(loop: Loop) -> None:
    from redis import Redis
    from redis.exceptions import AuthenticationError

    stranger = Redis(port=loop.ports["redis"])
    with pytest.raises(AuthenticationError):
        stranger.ping()
    stranger.close()
    friend = Redis(port=loop.ports["redis"], password=compose.SECRETS["REDIS_PASSWORD"])
    assert friend.config_get("save")["save"] == ""
    assert friend.config_get("appendonly")["appendonly"] == "no"
    friend.close()


def test_the_loop_starts_opens_a_session_and_leaves_cleanly(loop: Loop) -> None:
    processes = {name: _started(loop, name) for name in SERVICES}
    try:
        for name, process in processes.items():
            _await(process, f"http://127.0.0.1:{loop.ports[name]}/health/ready", loop)
        gateway = f"http://127.0.0.1:{loop.ports['http']}"
        _open_a_session(loop, gateway)
        figures = {name: httpx.get(f"http://127.0.0.1:{loop.ports[name]}/metrics").text for name in SERVICES}
        assert all("affectloop_" in text for text in figures.values())
    finally:
        ended = _left(processes)
    assert ended == dict.fromkeys(SERVICES, 0)


def _open_a_session(loop: Loop, gateway: str) -> None:
    """The first tenant as docs/operations.md makes it, a learner, a session."""
    environment = loop.environment("gateway")
    for command in (["create", "school", "--profile", "eu-school"], ["token", "school", "--for", "head-office"]):
        made = subprocess.run([AFFECTLOOP, "tenant", *command], capture_output=True, text=True, check=True, env=environment)
    client = httpx.Client(base_url=gateway, headers={"authorization": f"Bearer {made.stdout.strip()}"})
    learner = client.post("/v1/learners", json={"known_elsewhere_as": "pupil-1", "birth_year": 2012}).raise_for_status().json()
    session = client.post("/v1/sessions", json={"learner_id": learner["learner_id"]})
    assert session.status_code == 201, session.text
    client.close()


def _topics(loop: Loop, action: str) -> subprocess.CompletedProcess[str]:
    command = compose.services()["topics"]["command"]
    assert command == ["affectloop", "topics", "create"]
    environment = loop.environment("topics")
    return subprocess.run([AFFECTLOOP, "topics", action], env=environment, capture_output=True, text=True, timeout=60, check=False)


def _started(loop: Loop, name: str) -> subprocess.Popen[bytes]:
    folder = loop.folder / name
    folder.mkdir()
    folder.chmod(0o500)  # a service writes nothing where it stands
    with (loop.folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen([AFFECTLOOP, "run"], env=loop.environment(name), cwd=folder, stdout=log, stderr=log)


def _left(processes: dict[str, subprocess.Popen[bytes]]) -> dict[str, int]:
    """Ask all to leave; what each ended with."""
    for process in processes.values():
        process.send_signal(signal.SIGTERM)
    until = time.monotonic() + STOP_S
    for process in processes.values():
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return {name: process.returncode for name, process in processes.items()}


def _await(process: subprocess.Popen[bytes], address: str, loop: Loop) -> None:
    until = time.monotonic() + READY_S
    said = ""
    while time.monotonic() < until and process.poll() is None:
        try:
            answer = httpx.get(address, timeout=2)
        except httpx.TransportError as error:
            said = str(error)
        else:
            if answer.status_code == 200:
                return
            said = answer.text
        time.sleep(0.2)
    logs = "\n".join(path.read_text()[-500:] for path in sorted(loop.folder.glob("*.log")))
    raise AssertionError(f"{address} did not become ready: {said}\n{logs}")


@contextmanager
def _kafka(loop: Loop) -> Iterator[None]:
    """A broker by deploy/kafka/start.sh; the image's programs are played by Kafka's jars."""
    home, java = os.environ.get("KAFKA_HOME"), shutil.which("java")
    if not home or java is None:
        pytest.skip(KAFKA_REMEDY)
    settings = loop.folder / "settings"
    shutil.copytree(DEPLOY / "kafka", settings, dirs_exist_ok=True)
    properties = (settings / "server.properties").read_text()
    for there, here in (
        ("://:9092", f"://127.0.0.1:{loop.ports['kafka']}"),
        ("://kafka:9092", f"://127.0.0.1:{loop.ports['kafka']}"),
        ("localhost:9093", f"127.0.0.1:{loop.ports['controller']}"),
        ("/var/lib/kafka/data", str(loop.folder / "kafka-data")),
    ):
        assert there in properties
        properties = properties.replace(there, here)
    (settings / "server.properties").write_text(properties)
    _programs(
        loop.folder / "kafka" / "bin",
        f"exec {java} -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 $KAFKA_LOG4J_OPTS -cp '{home}/libs/*'",
    )
    environment = {"KAFKA": str(loop.folder / "kafka"), "SETTINGS": str(settings), "PATH": os.environ["PATH"]}
    with _process(loop, "kafka", ["bash", str(settings / "start.sh")], environment):
        yield


def _programs(folder: Path, java: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, program in (("kafka-storage.sh", "kafka.tools.StorageTool"), ("kafka-server-start.sh", "kafka.Kafka")):
        (folder / name).write_text(f'#!/usr/bin/env bash\n{java} {program} "$@"\n')
        (folder / name).chmod(0o755)


@contextmanager
def _redis(loop: Loop) -> Iterator[None]:
    """Redis by compose's own command line."""
    if shutil.which("redis-server") is None:
        pytest.skip("Redis: install redis-server (apt-get install redis-server)")
    service = compose.services()["redis"]
    shell, flag, line = service["entrypoint"]
    with _process(loop, "redis", [shell, flag, f"{line} --bind 127.0.0.1 --port {loop.ports['redis']}"], service["environment"]):
        yield


@contextmanager
def _process(loop: Loop, name: str, command: list[str], environment: dict[str, str]) -> Iterator[None]:
    with (loop.folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(command, env={"PATH": os.environ["PATH"]} | environment, stdout=log, stderr=log)
    try:
        _await_port(process, loop.ports[name], loop.folder / f"{name}.log")
        yield
    finally:
        process.terminate()
        process.wait(STOP_S)


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    import socket

    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on {port}: {log.read_text()[-1000:]}")


@contextmanager
def _postgres() -> Iterator[str]:
    """host:port of a PostgreSQL on which deploy/postgres/make-database.sh has run."""
    if shutil.which("psql") is None:
        pytest.skip("PostgreSQL: install postgresql-client (apt-get install postgresql-client)")
    with ExitStack() as stack:
        try:
            server = urlsplit(stack.enter_context(postgres_server()))
        except CannotStart as error:
            pytest.skip(str(error))
        place = {"PGHOST": str(server.hostname), "PGPORT": str(server.port or 5432), "PGPASSWORD": server.password or ""}
        environment = (
            {"PATH": os.environ["PATH"], "POSTGRES_USER": str(server.username)} | place | compose.services()["postgres"]["environment"]
        )
        subprocess.run(["sh", str(DEPLOY / "postgres" / "make-database.sh")], check=True, env=environment, capture_output=True)
        try:
            yield f"{place['PGHOST']}:{place['PGPORT']}"
        finally:
            for statement in ("DROP DATABASE affectloop WITH (FORCE)", "DROP ROLE affectloop"):
                drop = ["psql", "--username", str(server.username), "--dbname", "postgres", "--command", statement]
                subprocess.run(drop, check=True, env=environment, capture_output=True)
