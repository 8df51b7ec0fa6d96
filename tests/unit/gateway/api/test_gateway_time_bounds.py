"""Times that callers give lie within their session: one rule, told by field; a fault is told and kept."""

import pytest

from affectloop.runtime.faults import fault_events
from affectloop.session import Fault
from affectloop.topics import DIRECTIVES, FACE_FEATURES, PHYSIO_FEATURES
from school import School

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000


@pytest.mark.parametrize("factor", [1e-3, 1e-6, 1e3], ids=["milliseconds", "seconds", "nanoseconds"])
def test_a_start_in_another_unit_is_refused(at: School, factor: float) -> None:
    body = {"learner_id": at.learner(), "mode": "replay", "started_at_us": round(at.clock.wall_us() * factor)}
    response = at.call("POST", "/v1/sessions", body)
    assert (response.status_code, response.json()["field"]) == (422, "started_at_us")
    assert "microseconds" in response.json()["remedy"]


def test_a_replay_that_has_not_begun_is_refused(at: School) -> None:
    body = {"learner_id": at.learner(), "mode": "replay", "started_at_us": at.clock.wall_us() + HOUR_US}
    assert at.call("POST", "/v1/sessions", body).json()["field"] == "started_at_us"


@pytest.mark.parametrize("after_us", [-1, 12 * HOUR_US + 1, 1 << 61])
def test_an_answer_of_a_replay_lies_within_the_longest_session(at: School, after_us: int) -> None:
    began_us = at.clock.wall_us() - 2 * DAY_US
    session_id = at.start(mode="replay", started_at_us=began_us)["session_id"]
    response = at.answer(session_id, "one", answered_at_us=began_us + after_us)
    assert (response.status_code, response.json()["field"]) == (422, "answered_at_us")


@pytest.mark.parametrize("after_us", [-1, 1_000_000, 12 * HOUR_US + 1])
def test_a_session_ends_neither_before_its_trials_nor_after_the_longest(at: School, after_us: int) -> None:
    began_us = at.clock.wall_us() - 2 * DAY_US
    session_id = at.start(mode="replay", started_at_us=began_us)["session_id"]
    at.answer(session_id, "one", answered_at_us=began_us + 2_000_000)
    response = at.call("POST", f"/v1/sessions/{session_id}/end", {"ended_at_us": began_us + after_us})
    assert (response.status_code, response.json()["field"]) == (422, "ended_at_us")
    assert at.call("GET", f"/v1/sessions/{session_id}").json()["ended_at_us"] is None


def test_a_live_session_does_not_end_in_the_future(at: School) -> None:
    session_id = at.start()["session_id"]
    response = at.call("POST", f"/v1/sessions/{session_id}/end", {"ended_at_us": at.clock.wall_us() + 60_000_000})
    assert (response.status_code, response.json()["field"]) == (422, "ended_at_us")


def test_a_session_says_in_which_services_a_fault_stopped_it(at: School) -> None:
    session_id = at.start()["session_id"]
    session = at.live.session(session_id)
    assert session is not None
    at.live.put_session(session.with_faults([Fault("physio", PHYSIO_FEATURES.name)]))
    assert at.call("GET", f"/v1/sessions/{session_id}").json()["faults"] == ["physio"]


def test_a_fault_is_kept_beyond_live_state(at: School) -> None:
    session_id = at.start()["session_id"]
    session = at.live.session(session_id)
    assert session is not None
    for fault in (Fault("physio", PHYSIO_FEATURES.name), Fault("face", FACE_FEATURES.name), Fault("physio", PHYSIO_FEATURES.name)):
        assert at.ingest(*fault_events(session, [fault], session.started_at_us)) == []
    at.live.forget_session(session_id)
    assert at.call("GET", f"/v1/sessions/{session_id}").json()["faults"] == ["face", "physio"]


def test_who_waits_for_a_directive_of_a_stopped_recommender_is_told(at: School) -> None:
    session_id = str(at.start()["session_id"])
    session = at.live_session(session_id)
    at.live.put_session(session.with_faults([Fault("recommender", DIRECTIVES.name)]))
    response = at.call("GET", f"/v1/sessions/{session_id}/directive", after=3, wait_s=30)
    assert (response.status_code, response.json()["field"]) == (409, "session_id")
