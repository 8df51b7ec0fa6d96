"""Learners and consents over HTTP; withdrawal stops sensing at once."""

from threading import Thread

import pytest

from affectloop.codec import from_record
from affectloop.events import Modality, SessionChange, SessionChanged
from affectloop.session import Mode, new_session
from affectloop.store.sql.people import People
from affectloop.store.sql.training import Baselines
from affectloop.topics import SESSION_EVENTS
from affectloop_gateway.workers.fact_ingest import FactIngest
from school import CLASS, School, with_profile


def test_a_platform_adds_the_same_learner_once(at: School) -> None:
    body = {"known_elsewhere_as": "lms|42", "birth_year": 2010, "class_id": "7b"}
    first, second = (at.call("POST", "/v1/learners", body, token=at.token("platform")).json() for _ in range(2))
    listed = at.call("GET", "/v1/learners", class_id="7b").json()
    assert (first == second, listed, first["birth_year"]) == (True, [first], 2010)


def test_a_pseudonym_does_not_hold_the_name_it_was_made_from(at: School) -> None:
    added = at.call("POST", "/v1/learners", {"known_elsewhere_as": "ada.lovelace@example.org", "name": "Ada"}).json()
    assert "ada" not in str(added).lower()


def test_a_name_is_shown_by_the_vault_to_whom_the_profile_allows_and_each_look_is_audited(at: School) -> None:
    learner_id = at.call("POST", "/v1/learners", {"name": "Ada Lovelace", "class_id": CLASS}).json()["learner_id"]
    answers = [at.call("GET", f"/v1/learners/{learner_id}/name", token=at.token(role)) for role in ("admin", "teacher", "researcher")]
    log = [action for _, action, subject in at.audited() if subject == learner_id]
    assert [answer.status_code for answer in answers] == [200, 403, 403]
    assert (answers[0].json()["name"], log) == ("Ada Lovelace", ["learner.add", "view.name", "view.name.denied", "view.name.denied"])


def test_in_a_school_a_teacher_sees_names(at: School) -> None:
    with_profile(at, "us-school")
    learner_id = at.call("POST", "/v1/learners", {"name": "Ada", "class_id": CLASS}).json()["learner_id"]
    assert at.call("GET", f"/v1/learners/{learner_id}/name", token=at.token("teacher")).json()["name"] == "Ada"


def test_guardian_and_child_consent_one_after_the_other(at: School) -> None:
    with_profile(at, "research")
    learner_id = at.learner(consents=[], birth_year=2012)
    child = at.token("learner", learner_id=learner_id)
    place, said = f"/v1/learners/{learner_id}/consents/voice", []
    for token, flags in ((at.token(), {"guardian": True}), (child, {"assent": True})):
        answer = at.call("PUT", place, {"version": 1, **flags}, token=token).json()
        said.append(answer["allowed"]["training"])
    assert said == [[], ["voice"]]


def test_a_child_cannot_answer_for_a_guardian(at: School) -> None:
    learner_id = at.learner(consents=[])
    response = at.call(
        "PUT",
        f"/v1/learners/{learner_id}/consents/voice",
        {"version": 1, "guardian": True, "assent": True},
        token=at.token("learner", learner_id=learner_id),
    )
    assert (response.status_code, response.json()["field"]) == (403, "guardian")


@pytest.mark.parametrize("version", [0, 2])
def test_a_consent_to_another_text_than_the_profiles_is_not_stored(at: School, version: int) -> None:
    learner_id = at.learner(consents=[])
    path = f"/v1/learners/{learner_id}/consents"
    answer = at.call("PUT", f"{path}/face", {"version": version, "assent": True, "guardian": True})
    stored = at.call("GET", path).json()
    assert (answer.status_code, answer.json()["field"]) == (422, "version")
    assert (stored["allowed"]["training"], stored["answers"]) == ([], [])


@pytest.mark.parametrize(
    ("profile", "modality", "purpose", "field"),
    [
        ("us-school", "face", "training", "modality"),
        ("eu-school", "voice", "training", "modality"),
        ("demo", "face", "research", "purpose"),
    ],
)
def test_nobody_can_consent_to_what_the_profile_forbids(at: School, profile: str, modality: str, purpose: str, field: str) -> None:
    with_profile(at, profile)
    path = f"/v1/learners/{at.learner(consents=[])}/consents"
    answer = at.call("PUT", f"{path}/{modality}", {"purpose": purpose, "version": 1, "assent": True, "guardian": True})
    assert (answer.status_code, answer.json()["field"], at.call("GET", path).json()["answers"]) == (403, field, [])


def test_withdrawal_stops_sensing_in_every_running_session_at_once(at: School) -> None:
    learner_id, other = at.learner(), at.learner()
    sessions = [at.start(whose)["session_id"] for whose in (learner_id, learner_id, other)]
    changed = at.call("DELETE", f"/v1/learners/{learner_id}/consents/face").json()["sessions"]
    assert changed == sorted(sessions[:2])
    without = frozenset({Modality.WRISTBAND, Modality.VOICE})
    assert [at.live_session(name).consented for name in sessions] == [without, without, frozenset(Modality)]


