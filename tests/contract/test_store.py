"""What the store of durable facts does, the same in SQLite and in a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from affectloop.bus import Outgoing
from affectloop.clock import ManualClock
from affectloop.codec import to_record
from affectloop.errors import CannotOpen, InvalidInput, NotAllowed, Unavailable
from affectloop.events import (
    BaselineMeasured,
    Directive,
    Emotion,
    Guidance,
    Header,
    Item,
    Modality,
    SessionChange,
    SessionChanged,
    TrialAnswered,
)  # fmt: skip
from affectloop.policy.profile import Purpose, Role
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.store.audit import Audit
from affectloop.store.keys import MasterKey
from affectloop.store.outbox import Outbox
from affectloop.store.people import Consents, People, UnknownLearner, add_tenant
from affectloop.store.sessions import Sessions, UnknownSession
from affectloop.store.sql import EVERY_TENANT, Store
from affectloop.store.tables import AuditEntry, Learner, OutboxRow, Owned, Table, Tenant, TrainingSession, Trial, VaultName
from affectloop.store.tokens import Tokens, caller_of
from affectloop.store.training import Baselines, Directives, Trials
from servers.postgres import fresh_database, postgres_server
from servers.redis import CannotStart

KEYS = MasterKey(bytes(range(32)))
DAY_S = 86_400
ITEM = Item(item_id="fear-1", emotion=Emotion.FEAR, duration_ms=200, intensity=0.8, view_deg=0, options=7)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            yield stack.enter_context(postgres_server())
        except CannotStart as error:
            pytest.skip(str(error))


@pytest.fixture(scope="module")
def shared_database(postgres: str) -> Iterator[str]:
    with fresh_database(postgres) as url:
        Store.open(url, KEYS).close()
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'facts.db'}"
    url: str = request.getfixturevalue("shared_database")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(every_table())}"))
    engine.dispose()
    return url


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(url: str, clock: ManualClock) -> Iterator[Store]:
    store = Store.open(url, KEYS, clock)
    for tenant in ("north", "south"):
        add_tenant(store, tenant, title=tenant, profile="demo")
    yield store
    store.close()


def learner(store: Store, tenant: str = "north", name: str | None = None) -> str:
    with store.work(tenant) as work:
        return People(work).add(birth_year=2000, name=name).learner_id


def started(store: Store, learner_id: str, tenant: str = "north") -> Session:
    session = new_session(
        mode=Mode.LIVE,
        captured=(Stream("capture.frames.v1", "camera"),),
        consented=frozenset({Modality.FACE}),
        profile="demo",
        emotion_inference=True,
        started_at_us=store_time(store),
        tenant_id=tenant,
        learner_id=learner_id,
    )
    with store.work(tenant) as work:
        Sessions(work).add(session, People(work).key(learner_id), b"digest")
    return session


def store_time(store: Store) -> int:
    with store.reading(EVERY_TENANT) as work:
        return work.now_us


def header(session: Session, stream: str, sequence: int, at_us: int | None = None) -> Header:
    at_us = session.started_at_us + sequence if at_us is None else at_us
    return Header(session_id=session.session_id, stream_id=stream, sequence=sequence, event_time_us=at_us, complete_until_us=at_us)


def trial(session: Session, number: int, *, correct: bool = True) -> TrialAnswered:
    answer = Emotion.FEAR if correct else Emotion.SURPRISE
    return TrialAnswered(
        header=header(session, "trials", number),
        trial_id=f"t{number}",
        item=ITEM,
        answer=answer,
        correct=correct,
        valid=True,
        reaction_time_ms=700,
    )


def directive(session: Session, number: int, level: int = 5) -> Directive:
    return Directive(
        header=header(session, "directives", number),
        item=ITEM,
        level=level,
        difficulty=0,
        expected_success=0.78,
        target_success=0.78,
        ability=0,
        ability_error=1,
        pause_ms=1000,
        guidance=Guidance.NONE,
    )


def baseline(session: Session, name: str, value: float, sequence: int = 1) -> BaselineMeasured:
    return BaselineMeasured(header=header(session, f"{name}.baseline", sequence), name=name, values=[value])  # type: ignore[arg-type]


def test_the_migrations_make_the_declared_tables(store: Store, url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []
    engine.dispose()


def test_opening_again_keeps_what_is_there(store: Store, url: str, clock: ManualClock) -> None:
    known = learner(store)
    again = Store.open(url, KEYS, clock)
    with again.reading("north") as work:
        found = [row.learner_id for row in People(work).learners()]
    again.close()
    assert found == [known]


def test_what_raises_is_undone(store: Store) -> None:
    class Stumbled(Exception):
        pass

    def stumble() -> None:
        with store.work("north") as work:
            People(work).add(birth_year=2000)
            raise Stumbled

    with pytest.raises(Stumbled):
        stumble()
    with store.reading("north") as work:
        assert People(work).learners() == []


def test_a_tenant_does_not_see_the_rows_of_another(store: Store) -> None:
    mine, session = learner(store), started(store, owner := learner(store))
    with store.reading("south") as work:
        seen = (
            People(work).learners(),
            Sessions(work).latest(),
            [tenant.tenant_id for tenant in work.rows.scalars(select(Tenant))],
            work.rows.get(Learner, ("north", mine)),
            work.rows.get(TrainingSession, ("north", session.session_id)),
        )
    assert seen == ([], [], ["south"], None, None)
    assert owner != mine


def test_a_tenant_does_not_change_the_rows_of_another(store: Store) -> None:
    learner(store)
    with store.work("south") as work:
        work.rows.execute(update(Learner).values(birth_year=1900))
        work.rows.execute(delete(VaultName))
    with store.reading("north") as work:
        assert [row.birth_year for row in People(work).learners()] == [2000]


def test_nothing_is_written_for_another_tenant(store: Store) -> None:
    with pytest.raises(InvalidInput, match="cannot be written"), store.work("south") as work:
        work.rows.add(Learner(tenant_id="north", learner_id="planted", created_at_us=1))


@pytest.mark.parametrize("name", ["", "*;", "North", "a'b", "x" * 33, "../north"])
def test_a_tenant_with_a_dangerous_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidInput, match="is no tenant"), store.work(name):
        pass


def every_table() -> list[str]:
    return sorted(mapper.class_.__tablename__ for mapper in Table.registry.mappers if issubclass(mapper.class_, Owned))


@pytest.mark.postgres
def test_postgresql_itself_hides_other_tenants_rows(postgres: str, clock: ManualClock) -> None:
    with fresh_database(postgres) as url:
        store = Store.open(url, KEYS, clock)
        for tenant in ("north", "south"):
            add_tenant(store, tenant, title=tenant, profile="demo")
            session = started(store, learner(store, tenant, name="Ada"), tenant)
            with store.work(tenant) as work:
                Outbox(work).put(to_record(trial(session, 1), session.key))
        engine = create_engine(url)
        counted: dict[str, list[int]] = {}
        with engine.connect() as raw:  # SQL as an intruder would write it, past the library
            for tenant in ("", "north", "*"):
                raw.execute(text("SELECT set_config('affectloop.tenant', :tenant, false)"), {"tenant": tenant})
                counted[tenant] = [
                    raw.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in ("learners", "vault_names", "outbox")
                ]
            protected = (
                raw.execute(text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity ORDER BY relname"))
                .scalars()
                .all()
            )
        engine.dispose()
        store.close()
    assert counted == {"": [0, 0, 0], "north": [1, 1, 1], "*": [2, 2, 2]}
    assert list(protected) == every_table()


@pytest.mark.postgres
def test_postgresql_refuses_to_write_for_another_tenant(postgres: str, clock: ManualClock) -> None:
    with fresh_database(postgres) as url:
        store = Store.open(url, KEYS, clock)
        planted = "INSERT INTO learners (tenant_id, learner_id, created_at_us) VALUES ('north', 'planted', 1)"
        with pytest.raises(DBAPIError, match="row-level security"), store.work("south") as work:
            work.rows.execute(text(planted))
        store.close()


@pytest.mark.postgres
def test_a_superuser_is_bound_by_row_level_security_too(postgres: str, clock: ManualClock) -> None:
    with fresh_database(postgres) as url:
        database = url.rsplit("/", 1)[1]
        store = Store.open(postgres.rsplit("/", 1)[0] + "/" + database, KEYS, clock)
        add_tenant(store, "north", title="north", profile="demo")
        learner(store)
        with store.reading("south") as work:
            seen = work.rows.execute(text("SELECT count(*) FROM learners")).scalar_one()
        store.close()
    assert seen == 0


def test_sqlite_needs_a_file() -> None:
    with pytest.raises(InvalidInput, match="sqlite:///FILE"):
        Store.open("sqlite://", KEYS)


@pytest.mark.parametrize("url", ["mysql://x/y", "no address"])
def test_another_database_is_refused_with_the_remedy(url: str) -> None:
    with pytest.raises(InvalidInput, match="postgresql"):
        Store.open(url, KEYS)


def test_a_database_that_is_not_there_is_named_without_its_secret() -> None:
    with pytest.raises(Unavailable, match="does not answer") as caught:
        Store.open("postgresql://user:hidden@127.0.0.1:1/facts", KEYS)
    assert "hidden" not in str(caught.value)


def test_postgresql_without_a_master_key_is_refused() -> None:
    with pytest.raises(Unavailable, match="openssl rand -base64 32"):
        Store.open("postgresql://user@127.0.0.1:1/facts")


def test_an_embedded_store_makes_its_key_once_for_its_owner_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'facts.db'}"
    for _ in range(2):
        store = Store.open(url)
        add_tenant(store, "north", title="north", profile="demo")
        known = learner(store, name="Ada")
        store.close()
    reopened = Store.open(url)
    with reopened.reading("north") as work:
        assert People(work).name(known) == "Ada"
    reopened.close()
    assert (tmp_path / "facts.db.key").stat().st_mode & 0o077 == 0


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
        Consents(work).give(known, Modality.FACE, Purpose.TRAINING, 1, guardian=True, assent=False, expires_at_us=work.now_us + 10)
        Consents(work).give(known, Modality.FACE, Purpose.TRAINING, 1, guardian=False, assent=True)
    with store.reading("north") as work:
        (answer,) = Consents(work).of(known)
        assert (answer.guardian, answer.assent, answer.expires_at_us, answer.stands(work.now_us)) == (True, True, work.now_us + 10, True)


def test_after_a_withdrawal_everybody_must_answer_again(store: Store, clock: ManualClock) -> None:
    known = learner(store)
    with store.work("north") as work:
        Consents(work).give(known, Modality.FACE, Purpose.TRAINING, 1, guardian=True, assent=True)
        Consents(work).withdraw(known, [Modality.FACE])
        withdrawn = Consents(work).of(known)[0].stands(work.now_us)
        clock.advance(1)
        Consents(work).give(known, Modality.FACE, Purpose.TRAINING, 1, guardian=False, assent=True)
        (answer,) = Consents(work).of(known)
    assert (withdrawn, answer.guardian, answer.assent, answer.withdrawn_at_us) == (False, False, True, None)


def test_withdrawing_one_purpose_leaves_the_others(store: Store) -> None:
    known = learner(store)
    with store.work("north") as work:
        for purpose in Purpose:
            Consents(work).give(known, Modality.VOICE, purpose, 1, guardian=True, assent=True)
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
        expected: list[Outgoing] = [to_record(trial(session, number), session.key) for number in range(1, 9)]
        assert [record for _, record in Outbox(work).waiting(100)] == expected


def test_one_relay_works_at_a_time(store: Store, url: str, clock: ManualClock) -> None:
    other = Store.open(url, KEYS, clock)
    with store.relaying() as first, other.relaying() as second:
        at_once = (first, second)
    with other.relaying() as later:
        assert later
    other.close()
    assert at_once == (True, not store.is_postgres)  # an embedded database has one process


def test_the_audit_log_is_a_chain(store: Store) -> None:
    for subject in ("one", "two", "three"):
        with store.work("north") as work:
            Audit(work).add(actor="token", role=Role.TEACHER, action="view.progress", subject=subject)
    with store.reading("north") as work:
        audit = Audit(work)
        assert ([entry.subject for entry in audit.entries(after=1)], audit.first_broken()) == (["two", "three"], None)


@pytest.mark.parametrize("damage", ["changed", "deleted"])
def test_a_change_in_the_audit_log_shows(store: Store, damage: str) -> None:
    for subject in ("one", "two", "three"):
        with store.work("north") as work:
            Audit(work).add(actor="token", role=Role.TEACHER, action="view.progress", subject=subject)
    with store.work("north") as work:
        second = AuditEntry.number == 2
        work.rows.execute(
            update(AuditEntry).where(second).values(subject="nobody") if damage == "changed" else delete(AuditEntry).where(second)
        )
    with store.reading("north") as work:
        assert Audit(work).first_broken() == 2


def test_appenders_of_the_audit_log_take_turns(store: Store) -> None:
    def append() -> None:
        with store.work("north") as work:
            Audit(work).add(actor="token", role=Role.ADMIN, action="view.progress", subject="x")

    threads = [threading.Thread(target=append) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading("north") as work:
        assert (len(Audit(work).entries()), Audit(work).first_broken()) == (6, None)


def test_a_token_opens_its_tenant_until_it_expires(store: Store, clock: ManualClock) -> None:
    with store.work("north") as work:
        token, secret = Tokens(work).issue(Role.TEACHER, lasts_s=60)
        assert secret not in {token.secret_hash, token.token_id}
    caller = caller_of(store, secret)
    clock.advance(60)
    with pytest.raises(NotAllowed, match="expired"):
        caller_of(store, secret)
    assert (caller.tenant_id, caller.role) == ("north", Role.TEACHER)


def test_a_revoked_token_opens_nothing(store: Store) -> None:
    with store.work("north") as work:
        token, secret = Tokens(work).issue(Role.ADMIN)
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
        _, secret = Tokens(work).issue(Role.ADMIN)
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
            Consents(work).give(row.learner_id, Modality.FACE, Purpose.TRAINING, 1, guardian=True, assent=True)
    with store.work("north") as work:
        forgotten = People(work).erase(known)
    with store.reading("north") as work:
        counts = [
            work.rows.scalar(select(func.count()).select_from(table)) for table in (Learner, VaultName, TrainingSession, Trial, OutboxRow)
        ]
        with pytest.raises(UnknownLearner):
            People(work).key(known)
        assert People(work).name(other) == "Grace"
    assert (forgotten, counts) == ([sessions[0].session_id], [2, 1, 1, 1, 1])


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
    assert record == to_record(event, session.key)
