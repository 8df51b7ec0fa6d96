"""Who a learner is stays in the vault, and what was measured of them is never in clear: not in logs, figures, keys, paths or files."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from affectloop.bus import Record
from affectloop.codec import encode, from_record
from affectloop.errors import InvalidMessage
from affectloop.events import Modality
from affectloop.recording import RecordingWriter, key_path
from affectloop.report import write_report
from affectloop.sealing import new_key
from affectloop.session import Session
from affectloop.telemetry.logs import JsonLines
from affectloop.topics import ESTIMATES, FRAMES, SIGNALS, TOPICS
from affectloop_commands.record import record
from integration.installation import Device, Installation, School, installed_in, wait_for
from integration.people import a_learner
from stored import ITEM as SHOWN

NAME, ADDRESS = "Ottilie Quarkenstein", "ottilie.quarkenstein@school.example"
NEEDLE = "quarkenstein"  # in both, whatever they are escaped to
ITEM = {"item_id": SHOWN.item_id, "emotion": SHOWN.emotion, "duration_ms": 200, "intensity": 0.8, "view_deg": 0, "options": 7}


@dataclass
class Left:
    """What a session left behind."""

    session: Session
    streaming_token: str
    admin_header: str
    records: list[Record]
    log: str
    figures: str
    folder: Path


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, as the program would write it."""
    words, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(words), root.level
    handler.setFormatter(JsonLines())
    handler.addFilter(lambda line: not line.name.startswith("httpx"))  # the test's own client
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield words
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """A short session of a learner whose name and address are known, with the mistakes that clients make."""
    folder = tmp_path_factory.mktemp("secrets")
    with logged() as words, installed_in(folder) as installation:
        school, merged = installation.school("demo"), a_learner(60.0)
        learner_id = school.learner(list(Modality), name=NAME, known_elsewhere_as=ADDRESS)
        started = school.start(learner_id, merged)
        session = installation.session(started["session_id"])
        with Device(installation.capture, started, merged, held_s=4.0):
            make_mistakes(school, session.session_id)
            school.call("POST", f"/v1/sessions/{session.session_id}/trials", {"trial_id": "t1", "item": ITEM, "answer": "fear"})
            wait_for(lambda: len(installation.records(session.session_id, ESTIMATES.name)) >= 8, "estimates")
            school.call("DELETE", f"/v1/learners/{learner_id}/consents/voice")
        records = installation.records(session.session_id)
        keep_files(installation, session, folder)
        assert NEEDLE in school.call("GET", f"/v1/learners/{learner_id}/name")["name"].lower(), "the vault knows"
        header = school.http.headers["Authorization"]
    return Left(session, started["streaming_token"], header, records, words.getvalue(), generate_latest().decode(), folder)


def make_mistakes(school: School, session_id: str) -> None:
    """Names where none belong: in paths, in queries, in bodies of requests that are refused."""
    answers = [
        school.http.get(f"/v1/learners/{ADDRESS}"),
        school.http.get("/v1/sessions", params={"learner_id": NAME, "limit": 0}),
        school.http.post("/v1/learners", json={"name": NAME, "e-mail": ADDRESS}),
        school.http.post(f"/v1/sessions/{session_id}/trials", json={"trial_id": NAME, "item": ITEM, "answer": ADDRESS}),
    ]
    assert [answer.status_code for answer in answers] == [404, 422, 422, 422]
    assert all(NEEDLE not in answer.text.lower() for answer in answers[1:]), "what is refused is not said back"


def keep_files(installation: Installation, session: Session, folder: Path) -> None:
    """A recording and a report of the session."""
    stop = threading.Event()
    stop.set()
    path = folder / "session.affectloop"
    record(session, installation.bus, path, stop, from_start=True)
    with RecordingWriter(path, session) as writer:
        writer.write(installation.records(session.session_id))
    events = [event for topic in TOPICS for _, event in installation.events(session.session_id, topic.name)]
    write_report(folder / "report", events, session)


def test_no_line_of_the_log_names_a_learner(left: Left) -> None:
    assert '"phrase": "service started"' in left.log
    assert NEEDLE not in left.log.lower()


def test_no_line_of_the_log_holds_a_token_or_a_key(left: Left) -> None:
    for secret in (left.streaming_token, left.admin_header.removeprefix("Bearer "), left.session.key.secret.hex()):
        assert secret not in left.log


def test_no_figure_has_a_label_that_names_anybody(left: Left) -> None:
    figures = left.figures.lower()
    assert "affectloop_records_total" in figures
    for name in (NEEDLE, left.session.session_id, left.session.learner_id):
        assert name not in figures


def test_every_record_has_the_session_for_its_key_and_nobody_elses_name_anywhere(left: Left) -> None:
    assert {record.key.decode() for record in left.records} == {left.session.session_id}
    for taken in left.records:
        text = b" ".join([taken.topic.encode(), taken.key, taken.value, *taken.headers.values()]).lower()
        assert NEEDLE.encode() not in text
        assert left.session.learner_id.encode() not in text, "not even the pseudonym"


def test_no_file_names_a_learner(left: Left) -> None:
    files = [path for path in left.folder.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"facts.db", "session.affectloop", "report.html", "report.json", "estimates.jsonl"} <= names
    for path in files:
        assert NEEDLE not in path.name.lower()
        assert NEEDLE.encode() not in path.read_bytes().lower(), path.name


def test_what_was_measured_is_sealed_on_the_bus_and_in_a_recording(left: Left) -> None:
    recording = (left.folder / "session.affectloop").read_bytes()
    assert {SIGNALS.name, FRAMES.name, ESTIMATES.name} <= {record.topic for record in left.records}
    for taken in left.records:
        plain = encode(from_record(taken, left.session.key))
        assert plain not in taken.value
        assert plain[-16:] not in taken.value, "not a part of it either"
        assert plain not in recording
        assert taken.value in recording
        with pytest.raises(InvalidMessage):
            from_record(taken, new_key())


def test_the_key_lies_in_a_file_of_its_own_that_only_its_owner_reads(left: Left) -> None:
    recording = left.folder / "session.affectloop"
    assert left.session.key.secret not in recording.read_bytes()
    assert key_path(recording).stat().st_mode & 0o077 == 0
