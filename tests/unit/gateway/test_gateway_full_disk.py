"""A disk without room: what cannot be stored is refused whole, readiness and one log line say so, and it goes on with room."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from affectloop_gateway.health import missing
from school import School


@contextmanager
def full(at: School) -> Iterator[None]:
    """No page more for the database, as on a full disk."""
    engine = at.store._engine
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(engine, "connect", limit)
    engine.dispose()
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()


def fill(at: School, session_id: str) -> tuple[int, int]:
    """Answer until there is no room, also none at the ends of pages; gives how many answers were stored and the next one's number."""
    stored = refused = 0
    for number in range(4000):
        if at.answer(session_id, f"t{number}").status_code == 503:
            refused += 1
            if refused == 30:
                return stored, number + 1
        else:
            stored, refused = stored + 1, 0
    raise AssertionError("4000 answers found room")


def test_a_full_disk_stores_nothing_by_halves_and_says_so_once(at: School, caplog: pytest.LogCaptureFixture) -> None:
    session_id, other = str(at.start()["session_id"]), str(at.start()["session_id"])
    with full(at), caplog.at_level(logging.ERROR):
        stored, number = fill(at, session_id)
        ended = at.call("POST", f"/v1/sessions/{other}/end").status_code == 200  # a page may have room for so little
        assert missing(at.dependencies) == ["room on the database's disk"]
        told = at.call("GET", f"/v1/sessions/{other}").json()["ended_at_us"]
    assert [record.message for record in caplog.records] == ["the database's disk is full: nothing is stored until there is room"]
    assert (at.live_session(other).ended_at_us is not None, told is not None) == (ended, ended)
    at.clock.advance(11)
    assert missing(at.dependencies) == []
    assert at.answer(session_id, f"t{number}").json()["number"] == stored + 1
    assert at.call("POST", f"/v1/sessions/{session_id}/end").json()["figures"]["trials"] == stored + 1
