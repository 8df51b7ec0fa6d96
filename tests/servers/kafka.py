"""A real Kafka broker: a running one, a folder with Kafka's jars, Docker or Maven, in this order."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from servers.ports import free_port

REMEDY = "Kafka: set KAFKA_BOOTSTRAP to a running broker or KAFKA_HOME to a folder with Kafka's libs/, or install Docker or Maven"
VERSION = "4.3.1"
START_S = 60.0  # a broker is up in two seconds; a busy machine takes longer
PROPERTIES = """process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=8388608
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.retention.check.interval.ms=10000
auto.create.topics.enable=false
"""
LOGGING = """Configuration:
  status: ERROR
  Appenders: {Console: {name: STDOUT, PatternLayout: {pattern: "%d %p %c{1} %m%n"}}}
  Loggers: {Root: {level: WARN, AppenderRef: {ref: STDOUT}}}
"""


class KafkaServer:
    """A broker in a folder of its own, which a test may stop, kill and start again."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self._classpath = f"{home}/libs/*"
        self._folder = folder
        self.port = free_port()
        self._properties = folder / "server.properties"
        self._properties.write_text(PROPERTIES.format(port=self.port, controller=free_port(), data=folder / "data"))
        (folder / "log4j2.yaml").write_text(LOGGING)
        self._process: subprocess.Popen[bytes] | None = None
        name = "A" + secrets.token_urlsafe(16)[1:]  # one that begins with a dash would be taken for an option
        format_storage = ["kafka.tools.StorageTool", "format", "--standalone", "-t", name, "-c", str(self._properties)]
        subprocess.run(["java", "-cp", self._classpath, *format_storage], check=True, capture_output=True)

    @property
    def bootstrap(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until the port is open."""
        log = (self._folder / "broker.log").open("ab")
        options = ["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={self._folder / 'log4j2.yaml'}"]
        command = ["java", *options, "-cp", self._classpath, "kafka.Kafka", str(self._properties)]
        self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        _wait_for_port(self.port, self._process)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop cleanly, or kill."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    @property
    def is_running(self) -> bool:
        """Started, and not stopped or killed since."""
        return self._process is not None


@contextmanager
def kafka_server(folder: Path) -> Iterator[KafkaServer | str | None]:
    """A broker: the address of a running one, a server of our own, or ``None`` where none can be had."""
    if running := os.environ.get("KAFKA_BOOTSTRAP"):
        yield running
        return
    home = _home(folder)
    if home is None or shutil.which("java") is None:
        with _docker() as address:
            yield address
        return
    server = KafkaServer(home, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def empty(address: str) -> None:
    """Take every topic and group of ours off a broker."""
    from kafka import KafkaAdminClient
    from kafka.errors import UnknownTopicOrPartitionError

    admin = KafkaAdminClient(bootstrap_servers=address)
    groups = _names(admin.list_groups(), "group_id")
    if groups:
        admin.delete_groups(groups)
    while ours := [name for name in _names(admin.list_topics(), "name") if not name.startswith("__")]:
        with contextlib.suppress(UnknownTopicOrPartitionError):  # going already
            admin.delete_topics(ours)
        time.sleep(0.1)
    admin.close()


def _names(entries: Iterable[Any], field: str) -> list[str]:
    """Names as this or an earlier version of the client gives them."""
    return [entry[field] if isinstance(entry, dict) else entry if isinstance(entry, str) else entry[0] for entry in entries]


def _home(folder: Path) -> Path | None:
    """A folder with libs/: named, or brought by Maven."""
    if named := os.environ.get("KAFKA_HOME"):
        return Path(named)
    if shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0:
        return None
    if not (maven := shutil.which("mvn")):
        return None
    pom = folder / "pom.xml"
    pom.write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>affectloop</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>"
        f"<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>"
        "<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>"
        "</dependencies></project>"
    )
    copy = [
        maven,
        "-q",
        "-B",
        "-f",
        str(pom),
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={folder / 'libs'}",
    ]
    return folder if subprocess.run(copy, capture_output=True, check=False).returncode == 0 else None


@contextmanager
def _docker() -> Iterator[str | None]:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode != 0:
        yield None
        return
    port = free_port()
    listeners = f"PLAINTEXT://:19092,CONTROLLER://:9093,HOST://:{port}"
    settings = {
        "KAFKA_LISTENERS": listeners, "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://localhost:19092,HOST://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,HOST:PLAINTEXT",
        "KAFKA_PROCESS_ROLES": "broker,controller", "KAFKA_NODE_ID": "1", "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER", "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1", "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS": "10000",
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-e", f"{name}={value}")]
    command = [docker, "run", "-d", "--rm", "-p", f"127.0.0.1:{port}:{port}", *options, f"apache/kafka:{VERSION}"]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    try:
        _wait_for_port(port, None)
        yield f"127.0.0.1:{port}"
    finally:
        subprocess.run([docker, "stop", name], check=True, capture_output=True)


def _wait_for_port(port: int, process: subprocess.Popen[bytes] | None) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"Kafka ended with {process.returncode} before its port opened; see broker.log")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"Kafka did not open port {port} within {START_S} s")
