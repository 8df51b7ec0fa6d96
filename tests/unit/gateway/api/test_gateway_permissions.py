"""Every route and the socket, walked: role x profile x whose x consent x what happened to the session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.websockets import WebSocketDisconnect

from affectloop.events import Cause, CauseGiven, Modality
from affectloop.policy.access import RULES, Action
from affectloop.policy.profile import STAFF, Deed, Role, profile
from affectloop.session import Session
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.topics import View
from affectloop_gateway.api.permissions import IDENTIFIER
from school import CLASS, ITEM, School, with_profile

OPEN = {"/health/live", "/health/ready", "/metrics", "/", "/live/{session_id}", "/icon.svg", "/v1/openapi.json"}  # need no token
EVERYBODY = set(Role)
PERSONS = EVERYBODY - {Role.DEVICE}
OFFICE = {Role.ADMIN, Role.PLATFORM}
CARE = OFFICE | {Role.TEACHER, Role.COUNSELLOR}
STARTERS = PERSONS - {Role.COUNSELLOR}


@dataclass(frozen=True)
class Door:
    """A route as it is walked: who may at most, and what the profile must say; written down once more, apart from the table."""

    action: Action
    method: str
    path: str
    roles: set[Role]
    view: View | None = None
    deed: Deed | None = None
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """Whom it is about: the field that an answer 404 names."""
        for name in ("session_id", "learner_id"):
            if f"{{{name}}}" in self.path or self.body.get(name) == f"{{{name}}}":
                return name
        return ""


SESSION, LEARNER = "/v1/sessions/{session_id}", "/v1/learners/{learner_id}"
TRIAL = {"trial_id": "t{number}", "item": ITEM, "answer": "fear"}
DOORS = [
    Door(Action.SESSION_START, "POST", "/v1/sessions", STARTERS, deed=Deed.SESSIONS, body={"learner_id": "{learner_id}"}),
    Door(Action.SESSIONS_VIEW, "GET", "/v1/sessions", PERSONS),
    Door(Action.SESSION_VIEW, "GET", SESSION, PERSONS, View.PROGRESS),
    Door(Action.DIRECTIVE_VIEW, "GET", f"{SESSION}/directive", PERSONS, View.PROGRESS),
    Door(Action.ESTIMATE_VIEW, "GET", f"{SESSION}/estimate", PERSONS, View.ESTIMATES),
    Door(Action.EVENTS_VIEW, "GET", f"{SESSION}/events", PERSONS, View.PROGRESS),
    Door(Action.LIVE_VIEW, "SOCKET", f"{SESSION}/live", PERSONS, View.PROGRESS),
    Door(Action.SESSION_ANSWER, "POST", f"{SESSION}/trials", OFFICE | {Role.RESEARCHER, Role.LEARNER}, deed=Deed.ANSWERS, body=TRIAL),
    Door(
        Action.SESSION_WISH,
        "POST",
        f"{SESSION}/override",
        OFFICE | {Role.RESEARCHER, Role.LEARNER},
        deed=Deed.ANSWERS,
        body={"wished_levels": 1},
    ),
    Door(Action.LEARNERS_VIEW, "GET", "/v1/learners", CARE, View.PROGRESS),
    Door(Action.LEARNER_VIEW, "GET", LEARNER, CARE | {Role.LEARNER}, View.PROGRESS),
    Door(Action.NAME_VIEW, "GET", f"{LEARNER}/name", CARE | {Role.LEARNER}, View.NAMES),
    Door(Action.RESULTS_VIEW, "GET", f"{LEARNER}/results", PERSONS, View.PROGRESS),
    Door(Action.CONSENTS_VIEW, "GET", f"{LEARNER}/consents", CARE | {Role.LEARNER}, View.PROGRESS),
    Door(
        Action.CONSENT_GIVE,
        "PUT",
        f"{LEARNER}/consents/wristband",
        OFFICE | {Role.LEARNER},
        deed=Deed.CONSENTS,
        body={"version": 1, "assent": True},
    ),
    Door(Action.TOKEN_MAKE_LEARNER, "POST", "/v1/tokens", CARE, View.NAMES, body={"role": "learner", "learner_id": "{learner_id}"}),
    Door(Action.TOKEN_MAKE, "POST", "/v1/tokens", {Role.ADMIN}, body={"role": "teacher", "holder": "t-9"}),
    Door(Action.TOKENS_VIEW, "GET", "/v1/tokens", {Role.ADMIN}),
    Door(Action.TOKEN_REVOKE, "DELETE", "/v1/tokens/{token_id}", {Role.ADMIN}),
    Door(Action.CLASSES_VIEW, "GET", "/v1/classes", OFFICE),
    Door(Action.CLASS_GIVE, "PUT", "/v1/classes/{class_id}/teachers/{holder}", OFFICE, deed=Deed.PEOPLE),
    Door(Action.CLASS_TAKE, "DELETE", "/v1/classes/{class_id}/teachers/{holder}", OFFICE, deed=Deed.PEOPLE),
    Door(Action.TENANT_VIEW, "GET", "/v1/tenant", PERSONS),
    Door(Action.AUDIT_VIEW, "GET", "/v1/audit", {Role.ADMIN}),
    Door(Action.PROFILES_VIEW, "GET", "/v1/profiles", EVERYBODY),
    Door(Action.LEARNER_ADD, "POST", "/v1/learners", OFFICE, deed=Deed.PEOPLE),
    # what ends something comes last
    Door(Action.SENSING_STOP, "POST", f"{SESSION}/sensing/stop", PERSONS),
    Door(Action.CONSENT_WITHDRAW, "DELETE", f"{LEARNER}/consents/wristband", CARE | {Role.LEARNER}),
    Door(Action.SESSION_END, "POST", f"{SESSION}/end", STARTERS, deed=Deed.SESSIONS),
    Door(Action.LEARNER_ERASE, "DELETE", LEARNER, OFFICE, deed=Deed.PEOPLE),
    Door(Action.TENANT_PROFILE, "PUT", "/v1/tenant/profile", {Role.ADMIN}, body={"profile": "{profile}"}),
    Door(Action.SIGN_OUT, "DELETE", "/v1/tokens/mine", EVERYBODY),
]
TEMPLATES = {"/v1/learners/{learner_id}/consents/wristband": "/v1/learners/{learner_id}/consents/{modality}"}


def test_every_route_and_socket_of_the_application_is_walked(at: School) -> None:
    found = set()
    for route in routes_of(at.client.app):
        if isinstance(route, APIWebSocketRoute):
            found.add(("SOCKET", route.path))
        elif isinstance(route, APIRoute) and route.path not in OPEN:
            found |= {(method, route.path) for method in route.methods or ()}
    assert found == {(door.method, TEMPLATES.get(door.path, door.path)) for door in DOORS}
    assert {door.action for door in DOORS} == set(RULES)


def routes_of(holder: Any) -> Iterator[Any]:
    """Every route, those of included routers too."""
    for route in holder.routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from routes_of(inner)


@dataclass
class Walk:
    """One caller before one learner and session."""

    at: School
    role: Role
    profile: str
    token: str
    learner_id: str
    session_id: str
    token_id: str  # of somebody, to be revoked
    number: int = 0

    def through(self, door: Door) -> int:
        """The status of one request; of the socket, the HTTP status that its close code stands for."""
        self.number += 1
        known = {
            "learner_id": self.learner_id, "session_id": self.session_id, "profile": self.profile, "number": str(self.number),
            "class_id": "9z", "holder": "t-9", "token_id": self.token_id,
        }  # fmt: skip
        path = door.path.format(**known)
        if door.method == "SOCKET":
            return watched(self.at, path, self.token)
        body = {key: value.format(**known) if isinstance(value, str) else value for key, value in door.body.items()}
        sent = body or ({} if door.method in {"POST", "PUT"} else None)
        status: int = self.at.call(door.method, path, sent, token=self.token).status_code
        return status


def watched(at: School, path: str, token: str) -> int:
    """What the live view closes with, or 200 where it shows the session."""
    with at.client.websocket_connect(path) as socket:
        socket.send_text(json.dumps({"token": token}))
        try:
            socket.receive_text()
        except WebSocketDisconnect as closed:
            return closed.code - 4000
    return 200


def expected(door: Door, role: Role, name: str, *, own: bool, reports: bool) -> int:
    """2xx as 200, 403, or 404: as the issue says it, not as the table does."""
    known = profile(name)
    if role not in door.roles:
        return 403
    if door.about and not own:
        return 404
    if door.action is Action.NAME_VIEW and role is Role.LEARNER:
        return 200
    if door.view is not None and not known.shows(role, door.view):
        return 403
    if door.deed is not None and not known.lets(role, door.deed):
        return 403
    if door.action is Action.CONSENT_GIVE and Modality.WRISTBAND not in known.modalities:
        return 403
    return 403 if door.view is View.ESTIMATES and role in STAFF and not reports else 200


def family(status: int) -> int:
    """The status without the kinds of success."""
    return 200 if 200 <= status < 300 else status


def walker(at: School, role: Role, name: str, *, reports: bool = True) -> Walk:
    """A caller of that role before a learner who is theirs: themself, of their class, or of their school."""
    learner_id = at.learner()
    if not reports:
        for modality in Modality:
            at.call("DELETE", f"/v1/learners/{learner_id}/consents/{modality}", purpose="report")
    session_id = at.start(learner_id)["session_id"]
    token = at.token(role.value, learner_id=learner_id) if role is Role.LEARNER else at.token(role.value)
    with at.store.work("north") as work:
        People(work).give_class("9z", "t-9")
    return Walk(at, role, name, token, learner_id, session_id, at.made_token())


@pytest.mark.parametrize("name", ["demo", "us-school", "uk-school", "cn-school", "eu-school", "research"])
@pytest.mark.parametrize("role", list(Role))
def test_each_role_passes_the_doors_that_its_profile_opens_and_no_other(at: School, role: Role, name: str) -> None:
    with_profile(at, name)
    walk = walker(at, role, name)
    for door in DOORS:
        if door.action is Action.SIGN_OUT:
            continue  # below: the token is used up
        status = walk.through(door)
        assert family(status) == expected(door, role, name, own=True, reports=True), (door.action, status)
        if door.action is Action.LEARNER_ERASE and family(status) == 200:
            break
    assert family(walk.through(DOORS[-1])) == 200


def absent(_: School) -> tuple[str, str]:
    """Nobody."""
    return "0" * 24, "0" * 16


def of_another_school(at: School) -> tuple[str, str]:
    """A learner of the other tenant."""
    learner_id = at.learner("south")
    return learner_id, at.start(learner_id, "south")["session_id"]


def of_the_same_school(at: School) -> tuple[str, str]:
    """A learner of the same tenant whom the caller has nothing to do with."""
    with at.store.work("north") as work:
        learner_id = People(work).add(birth_year=2000).learner_id
    return learner_id, at.start(learner_id)["session_id"]


FOREIGN = [(of_another_school, role) for role in Role] + [(of_the_same_school, role) for role in (Role.TEACHER, Role.LEARNER, Role.DEVICE)]


@pytest.mark.parametrize(("somebody", "role"), FOREIGN, ids=lambda value: getattr(value, "__name__", None))
def test_who_is_not_ones_own_is_answered_like_who_is_not_there(
    at: School, role: Role, somebody: Callable[[School], tuple[str, str]]
) -> None:
    walk = walker(at, role, "demo")
    told: list[list[tuple[int, dict[str, Any]]]] = []
    for learner_id, session_id in (absent(at), somebody(at)):
        walk.learner_id, walk.session_id, walk.number = learner_id, session_id, 0
        told.append([answered(walk, door) for door in DOORS if door.about])
        for door, (status, body) in zip([door for door in DOORS if door.about], told[-1], strict=True):
            assert status == expected(door, role, "demo", own=False, reports=True), door.action
            if status == 404 and door.method != "SOCKET":
                assert body["field"] == door.about
    assert told[0] == told[1]


def answered(walk: Walk, door: Door) -> tuple[int, dict[str, Any]]:
    """Status and body, without the names that were asked for."""
    known = {"learner_id": walk.learner_id, "session_id": walk.session_id, "number": "1", "profile": "demo"}
    path = door.path.format(**known)
    if door.method == "SOCKET":
        return watched(walk.at, path, walk.token), {}
    body = {key: value.format(**known) if isinstance(value, str) else value for key, value in door.body.items()}
    answer = walk.at.call(door.method, path, body or ({} if door.method in {"POST", "PUT"} else None), token=walk.token)
    return answer.status_code, json.loads(IDENTIFIER.sub("NAME", answer.text))


def stopped(at: School, walk: Walk) -> None:
    """The sensing is stopped."""
    at.call("POST", f"/v1/sessions/{walk.session_id}/sensing/stop")


def withdrawn(at: School, walk: Walk) -> None:
    """One modality's consent to the training is taken back."""
    at.call("DELETE", f"/v1/learners/{walk.learner_id}/consents/face", purpose="training")


