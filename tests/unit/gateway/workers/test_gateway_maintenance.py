"""What the gateway keeps: the others' events, live state after a loss, nothing beyond its retention."""

import threading
from dataclasses import replace

import pytest

from affectloop.bus import Record
from affectloop.codec import decode, to_record
from affectloop.errors import Unavailable
from affectloop.events import Directive, EmotionEstimate, Modality
from affectloop.policy.profile import Role
from affectloop.store.live.grants import holds_grant
from affectloop.store.sql.database import EVERY_TENANT
from affectloop.store.sql.people import People
from affectloop.store.sql.sessions import Sessions
from affectloop.store.sql.tables import OutboxRow
from affectloop.store.sql.tokens import Caller
from affectloop.store.sql.training import Baselines, Directives
from affectloop_gateway.api.sessions.end import end
from affectloop_gateway.workers.fact_ingest import FactIngest
from affectloop_gateway.workers.maintenance import expire, restore
from school import School, with_profile

DAY_S = 86_400
ADMIN = Caller("north", "t", Role.ADMIN, "head-office")


@pytest.fixture
def session_id(at: School) -> str:
    return str(at.start()["session_id"])


def test_directives_are_kept_in_the_database_and_the_latest_in_live_state(at: School, session_id: str) -> None:
    at.ingest(at.directive(session_id, 0), at.directive(session_id, 1, level=6))
    with at.store.reading("north") as work:
        kept = [row.directive["level"] for row in Directives(work).of(session_id)]
    latest = at.live.latest(session_id, "directive")
    assert latest is not None
    newest = decode(Directive, latest)
    assert isinstance(newest, Directive)
    assert (kept, newest.level) == ([5, 6], 6)


def test_collecting_twice_is_collecting_once(at: School, session_id: str) -> None:
    for _ in range(2):
        at.ingest(at.directive(session_id, 0), at.baseline(session_id, "face.neutral", 1))
    with at.store.reading("north") as work:
        assert len(Directives(work).of(session_id)) == 1


def test_the_latest_estimate_is_in_live_state_only(at: School, session_id: str) -> None:
    at.ingest(at.estimate(session_id, 0.5))
    latest = at.live.latest(session_id, "estimate")
    assert latest is not None
    assert isinstance(decode(EmotionEstimate, latest), EmotionEstimate)


