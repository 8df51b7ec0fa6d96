"""Starting sessions: policy and consent first, live state next, the fact last."""

from typing import Any

import pytest

from affectloop.codec import decode, from_record
from affectloop.errors import Unavailable
from affectloop.events import BaselineMeasured, Modality, SessionChange, SessionChanged
from affectloop.session import Session
from affectloop.store.live.grants import holds_grant
from affectloop.topics import SESSION_EVENTS
from school import School, with_profile


def test_a_session_reads_what_was_consented_and_says_why_the_rest_is_refused(at: School) -> None:
    started = at.start(at.learner(consents=[Modality.FACE]))
    refused = {one["modality"]: one["problem"] for one in started["refused"]}
    assert started["consented"] == ["face"]
    assert refused == dict.fromkeys(("wristband", "voice"), "there is no live consent to version 1 of the text for training")
    assert {stream[0] for stream in started["streams"]} == {"capture.frames.v1", "face.features.v1", "emotion.estimates.v1"}


def test_live_state_knows_the_session_as_it_was_answered(at: School) -> None:
    started = at.start()
    session = at.live_session(started["session_id"])
    assert session.consented == frozenset(Modality)
    assert (session.tenant_id, session.profile, session.started_at_us) == ("north", "demo", at.clock.wall_us())


def test_the_key_of_a_session_is_never_told(at: School) -> None:
    started = at.start()
    key = at.live_session(started["session_id"]).key
    told = at.call("GET", f"/v1/sessions/{started['session_id']}").text + at.call("GET", "/v1/sessions").text + str(started)
    assert key.key_id not in told
    assert "key" not in told


def test_devices_stream_with_the_sessions_own_token(at: School) -> None:
    one, other = at.start(), at.start()
    checks = [
        holds_grant(at.live, session["session_id"], token)
        for session in (one, other)
        for token in (one["streaming_token"], other["streaming_token"], "", at.token())
    ]
    assert checks == [True, False, False, False, False, True, False, False]


def test_a_session_is_in_live_state_before_anybody_hears_that_it_started(at: School) -> None:
    started = at.start()
    assert at.records() == []
    at.outbox.turn()
    (record,) = at.records(SESSION_EVENTS.name)
    event = from_record(record, at.live_session(started["session_id"]).key)
    assert isinstance(event, SessionChanged)
    assert (event.change, event.header.sequence, set(event.consented)) == (SessionChange.STARTED, 0, set(Modality))


def test_in_an_eu_school_nothing_is_read_and_training_goes_on(at: School) -> None:
    with_profile(at, "eu-school")
    started = at.start()
    assert (started["profile"], started["consented"], started["streams"], started["emotion_inference"]) == ("eu-school", [], [], False)
    assert [one["problem"] for one in started["refused"]] == ["the profile eu-school does not allow it"] * 3


def test_an_unknown_profile_of_a_tenant_counts_as_the_strictest(at: School) -> None:
    with_profile(at, "invented-school")
    assert at.start()["profile"] == "eu-school"


def test_a_session_may_be_stricter_than_its_tenant_but_not_laxer(at: School) -> None:
    assert at.start(profile="eu-school")["consented"] == []
    response = at.call("POST", "/v1/sessions", {"learner_id": at.learner(), "profile": "research"})
    assert (response.status_code, response.json()["field"]) == (403, "profile")


def test_emotion_inference_can_be_left_out_where_it_would_be_allowed(at: School) -> None:
    started = at.start(emotion_inference=False)
    assert (started["emotion_inference"], [stream for stream in started["streams"] if stream[0].startswith("emotion")]) == (False, [])


def test_an_unknown_age_refuses_every_modality(at: School) -> None:
    started = at.start(at.learner(birth_year=None))
    assert started["consented"] == []
    assert started["refused"][0]["remedy"] == "set birth_year of the learner"


def test_streams_of_devices_are_declared_by_name(at: School) -> None:
    streams = [{"topic": "capture.signals.v1", "stream_id": "wrist-eda"}, {"topic": "face.features.v1", "stream_id": "face"}]
    started = at.start(modalities=[], streams=streams)
    assert started["consented"] == ["face", "wristband"]
    assert ["capture.signals.v1", "wrist-eda"] in started["streams"]
    assert ["capture.frames.v1", "camera"] not in started["streams"]


@pytest.mark.parametrize("topic", ["emotion.estimates.v1", "session.trials.v1", "capture.frames.v9"])
def test_devices_cannot_declare_what_services_make(at: School, topic: str) -> None:
    body = {"learner_id": at.learner(), "streams": [{"topic": topic, "stream_id": "x"}]}
    assert at.call("POST", "/v1/sessions", body).json()["field"] == "streams.topic"


def test_a_replay_begins_when_it_was_recorded(at: School) -> None:
    started = at.start(mode="replay", started_at_us=1_400_000_000_000_000)
    assert (started["mode"], started["started_at_us"]) == ("replay", 1_400_000_000_000_000)


@pytest.mark.parametrize("changes", [{"mode": "replay"}, {"mode": "live", "started_at_us": 5}])
def test_only_a_replay_says_when_it_began(at: School, changes: dict[str, Any]) -> None:
    response = at.call("POST", "/v1/sessions", {"learner_id": at.learner(), **changes})
    assert (response.status_code, response.json()["field"]) == (422, "started_at_us")