def running(_: School, __: Walk) -> None:
    """Nothing happened."""


@pytest.mark.parametrize("happened", [running, withdrawn, stopped], ids=lambda what: what.__name__)
@pytest.mark.parametrize("reports", [True, False], ids=["reports agreed", "reports refused"])
@pytest.mark.parametrize("role", sorted(PERSONS))
def test_estimates_are_seen_while_they_may_be_read_by_those_who_may(
    at: School, role: Role, reports: bool, happened: Callable[[School, Walk], None]
) -> None:
    walk = walker(at, role, "demo", reports=reports)
    at.arrive(at.estimate(walk.session_id))
    at.ingest(at.estimate(walk.session_id))
    happened(at, walk)
    answer = at.call("GET", f"/v1/sessions/{walk.session_id}/estimate", token=walk.token)
    permitted = expected(DOORS[4], role, "demo", own=True, reports=reports)
    assert answer.status_code == (permitted if permitted == 403 else 200 if happened is running else 204)
    shown = "emotion.estimates.v1" in set(past(at, walk))
    assert shown == (permitted == 200 and happened is running)


def past(at: School, walk: Walk) -> Iterator[str]:
    """The topics that the live view shows of the past, up to a directive that comes last."""
    at.arrive(at.directive(walk.session_id, 0))
    with at.client.websocket_connect(f"/v1/sessions/{walk.session_id}/live") as socket:
        socket.send_text(json.dumps({"token": walk.token}))
        topic = "session"
        while topic != "session.directives.v1":
            topic = json.loads(socket.receive_text())["topic"]
            yield topic


