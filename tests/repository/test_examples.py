"""The examples run, say what they should, and are short enough to be read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LONGEST_LINES = 60
SAYS = {
    "01_one_processor.py": r" 40 s  heart: 7[0-9]\.\d bpm",
    "02_embedded_session.py": r" 6\.0 s  arousal [+-]0\.\d\d ± 0\.\d\d",
    "03_replay_a_file.py": r"a voice in \d\d % of 20 s\nreport: .*report\.html",
    "04_capture_client.py": r"^4 records accepted$",
}


def test_every_example_is_known_here() -> None:
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_an_example_is_short_and_says_how_to_run_it(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_LINES
    assert f"    python examples/{name}" in text


@pytest.mark.parametrize("name", SAYS)
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONWARNINGS": "error"}
    done = subprocess.run([sys.executable, EXAMPLES / name], capture_output=True, text=True, timeout=110, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[name], done.stdout, re.MULTILINE), done.stdout