def test_baselines_are_kept_for_the_learner(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    at.ingest(at.baseline(session_id, "physio.rest", 62.5))
    with at.store.reading("north") as work:
        (kept,) = Baselines(work).of(learner_id, People(work).key(learner_id), frozenset(Modality))
    assert (kept.name, float(kept.values[0])) == ("physio.rest", 62.5)


def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(at: School, session_id: str) -> None:
    good, bad = at.record(at.directive(session_id, 0)), at.record(at.estimate(session_id))
    broken = replace(bad, value=b"random bytes")
    (letter,) = FactIngest(at.store, at.live, at.bus, at.clock).take([broken, good])
    with at.store.reading("north") as work:
        kept = len(Directives(work).of(session_id))
    assert (letter.topic, letter.headers["field"], kept) == ("emotion.estimates.v1.dlq", b"payload", 1)


def test_records_of_an_unknown_session_are_left_out(at: School, session_id: str) -> None:
    record = at.record(at.directive(session_id, 0))
    at.live.forget_session(session_id)
    assert FactIngest(at.store, at.live, at.bus, at.clock).take([record]) == []


def test_what_the_fact_ingest_could_not_store_comes_again(at: School, session_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = at.live_session(session_id)
    at.bus.producer(durable=True).send([to_record(at.directive(session_id, 0), session.key)])
    ingest, taken = FactIngest(at.store, at.live, at.bus, at.clock), []

    def broken(records: list[Record]) -> None:
        taken.append(len(records))
        raise Unavailable("the database is away")

    monkeypatch.setattr(ingest, "take", broken)
    with pytest.raises(Unavailable):
        ingest._ingest_until_broken(threading.Event())
    consumer = at.bus.consumer("gateway", ["session.directives.v1"], lambda lost: None)
    assert (taken, len(consumer.poll(0, 10))) == ([1], 1)


def test_a_lost_live_state_comes_back_from_the_database(at: School) -> None:
    learner_id = at.learner()
    started = at.start(learner_id)
    session_id = started["session_id"]
    before = at.live_session(session_id)
    at.ingest(at.baseline(session_id, "face.neutral", 1))
    at.live.forget_session(session_id)
    assert (restore(at.dependencies), restore(at.dependencies)) == (1, 0)
    assert at.live_session(session_id) == before
    assert holds_grant(at.live, session_id, started["streaming_token"])
    assert list(at.live.baselines(session_id)) == ["face.neutral"]


def test_a_session_comes_back_with_the_consents_of_now(at: School) -> None:
    learner_id = at.learner()
    session_id = at.start(learner_id)["session_id"]
    at.live.forget_session(session_id)
    at.call("DELETE", f"/v1/learners/{learner_id}/consents/face")
    restore(at.dependencies)
    assert at.live_session(session_id).consented == {Modality.WRISTBAND, Modality.VOICE}


def test_an_ended_session_comes_back_as_ended_while_its_records_may_be_read(at: School, session_id: str) -> None:
    end(at.dependencies, ADMIN, session_id, None)
    at.live.forget_session(session_id)
    restore(at.dependencies)
    assert at.live_session(session_id).ended_at_us is not None


def test_an_erased_session_does_not_come_back(at: School) -> None:
    learner_id = at.learner()
    at.start(learner_id)
    at.call("DELETE", f"/v1/learners/{learner_id}")
    assert (restore(at.dependencies), at.live.sessions()) == (0, [])


def test_the_key_goes_when_its_retention_ends(at: School, session_id: str) -> None:
    end(at.dependencies, ADMIN, session_id, None)
    seen = []
    for seconds in (DAY_S - 1, 1):
        at.clock.advance(seconds)
        expire(at.dependencies)
        restore(at.dependencies)
        seen.append(at.live.session(session_id) is not None)
    assert seen == [True, False]
    assert at.call("GET", f"/v1/sessions/{session_id}/events").status_code == 200  # facts stay


def test_in_an_eu_school_the_key_goes_with_the_session(at: School) -> None:
    with_profile(at, "eu-school")
    session_id = at.start()["session_id"]
    end(at.dependencies, ADMIN, session_id, None)
    expire(at.dependencies)
    assert at.live.sessions() == []


def test_what_a_consent_that_has_expired_allowed_is_read_no_more(at: School) -> None:
    learner_id = at.learner()
    consent = {"version": 1, "assent": True, "expires_at_us": at.clock.wall_us() + 100_000_000}
    at.call("PUT", f"/v1/learners/{learner_id}/consents/face", consent)
    sessions = [at.start(whose)["session_id"] for whose in (learner_id, at.learner())]
    seen = []
    for seconds in (99, 1):
        at.clock.advance(seconds)
        expire(at.dependencies)
        seen.append([Modality.FACE in at.live_session(name).consented for name in sessions])
    assert seen == [[True, True], [False, True]]
    with at.store.reading("north") as work:
        assert Sessions(work).get(sessions[0]).consented == ["voice", "wristband"]


def test_a_session_that_nobody_ended_is_ended(at: School, session_id: str) -> None:
    at.clock.advance(at.dependencies.settings.abandoned_after_s + 1)
    expire(at.dependencies)
    with at.store.reading("north") as work:
        assert Sessions(work).get(session_id).ended_at_us == at.clock.wall_us()
    assert at.live_session(session_id).ended_at_us == at.clock.wall_us()


def test_what_the_outbox_has_published_is_cleared_later_and_what_waits_is_not(at: School, session_id: str) -> None:
    at.outbox.turn()
    at.answer(session_id, "one")
    at.clock.advance(3_601)
    expire(at.dependencies)
    with at.store.reading(EVERY_TENANT) as work:
        assert [row.topic for row in work.rows.query(OutboxRow)] == ["session.trials.v1"]


def test_a_fact_that_cannot_be_stored_is_a_dead_letter_and_costs_no_other(
    at: School, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Directives.keep

    def broken(self: Directives, event: Directive) -> None:
        if event.header.sequence == 1:
            raise ValueError("what a person wrote")
        keep(self, event)

    monkeypatch.setattr(Directives, "keep", broken)
    (letter,) = at.ingest(*(at.directive(session_id, number) for number in range(3)))
    with at.store.reading("north") as work:
        assert [row.number for row in Directives(work).of(session_id)] == [0, 2]
    assert (letter.topic, b"what a person wrote" in letter.headers["error"]) == ("session.directives.v1.dlq", False)


def test_a_session_that_cannot_be_restored_costs_no_other(at: School, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [str(at.start()["session_id"]) for _ in range(3)]
    with at.store.work("north") as work:
        Sessions(work).get(ids[1]).wrapped_key = b"carved by somebody"
    for session_id in ids:
        at.live.forget_session(session_id)
    assert restore(at.dependencies) == 2
    assert [at.live.session(session_id) is not None for session_id in ids] == [True, False, True]


def test_a_store_that_refuses_has_ended_nothing_and_the_end_may_be_asked_for_again(
    at: School, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Sessions, *_: object) -> None:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Sessions, "note", full)
        assert at.call("POST", f"/v1/sessions/{session_id}/end").status_code == 503
    assert (at.live_session(session_id).ended_at_us, at.call("GET", f"/v1/sessions/{session_id}").json()["ended_at_us"]) == (None, None)
    assert at.call("POST", f"/v1/sessions/{session_id}/end").status_code == 200
    assert at.live_session(session_id).ended_at_us is not None


def test_an_end_that_live_state_missed_reaches_it(at: School, session_id: str) -> None:
    running = at.live_session(session_id)
    at.call("POST", f"/v1/sessions/{session_id}/end")
    at.live.put_session(running)
    restore(at.dependencies)
    assert at.live_session(session_id).ended_at_us is not None
