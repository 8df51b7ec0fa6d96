"""Tokens that name whom they are for, and a tenant's change of profile."""

from __future__ import annotations

import pytest

from affectloop.codec import from_record
from affectloop.events import Modality, SessionChange, SessionChanged
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tenancy import change_profile
from affectloop.store.sql.training import Baselines
from affectloop.topics import SESSION_EVENTS
from affectloop_gateway.workers.maintenance import restore
from school import School

DAY_S = 86_400
PROFILE = "/v1/tenant/profile"


def test_a_token_names_whom_it_is_for_and_expires_by_default(at: School) -> None:
    made = at.call("POST", "/v1/tokens", {"role": "teacher", "holder": "t-17"}).json()
    assert (made["holder"], made["expires_at_us"] - at.clock.wall_us()) == ("t-17", DAY_S * 1_000_000)
    at.clock.advance(DAY_S)
    assert at.call("GET", "/v1/tenant", token=made["token"]).status_code == 401


@pytest.mark.parametrize("holder", [None, "Ada Lovelace", "ada@example.org", ""])
def test_a_token_of_staff_names_an_identifier_never_a_person(at: School, holder: str | None) -> None:
    response = at.call("POST", "/v1/tokens", {"role": "teacher", "holder": holder})
    assert (response.status_code, response.json()["field"]) == (422, "holder")


def test_tokens_are_listed_without_their_texts(at: School) -> None:
    made = at.call("POST", "/v1/tokens", {"role": "counsellor", "holder": "c-4", "lasts_s": 60}).json()
    at.call("DELETE", f"/v1/tokens/{made['token_id']}")
    listed = at.call("GET", "/v1/tokens")
    one = next(one for one in listed.json() if one["token_id"] == made["token_id"])
    assert (one["holder"], one["role"], one["is_good"], one["revoked_at_us"]) == ("c-4", "counsellor", False, at.clock.wall_us())
    assert made["token"].rsplit("_", 1)[1] not in listed.text


def test_signing_out_ends_this_token_and_no_other(at: School) -> None:
    one, other = (at.call("POST", "/v1/tokens", {"role": "teacher", "holder": "t-17"}).json()["token"] for _ in range(2))
    assert at.call("DELETE", "/v1/tokens/mine", token=one).status_code == 204
    assert [at.call("GET", "/v1/tenant", token=token).status_code for token in (one, other)] == [401, 200]


def test_a_change_of_profile_is_audited_and_stops_what_runs(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    at.ingest(at.baseline(session_id, "face.neutral", 1), at.baseline(session_id, "recommender.ability", 1), at.estimate(session_id))
    changed = at.call("PUT", PROFILE, {"profile": "us-school"}).json()
    assert (changed["profile"], changed["sessions"], at.live_session(session_id).consented) == ("us-school", [session_id], frozenset())
    assert at.live.latest(session_id, "estimate") is None
    at.outbox.turn()
    events = [from_record(record, at.live_session(session_id).key) for record in at.records(SESSION_EVENTS.name)]
    assert [event.change for event in events if isinstance(event, SessionChanged)][1:] == [SessionChange.CONSENT_WITHDRAWN]
    assert ("admin", "tenant.profile.us-school", "north") in at.audited()
    with at.store.reading("north") as work:
        left = Baselines(work).of(learner_id, People(work).key(learner_id), frozenset(Modality))
    assert [event.name for event in left] == ["recommender.ability"]


def test_a_change_of_profile_wakes_no_consent_neither_there_nor_on_the_way_back(at: School) -> None:
    learner_id = at.learner()
    started = []
    for name in ("research", "demo"):
        assert at.call("PUT", PROFILE, {"profile": name}).status_code == 200
        started.append(at.start(learner_id)["consented"])
    at.call("PUT", f"/v1/learners/{learner_id}/consents/voice", {"version": 1, "assent": True})
    started.append(at.start(learner_id)["consented"])
    assert started == [[], [], ["voice"]]


def test_the_same_profile_again_changes_nothing(at: School) -> None:
    session_id = at.start()["session_id"]
    assert at.call("PUT", PROFILE, {"profile": "demo"}).json()["sessions"] == []
    assert at.live_session(session_id).consented == frozenset(Modality)


def test_a_profile_that_is_not_there_is_refused(at: School) -> None:
    response = at.call("PUT", PROFILE, {"profile": "invented"})
    assert (response.status_code, response.json()["field"], at.call("GET", "/v1/tenant").json()["profile"]) == (422, "profile", "demo")


def test_a_withdrawal_that_live_state_missed_reaches_it(at: School) -> None:
    session_id = at.start()["session_id"]
    at.ingest(at.estimate(session_id))
    with at.store.work("north") as work:  # as the command does, which knows no live state
        change_profile(work, "eu-school")
    restore(at.dependencies)
    assert (at.live_session(session_id).consented, at.live.latest(session_id, "estimate")) == (frozenset(), None)


def test_another_tenants_consents_and_sessions_stay(at: School) -> None:
    learner_id = at.learner("south")
    session_id = at.start(learner_id, "south")["session_id"]
    at.call("PUT", PROFILE, {"profile": "eu-school"})
    with at.store.reading("south") as work:
        assert (len(Sessions(work).get(session_id).consented), People(work).tenant().profile) == (3, "demo")
        assert all(answer.stands(work.now_us) for answer in Consents(work).of(learner_id))
