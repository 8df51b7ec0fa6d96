"""People, consents and sessions in the store, the same in SQLite and in a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from affectloop.clock import ManualClock
from affectloop.errors import CannotOpen, InvalidInput
from affectloop.events import (
    Modality,
    SessionChange,
)  # fmt: skip
from affectloop.policy.profile import Purpose, profile
from affectloop.store.sql.consents import Consents, NotToBeConsented
from affectloop.store.sql.database import Store
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions, UnknownSession
from affectloop.store.sql.tables import VaultName
from affectloop.store.sql.tenancy import change_profile
from affectloop.store.sql.training import Baselines, Directives, Trials
from stored import baseline, directive, learner, started, trial

STUDY = profile("research")  # allows every purpose


def test_whom_another_system_names_gets_the_same_pseudonym_each_time(store: Store) -> None:
    with store.work("north") as work:
        people = People(work)
        ids = [people.add(known_elsewhere_as="lms|42", birth_year=2010).learner_id, people.add(known_elsewhere_as="lms|42").learner_id]
        years = [row.birth_year for row in people.learners()]
    with store.work("south") as work:
        ids.append(People(work).add(known_elsewhere_as="lms|42").learner_id)
    assert (ids[0] == ids[1], ids[1] != ids[2], years) == (True, True, [2010])


def test_a_name_is_in_the_vault_alone_and_sealed(store: Store) -> None:
    known = learner(store, name="Ada Lovelace")
    with store.reading("north") as work:
        sealed = work.rows.scalars(select(VaultName.sealed)).one()
        assert (People(work).name(known), b"Ada" in sealed) == ("Ada Lovelace", False)


def test_learners_are_found_by_class(store: Store) -> None:
    one, _ = learner(store), learner(store)
    with store.work("north") as work:
        for _ in range(2):
            People(work).enrol(one, "7b")
        assert ([row.learner_id for row in People(work).learners("7b")], People(work).classes(one)) == ([one], ["7b"])


def test_guardian_and_learner_answer_one_after_the_other(store: Store) -> None:
    known = learner(store)
    with store.work("north") as work:
        Consents(work).give(known, STUDY, Modality.FACE, Purpose.TRAINING, guardian=True, assent=False, expires_at_us=work.now_us + 10)
        Consents(work).give(known, STUDY, Modality.FACE, Purpose.TRAINING, guardian=False, assent=True)
    with store.reading("north") as work:
        (answer,) = Consents(work).of(known)
        assert (answer.guardian, answer.assent, answer.expires_at_us, answer.stands(work.now_us)) == (True, True, work.now_us + 10, True)


def test_after_a_withdrawal_everybody_must_answer_again(store: Store, clock: ManualClock) -> None:
    known = learner(store)
    with store.work("north") as work:
        Consents(work).give(known, STUDY, Modality.FACE, Purpose.TRAINING, guardian=True, assent=True)
        Consents(work).withdraw(known, [Modality.FACE])
        withdrawn = Consents(work).of(known)[0].stands(work.now_us)
        clock.advance(1)
        Consents(work).give(known, STUDY, Modality.FACE, Purpose.TRAINING, guardian=False, assent=True)
        (answer,) = Consents(work).of(known)
    assert (withdrawn, answer.guardian, answer.assent, answer.withdrawn_at_us) == (False, False, True, None)


def test_withdrawing_one_purpose_leaves_the_others(store: Store) -> None:
    known = learner(store)
    with store.work("north") as work:
        for purpose in Purpose:
            Consents(work).give(known, STUDY, Modality.VOICE, purpose, guardian=True, assent=True)
        Consents(work).withdraw(known, [Modality.VOICE], Purpose.RESEARCH)
        standing = {answer.purpose for answer in Consents(work).of(known) if answer.stands(work.now_us)}
    assert standing == {Purpose.TRAINING, Purpose.REPORT}


def test_a_session_comes_back_with_its_key(store: Store) -> None:
    session = started(store, known := learner(store))
    with store.reading("north") as work:
        assert Sessions(work).descriptor(Sessions(work).get(session.session_id), People(work).key(known)) == session


def test_a_session_does_not_open_with_another_learners_key(store: Store) -> None:
    session = started(store, learner(store))
    other = learner(store)
    with store.reading("north") as work, pytest.raises(CannotOpen):
        Sessions(work).descriptor(Sessions(work).get(session.session_id), People(work).key(other))


def test_an_unknown_session_is_named_with_the_remedy(store: Store) -> None:
    with pytest.raises(UnknownSession, match="start one"), store.reading("north") as work:
        Sessions(work).get("nobody")


def test_changes_of_a_session_are_numbered(store: Store) -> None:
    session = started(store, learner(store))
    with store.work("north") as work:
        row = Sessions(work).get(session.session_id, locked=True)
        changes = (SessionChange.STARTED, SessionChange.CONSENT_WITHDRAWN, SessionChange.ENDED)
        events = [Sessions(work).note(row, change, session.started_at_us + 5) for change in changes]
    assert [(event.header.sequence, event.change, event.header.ends_stream) for event in events] == [
        (0, "started", False), (1, "consent-withdrawn", False), (2, "ended", True),
    ]  # fmt: skip
    with store.reading("north") as work:
        noted = [change.change for change in Sessions(work).changes(session.session_id)]
        assert (noted, Sessions(work).latest(open_only=True)) == (["started", "consent-withdrawn", "ended"], [])


def test_trials_are_kept_in_order_and_summed_up(store: Store) -> None:
    session = started(store, learner(store))
    with store.work("north") as work:
        row = Sessions(work).get(session.session_id, locked=True)
        for event in (trial(session, 1), trial(session, 2, correct=False), replace(trial(session, 3), valid=False)):
            Trials(work).add(row, event)
        work.rows.flush()
        figures = Trials(work).sum_up(row)
        numbers = [kept.number for kept in Trials(work).of(session.session_id)]
    assert numbers == [1, 2, 3]
    assert figures == {
        "trials": 3, "valid": 2, "correct": 1, "median_reaction_time_ms": 700, "by_emotion": {"fear": {"valid": 2, "correct": 1}},
    }  # fmt: skip


def test_the_first_directive_of_a_number_counts(store: Store) -> None:
    session = started(store, learner(store))
    for event in (directive(session, 0), directive(session, 1, level=6), directive(session, 1, level=9)):
        with store.work("north") as work:
            Directives(work).keep(event)
    with store.reading("north") as work:
        newest = Directives(work).newest(session.session_id)
        assert newest is not None
        assert (newest.number, newest.directive["level"], len(Directives(work).of(session.session_id))) == (1, 6, 2)


def test_baselines_serve_later_sessions_as_far_as_consent_goes(store: Store) -> None:
    session = started(store, known := learner(store))
    with store.work("north") as work:
        key = People(work).key(known)
        for event in (
            baseline(session, "face.neutral", 1),
            baseline(session, "physio.rest", 2),
            baseline(session, "recommender.ability", 3),
            baseline(session, "face.neutral", 4, sequence=2),
            baseline(session, "face.neutral", 5, sequence=0),
        ):
            Baselines(work).keep(known, event, key)
            work.rows.flush()
        found = {event.name: float(event.values[0]) for event in Baselines(work).of(known, key, frozenset({Modality.FACE}))}
    assert found == {"face.neutral": 4.0, "recommender.ability": 3.0}


def test_withdrawal_forgets_what_was_learnt_through_the_modality(store: Store) -> None:
    session = started(store, known := learner(store))
    with store.work("north") as work:
        key = People(work).key(known)
        for name in ("face.neutral", "recommender.ability"):
            Baselines(work).keep(known, baseline(session, name, 1), key)
        work.rows.flush()
        Baselines(work).forget(known, frozenset({Modality.FACE}))
        work.rows.flush()
        assert [event.name for event in Baselines(work).of(known, key, frozenset(Modality))] == ["recommender.ability"]


def test_a_teacher_has_the_learners_of_their_classes_in_their_tenant_alone(store: Store) -> None:
    mine, other, elsewhere = learner(store), learner(store), learner(store, "south")
    for tenant, known in (("north", mine), ("south", elsewhere)):
        with store.work(tenant) as work:
            People(work).enrol(known, "7b")
    with store.work("north") as work:
        for _ in range(2):
            People(work).give_class("7b", "t-17")
    with store.reading("north") as work:
        people = People(work)
        taught = [people.is_taught_by(known, "t-17") for known in (mine, other, elsewhere)]
        assert (taught, [row.learner_id for row in people.learners(taught_by="t-17")]) == ([True, False, False], [mine])
        assert people.learners(taught_by="t-18") == []
    with store.reading("south") as work:
        assert (People(work).is_taught_by(elsewhere, "t-17"), People(work).teachers()) == (False, [])
    with store.work("north") as work:
        assert [People(work).take_class("7b", "t-17") for _ in range(2)] == [True, False]


def test_sessions_are_narrowed_to_a_teachers_classes_and_to_profiles_before_they_are_counted(store: Store) -> None:
    mine, other = learner(store), learner(store)
    sessions = [started(store, whose).session_id for whose in (mine, other, mine)]
    with store.work("north") as work:
        People(work).enrol(mine, "7b")
        People(work).give_class("7b", "t-17")
    with store.reading("north") as work:
        found = {row.session_id for row in Sessions(work).latest(taught_by="t-17", under={"demo"}, limit=2)}
        assert (found, Sessions(work).latest(under={"research"})) == ({sessions[0], sessions[2]}, [])


@pytest.mark.parametrize(
    ("under", "modality", "purpose", "field"),
    [("eu-school", Modality.FACE, Purpose.TRAINING, "modality"), ("demo", Modality.FACE, Purpose.RESEARCH, "purpose")],
)
def test_a_consent_to_what_the_profile_forbids_is_not_stored(
    store: Store, under: str, modality: Modality, purpose: Purpose, field: str
) -> None:
    known = learner(store)
    with pytest.raises(NotToBeConsented) as refused, store.work("north") as work:
        Consents(work).give(known, profile(under), modality, purpose, guardian=True, assent=True)
    with store.reading("north") as work:
        assert (refused.value.field, Consents(work).of(known)) == (field, [])


def test_under_another_profile_nothing_stands_that_was_agreed_to_and_nothing_runs_on(store: Store) -> None:
    known, elsewhere = learner(store), learner(store, "south")
    session = started(store, known)
    for tenant, whose in (("north", known), ("south", elsewhere)):
        with store.work(tenant) as work:
            Consents(work).give(whose, profile("demo"), Modality.FACE, Purpose.TRAINING, guardian=True, assent=True)
            Baselines(work).keep(whose, baseline(session, "face.neutral", 1.0), People(work).key(whose))
    stopped = []
    for name in ("us-school", "us-school", "demo"):
        with store.work("north") as work:
            stopped.append(change_profile(work, name))
    seen = []
    for tenant, whose in (("north", known), ("south", elsewhere)):
        with store.reading(tenant) as work:
            standing = [answer.stands(work.now_us) for answer in Consents(work).of(whose)]
            seen.append((standing, len(Baselines(work).of(whose, People(work).key(whose), frozenset(Modality)))))
    with store.reading("north") as work:
        row = Sessions(work).get(session.session_id)
        assert (row.consented, [change.change for change in Sessions(work).changes(session.session_id)]) == ([], ["consent-withdrawn"])
    assert (stopped, seen) == ([[session.session_id], [], []], [([False], 0), ([True], 1)])


def test_a_tenant_is_put_under_known_profiles_only(store: Store) -> None:
    with pytest.raises(InvalidInput, match="use one of"), store.work("north") as work:
        change_profile(work, "invented")
