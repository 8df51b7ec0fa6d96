"""`affectloop` as a program: it serves embedded, says how it is, leaves when asked to, and teaches."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest

from affectloop.cli import FAILED, MISUSED, main, parser
from affectloop.runtime.service import installed
from affectloop.store.sql.bootstrap import LOCAL, bootstrap
from affectloop.store.sql.database import Store
from affectloop.store.sql.training import Trials
from affectloop.topics import TOPICS
from integration.installation import Device, School, wait_for
from integration.people import a_learner
from servers.ports import free_port
from stored import ITEM as SHOWN

LEAVE_S = 30.0  # 20 s are promised, of a machine that does nothing else
ITEM = {"item_id": SHOWN.item_id, "emotion": SHOWN.emotion, "duration_ms": 200, "intensity": 0.8, "view_deg": 0, "options": 7}
COMMANDS = sorted(point.name for point in entry_points(group="affectloop.commands"))


@dataclass
class Program:
    """`affectloop run` in a process, and where it is to serve."""

    process: subprocess.Popen[bytes]
    log: Path
    gateway: int
    capture: int
    health: int
    database: str

    def answers(self, path: str) -> int:
        """The status of health's answer; 0 without one."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.health}{path}", timeout=5).status_code
        except httpx.TransportError:
            return 0


@contextmanager
def running(folder: Path, *services: str, gateway: int = 0, capture: int = 0, health: int = 0) -> Iterator[Program]:
    """Run services embedded, on these ports or on free ones; whatever happens, nothing stays."""
    folder.mkdir(exist_ok=True)
    gateway, capture, health = gateway or free_port(), capture or free_port(), health or free_port()
    database = f"sqlite:///{folder / 'facts.db'}"
    environment = {
        **os.environ, "AFFECTLOOP_GATEWAY__PORT": str(gateway), "AFFECTLOOP_GATEWAY__DATABASE": database,
        "AFFECTLOOP_CAPTURE__PORT": str(capture), "AFFECTLOOP_CAPTURE__SHUTDOWN_S": "1",
    }  # fmt: skip
    log = folder / "log.jsonl"
    command = [sys.executable, "-m", "affectloop.cli", "run", *services, "--health-port", str(health)]
    with log.open("wb") as words:
        process = subprocess.Popen(command, stdout=words, stderr=words, env=environment)
    try:
        yield Program(process, log, gateway, capture, health, database)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """All seven services in one process."""
    with running(tmp_path_factory.mktemp("embedded")) as program:
        wait_for(lambda: program.answers("/health/ready") == 200, f"ready: {program.log.read_text()}")
        yield program


def test_it_lives_is_ready_and_gives_its_figures(program: Program) -> None:
    assert program.answers("/health/live") == 200
    figures = httpx.get(f"http://127.0.0.1:{program.health}/metrics").text
    for service in set(installed()) - {"capture", "gateway"}:
        assert f'affectloop_feed_seconds_count{{service="{service}"}}' in figures
    assert httpx.get(f"http://127.0.0.1:{program.health}/health/ready").json() == {"late": [], "missing": []}
    assert [httpx.get(f"http://127.0.0.1:{program.gateway}{path}").status_code for path in ("/metrics", "/health/ready")] == [404, 404]
    assert program.answers("/elsewhere") == 404


@pytest.mark.parametrize(
    ("service", "taken", "remedy"),
    [
        ("gateway", "gateway", "AFFECTLOOP_GATEWAY__PORT"),
        ("capture", "capture", "AFFECTLOOP_CAPTURE__PORT"),
        ("physio", "health", "--health-port"),
    ],
)
def test_a_second_one_on_a_taken_port_says_so_and_what_to_do(
    service: str, taken: str, remedy: str, program: Program, tmp_path: Path
) -> None:
    port: int = getattr(program, taken)
    with running(tmp_path, service, **{taken: port}) as second:
        assert second.process.wait(60) == FAILED
        last = second.log.read_text().splitlines()[-1]
    assert last.startswith("affectloop run: ")
    assert f"127.0.0.1:{port}" in last
    assert remedy in last
    assert program.answers("/health/live") == 200, "the first one goes on"


def test_on_sigterm_it_finishes_and_leaves_though_a_device_streams(tmp_path: Path) -> None:
    merged = a_learner(60.0, modalities=("wristband", "voice"))
    with running(tmp_path / "leaving") as program:
        store = Store.open(program.database)
        start = bootstrap(store, profile_name="demo")
        wait_for(lambda: program.answers("/health/ready") == 200, "ready")
        with httpx.Client(base_url=f"http://127.0.0.1:{program.gateway}", timeout=60) as http:
            http.headers["Authorization"] = f"Bearer {start.admin_token}"
            school = School(http)
            started = school.start(str(start.learner_id), merged)
            path = f"/v1/sessions/{started['session_id']}"
            device = Device(f"127.0.0.1:{program.capture}", started, merged)
            with device:
                wait_for(lambda: http.get(f"{path}/estimate").status_code == 200, "estimates come")
                school.call("POST", f"{path}/trials", {"trial_id": "t1", "item": ITEM, "answer": "fear"})
                program.process.send_signal(signal.SIGTERM)
                assert program.process.wait(LEAVE_S) == 0
                wait_for(lambda: device.is_over, "the device hears of it")
                device.error = None
        with store.reading(LOCAL) as work:
            assert [trial.trial_id for trial in Trials(work).of(started["session_id"])] == ["t1"]
        store.close()
    assert '"level": "ERROR"' not in program.log.read_text()


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command says."""
    assert main(arguments) == code
    return capsys.readouterr().out


def helped(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> str:
    with pytest.raises(SystemExit) as left:
        main([*arguments, "--help"])
    assert left.value.code == 0
    return capsys.readouterr().out


def test_doctor_finds_everything_here(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "doctor").splitlines()
    assert lines[-1] == "everything works"
    assert all(line.startswith("ok   ") for line in lines[:-1])
    assert {f"service {name}" for name in installed()} <= {line.removeprefix("ok   ").split(":")[0] for line in lines}


def test_doctor_says_what_is_missing_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "doctor", "--state", f"redis://127.0.0.1:{free_port()}/0", code=FAILED).splitlines()
    (failed,) = (line for line in lines if not line.startswith("ok   "))
    assert failed.startswith("FAIL live state redis://127.0.0.1")
    assert "start it or check its address" in failed


def test_topics_lists_every_topic_with_how_long_it_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "topics", "list").splitlines()
    assert [line.split()[0] for line in lines] == [topic.name for topic in TOPICS]
    assert all(f"{topic.retention_s} s" in line for topic, line in zip(TOPICS, lines, strict=True))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What it does in words, an example to copy, and a word on every argument."""
    text = helped(capsys, [command])
    description = text.split("\n\n", 1)[1].split("options:")[0]
    assert f"\n  affectloop {command}" in description, "an example"
    assert any(line and not line.startswith("  affectloop ") for line in description.splitlines()), "words"
    assert command in helped(capsys, []), "the list of commands names it"
    for action in _arguments(command):
        assert action.help, f"{action.dest} has no word"


def _arguments(command: str) -> list[argparse.Action]:
    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    own: argparse.ArgumentParser = commands.choices[command]
    return own._actions


def test_a_setting_that_nobody_knows_is_misuse_and_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFECTLOOP_RUNTIME__PARTITIONS", "none")
    assert main(["topics", "check"]) == MISUSED
    assert "partitions" in capsys.readouterr().err
