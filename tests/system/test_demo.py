"""The demonstration as a new user starts it: all services, the recorded learner in real time, trials, a report."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SECONDS = 20.0
QUIET = {"BROWSER": "true"}  # where a desktop is, no window opens


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What a run says, and its folder."""
    folder = tmp_path_factory.mktemp("demo")
    asked = ["--port", "0", "--no-browser", "--exit", "--duration", str(SECONDS), "--output", str(folder)]
    finished = subprocess.run(
        [sys.executable, "-m", "affectloop.cli", "demo", *asked],
        capture_output=True, text=True, timeout=110, check=False, env=os.environ | QUIET,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout, folder


@pytest.fixture(scope="module")
def figures(demonstration: tuple[str, Path]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demonstration[1] / "report" / "report.json").read_text())
    return found


def test_it_says_what_it_does_and_where_to_look(demonstration: tuple[str, Path]) -> None:
    said, folder = demonstration
    assert [f"{step}/4" in said for step in (1, 2, 3, 4)] == [True] * 4
    assert "watch: http://127.0.0.1:" in said
    assert "SYNTHETIC" in said
    assert (folder / "report" / "report.html").stat().st_size > 50_000


def test_every_sense_is_read_and_fused(figures: dict[str, Any]) -> None:
    assert figures["face_found_ratio"] > 0.9
    assert figures["heart_rate_mean_bpm"] == pytest.approx(72, abs=8)
    assert figures["voice_share_ratio"] > 0.1
    assert figures["estimates_count"] == pytest.approx(2 * SECONDS, abs=4)
    assert figures["estimates_given_ratio"] > 0.8


def test_trials_are_answered_and_each_has_its_decision_the_first_included(figures: dict[str, Any]) -> None:
    (decisions,) = [stream for stream in figures["streams"] if stream["stream_id"] == "directives"]
    assert figures["trials_count"] >= 2
    assert decisions["records_count"] == figures["trials_count"] + 1


def test_no_log_names_the_learner_or_a_token(demonstration: tuple[str, Path]) -> None:
    said, folder = demonstration
    log = (folder / "log.jsonl").read_text()
    token = said.split("#token=")[1].split()[0]
    assert log.count("service started") >= 5
    assert token not in log
    with contextlib.closing(sqlite3.connect(folder / "demo.db")) as database:
        ((learner,),) = database.execute("SELECT learner_id FROM learners").fetchall()
    assert learner not in log
