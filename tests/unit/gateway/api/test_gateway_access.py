"""Who gets in: every route without a token, with another school's, with a role that may not."""

from typing import Any

import pytest

from affectloop.errors import Unavailable
from affectloop.events import Modality
from affectloop.policy.profile import Role
from school import ITEM, School, with_profile

SESSION = "/v1/sessions/{session_id}"
LEARNER = "/v1/learners/{learner_id}"
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", SESSION, None),
    ("GET", f"{SESSION}/directive", None),
    ("GET", f"{SESSION}/estimate", None),
    ("GET", f"{SESSION}/events", None),
    ("POST", f"{SESSION}/trials", {"trial_id": "t", "item": ITEM, "answer": "fear"}),
    ("POST", f"{SESSION}/override", {"wished_levels": 1}),
    ("POST", f"{SESSION}/sensing/stop", None),
    ("POST", f"{SESSION}/end", None),
    ("POST", "/v1/sessions", {"learner_id": "{learner_id}"}),
    ("GET", LEARNER, None),
    ("GET", f"{LEARNER}/name", None),
    ("GET", f"{LEARNER}/consents", None),
    ("GET", f"{LEARNER}/results", None),
    ("PUT", f"{LEARNER}/consents/face", {"version": 1, "assent": True}),
    ("DELETE", f"{LEARNER}/consents/face", None),
    ("DELETE", LEARNER, None),
]
LISTS = ["/v1/sessions", "/v1/learners", "/v1/audit", "/v1/profiles"]
NAMES = [f"{method} {path}" for method, path, _ in ROUTES]


def filled(template: Any, **names: str) -> Any:
    """The template with names put in."""
    if isinstance(template, dict):
        return {key: filled(value, **names) for key, value in template.items()}
    return template.format(**names) if isinstance(template, str) else template


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=NAMES)
def test_without_a_token_nothing_opens(at: School, method: str, path: str, body: Any) -> None:
    response = at.call(method, filled(path, session_id="any", learner_id="any"), body, token="")
    assert (response.status_code, response.headers["WWW-Authenticate"], response.json()["field"]) == (401, "Bearer", "Authorization")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=NAMES)
def test_another_schools_administrator_finds_nobody(at: School, method: str, path: str, body: Any) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    names = {"session_id": session_id, "learner_id": learner_id}
    response = at.call(method, filled(path, **names), filled(body, **names), token=at.token(tenant="south"))
    assert response.status_code == 404
    session = at.live_session(session_id)
    assert (session.consented, session.ended_at_us) == (frozenset(Modality), None)


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=NAMES)
def test_another_learner_finds_nobody(at: School, method: str, path: str, body: Any) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    names = {"session_id": session_id, "learner_id": learner_id}
    other = at.token("learner", learner_id=at.learner())
    response = at.call(method, filled(path, **names), filled(body, **names), token=other)
    assert response.status_code in {403, 404}
    assert at.live_session(session_id).consented == frozenset(Modality)


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=NAMES)
def test_a_devices_token_opens_no_route(at: School, method: str, path: str, body: Any) -> None:
    learner_id = at.learner()
    names = {"session_id": at.start(learner_id)["session_id"], "learner_id": learner_id}
    response = at.call(method, filled(path, **names), filled(body, **names), token=at.token("device"))
    assert response.status_code in {403, 404}


def test_lists_hold_the_own_school_alone(at: School) -> None:
    at.start()
    other = at.token(tenant="south")
    found = {path: at.call("GET", path, token=other).json() for path in LISTS[:3]}
    log = found.pop("/v1/audit")
    assert found == {"/v1/sessions": [], "/v1/learners": []}
    assert ({entry["subject"] for entry in log["entries"]}, log["first_broken"]) == ({"south"}, None)


def test_a_learner_lists_their_own_sessions_whatever_they_ask_for(at: School) -> None:
    mine, other = at.learner(), at.learner()
    session_id = at.start(mine)["session_id"]
    at.start(other)
    listed = at.call("GET", "/v1/sessions", token=at.token("learner", learner_id=mine), learner_id=other).json()
    assert [one["session_id"] for one in listed] == [session_id]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN and role is not Role.LEARNER])
def test_only_an_administrator_reads_the_audit_log_and_makes_staff(at: School, role: Role) -> None:
    token = at.token(role.value)
    codes = [at.call("GET", "/v1/audit", token=token), at.call("POST", "/v1/tokens", {"role": "teacher", "holder": "t-2"}, token=token)]
    assert [response.status_code for response in codes] == [403, 403]


@pytest.mark.parametrize(("profile", "role"), [("demo", "admin"), ("us-school", "teacher"), ("eu-school", "counsellor")])
def test_who_sees_names_makes_tokens_of_learners(at: School, profile: str, role: str) -> None:
    with_profile(at, profile)
    learner_id = at.learner()
    made = at.call("POST", "/v1/tokens", {"role": "learner", "learner_id": learner_id, "lasts_s": 60}, token=at.token(role)).json()
    assert at.call("GET", f"/v1/learners/{learner_id}", token=made["token"]).status_code == 200
    at.clock.advance(60)
    assert at.call("GET", f"/v1/learners/{learner_id}", token=made["token"]).status_code == 401