@pytest.mark.parametrize("reports", [True, False], ids=["reports agreed", "reports refused"])
@pytest.mark.parametrize("role", sorted(PERSONS))
def test_who_may_not_see_estimates_does_not_read_strain_from_the_causes_of_a_directive(at: School, role: Role, reports: bool) -> None:
    walk = walker(at, role, "demo", reports=reports)
    causes = (CauseGiven(cause=Cause.STRAIN_RISING, value=0.8), CauseGiven(cause=Cause.SUCCESS_LOW, value=0.5))
    directive = replace(at.directive(walk.session_id, 0), causes=causes)
    at.ingest(directive)
    at.arrive(directive)
    path = f"/v1/sessions/{walk.session_id}"
    course = at.call("GET", f"{path}/events", token=walk.token).json()
    told = [at.call("GET", f"{path}/directive", token=walk.token).json(), course[-1]["content"]]
    with at.client.websocket_connect(f"{path}/live") as socket:
        socket.send_text(json.dumps({"token": walk.token}))
        told.append([json.loads(socket.receive_text()) for _ in range(2)][1]["event"])
        at.arrive(replace(directive, header=replace(directive.header, sequence=1)))
        told.append(json.loads(socket.receive_text())["event"])
    sees = expected(DOORS[4], role, "demo", own=True, reports=reports) == 200
    wanted = ["strain-rising", "success-low"] if sees else ["success-low"]
    assert [[cause["cause"] for cause in one["causes"]] for one in told] == [wanted] * 4


