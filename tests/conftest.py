"""Fixtures that the whole suite shares; what cannot be started is skipped, and listed with its remedy at the end."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from servers.kafka import REMEDY as KAFKA_REMEDY
from servers.kafka import KafkaServer, empty, kafka_server
from servers.redis import CannotStart, redis_server

# A slow machine is no defect: hypothesis would fail an example that takes more than 200 ms.
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.load_profile("unhurried")

SKIPPED: dict[str, list[str]] = {}  # reasons and the tests that they took


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note why a test was skipped."""
    if report.skipped and isinstance(report.longrepr, tuple):
        SKIPPED.setdefault(report.longrepr[2].removeprefix("Skipped: "), []).append(report.nodeid)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List what could not be tested, and the remedy."""
    for reason, tests in SKIPPED.items():
        terminalreporter.write_line(f"not tested here ({len(tests)} tests): {reason}", yellow=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI a test that could not run is a failure."""
    if SKIPPED and os.environ.get("CI") == "true" and session.exitstatus == 0:
        session.exitstatus = 1


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Real signals to test on, where AFFECTLOOP_DATA names their folder."""
    folder = os.environ.get("AFFECTLOOP_DATA")
    if not folder:
        pytest.skip("real signals: set AFFECTLOOP_DATA to their folder (CONTRIBUTING.md says what it holds)")
    return Path(folder)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer | str]:
    """A broker for the whole run."""
    with kafka_server(tmp_path_factory.mktemp("kafka")) as server:
        if server is None:
            pytest.skip(KAFKA_REMEDY)
        yield server


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    """A Redis for the whole run."""
    with contextlib.ExitStack() as stack:
        try:
            address = stack.enter_context(redis_server())
        except CannotStart as problem:
            pytest.skip(str(problem))
        yield address


@pytest.fixture
def kafka_address(kafka: KafkaServer | str) -> str:
    """host:port of the broker."""
    return kafka if isinstance(kafka, str) else kafka.bootstrap


@pytest.fixture
def fresh_kafka(kafka_address: str) -> str:
    """The broker without any topic or group of ours."""
    empty(kafka_address)
    return kafka_address
