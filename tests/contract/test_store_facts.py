"""Outbox, audit, tokens, erasure and retention, the same in SQLite and in a real PostgreSQL."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, func, select, update

from affectloop.bus import Outgoing, Record
from affectloop.clock import ManualClock
from affectloop.codec import encode, from_record, to_record
from affectloop.errors import InvalidInput, NotAllowed
from affectloop.events import (
    Modality,
    SessionChange,
    SessionChanged,
)  # fmt: skip
from affectloop.policy.profile import Purpose, Role, profile
from affectloop.session import Session
from affectloop.store.sql.audit import Audit
from affectloop.store.sql.consents import Consents
from affectloop.store.sql.database import EVERY_TENANT, Head, Store
from affectloop.store.sql.keys import MasterKey
from affectloop.store.sql.outbox import Outbox
from affectloop.store.sql.people import People, UnknownLearner
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import AuditEntry, Learner, OutboxRow, TrainingSession, Trial, VaultName
from affectloop.store.sql.tokens import Tokens, caller_of
from affectloop.store.sql.training import Trials
from affectloop.topics import TOPIC_OF_EVENT
from stored import DAY_S, KEYS, learner, started, trial

STUDY = profile("research")  # allows every purpose


def opened(record: Outgoing, session: Session) -> bytes:
    """The event that a record holds, as it is encoded."""
    return encode(from_record(Record(record.topic, 0, 0, record.key, record.value, record.headers), session.key))


def test_the_outbox_gives_records_in_order_until_they_are_published(store: Store) -> None:
    session = started(store, learner(store))
    records = [to_record(trial(session, number), session.key) for number in (1, 2, 3)]
    with store.work("north") as work:
        for record in records:
            Outbox(work).put(record)
    with store.work(EVERY_TENANT) as work:
        waiting = Outbox(work).waiting(2)
        Outbox(work).published([number for number, _ in waiting])
        left = Outbox(work).waiting(10)
    assert ([record for _, record in waiting], [record for _, record in left]) == (records[:2], records[2:])


def test_trials_answered_at_once_enter_the_outbox_in_the_order_of_their_numbers(store: Store) -> None:
    session = started(store, learner(store))

    def answer() -> None:
        with store.work("north") as work:
            row = Sessions(work).get(session.session_id, locked=True)
            event = trial(session, row.trials + 1)
            Trials(work).add(row, event)
            Outbox(work).put(to_record(event, session.key))

    threads = [threading.Thread(target=answer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading(EVERY_TENANT) as work:
        waiting = [opened(record, session) for _, record in Outbox(work).waiting(100)]
        assert waiting == [encode(trial(session, number)) for number in range(1, 9)]


def test_one_outbox_publisher_works_at_a_time(store: Store, url: str, clock: ManualClock) -> None:
    other = Store.open(url, KEYS, clock)
    with store.publishing() as first, other.publishing() as second:
        at_once = (first, second)
    with other.publishing() as later:
        assert later
    other.close()
    assert at_once == (True, not store.is_postgres)  # an embedded database has one process


def test_the_audit_log_is_a_chain(store: Store) -> None:
    for subject in ("one", "two", "three"):
        with store.work("north") as work:
            Audit(work).add(actor="token", holder="t-1", role=Role.TEACHER, action="view.progress", subject=subject)
    with store.reading("north") as work:
        audit = Audit(work)
        assert ([entry.subject for entry in audit.entries(after=1)], audit.first_broken()) == (["two", "three"], None)


@pytest.mark.parametrize("damage", ["changed", "deleted"])
def test_a_change_in_the_audit_log_shows(store: Store, damage: str) -> None:
    for subject in ("one", "two", "three"):
        with store.work("north") as work:
            Audit(work).add(actor="token", holder="t-1", role=Role.TEACHER, action="view.progress", subject=subject)
    with store.work("north") as work:
        second = AuditEntry.number == 2
        work.rows.execute(
            update(AuditEntry).where(second).values(subject="nobody") if damage == "changed" else delete(AuditEntry).where(second)
        )
    with store.reading("north") as work:
        assert Audit(work).first_broken() == 2


def test_heads_are_given_away_once_committed_and_tell_of_a_cut_end(url: str, store: Store, clock: ManualClock) -> None:
    heads: list[Head] = []
    kept = Store.open(url, KEYS, clock, heads.append)

    def append(subject: str) -> None:
        with kept.work("north") as work:
            Audit(work).add(actor="token", holder="t-1", role=Role.ADMIN, action="view.progress", subject=subject)
            if subject == "undone":
                raise InvalidInput("on the way")

    for subject in ("one", "two"):
        append(subject)
    with pytest.raises(InvalidInput):
        append("undone")
    with kept.work("north") as work:
        whole = Audit(work).missing(heads)
        work.rows.execute(delete(AuditEntry).where(AuditEntry.number == 2))
        assert (whole, Audit(work).first_broken(), Audit(work).missing(heads)) == (None, None, heads[1])
    kept.close()
    assert [head.number for head in heads] == [1, 2]


def test_who_has_not_the_installations_key_cannot_append_to_the_audit_log(url: str, store: Store, clock: ManualClock) -> None:
    stranger = Store.open(url, MasterKey(bytes(32)), clock)
    with stranger.work("north") as work:
        Audit(work).add(actor="token", holder="t-1", role=Role.ADMIN, action="view.progress", subject="planted")
    stranger.close()
    with store.reading("north") as work:
        assert Audit(work).first_broken() == 1


def test_appenders_of_the_audit_log_take_turns(store: Store) -> None:
    def append() -> None:
        with store.work("north") as work:
            Audit(work).add(actor="token", holder="t-1", role=Role.ADMIN, action="view.progress", subject="x")

    threads = [threading.Thread(target=append) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading("north") as work:
        assert (len(Audit(work).entries()), Audit(work).first_broken()) == (6, None)


def test_a_token_opens_its_tenant_until_it_expires(store: Store, clock: ManualClock) -> None:
    with store.work("north") as work:
        token, secret = Tokens(work).issue(Role.TEACHER, holder="t-1", lasts_s=60)
        assert secret not in {token.secret_hash, token.token_id}
    caller = caller_of(store, secret)
    clock.advance(60)
    with pytest.raises(NotAllowed, match="expired"):
        caller_of(store, secret)
    assert (caller.tenant_id, caller.role) == ("north", Role.TEACHER)


def test_a_revoked_token_opens_nothing(store: Store) -> None:
    with store.work("north") as work:
        token, secret = Tokens(work).issue(Role.ADMIN, holder="t-1")
    with store.work("south") as work:
        assert not Tokens(work).revoke(token.token_id)
    with store.work("north") as work:
        assert Tokens(work).revoke(token.token_id)
    with pytest.raises(NotAllowed):
        caller_of(store, secret)


@pytest.mark.parametrize("secret", ["", "al_north", "al_north_", "bearer", "al_*_x", "al_north_wrong", "al_nowhere_wrong"])
def test_what_is_no_token_is_refused(store: Store, secret: str) -> None:
    with pytest.raises(NotAllowed):
        caller_of(store, secret)


def test_a_token_of_one_tenant_does_not_open_another(store: Store) -> None:
    with store.work("north") as work:
        _, secret = Tokens(work).issue(Role.ADMIN, holder="t-1")
    with pytest.raises(NotAllowed):
        caller_of(store, secret.replace("al_north_", "al_south_"))


def test_only_a_learners_token_names_a_learner(store: Store) -> None:
    known = learner(store)
    with store.work("north") as work:
        _, secret = Tokens(work).issue(Role.LEARNER, learner_id=known)
        for role, whose in ((Role.LEARNER, None), (Role.TEACHER, known)):
            with pytest.raises(InvalidInput):
                Tokens(work).issue(role, learner_id=whose)
    assert caller_of(store, secret).learner_id == known


def test_erasing_a_learner_leaves_a_pseudonym_and_no_key(store: Store) -> None:
    known, other = learner(store, name="Ada"), learner(store, name="Grace")
    sessions = [started(store, whose) for whose in (known, other)]
    for session in sessions:
        with store.work("north") as work:
            row = Sessions(work).get(session.session_id, locked=True)
            Trials(work).add(row, trial(session, 1))
            Outbox(work).put(to_record(trial(session, 1), session.key))
            Consents(work).give(row.learner_id, STUDY, Modality.FACE, Purpose.TRAINING, guardian=True, assent=True)
    with store.work("north") as work:
        forgotten = People(work).erase(known)
    with store.reading("north") as work:
        counts = [
            work.rows.scalar(select(func.count()).select_from(table)) for table in (Learner, VaultName, TrainingSession, Trial, OutboxRow)
        ]
        with pytest.raises(UnknownLearner):
            People(work).key(known)
        assert People(work).name(other) == "Grace"
    assert (forgotten, counts) == ({sessions[0].session_id: sessions[0].key.key_id}, [2, 1, 1, 1, 1])


def test_an_erased_learner_may_come_back_without_a_past(store: Store) -> None:
    with store.work("north") as work:
        known = People(work).add(known_elsewhere_as="lms|42", birth_year=2001, name="Ada").learner_id
    with store.work("north") as work:
        People(work).erase(known)
    with store.work("north") as work:
        again = People(work).add(known_elsewhere_as="lms|42")
        assert (again.learner_id, again.birth_year, People(work).name(known), Consents(work).of(known)) == (known, None, None, [])


def test_keys_and_facts_go_when_their_retention_ends(store: Store, clock: ManualClock) -> None:
    session = started(store, learner(store))  # demo: what is sealed a day, facts a week
    with store.work("north") as work:
        row = Sessions(work).get(session.session_id, locked=True)
        Sessions(work).note(row, SessionChange.ENDED, session.started_at_us + 1)
    seen = []
    for seconds in (DAY_S - 1, 1, 6 * DAY_S):
        clock.advance(seconds)
        with store.work("north") as work:
            forgotten = Sessions(work).close_expired()
        with store.reading("north") as work:
            rows = Sessions(work).latest()
            seen.append((forgotten, [row.wrapped_key is not None for row in rows]))
    name = session.session_id
    assert seen == [([], [True]), ([name], [False]), ([name], [])]


def test_a_session_changed_event_survives_the_outbox(store: Store) -> None:
    session = started(store, learner(store))
    with store.work("north") as work:
        event = Sessions(work).note(Sessions(work).get(session.session_id, locked=True), SessionChange.STARTED, session.started_at_us)
        Outbox(work).put(to_record(event, session.key))
    with store.reading(EVERY_TENANT) as work:
        ((_, record),) = Outbox(work).waiting(1)
    assert isinstance(event, SessionChanged)
    assert (record.topic, opened(record, session)) == (TOPIC_OF_EVENT[type(event)].name, encode(event))
