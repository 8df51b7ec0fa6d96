"""What tests of several services together share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.installation import Installation, installed_in


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """All seven services, embedded. Tests share it: each has learners and sessions of its own."""
    with installed_in(tmp_path_factory.mktemp("installation")) as installation:
        yield installation
