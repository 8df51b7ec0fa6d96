"""What "the same" means of two runs: the same events, times and sequences; values within what a net's batch size moves."""

from __future__ import annotations

from typing import Any

import pytest

from affectloop.codec import to_json
from affectloop.events import Event

TOLERANCE = 1e-4


def assert_same(found: Any, expected: Any) -> None:
    """Equal lists, dicts and values; numbers within the tolerance."""
    if isinstance(expected, float) and isinstance(found, float):
        assert found == pytest.approx(expected, abs=TOLERANCE)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert_same(found[name], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert found == expected


def nameless(event: Event) -> dict[str, Any]:
    """The event as ``to_json`` gives it, without its session's name."""
    fields: dict[str, Any] = to_json(event)
    del fields["header"]["session_id"]
    return fields
