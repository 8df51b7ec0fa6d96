"""Fixtures that the whole suite shares."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Real signals to test on, where AFFECTLOOP_DATA names their folder."""
    folder = os.environ.get("AFFECTLOOP_DATA")
    if not folder:
        pytest.skip("real signals: set AFFECTLOOP_DATA to their folder (CONTRIBUTING.md says what it holds)")
    return Path(folder)
