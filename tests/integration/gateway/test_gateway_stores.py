"""The gateway over a real PostgreSQL and a real Redis: races that one process with one lock cannot show."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from redis import Redis
from sqlalchemy import text

from affectloop.clock import ManualClock
from affectloop.codec import from_record
from affectloop.errors import InvalidInput
from affectloop.events import Modality, TrialAnswered
from affectloop.store.live.redis import RedisLiveState
from affectloop.store.sql.database import Store
from affectloop.store.sql.people import People, add_tenant
from affectloop.topics import TRIALS
from affectloop_gateway.health import missing
from affectloop_gateway.workers.maintenance import restore
from school import KEYS, School, opened
from servers.postgres import fresh_database, postgres_server
from servers.redis import CannotStart
from strange_requests import STRANGE, Strange, sent

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
WRITERS = 6


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_server())
        except CannotStart as error:
            pytest.skip(str(error))
        yield stack.enter_context(fresh_database(server))


@pytest.fixture
def at(database: str, redis_address: str) -> Iterator[School]:
    clock = ManualClock()
    store, live = Store.open(database, KEYS, clock), RedisLiveState(redis_address, prefix="school")
    for tenant in ("north", "south"):
        add_tenant(store, tenant, title=tenant, profile="demo")
    with opened(store, live, clock) as school:
        yield school
    live.close()
    store.close()


def test_answers_from_many_threads_are_numbered_and_published_in_order(at: School) -> None:
    session_id = at.start()["session_id"]

    def answer(writer: int) -> None:
        for number in range(4):
            assert at.answer(session_id, f"w{writer}-{number}").status_code == 201

    threads = [threading.Thread(target=answer, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        at.outbox.turn()  # beside them, as in life
    while at.outbox.turn():
        pass
    key = at.live_session(session_id).key
    events = [from_record(record, key) for record in at.records(TRIALS.name)]
    assert [event.header.sequence for event in events] == list(range(1, WRITERS * 4 + 1))
    assert len({event.trial_id for event in events if isinstance(event, TrialAnswered)}) == WRITERS * 4


def test_the_same_answer_from_many_threads_is_stored_once(at: School) -> None:
    session_id, codes = at.start()["session_id"], list[int]()
    threads = [threading.Thread(target=lambda: codes.append(at.answer(session_id, "one").status_code)) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] * (WRITERS - 1) + [201]


def test_a_withdrawal_while_sessions_start_leaves_none_that_reads_it(at: School) -> None:
    for _ in range(4):
        learner_id = at.learner()
        starting = [threading.Thread(target=at.start, args=(learner_id,)) for _ in range(3)]
        for thread in starting:
            thread.start()
        at.call("DELETE", f"/v1/learners/{learner_id}/consents/face")
        for thread in starting:
            thread.join()
        listed = at.call("GET", "/v1/sessions", learner_id=learner_id).json()
        allowed = [at.live_session(one["session_id"]).consented for one in listed]
        assert [Modality.FACE in consented for consented in allowed] == [False, False, False]


def test_a_change_of_profile_beside_answers_and_starting_sessions_leaves_none_that_is_read(at: School) -> None:
    learner_id = at.learner()
    running = at.start(learner_id)["session_id"]

    def answer(writer: int) -> None:
        for number in range(3):
            assert at.answer(running, f"w{writer}-{number}").status_code == 201

    beside = [threading.Thread(target=answer, args=(writer,)) for writer in range(3)]
    beside += [threading.Thread(target=at.start, args=(learner_id,)) for _ in range(3)]
    for thread in beside:
        thread.start()
    changed = at.call("PUT", "/v1/tenant/profile", {"profile": "us-school"})
    for thread in beside:
        thread.join()
    with at.store.work("north") as work:
        People(work).tenant().profile = "demo"  # for the other tests
    listed = at.call("GET", "/v1/sessions", learner_id=learner_id).json()
    assert (changed.status_code, len(listed)) == (200, 4)
    assert {at.live_session(one["session_id"]).consented for one in listed} == {frozenset()}


def test_acts_looks_and_denials_are_audited_from_many_threads_in_one_chain(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    tokens = [at.token(role) for role in ("teacher", "counsellor", "researcher", "platform")]
    paths = [f"/v1/sessions/{session_id}/estimate", f"/v1/learners/{learner_id}/name", "/v1/audit"]
    asking = [threading.Thread(target=at.call, args=("GET", path), kwargs={"token": token}) for token in tokens for path in paths]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    entries = [(role, action) for role, action, subject in at.audited() if subject in {session_id, learner_id, "north"}]
    assert {("teacher", "view.estimate.denied"), ("counsellor", "view.estimate"), ("researcher", "view.audit.denied")} <= set(entries)
    assert at.call("GET", "/v1/audit").json()["first_broken"] is None


def test_after_redis_was_emptied_every_open_session_comes_back(at: School, redis_address: str) -> None:
    sessions = {name: at.live_session(name) for name in (at.start()["session_id"] for _ in range(3))}
    with Redis.from_url(redis_address) as redis:
        redis.delete(*redis.scan_iter("school:*"))  # the server may be somebody else's
    restore(at.dependencies)
    assert {name: at.live_session(name) for name in sessions} == sessions


def test_an_erasure_beside_a_restoration_wins(at: School) -> None:
    for _ in range(4):
        learner_id = at.learner()
        session_id = at.start(learner_id)["session_id"]
        at.live.forget_session(session_id)
        restoring = threading.Thread(target=restore, args=(at.dependencies,))
        restoring.start()
        assert at.call("DELETE", f"/v1/learners/{learner_id}").status_code == 200
        restoring.join()
        assert at.live.session(session_id) is None


def test_the_gateway_is_ready_with_both_and_not_without(at: School) -> None:
    assert missing(at.dependencies) == []
    away = RedisLiveState("redis://127.0.0.1:1/0")
    with opened(at.store, away, at.clock) as without:
        lacking = missing(without.dependencies)
    away.close()
    assert lacking == ["live state"]


@pytest.mark.parametrize("strange", STRANGE, ids=lambda strange: strange.name)
def test_what_no_database_holds_is_refused_over_postgresql_too(at: School, strange: Strange) -> None:
    assert 400 <= sent(at, strange).status_code < 500


@pytest.mark.parametrize("value", [1 << 70, "a\0b"])
def test_what_passes_every_check_and_is_no_value_is_bad_input(at: School, value: object) -> None:
    column = "birth_year" if isinstance(value, int) else "learner_id"
    with pytest.raises(InvalidInput, match="no"), at.store.work("north") as work:
        work.rows.connection().execute(text(f"SELECT * FROM learners WHERE {column} = :value"), {"value": value})
