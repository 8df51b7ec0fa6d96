"""The files of a report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from affectloop.events import END_OF_TIME_US, Event, Modality, Reason
from affectloop.report import write, write_report
from affectloop.report.collected import collect
from affectloop.report.pages import model_note
from affectloop.report.timeline import MOST_ROWS, gaps, timeline, track
from affectloop.session import Mode, new_session
from unit.report.report_events import START_US, audio, directive, estimate, face, physio, trial


def inside(page: Path) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found
    return json.loads(found.group(1))


def some_events() -> list[Event]:
    found: list[Event] = [face(number, number / 10) for number in range(100)]
    found += [physio(at, onsets=(4.5,) if at == 6 else ()) for at in range(1, 11)]
    found += [audio(number, 0.5) for number in range(1, 21)]
    found += [estimate(number, 0.4) for number in (3, 1, 2)]
    return [*found, trial(1, correct=False), directive(0, 5), directive(1, 4)]


def test_the_report_is_three_files(tmp_path: Path) -> None:
    session = new_session(
        mode=Mode.REPLAY,
        captured=(),
        consented=frozenset(Modality),
        profile="research",
        emotion_inference=True,
        started_at_us=START_US,
        session_id="one",
    )
    page = write_report(tmp_path / "report", some_events(), session)
    assert sorted(path.name for path in page.parent.iterdir()) == ["estimates.jsonl", "report.html", "report.json"]
    figures = json.loads((page.parent / "report.json").read_text("utf-8"))
    assert figures["heart_rate_mean_bpm"] == pytest.approx(80.0)
    assert figures["session"]["profile"] == "research"
    assert inside(page)["figures"]["heart_rate_mean_bpm"] == figures["heart_rate_mean_bpm"]


def test_no_file_of_the_report_holds_the_sessions_key(tmp_path: Path) -> None:
    session = new_session(
        mode=Mode.LIVE, captured=(), consented=frozenset(), profile="research", emotion_inference=True, started_at_us=START_US
    )
    write_report(tmp_path, some_events(), session)
    secret = json.loads(session.to_json())["key"][1]
    assert not [path for path in tmp_path.iterdir() if secret in path.read_text("utf-8") or session.key.key_id in path.read_text("utf-8")]


def test_every_estimate_is_told_in_the_order_of_its_sequence(tmp_path: Path) -> None:
    write_report(tmp_path, some_events())
    lines = [json.loads(line) for line in (tmp_path / "estimates.jsonl").read_text("utf-8").splitlines()]
    assert [line["header"]["sequence"] for line in lines] == [1, 2, 3]
    assert lines[0]["arousal"] == pytest.approx(0.4)


def test_a_session_without_estimates_has_an_empty_file_of_them(tmp_path: Path) -> None:
    write_report(tmp_path, [trial(1, correct=True)])
    assert (tmp_path / "estimates.jsonl").read_text("utf-8") == ""


def test_words_in_the_data_cannot_end_the_script_that_holds_them(tmp_path: Path) -> None:
    page = write(tmp_path, {"name": "</script><script>alert(1)</script>"})
    assert inside(page) == {"name": "</script><script>alert(1)</script>"}
    assert "alert(1)</script>" not in page.read_text("utf-8")


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    page = write_report(tmp_path, some_events()).read_text("utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r'<(?:script|img|iframe)[^>]*\ssrc=|<link[^>]*\shref=|url\("?(?!data:)[a-z/]', page)


def test_the_model_is_named_with_the_first_words_of_its_card() -> None:
    note = model_note("fusion-v1")
    assert "synthetic" in note["note"]
    assert model_note("no-such-model") == {"name": "no-such-model", "note": ""}


def test_what_is_drawn_is_in_seconds_since_the_first_event() -> None:
    drawn = timeline(collect(some_events()))
    assert drawn["face"]["t"][0] == pytest.approx(0.05, abs=0.06)
    assert drawn["responses"] == [{"t": 6.0, "amplitude": 0.2}]
    assert drawn["decisions"][1]["causes"] == [{"cause": "recent-misses", "value": 2.0, "detail": "fear/surprise"}]
    assert drawn["trials"][0]["shown"] == "fear"


def test_an_hour_is_thinned_to_means_that_keep_its_mean() -> None:
    times = [number / 25 for number in range(25 * 3300)]
    rows = [(float(value),) for value in np.random.default_rng(1).uniform(0, 1, len(times))]
    made = track(times, rows, [Reason.GOOD] * len(times), columns=1, step_s=0.7, digits=3)
    assert len(made["t"]) <= MOST_ROWS + 1
    assert np.mean(made["columns"][0]) == pytest.approx(np.mean(rows), abs=1e-3)
    assert made["gaps"] == []


def test_a_bin_without_a_value_is_missing_and_not_zero() -> None:
    rows = [(1.0,), None, None, (3.0,)]
    made = track([0.0, 0.5, 1.0, 1.5], rows, [Reason.GOOD, Reason.NO_FACE, Reason.NO_FACE, Reason.GOOD], columns=1, step_s=0.7, digits=2)
    assert made["columns"] == [[1.0, None, None, 3.0]]
    assert made["gaps"] == [{"from": 0.0, "to": 1.5, "reason": "no-face"}]


def test_a_gap_is_split_where_its_reason_changes() -> None:
    times = [number / 10 for number in range(8)]
    given = [True, True, False, False, False, True, True, True]
    reasons = [Reason.GOOD, Reason.GOOD, Reason.TURNED_AWAY, Reason.TURNED_AWAY, Reason.NO_FACE, Reason.GOOD, Reason.GOOD, Reason.GOOD]
    found = gaps(times, given, reasons, step_s=0.5, shortest_s=0.0)
    assert found == [{"from": 0.1, "to": 0.4, "reason": "turned-away"}, {"from": 0.4, "to": 0.5, "reason": "no-face"}]


def test_without_emotion_inference_a_gap_is_where_no_face_was_found() -> None:
    seen = [face(number, number / 10, Reason.NO_FACE if number < 10 else Reason.GOOD) for number in range(30)]
    neutral = [type(event)(header=event.header, quality=event.quality, reason=event.reason) for event in seen]
    assert timeline(collect(neutral))["face"]["gaps"] == [{"from": 0.0, "to": 1.0, "reason": "no-face"}]


def test_a_stream_that_said_that_it_is_over_is_not_missing() -> None:
    last = face(100, 10.0)
    closing = type(last)(header=replace(last.header, complete_until_us=END_OF_TIME_US), quality=0.0, reason=Reason.NO_FACE)
    drawn = timeline(collect([*some_events(), closing]))
    assert (drawn["face"]["ended"], drawn["heart"]["ended"]) == (True, False)


def test_times_beyond_what_a_browser_counts_exactly_stay_out_of_the_page(tmp_path: Path) -> None:
    page = write_report(tmp_path, some_events())
    assert str(END_OF_TIME_US) not in page.read_text("utf-8")
