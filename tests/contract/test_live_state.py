"""What live state does, the same in memory and in a real Redis."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from redis import Redis

from affectloop.clock import ManualClock
from affectloop.errors import Unavailable
from affectloop.events import Modality
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.store.live import LiveState
from affectloop.store.live.memory import MemoryLiveState
from affectloop.store.live.redis import RedisLiveState

WINDOW_S = 0.3


@dataclass(frozen=True)
class Backend:
    """One implementation, and how time passes for it."""

    live: LiveState
    pass_time: Callable[[float], None]


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        clock = ManualClock()
        yield Backend(MemoryLiveState(clock), clock.advance)
        return
    live = RedisLiveState(request.getfixturevalue("redis_address"), prefix=f"test-{secrets.token_hex(4)}")
    yield Backend(live, time.sleep)
    live.close()


@pytest.fixture
def live(backend: Backend) -> LiveState:
    return backend.live


def made(**changes: object) -> Session:
    session = new_session(
        mode=Mode.LIVE,
        captured=(Stream("capture.frames.v1", "camera"),),
        consented=frozenset({Modality.FACE, Modality.VOICE}),
        profile="demo",
        emotion_inference=True,
        started_at_us=1_767_225_600_000_000,
    )
    return replace(session, **changes)  # type: ignore[arg-type]


def test_several_sessions_are_read_at_once_as_they_are_now(live: LiveState) -> None:
    first, second = made(), made()
    for session in (first, second):
        live.put_session(session)
    names = [first.session_id, "nobody", second.session_id]
    assert live.sessions_named(names) == [first, None, second]
    changed = live.change_session(first.session_id, lambda session: session.with_consents(frozenset()))
    live.forget_session(second.session_id)
    assert live.sessions_named(names) == [changed, None, None]
    assert live.sessions_named([]) == []


def test_a_session_comes_back_as_it_was_put(live: LiveState) -> None:
    session = made(ended_at_us=1_767_225_700_000_000)
    live.put_session(session)
    assert live.session(session.session_id) == session


def test_an_unknown_session_is_none(live: LiveState) -> None:
    assert live.session("nobody") is None


def test_all_sessions_are_listed(live: LiveState) -> None:
    sessions = [made() for _ in range(3)]
    for session in sessions:
        live.put_session(session)
    assert live.sessions() == sorted(session.session_id for session in sessions)


def test_a_session_is_changed_in_place(live: LiveState) -> None:
    session = made()
    live.put_session(session)
    changed = live.change_session(session.session_id, lambda known: known.with_consents(frozenset()))
    assert changed is not None
    assert (changed.consented, live.session(session.session_id)) == (frozenset(), changed)


def test_changing_does_not_bring_an_erased_session_back(live: LiveState) -> None:
    session = made()
    live.put_session(session)
    live.forget_session(session.session_id)
    assert live.change_session(session.session_id, lambda known: known) is None
    assert live.sessions() == []


def test_changes_from_many_threads_are_all_kept(live: LiveState) -> None:
    session = made(learner_id="")
    live.put_session(session)

    def add(letter: str) -> None:
        for _ in range(5):
            live.change_session(session.session_id, lambda known: replace(known, learner_id=known.learner_id + letter))

    threads = [threading.Thread(target=add, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = live.session(session.session_id)
    assert kept is not None
    assert sorted(kept.learner_id) == sorted("abcd" * 5)


def test_forgetting_takes_everything_of_the_session_and_nothing_of_others(live: LiveState) -> None:
    one, other = made(), made()
    for session in (one, other):
        live.put_session(session)
        live.put_baseline(session.session_id, "face.neutral", 1, b"neutral")
        live.mark("fusion", session.session_id, "finished")
        live.put_latest(session.session_id, "estimate", b"calm")
    live.forget_session(one.session_id)
    left = [
        (live.session(name) is None, live.baselines(name), live.marks("fusion", name), live.latest(name, "estimate"))
        for name in (one.session_id, other.session_id)
    ]
    assert left == [(True, {}, frozenset(), None), (False, {"face.neutral": b"neutral"}, frozenset({"finished"}), b"calm")]


@pytest.mark.parametrize(("order", "kept"), [((1, 2), b"2"), ((2, 1), b"2"), ((2, 2), b"2 first")])
def test_the_newest_baseline_of_a_name_stays(live: LiveState, order: tuple[int, int], kept: bytes) -> None:
    live.put_session(made(session_id="session"))
    first, second = order
    live.put_baseline("session", "physio.rest", first, b"2 first" if first == second else str(first).encode())
    live.put_baseline("session", "physio.rest", second, str(second).encode())
    assert live.baselines("session") == {"physio.rest": kept}


def test_sequences_beyond_the_precision_of_floats_are_compared_exactly(live: LiveState) -> None:
    live.put_session(made(session_id="session"))
    newest = (1 << 61) + 1
    live.put_baseline("session", "rest", newest, b"new")
    live.put_baseline("session", "rest", newest - 1, b"old")
    live.put_baseline("session", "rest", 9, b"shorter")
    assert live.baselines("session") == {"rest": b"new"}


def test_values_are_opaque_bytes(live: LiveState) -> None:
    live.put_session(made(session_id="session"))
    every_byte = bytes(range(256))
    live.put_baseline("session", "any", 0, every_byte)
    live.put_latest("session", "any", every_byte)
    assert (live.baselines("session")["any"], live.latest("session", "any")) == (every_byte, every_byte)


def test_marks_belong_to_one_service_and_session(live: LiveState) -> None:
    for name in ("one", "two"):
        live.put_session(made(session_id=name))
    live.mark("face", "one", "finished")
    live.mark("face", "one", "ended:capture.frames.v1:camera")
    live.mark("fusion", "one", "finished")
    found = [live.marks(service, name) for service, name in (("face", "one"), ("fusion", "one"), ("face", "two"))]
    assert found == [{"finished", "ended:capture.frames.v1:camera"}, {"finished"}, set()]


def test_the_latest_value_of_a_kind_replaces_the_one_before(live: LiveState) -> None:
    live.put_session(made(session_id="session"))
    for value in (b"1", b"2"):
        live.put_latest("session", "directive", value)
    assert (live.latest("session", "directive"), live.latest("session", "estimate")) == (b"2", None)


def test_a_dropped_value_is_gone_and_dropping_it_again_is_nothing(live: LiveState) -> None:
    live.put_session(made(session_id="session"))
    live.put_latest("session", "estimate", b"calm")
    assert live.latest("session", "estimate") == b"calm"
    for _ in range(2):
        live.drop_latest("session", "estimate")
    assert live.latest("session", "estimate") is None


def test_what_is_written_for_a_session_that_was_forgotten_does_not_come_back(live: LiveState) -> None:
    session = made()
    live.put_session(session)
    live.forget_session(session.session_id)
    live.put_baseline(session.session_id, "face.neutral", 1, b"neutral")
    live.put_latest(session.session_id, "estimate", b"calm")
    live.mark("face", session.session_id, "finished")
    live.put_session(session)
    left = (live.baselines(session.session_id), live.latest(session.session_id, "estimate"), live.marks("face", session.session_id))
    assert left == ({}, None, frozenset())


def test_a_name_is_taken_once(live: LiveState) -> None:
    assert [live.take_once("nonce", 60), live.take_once("nonce", 60), live.take_once("other", 60)] == [True, False, True]


def test_one_of_many_takers_gets_the_name(live: LiveState) -> None:
    taken: list[bool] = []
    threads = [threading.Thread(target=lambda: taken.append(live.take_once("nonce", 60))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(True) == 1


def test_a_taken_name_is_free_again_after_its_time(backend: Backend) -> None:
    backend.live.take_once("nonce", WINDOW_S)
    backend.pass_time(WINDOW_S * 1.5)
    assert backend.live.take_once("nonce", WINDOW_S)


def test_events_are_counted_by_name(live: LiveState) -> None:
    assert [live.count_within(name, 60) for name in ("a", "a", "b", "a")] == [1, 2, 1, 3]


def test_events_beyond_the_window_count_no_more(backend: Backend) -> None:
    for _ in range(3):
        backend.live.count_within("a", WINDOW_S)
    backend.pass_time(WINDOW_S * 1.5)
    assert backend.live.count_within("a", WINDOW_S) == 1


def test_a_count_stays_at_its_most_and_takes_no_more_memory(live: LiveState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affectloop.store.live.memory.MOST_COUNTED", 5)
    monkeypatch.setattr("affectloop.store.live.redis.MOST_COUNTED", 5)
    assert [live.count_within("busy", 60) for _ in range(8)] == [1, 2, 3, 4, 5, 5, 5, 5]


def test_names_that_an_attacker_makes_up_are_bounded_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affectloop.store.live.memory.MOST_NAMES", 50)
    clock = ManualClock()
    live = MemoryLiveState(clock)
    for number in range(200):
        live.count_within(f"refused:{number}", 60)
        live.take_once(f"nonce:{number}", 60)
    assert live.names <= 50 + 200
    clock.advance(61)
    for number in range(60):
        live.count_within(f"later:{number}", 60)
        live.take_once(f"later:{number}", 60)
    assert live.names <= 50 + 60


@pytest.mark.redis
def test_in_redis_everything_expires(redis_address: str) -> None:
    live, prefix = RedisLiveState(redis_address, prefix=(name := f"test-{secrets.token_hex(4)}"), retention_s=50), f"{name}:"
    session = made()
    live.put_session(session)
    live.put_baseline(session.session_id, "face.neutral", 1, b"neutral")
    live.mark("face", session.session_id, "finished")
    live.put_latest(session.session_id, "estimate", b"calm")
    live.put_latest("a session that is not there", "estimate", b"calm")
    live.take_once("nonce", 50)
    live.count_within("rate", 50)
    with Redis.from_url(redis_address) as redis:
        keys: dict[str, float] = {key.decode(): redis.pttl(key) / 1000 for key in redis.scan_iter(f"{prefix}*")}
    live.close()
    expiring = {key for key, seconds in keys.items() if 0 < seconds <= 51}
    assert set(keys) - expiring == {f"{prefix}sessions"}  # an index whose entries expire with their sessions


@pytest.mark.redis
def test_what_belongs_to_a_session_does_not_outlive_its_key(redis_address: str) -> None:
    live = RedisLiveState(redis_address, prefix=f"test-{secrets.token_hex(4)}", retention_s=WINDOW_S)
    session = made()
    live.put_session(session)
    live.put_latest(session.session_id, "estimate", b"calm")
    time.sleep(WINDOW_S * 1.5)
    left = (live.session(session.session_id), live.latest(session.session_id, "estimate"), live.sessions())
    live.close()
    assert left == (None, None, [])


def test_a_redis_that_is_not_there_is_named_with_the_remedy() -> None:
    live = RedisLiveState("redis://127.0.0.1:1/0")
    with pytest.raises(Unavailable, match="Redis does not answer"):
        live.session("any")
    live.close()
