"""What nobody should send is refused with a 4xx, and an error that nobody meant is a 500 that tells nothing."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from school import ITEM, School
from strange_requests import STRANGE, sent


@pytest.mark.parametrize("strange", STRANGE, ids=lambda strange: strange.name)
def test_what_no_database_holds_is_refused(at: School, strange: Any) -> None:
    assert 400 <= sent(at, strange).status_code < 500


@pytest.fixture
def broken(at: School, monkeypatch: pytest.MonkeyPatch) -> School:
    """A gateway with a defect, whose error quotes what was sent."""

    def fail(*_: Any) -> None:
        raise ValueError("Ada Lovelace cannot be stored")

    monkeypatch.setattr("affectloop_gateway.api.learners.routes.service.description_of", fail)
    return at


def test_a_defect_is_one_line_with_its_place_and_none_of_its_words(broken: School, caplog: pytest.LogCaptureFixture) -> None:
    answer = broken.call("POST", "/v1/learners", {"name": "Ada Lovelace"})
    (line,) = [line for line in caplog.records if line.levelno >= logging.ERROR]
    assert (answer.status_code, answer.json()["field"]) == (500, "service")
    assert "content-security-policy" in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert "Ada" not in f"{answer.text}{line.__dict__}{caplog.text}"
    assert line.__dict__["cause"].startswith("ValueError at test_gateway_bad_requests.py")


def test_what_the_database_refuses_is_told_without_what_was_sent(at: School) -> None:
    session_id = at.start()["session_id"]
    with pytest.raises(Exception, match="UNIQUE") as error, at.store.work("north") as work:  # noqa: PT012
        for _ in range(2):
            work.rows.connection().exec_driver_sql(
                "INSERT INTO session_changes VALUES (?, ?, 99, 1, ?, ?)", ("north", session_id, "Ada Lovelace", "[]")
            )
    assert "Ada" not in str(error.value)


def test_an_answers_texts_and_numbers_are_bounded(at: School) -> None:
    session_id = at.start()["session_id"]
    for item in ({"item_id": "x" * 129}, {"poser": "x" * 65}, {"poser": "a\0b"}, {"options": 1 << 70}):
        assert at.answer(session_id, "one", item={**ITEM, **item}).status_code == 422
