"""After an erasure nothing of it can be carved from what the running gateway has: files, live state, bus, recordings."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from redis import Redis

from affectloop.clock import ManualClock
from affectloop.codec import KEY_ID, encode, from_record, to_record
from affectloop.errors import InvalidMessage
from affectloop.recording import RecordingWriter, key_path
from affectloop.sealing import new_key
from affectloop.store.live import LiveState
from affectloop.store.live.memory import MemoryLiveState
from affectloop.store.live.redis import RedisLiveState
from affectloop.store.sql.database import Store
from affectloop.store.sql.people import add_tenant
from affectloop.store.sql.tables import Baseline, LearnerKey, TrainingSession, VaultName
from affectloop.topics import TOPICS
from school import KEYS, School, opened


@dataclass
class Traces:
    """What a learner leaves: bytes that can be looked for, by what they are."""

    learner_id: str
    sessions: list[str] = field(default_factory=list)
    needles: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def live(request: pytest.FixtureRequest) -> Iterator[LiveState]:
    if request.param == "memory":
        yield MemoryLiveState(ManualClock())
        return
    state = RedisLiveState(request.getfixturevalue("redis_address"), prefix="erasure")
    yield state
    state.close()


@pytest.fixture
def at(tmp_path: Path, live: LiveState) -> Iterator[School]:
    clock = ManualClock()
    store = Store.open(f"sqlite:///{tmp_path / 'var' / 'facts.db'}", KEYS, clock)
    for tenant in ("north", "south"):
        add_tenant(store, tenant, title=tenant, profile="demo")
    with opened(store, live, clock, recordings=tmp_path / "var") as school:
        yield school
    store.close()


def a_life(at: School, name: str, folder: Path) -> Traces:
    """A learner with a name, a class, consents, two sessions with answers, a baseline, and a recording."""
    learner_id = at.call("POST", "/v1/learners", {"name": name, "class_id": f"class-of-{name}", "birth_year": 2000}).json()["learner_id"]
    at.call("PUT", f"/v1/learners/{learner_id}/consents/face", {"version": 1, "guardian": True, "assent": True})
    traces = Traces(learner_id)
    for number in range(2):
        session_id = at.start(learner_id)["session_id"]
        for trial in range(6):
            assert at.answer(session_id, f"trial-of-{name}-{number}-{trial}").status_code == 201
        at.ingest(at.baseline(session_id, "recommender.ability", 0.25, at_s=1), at.directive(session_id, 1))
        at.outbox.turn()
        traces.needles[f"key {number}"] = at.live_session(session_id).key.secret
        traces.sessions.append(session_id)
        with RecordingWriter(folder / f"{name}-{number}.affectloop", at.live_session(session_id)) as recording:
            recording.write(at.records())
    with at.store.reading("north") as work:
        rows = work.rows
        traces.needles["learner key"] = rows.get_one(LearnerKey, ("north", learner_id)).wrapped
        traces.needles["name"] = rows.get_one(VaultName, ("north", learner_id)).sealed
        traces.needles["baseline"] = rows.get_one(Baseline, ("north", learner_id, "recommender.ability")).sealed
        for session_id in traces.sessions:
            traces.needles[f"wrapped {session_id}"] = rows.get_one(TrainingSession, ("north", session_id)).wrapped_key or b""
    traces.needles |= {"trials": f"trial-of-{name}".encode(), "class": f"class-of-{name}".encode()}
    return traces


def carved(folder: Path, needles: dict[str, bytes]) -> set[str]:
    """Which of these the files of the database hold: in its pages, free ones too, its log and its index."""
    content = b"".join(path.read_bytes() for path in sorted(folder.glob("facts.db*")))
    return {what for what, needle in needles.items() if needle in content}


def test_nothing_of_an_erased_learner_can_be_carved_from_the_files_while_the_gateway_runs(at: School, tmp_path: Path) -> None:
    folder = tmp_path / "var"
    lives = {name: a_life(at, name, folder) for name in ("ada", "bea", "cleo", "dora")}
    before = carved(folder, lives["bea"].needles)
    assert {"learner key", "name", "baseline", "trials", "class"} <= before, "what is there can be carved"
    for name in ("bea", "dora"):
        assert at.call("DELETE", f"/v1/learners/{lives[name].learner_id}").status_code == 200
    for name in ("bea", "dora"):
        assert carved(folder, lives[name].needles) == set(), name
    for name in ("ada", "cleo"):
        assert "learner key" in carved(folder, lives[name].needles)
        assert at.call("GET", f"/v1/learners/{lives[name].learner_id}/name").json()["name"] == name


def test_a_reader_delays_the_cut_and_the_next_one_does_it(at: School, tmp_path: Path) -> None:
    life = a_life(at, "eve", tmp_path / "var")
    with at.store.reading("north") as work:
        assert work.rows.get(LearnerKey, ("north", life.learner_id)) is not None
        at.learner()  # a writer goes on meanwhile: its page is in the log, beyond what the reader sees
        assert not at.store.scrub()
    at.call("DELETE", f"/v1/learners/{life.learner_id}")
    assert at.store.scrub()
    assert carved(tmp_path / "var", life.needles) == set()


def test_live_state_holds_nothing_of_it(at: School, live: LiveState, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    life = a_life(at, "fay", tmp_path / "var")
    at.call("DELETE", f"/v1/learners/{life.learner_id}")
    for session_id in life.sessions:
        live.put_latest(session_id, "estimate", b"late")
        assert (live.session(session_id), live.latest(session_id, "estimate"), live.baselines(session_id)) == (None, None, {})
    if isinstance(live, MemoryLiveState):
        assert not any(session_id in repr(vars(live)) for session_id in life.sessions)
        return
    with Redis.from_url(request.getfixturevalue("redis_address")) as redis:
        dumped = b"".join(key + (redis.dump(key) or b"") for key in redis.scan_iter("erasure*"))
        if "REDIS_URL" not in os.environ:
            redis.save()
            dumped += Path(redis.config_get("dir")["dir"], redis.config_get("dbfilename")["dbfilename"]).read_bytes()
    assert not [what for what, needle in life.needles.items() if needle in dumped]


def test_facts_on_the_bus_are_closed_for_ever(at: School, tmp_path: Path) -> None:
    life = a_life(at, "gil", tmp_path / "var")
    keys = [at.live_session(session_id).key for session_id in life.sessions]
    at.call("DELETE", f"/v1/learners/{life.learner_id}")
    records = [record for record in at.records(*(topic.name for topic in TOPICS)) if record.key.decode() in life.sessions]
    assert {record.topic for record in records} >= {"session.trials.v1", "session.events.v1"}
    for record in records:
        assert b"gil" not in record.value
        assert encode(from_record(record, keys[life.sessions.index(record.key.decode())])) not in record.value
        with pytest.raises(InvalidMessage):
            from_record(record, new_key())


def test_the_keys_of_its_recordings_are_destroyed_and_no_others(at: School, tmp_path: Path) -> None:
    folder = tmp_path / "var"
    lives = {name: a_life(at, name, folder) for name in ("hal", "ida")}
    at.call("DELETE", f"/v1/learners/{lives['hal'].learner_id}")
    assert not any(key_path(folder / f"hal-{number}.affectloop").exists() for number in range(2))
    assert all(key_path(folder / f"ida-{number}.affectloop").exists() for number in range(2))


def test_the_receipt_lists_every_place_and_what_was_done_there(at: School, tmp_path: Path) -> None:
    life = a_life(at, "jan", tmp_path / "var")
    receipt = at.call("DELETE", f"/v1/learners/{life.learner_id}").json()
    places = {each["place"]: each["done"] for each in receipt["places"]}
    assert set(places) == {"database", "live-state", "bus", "live-view", "recordings", "audit-log", "backups"}
    assert receipt["sessions"] == 2
    assert "overwritten" in places["database"]
    assert places["recordings"].startswith("2 keys")
    assert life.learner_id in json.dumps(receipt)


def test_only_its_owner_reads_the_database(at: School, tmp_path: Path) -> None:
    at.learner()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "var").glob("facts.db*")}
    assert set(modes.values()) == {0o600}
    assert {"facts.db", "facts.db-wal"} <= set(modes)


def test_an_erasure_that_live_state_does_not_answer_to_erases_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    store, away = Store.open(f"sqlite:///{tmp_path / 'facts.db'}", KEYS, clock), RedisLiveState("redis://127.0.0.1:1/0")
    add_tenant(store, "north", title="north", profile="demo")
    with opened(store, MemoryLiveState(clock), clock, recordings=tmp_path) as at:
        learner_id = at.learner()
        session_id = at.start(learner_id)["session_id"]
        with opened(store, away, clock, recordings=tmp_path) as without:
            assert without.call("DELETE", f"/v1/learners/{learner_id}", token=at.token()).status_code == 503
    with opened(store, MemoryLiveState(clock), clock, recordings=tmp_path) as again:
        assert again.call("GET", f"/v1/learners/{learner_id}").status_code == 200
        with store.reading("north") as work:
            assert work.rows.get(TrainingSession, ("north", session_id)) is not None
    store.close()


def test_facts_of_before_are_read_though_they_were_not_sealed(at: School) -> None:
    session_id = at.start()["session_id"]
    event, key = at.directive(session_id, 1), at.live_session(session_id).key
    sealed = to_record(event, key)
    unsealed = {name: value for name, value in sealed.headers.items() if name != KEY_ID}
    before = replace(at.record(event), value=encode(event), headers=unsealed)
    assert encode(from_record(before, key)) == encode(event)


def test_what_was_measured_is_not_read_unsealed(at: School) -> None:
    session_id = at.start()["session_id"]
    event = at.estimate(session_id)
    record = at.record(event)
    record = replace(record, headers={name: value for name, value in record.headers.items() if name != KEY_ID})
    with pytest.raises(InvalidMessage, match="key-id"):
        from_record(record, at.live_session(session_id).key)
