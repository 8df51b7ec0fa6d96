"""Who may see and do what: the table walked over action x role x profile x relation x consent."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectloop.events import Header, Modality, SessionChange, SessionChanged
from affectloop.policy.access import (
    ANYBODY,
    MEASURED,
    REACH,
    RULES,
    Action,
    Permissions,
    Relation,
    Subject,
    decide,
    may_be_read,
    permissions_of,
    rests_on,
)
from affectloop.policy.profile import STAFF, Deed, Profile, Role, profile, profiles
from affectloop.topics import ESTIMATES, SESSION_EVENTS, TOPIC_OF_EVENT, View

NONE, EVERY = frozenset[Modality](), frozenset(Modality)
RELATIONS = (None, *Relation)
CONSENTS = [(NONE, NONE), (NONE, EVERY), (EVERY, NONE), (EVERY, frozenset({Modality.FACE})), (frozenset({Modality.FACE}), EVERY)]


def every_case() -> list[tuple[Action, Role, Subject]]:
    """The whole product: what rests on what, and what was agreed to."""
    return [
        (action, role, Subject(profile=under, relation=relation, rests_on=rests_on, reported=reported))
        for action, role, under, relation, (rests_on, reported) in product(Action, Role, profiles().values(), RELATIONS, CONSENTS)
    ]


ALLOWED = [case for case in every_case() if decide(*case) is None]


def test_every_action_has_a_rule_and_every_role_a_reach() -> None:
    assert (set(RULES), set(REACH)) == (set(Action), set(Role))


def test_a_device_may_sign_out_and_read_the_profiles_and_nothing_else() -> None:
    assert {action for action, role, _ in ALLOWED if role is Role.DEVICE} == {Action.SIGN_OUT, Action.PROFILES_VIEW}


def test_nobody_reaches_whom_they_have_nothing_to_do_with() -> None:
    reached = {(role, subject.relation) for _, role, subject in ALLOWED if subject.relation is not None}
    assert Relation.ABSENT not in {relation for _, relation in reached}
    assert {relation for role, relation in reached if role is Role.LEARNER} == {Relation.OWN}
    assert {relation for role, relation in reached if role is Role.TEACHER} == {Relation.TAUGHT}


def test_what_is_absent_and_what_is_out_of_reach_get_the_same_answer() -> None:
    for action, role, under in product(Action, Role, profiles().values()):
        answers = {decide(action, role, Subject(profile=under, relation=away)) for away in {*ANYBODY, Relation.ABSENT} - REACH[role]}
        assert len(answers) == 1, (action, role)


def test_a_role_that_may_not_is_told_so_whatever_is_there() -> None:
    answers: dict[tuple[Action, Role], set[object]] = {}
    for action, role, subject in every_case():
        if role not in RULES[action].roles:
            answers.setdefault((action, role), set()).add(decide(action, role, subject))
    assert answers
    assert all(len(told) == 1 for told in answers.values())


def test_staff_see_nothing_measured_without_consent_to_reports_on_all_that_it_rests_on() -> None:
    seen = [subject for action, role, subject in ALLOWED if RULES[action].sees in MEASURED and role in STAFF]
    assert seen
    assert all(subject.reported and subject.rests_on <= subject.reported for subject in seen)


def test_a_learner_sees_what_was_measured_of_themself_without_a_consent_to_reports() -> None:
    asked = Subject(profile=profile("demo"), relation=Relation.OWN, rests_on=EVERY)
    assert decide(Action.ESTIMATE_VIEW, Role.LEARNER, asked) is None


def test_nothing_is_seen_that_the_profile_does_not_show_to_the_role() -> None:
    for action, role, subject in ALLOWED:
        view = RULES[action].sees
        own_name = action is Action.NAME_VIEW and (role, subject.relation) == (Role.LEARNER, Relation.OWN)
        assert view is None or subject.profile.shows(role, view) or own_name, (action, role)


def test_nothing_is_written_that_the_profile_does_not_give_to_the_role() -> None:
    protective = {Action.SENSING_STOP, Action.CONSENT_WITHDRAW, Action.SIGN_OUT}
    administrative = {Action.TOKEN_MAKE, Action.TOKEN_REVOKE, Action.TENANT_PROFILE, Action.TOKEN_MAKE_LEARNER}
    for action in Action:
        if RULES[action].writes and action not in protective | administrative:
            assert RULES[action].does is not None, action
    for action, role, subject in ALLOWED:
        deed = RULES[action].does
        assert deed is None or subject.profile.lets(role, deed), (action, role)


@pytest.mark.parametrize("name", sorted(profiles()))
def test_teachers_and_researchers_never_change_people_or_consents(name: str) -> None:
    for role in (Role.TEACHER, Role.RESEARCHER, Role.COUNSELLOR, Role.DEVICE):
        assert not {Deed.PEOPLE, Deed.CONSENTS} & profile(name).does[role]


@pytest.mark.parametrize(("name", "writes"), [("research", False), ("eu-school", True), ("us-school", True)])
def test_a_teacher_starts_sessions_where_the_profile_says_so(name: str, writes: bool) -> None:
    asked = Subject(profile=profile(name), relation=Relation.TAUGHT)
    assert (decide(Action.SESSION_START, Role.TEACHER, asked) is None) is writes


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("under", profiles().values(), ids=lambda under: under.name)
def test_a_learners_token_is_made_by_those_alone_who_see_the_name(role: Role, under: Profile) -> None:
    for relation in Relation:
        asked = Subject(profile=under, relation=relation)
        if role is not Role.LEARNER and decide(Action.TOKEN_MAKE_LEARNER, role, asked) is None:
            assert decide(Action.NAME_VIEW, role, asked) is None
    assert decide(Action.TOKEN_MAKE_LEARNER, Role.LEARNER, Subject(profile=under, relation=Relation.OWN)) is not None


VIEWS, MODALITIES = st.frozensets(st.sampled_from(View)), st.frozensets(st.sampled_from(Modality))


@given(VIEWS, MODALITIES, st.sampled_from(View), MODALITIES)
def test_an_empty_set_of_consents_shows_nothing_measured(
    views: frozenset[View], modalities: frozenset[Modality], view: View, rests_on: frozenset[Modality]
) -> None:
    shown = Permissions(views, modalities).shows(view, rests_on)
    assert shown == (view in views and (view not in MEASURED or (modalities != NONE and rests_on <= modalities)))


@given(st.sampled_from(Role), st.sampled_from(sorted(profiles())), MODALITIES)
def test_a_live_view_shows_staff_no_modality_beyond_profile_and_reports(role: Role, name: str, reported: frozenset[Modality]) -> None:
    permissions = permissions_of(role, Subject(profile=profile(name), relation=Relation.OTHER, reported=reported))
    assert permissions.modalities <= profile(name).modalities
    assert role not in STAFF or permissions.modalities <= reported


def test_what_is_newly_derived_of_measurements_rests_on_all_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    header = Header(session_id="s", stream_id="x", sequence=1, event_time_us=1, complete_until_us=1)
    event = SessionChanged(header=header, change=SessionChange.STARTED)
    face = frozenset({Modality.FACE})
    assert (rests_on(event, face), may_be_read(event, frozenset())) == (frozenset(), True), "a fact rests on no measurement"
    monkeypatch.setitem(TOPIC_OF_EVENT, SessionChanged, replace(SESSION_EVENTS, derives_from=(ESTIMATES,)))
    assert (rests_on(event, face), may_be_read(event, face), may_be_read(event, frozenset())) == (face, True, False)
