"""A recorded learner gives the same estimates whatever carries it: chunks, speed, bus, processes, and kills in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from affectloop.clock import SystemClock
from affectloop.runtime.service import Service, installed
from affectloop.store.live.redis import RedisLiveState
from sameness import assert_same

SERVICES = [name for name, service in installed().items() if isinstance(service, Service)]
SECONDS = "24"
LEAVE_S = 20.0
AFFECTLOOP = [sys.executable, "-m", "affectloop.cli"]


def replay(folder: Path, *options: str) -> list[dict[str, Any]]:
    """Replay the project's recorded learner; gives its estimates."""
    command = [*AFFECTLOOP, "replay", "demo", "--duration", SECONDS, "--report", str(folder), *options]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert finished.returncode == 0, finished.stderr
    assert (folder / "report.html").exists()
    return estimates(folder)


def estimates(folder: Path) -> list[dict[str, Any]]:
    """The estimates of a report, without the session's name."""
    found = [json.loads(line) for line in (folder / "estimates.jsonl").read_text().splitlines()]
    for estimate in found:
        del estimate["header"]["session_id"]
    return found


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Embedded, as fast as it goes."""
    found = replay(tmp_path_factory.mktemp("reference"))
    assert len(found) >= 2 * int(SECONDS)
    assert any(not estimate["abstained"] for estimate in found)
    return found


@pytest.mark.parametrize("options", [("--chunk-ms", "50"), ("--chunk-ms", "5000"), ("--speed", "1")], ids=" ".join)
def test_chunks_and_speed_change_nothing(options: tuple[str, ...], reference: list[dict[str, Any]], tmp_path: Path) -> None:
    assert_same(replay(tmp_path, *options), reference)


@pytest.mark.kafka
def test_kafka_changes_nothing(reference: list[dict[str, Any]], fresh_kafka: str, tmp_path: Path) -> None:
    assert_same(replay(tmp_path, "--bus", f"kafka://{fresh_kafka}"), reference)


class Elsewhere:
    """The services, each in a process of its own."""

    def __init__(self, kafka: str, redis: str, folder: Path) -> None:
        self.options = ("--bus", f"kafka://{kafka}", "--state", redis)
        self._folder = folder
        self._environment = {**os.environ, "AFFECTLOOP_RUNTIME__KAFKA_SESSION_TIMEOUT_MS": "3000"}
        subprocess.run([*AFFECTLOOP, "topics", "create", "--bus", f"kafka://{kafka}"], check=True, capture_output=True)
        self._processes = {name: self._start(name) for name in SERVICES}

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen([*AFFECTLOOP, "run", name, *self.options], stderr=log, env=self._environment)

    def kill(self, name: str) -> None:
        """kill -9, and a supervisor that starts it again."""
        self._processes[name].send_signal(signal.SIGKILL)
        self._processes[name].wait()
        self._processes[name] = self._start(name)

    def leave(self) -> dict[str, int]:
        """SIGTERM to all; their exit codes."""
        for process in self._processes.values():
            process.terminate()
        return {name: process.wait(LEAVE_S) for name, process in self._processes.items()}

    def stop(self) -> None:
        """Whatever happened, nothing stays."""
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


@contextmanager
def elsewhere(kafka: str, redis: str, folder: Path) -> Iterator[Elsewhere]:
    """Services in processes of their own."""
    services = Elsewhere(kafka, redis, folder)
    try:
        yield services
    finally:
        services.stop()


@pytest.mark.kafka
@pytest.mark.redis
@pytest.mark.timeout(300)
def test_kill_9_of_any_service_in_the_middle_changes_nothing(
    reference: list[dict[str, Any]], fresh_kafka: str, redis_address: str, tmp_path: Path
) -> None:
    clock = SystemClock()
    with elsewhere(fresh_kafka, redis_address, tmp_path) as services:
        command = [*AFFECTLOOP, "replay", "demo", "--duration", SECONDS, "--speed", "1", "--attach", "--report", str(tmp_path / "report")]
        with (tmp_path / "replay.log").open("wb") as log:
            player = subprocess.Popen([*command, *services.options], stderr=log, stdout=log)
        _wait_for_session(redis_address, clock)
        for name in SERVICES:
            time.sleep(3)
            services.kill(name)
        assert player.wait(200) == 0, (tmp_path / "replay.log").read_text()
        assert services.leave() == dict.fromkeys(SERVICES, 0), "SIGTERM ends each cleanly"
    assert_same(estimates(tmp_path / "report"), reference)


def _wait_for_session(redis_address: str, clock: SystemClock) -> None:
    live, until_s = RedisLiveState(redis_address), clock.monotonic_s() + 60
    while not live.sessions():
        assert clock.monotonic_s() < until_s, "the replay opens its session"
        clock.sleep(0.2)
