"""The audit log: acts, looks and denials of staff, tokens that opened nothing, and what shows when somebody tampers with it."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from affectloop.events import Modality
from affectloop.policy.profile import Role
from affectloop.store.sql.audit import Audit, read_heads
from affectloop.store.sql.tables import AuditEntry
from affectloop.store.sql.tokens import Tokens
from school import School


def test_what_staff_do_is_audited_with_whom_the_token_is_for(at: School) -> None:
    session_id = at.start()["session_id"]
    at.call("POST", f"/v1/sessions/{session_id}/sensing/stop", token=at.token("counsellor"))
    at.call("POST", f"/v1/sessions/{session_id}/end", token=at.token("teacher"))
    log = at.call("GET", "/v1/audit").json()["entries"]
    assert [(entry["holder"], entry["action"]) for entry in log if entry["subject"] == session_id] == [
        ("counsellor-1", "sensing.stop"), ("teacher-1", "session.end"),
    ]  # fmt: skip


def test_answers_that_staff_store_for_a_learner_are_one_act_a_minute(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    for name in "abc":
        at.answer(session_id, name)
    at.answer(session_id, "d", token=at.token("learner", learner_id=learner_id))
    assert [entry for entry in at.audited() if entry[1] == "session.answer"] == [("admin", "session.answer", session_id)]


def test_what_staff_are_denied_is_audited_once_a_minute(at: School) -> None:
    session_id = at.start()["session_id"]
    for _ in range(3):
        at.call("GET", f"/v1/sessions/{session_id}/estimate", token=at.token("teacher"))
    assert ("teacher", "view.estimate.denied", session_id) in at.audited()
    assert [entry[0] for entry in at.audited()].count("teacher") == 1


def test_who_tries_many_names_does_not_fill_the_log(at: School) -> None:
    for number in range(100):
        at.call("GET", f"/v1/learners/{number:024x}/name", token=at.token("teacher"))
    assert len([entry for entry in at.audited() if entry[0] == "teacher"]) == 60


def test_a_name_that_stands_where_a_pseudonym_belongs_is_not_written_down(at: School) -> None:
    at.call("GET", "/v1/learners/Ada Lovelace")
    at.call("DELETE", "/v1/tokens/Ada")
    assert {entry[2] for entry in at.audited()} == {"unknown"}


def test_a_failed_act_is_not_audited_as_done(at: School) -> None:
    assert at.call("POST", "/v1/learners", {"name": "x", "class_id": "?"}).status_code == 422
    assert at.call("DELETE", f"/v1/tokens/{'0' * 16}").status_code == 404
    assert at.audited() == []


def test_a_token_that_opens_nothing_is_in_the_log_of_its_tenant_with_a_limit(at: School, caplog: pytest.LogCaptureFixture) -> None:
    with at.store.work("north") as work:
        token, text = Tokens(work).issue(Role.TEACHER, holder="t-3", lasts_s=5)
    at.clock.advance(6)
    with caplog.at_level(logging.WARNING):
        for tried in (text, text, "al_north_guessed", "al_north_guessed-again", "al_nowhere_guessed"):
            assert at.call("GET", "/v1/sessions", token=tried).status_code == 401
    refused = [entry for entry in at.audited() if entry[1] == "token.refused"]
    assert refused == [("", "token.refused", token.token_id), ("", "token.refused", "unknown")]
    assert [record.__dict__["tenant"] for record in caplog.records] == ["north", "north", "unknown"]
    assert text not in caplog.text


def test_the_head_of_the_log_is_kept_in_the_process_log_and_in_a_file(at: School, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="affectloop.store.sql.audit"):
        at.call("GET", "/v1/learners")
    with at.store.reading("north") as work:
        (entry,) = Audit(work).entries()
    (line,) = [record.__dict__ for record in caplog.records]
    assert (line["tenant"], line["number"], line["digest"]) == ("north", 1, entry.digest)
    assert [(head.tenant_id, head.number, head.digest) for head in read_heads(tmp_path / "heads")] == [("north", 1, entry.digest)]
    assert (tmp_path / "heads").stat().st_mode & 0o077 == 0


def test_a_head_is_kept_only_of_what_is_committed(at: School, tmp_path: Path) -> None:
    assert at.call("DELETE", f"/v1/tokens/{'0' * 16}").status_code == 404
    assert not (tmp_path / "heads").exists()


def test_a_file_of_heads_that_cannot_be_written_undoes_nothing(at: School, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "heads").mkdir()
    assert at.call("GET", "/v1/learners").status_code == 200
    assert "its file cannot be written" in caplog.text
    assert len(at.audited()) == 1


@pytest.mark.parametrize("damage", ["none", "end cut", "all cut", "written anew"])
def test_a_cut_end_and_a_log_written_anew_show_by_the_heads(at: School, tmp_path: Path, damage: str) -> None:
    for modality in Modality:
        at.call("PUT", f"/v1/learners/{at.learner(consents=[])}/consents/{modality}", {"version": 1, "assent": True})
    with at.store.work("north") as work:
        if damage == "end cut":
            work.rows.execute(delete(AuditEntry).where(AuditEntry.number == 3))
        if damage in {"all cut", "written anew"}:
            work.rows.execute(delete(AuditEntry))
        if damage == "written anew":  # by somebody who has the key, too
            for _ in range(3):
                Audit(work).add(actor="t", holder="t-1", role=Role.ADMIN, action="view.learners", subject="north")
    heads = read_heads(tmp_path / "heads")[:3]
    with at.store.reading("north") as work:
        missing = Audit(work).missing(heads)
        assert Audit(work).first_broken() is None, "the chain alone does not show it"
    assert (missing and missing.number) == {"none": None, "end cut": 3, "all cut": 1, "written anew": 1}[damage]


def test_who_has_the_database_alone_cannot_mend_the_chain(at: School) -> None:
    at.call("GET", "/v1/learners")
    with at.store.work("north") as work:
        forged = json.dumps(["north", 1, 0, "", "", "", "", "", "0" * 64])
        plain = hashlib.sha256(forged.encode()).hexdigest()
        work.rows.execute(update(AuditEntry).values(at_us=0, actor="", holder="", role="", action="", subject="", digest=plain))
    assert at.call("GET", "/v1/audit").json()["first_broken"] == 1