def test_a_learner_is_found_by_the_name_that_the_platform_gave(at: School) -> None:
    platform = at.token("platform")
    added = at.call("POST", "/v1/learners", {"known_elsewhere_as": "lms|42"}, token=platform).json()
    started = at.call("POST", "/v1/sessions", {"known_elsewhere_as": "lms|42"}, token=platform).json()
    assert started["learner_id"] == added["learner_id"]


def test_a_learner_nobody_knows_is_not_found(at: School) -> None:
    response = at.call("POST", "/v1/sessions", {"learner_id": "nobody"})
    assert (response.status_code, response.json()["field"]) == (404, "learner_id")


def test_a_session_that_could_not_be_stored_leaves_nothing_in_live_state(at: School, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise Unavailable("the database went away")

    monkeypatch.setattr("affectloop.store.sql.facts.Outbox.put", broken)
    assert at.call("POST", "/v1/sessions", {"learner_id": at.learner()}).status_code == 503
    assert at.live.sessions() == []


def test_what_earlier_sessions_learnt_is_there_before_the_first_record(at: School) -> None:
    learner_id = at.learner()
    earlier = at.start(learner_id)["session_id"]
    at.ingest(at.baseline(earlier, "face.neutral", 3.0), at.baseline(earlier, "recommender.ability", 0.5))
    later = at.start(learner_id, modalities=["voice"])["session_id"]
    found = {name: decode(BaselineMeasured, value) for name, value in at.live.baselines(later).items()}
    assert {name: float(event.values[0]) for name, event in found.items() if isinstance(event, BaselineMeasured)} == {
        "recommender.ability": 0.5
    }


def test_ending_a_session_tells_live_state_first_and_sums_it_up(at: School) -> None:
    session_id = at.start()["session_id"]
    at.answer(session_id, "one")
    at.clock.advance(30)
    ended = at.call("POST", f"/v1/sessions/{session_id}/end").json()
    assert at.live_session(session_id).ended_at_us == ended["ended_at_us"] == at.clock.wall_us()
    assert (ended["figures"]["trials"], ended["figures"]["correct"]) == (1, 1)


def test_ending_twice_is_ending_once(at: School) -> None:
    session_id = at.start()["session_id"]
    first = at.call("POST", f"/v1/sessions/{session_id}/end").json()
    at.clock.advance(30)
    assert at.call("POST", f"/v1/sessions/{session_id}/end").json() == first
    at.outbox.turn()
    assert len(at.records(SESSION_EVENTS.name)) == 2


def test_the_last_change_of_a_session_ends_its_stream(at: School) -> None:
    session_id = at.start()["session_id"]
    at.call("POST", f"/v1/sessions/{session_id}/end")
    at.outbox.turn()
    events = [from_record(record, at.live_session(session_id).key) for record in at.records(SESSION_EVENTS.name)]
    assert [event.header.ends_stream for event in events] == [False, True]


def test_a_replay_ends_at_its_last_trial_not_today(at: School) -> None:
    began_us = at.clock.wall_us() - 86_400_000_000
    session_id = at.start(mode="replay", started_at_us=began_us)["session_id"]
    at.answer(session_id, "one", answered_at_us=began_us + 9_000_000)
    assert at.call("POST", f"/v1/sessions/{session_id}/end").json()["ended_at_us"] == began_us + 9_000_000


def test_sessions_are_listed_newest_first(at: School) -> None:
    learner_id, ids = at.learner(), []
    for _ in range(3):
        ids.append(at.start(learner_id)["session_id"])
        at.clock.advance(1)
    at.call("POST", f"/v1/sessions/{ids[1]}/end")
    listed = [one["session_id"] for one in at.call("GET", "/v1/sessions").json()]
    open_ones = [one["session_id"] for one in at.call("GET", "/v1/sessions", open_only=True, limit=1).json()]
    assert (listed, open_ones) == (ids[::-1], [ids[2]])


def test_stopping_the_sensing_withdraws_every_modality_of_this_session_only(at: School) -> None:
    learner_id = at.learner()
    one, other = at.start(learner_id)["session_id"], at.start(learner_id)["session_id"]
    assert at.call("POST", f"/v1/sessions/{one}/sensing/stop").json() == {"session_id": one, "consented": []}
    assert [at.live_session(name).consented for name in (one, other)] == [frozenset(), frozenset(Modality)]
    assert at.start(learner_id)["refused"] == []


def test_stopping_the_sensing_is_told_to_the_services(at: School) -> None:
    session_id = at.start()["session_id"]
    for _ in range(2):
        at.call("POST", f"/v1/sessions/{session_id}/sensing/stop")
    at.outbox.turn()
    events = [from_record(record, at.live_session(session_id).key) for record in at.records(SESSION_EVENTS.name)]
    told = [(event.change, event.consented) for event in events if isinstance(event, SessionChanged)]
    assert told[1:] == [(SessionChange.CONSENT_WITHDRAWN, ())]


def test_a_session_comes_back_from_its_description(at: School) -> None:
    session_id = at.start()["session_id"]
    session: Session = at.live_session(session_id)
    assert Session.from_json(session.to_json()) == session
    described = at.call("GET", f"/v1/sessions/{session_id}").json()
    assert described["streams"] == [[stream.topic, stream.stream_id] for stream in session.streams]