def test_withdrawal_is_told_to_the_services_once(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    for _ in range(2):
        at.call("DELETE", f"/v1/learners/{learner_id}/consents/face")
    at.outbox.turn()
    events = [from_record(record, at.live_session(session_id).key) for record in at.records(SESSION_EVENTS.name)]
    told = [(event.change, set(event.consented)) for event in events if isinstance(event, SessionChanged)]
    assert told[1:] == [(SessionChange.CONSENT_WITHDRAWN, {Modality.WRISTBAND, Modality.VOICE})]


def test_after_a_withdrawal_a_new_session_does_not_read_it(at: School) -> None:
    learner_id = at.learner()
    at.call("DELETE", f"/v1/learners/{learner_id}/consents/face", token=at.token("learner", learner_id=learner_id))
    assert at.start(learner_id)["consented"] == ["voice", "wristband"]


def test_withdrawing_reports_does_not_stop_the_training(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    answer = at.call("DELETE", f"/v1/learners/{learner_id}/consents/face", purpose="report").json()
    assert (answer["sessions"], at.live_session(session_id).consented) == ([], frozenset(Modality))


def test_withdrawal_deletes_what_was_learnt_through_the_modality(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    at.ingest(at.baseline(session_id, "face.neutral", 1), at.baseline(session_id, "audio.level", 2))
    at.call("DELETE", f"/v1/learners/{learner_id}/consents/face")
    with at.store.reading("north") as work:
        left = [event.name for event in Baselines(work).of(learner_id, People(work).key(learner_id), frozenset(Modality))]
    assert left == ["audio.level"]


def test_a_baseline_that_arrives_after_the_withdrawal_is_not_kept(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    late = at.record(at.baseline(session_id, "face.neutral", 1))
    at.call("DELETE", f"/v1/learners/{learner_id}/consents/face")
    FactIngest(at.store, at.live, at.bus, at.clock).take([late])
    with at.store.reading("north") as work:
        assert Baselines(work).of(learner_id, People(work).key(learner_id), frozenset(Modality)) == []


def test_a_withdrawal_while_a_session_starts_comes_wholly_before_or_after(at: School) -> None:
    for _ in range(3):
        learner_id = at.learner()
        starting = Thread(target=at.start, args=(learner_id,))
        starting.start()
        at.call("DELETE", f"/v1/learners/{learner_id}/consents/face")
        starting.join()
        (listed,) = at.call("GET", "/v1/sessions", learner_id=learner_id).json()
        assert "face" not in listed["consented"]
        assert Modality.FACE not in at.live_session(listed["session_id"]).consented


def test_erasing_a_learner_takes_the_keys_of_every_session(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    at.answer(session_id, "one")
    receipt = at.call("DELETE", f"/v1/learners/{learner_id}").json()
    assert (receipt["sessions"], at.live.session(session_id), at.live.sessions()) == (1, None, [])
    gone = [f"/v1/learners/{learner_id}", f"/v1/sessions/{session_id}", f"/v1/sessions/{session_id}/events"]
    assert [at.call("GET", path).status_code for path in gone] == [404, 404, 404]


def test_erasing_is_audited_and_happens_once(at: School) -> None:
    learner_id = at.learner()
    codes = [at.call("DELETE", f"/v1/learners/{learner_id}").status_code for _ in range(2)]
    log = [action for _, action, subject in at.audited() if subject == learner_id]
    assert (codes, log) == ([200, 404], ["learner.erase", "learner.erase.denied"])
    assert at.call("GET", "/v1/audit").json()["first_broken"] is None


def test_a_learner_reads_their_own_consents(at: School) -> None:
    learner_id = at.learner(consents=[Modality.VOICE])
    answer = at.call("GET", f"/v1/learners/{learner_id}/consents", token=at.token("learner", learner_id=learner_id)).json()
    assert (answer["allowed"], answer["version"]) == ({"report": ["voice"], "training": ["voice"]}, 1)


@pytest.mark.parametrize("path", ["consents/telepathy", "consents/face?purpose=fun"])
def test_what_is_no_modality_or_purpose_is_named(at: School, path: str) -> None:
    response = at.call("DELETE", f"/v1/learners/{at.learner()}/{path}")
    assert (response.status_code, set(response.json())) == (422, {"field", "problem", "remedy"})


def test_a_session_that_only_live_state_knows_is_left_alone_by_consents(at: School) -> None:
    replayed = new_session(
        mode=Mode.REPLAY,
        captured=(),
        consented=frozenset(Modality),
        profile="demo",
        emotion_inference=True,
        started_at_us=1,
        tenant_id="north",
    )
    at.live.put_session(replayed)
    at.ingest(at.baseline(replayed.session_id, "face.neutral", 1), at.directive(replayed.session_id, 0))
    assert at.live.latest(replayed.session_id, "directive") is not None