@pytest.mark.parametrize("end", ["stop", "withdraw"])
def test_estimates_leave_live_state_when_consent_goes_and_late_ones_do_not_come_back(at: School, end: str) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    at.ingest(at.estimate(session_id, 0.5))
    kept = at.live.latest(session_id, "estimate")
    late = at.record(at.estimate(session_id, 1.0))
    if end == "stop":
        at.call("POST", f"/v1/sessions/{session_id}/sensing/stop")
    else:
        at.call("DELETE", f"/v1/learners/{learner_id}/consents/wristband")
    gone = at.live.latest(session_id, "estimate")
    at.ingest_records(late)
    assert (bool(kept), gone, at.live.latest(session_id, "estimate")) == (True, None, None)


def test_an_estimate_that_rests_on_what_is_still_read_is_shown_after_a_withdrawal(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    at.call("DELETE", f"/v1/learners/{learner_id}/consents/voice")
    at.ingest(at.estimate(session_id, 1.0))  # of face and wristband
    assert at.call("GET", f"/v1/sessions/{session_id}/estimate", token=at.token("counsellor")).status_code == 200


def test_results_follow_the_profile_of_each_session(at: School) -> None:
    learner_id = at.learner()
    for _ in range(2):
        session_id = at.start(learner_id)["session_id"]
        at.call("POST", f"/v1/sessions/{session_id}/end")
    path, teacher = f"/v1/learners/{learner_id}/results", at.token("teacher")
    under_demo = len(at.call("GET", path, token=teacher).json())
    with_session_profile(at, session_id, "research")
    assert (under_demo, len(at.call("GET", path, token=teacher).json()), len(at.call("GET", path).json())) == (2, 1, 2)


def with_session_profile(at: School, session_id: str, name: str) -> None:
    """As if the session had been held under another profile."""
    with at.store.work("north") as work:
        Sessions(work).get(session_id).profile = name


def test_a_teacher_sees_the_learners_of_their_own_classes_alone(at: School) -> None:
    mine, other, token = at.learner(), of_the_same_school(at)[0], at.token("teacher")
    session_id = at.start(mine)["session_id"]
    listed = [one["learner_id"] for one in at.call("GET", "/v1/learners", token=token).json()]
    sessions = [one["session_id"] for one in at.call("GET", "/v1/sessions", token=token).json()]
    assert (listed, sessions) == ([mine], [session_id])
    assert at.call("DELETE", f"/v1/classes/{CLASS}/teachers/teacher-1").status_code == 204
    codes = [at.call("GET", f"/v1/learners/{one}", token=token).status_code for one in (mine, other)]
    assert (codes, at.call("GET", "/v1/learners", token=token).json()) == ([404, 404], [])


def test_a_class_that_is_taken_away_closes_the_teachers_live_view(at: School) -> None:
    session_id: str = at.start()["session_id"]
    with at.client.websocket_connect(f"/v1/sessions/{session_id}/live") as socket:
        socket.send_text(json.dumps({"token": at.token("teacher")}))
        socket.receive_text()
        at.call("DELETE", f"/v1/classes/{CLASS}/teachers/teacher-1")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4401


def test_a_session_of_nobody_in_the_database_is_no_teachers(at: School) -> None:
    session: Session = at.live_session(at.start()["session_id"])
    at.call("DELETE", f"/v1/learners/{session.learner_id}")
    at.live.put_session(session)  # a replay on the command line is in live state alone
    codes = [at.call("GET", f"/v1/sessions/{session.session_id}", token=at.token(role)).status_code for role in ("admin", "teacher")]
    assert codes == [200, 404]
