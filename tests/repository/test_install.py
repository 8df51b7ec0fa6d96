"""The line that a new user watches while the environment is made."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_tells_which_package_is_fetched_and_how_large_it_is(install: ModuleType, tmp_path: Path) -> None:
    installation = install.Installation(tmp_path)
    assert installation.state() == "asking what is needed"
    installation.read(["Collecting numpy<3,>=2.0 (from affectloop==0.1.0)\n"])
    assert installation.state() == "fetching package 1: numpy"
    installation.read(["  Downloading numpy-2.4.6-cp311-cp311-linux_x86_64.whl (16.9 MB)\n"])
    assert installation.state() == "fetching package 1: numpy (16.9 MB)"


def test_it_counts_what_pip_unpacks_in_silence(install: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "pip-26.3.dist-info").mkdir()
    installation = install.Installation(tmp_path)
    installation.read(["Installing collected packages: numpy, scipy, affectloop\n"])
    assert installation.state() == "installing: 0 of 3 packages"
    (tmp_path / "numpy-2.4.6.dist-info").mkdir()
    assert installation.state() == "installing: 1 of 3 packages"


def test_a_failure_shows_what_pip_said_and_fails() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "install.py"), "--no-index", "--no-deps", "--isolated", "/nowhere/absent.whl"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "absent.whl" in ran.stderr