def test_a_revoked_token_opens_nothing(at: School) -> None:
    made = at.call("POST", "/v1/tokens", {"role": "teacher", "holder": "t-2"}).json()
    assert at.call("DELETE", f"/v1/tokens/{made['token_id']}").status_code == 204
    assert at.call("GET", "/v1/sessions", token=made["token"]).status_code == 401


def test_a_token_that_is_not_there_cannot_be_revoked(at: School) -> None:
    assert at.call("DELETE", "/v1/tokens/nobody").json()["field"] == "token_id"


def test_a_learners_token_needs_its_learner(at: School) -> None:
    bodies = [
        {"role": "learner"},
        {"role": "teacher", "holder": "t-2", "learner_id": at.learner()},
        {"role": "learner", "learner_id": "nobody"},
    ]
    assert [at.call("POST", "/v1/tokens", body).status_code for body in bodies] == [422, 422, 404]


@pytest.mark.parametrize(
    ("profile", "seen"),
    [("demo", {"admin", "counsellor", "researcher"}), ("us-school", {"counsellor"}), ("eu-school", set())],
)
def test_the_profile_says_which_staff_sees_estimates(at: School, profile: str, seen: set[str]) -> None:
    with_profile(at, profile)
    session_id = at.start(at.learner(birth_year=2005))["session_id"]
    roles = [role.value for role in Role if role not in {Role.LEARNER, Role.DEVICE}]
    codes = {role: at.call("GET", f"/v1/sessions/{session_id}/estimate", token=at.token(role)).status_code for role in roles}
    assert {role for role, code in codes.items() if code != 403} == seen


def test_whom_the_profile_shows_no_progress_sees_no_course_either(at: School) -> None:
    with_profile(at, "research")
    session_id, teacher = at.start()["session_id"], at.token("teacher")
    paths = [f"/v1/sessions/{session_id}", f"/v1/sessions/{session_id}/directive", f"/v1/sessions/{session_id}/events"]
    assert [at.call("GET", path, token=teacher).status_code for path in paths] == [403, 403, 403]
    assert at.call("GET", "/v1/sessions", token=teacher).json() == []


def test_staff_see_estimates_only_with_consent_to_reports(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    own = at.token("learner", learner_id=learner_id)
    at.call("DELETE", f"/v1/learners/{learner_id}/consents/voice", purpose="report")
    codes = [at.call("GET", f"/v1/sessions/{session_id}/estimate", token=token).status_code for token in (at.token(), own)]
    assert codes == [403, 204]


def test_staffs_looks_are_audited_once_a_minute_and_the_learners_own_are_not(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    for token in (at.token("counsellor"), at.token("counsellor"), at.token("learner", learner_id=learner_id)):
        at.call("GET", f"/v1/sessions/{session_id}/estimate", token=token)
    at.clock.advance(61)
    at.call("GET", f"/v1/sessions/{session_id}/events", token=at.token("counsellor"))
    at.call("GET", f"/v1/sessions/{session_id}/estimate", token=at.token("counsellor"))
    assert [entry for entry in at.audited() if entry[0] != "admin"] == [
        ("counsellor", "view.estimate", session_id), ("counsellor", "view.events", session_id), ("counsellor", "view.estimate", session_id),
    ]  # fmt: skip


def test_too_many_requests_are_refused_for_a_while(at: School) -> None:
    at.dependencies.settings.__dict__["requests_per_10_s"] = 3  # frozen for everybody else
    codes = [at.call("GET", "/v1/profiles").status_code for _ in range(4)]
    at.clock.advance(10.1)
    assert (codes, at.call("GET", "/v1/profiles").status_code) == ([200, 200, 200, 429], 200)


def test_one_token_does_not_use_up_anothers_requests(at: School) -> None:
    at.dependencies.settings.__dict__["requests_per_10_s"] = 1
    assert [at.call("GET", "/v1/profiles", token=at.token(role)).status_code for role in ("admin", "teacher")] == [200, 200]


def test_guessing_tokens_is_slowed_down(at: School) -> None:
    at.dependencies.settings.__dict__["refusals_per_min"] = 2
    codes = [at.call("GET", "/v1/profiles", token="al_north_guess").status_code for _ in range(3)]
    assert (codes, at.call("GET", "/v1/profiles").status_code) == ([401, 401, 429], 200)


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(at: School) -> None:
    response = at.call("POST", "/v1/learners", {"name": "x" * 70_000})
    assert (response.status_code, response.json()["field"]) == (413, "body")


def test_what_is_not_there_has_a_body_of_the_same_shape(at: School) -> None:
    responses = [at.call("GET", "/v1/nothing"), at.call("PATCH", "/v1/sessions")]
    assert [(response.status_code, set(response.json())) for response in responses] == [
        (404, {"field", "problem", "remedy"}), (405, {"field", "problem", "remedy"}),
    ]  # fmt: skip


def test_a_database_that_is_away_is_a_503_that_says_nothing_of_it(at: School, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable("the database postgresql://user@host does not answer")

    token = at.token()
    monkeypatch.setattr(at.store, "reading", away)
    response = at.call("GET", "/v1/sessions", token=token)
    assert (response.status_code, "postgresql" in response.text, response.headers["Retry-After"]) == (503, False, "2")
