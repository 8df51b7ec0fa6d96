"""One behaviour of every loop: memory and Kafka polled, and Faust."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from affectloop.bus import Bus, Outgoing
from affectloop.bus.memory import MemoryBus
from affectloop.clock import SystemClock
from affectloop.codec import from_record, to_json, to_record
from affectloop.events import Event
from affectloop.runtime.polling_loop import POLL_S, run_polling
from affectloop.runtime.processor_host import ProcessorHost
from affectloop.runtime.service import Service
from affectloop.session import Fault, Session
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import ESTIMATES, PHYSIO_FEATURES, SIGNALS, TOPICS
from toys import FUSION, PHYSIO, VOICE, MeanSignal, signal, sound, toy_session

STOPPED = [Fault("physio", PHYSIO_FEATURES.name)]
PATIENCE_S = 60.0  # a rebalance after a crash takes a session timeout; a busy machine longer
Runner = Callable[..., None]


@dataclass
class Place:
    """A bus and the loop on it."""

    bus: Bus
    run: Runner
    runtime: RuntimeSettings


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka), pytest.param("faust", marks=pytest.mark.kafka)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "memory":
        bus = MemoryBus(partitions=4)
        yield Place(bus, run_polling, RuntimeSettings(partitions=4))
        bus.close()
        return
    from affectloop.bus.kafka import KafkaBus
    from affectloop.runtime.faust_loop import run_faust

    address = request.getfixturevalue("fresh_kafka")
    kafka = KafkaBus(address, partitions=4, session_timeout_ms=3000)
    kafka.create(TOPICS)
    runtime = RuntimeSettings(bus=f"kafka://{address}", partitions=4, kafka_session_timeout_ms=3000)
    yield Place(kafka, run_polling if request.param == "kafka" else run_faust, runtime)


class Running:
    """A service's loop in a thread."""

    def __init__(self, place: Place, service: Service, live: MemoryLiveState) -> None:
        self._stop = threading.Event()
        self.error: BaseException | None = None
        host = ProcessorHost(service, None, live, place.runtime, SystemClock())
        self._thread = threading.Thread(target=self._run, args=(place, service, host), daemon=True)
        self._thread.start()

    def _run(self, place: Place, service: Service, host: ProcessorHost) -> None:
        try:
            place.run(service, host, place.bus, place.runtime, self._stop)
        except BaseException as error:
            self.error = error

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive(), "a loop leaves within 20 s"
        if self.error is not None:
            raise self.error


def send(place: Place, session: Session, seconds: int = 12, first: int = 0, last: bool = True) -> None:
    """A session's streams, second by second."""
    records: list[Outgoing] = []
    for number in range(first, seconds):
        end = last and number == seconds - 1
        records += [
            to_record(signal(session.session_id, stream, number, number % 7, last=end), session.key) for stream in ("eda", "temperature")
        ]
        records += [
            to_record(sound(session.session_id, 4 * number + part, 1000 * part, last=end and part == 3), session.key) for part in range(4)
        ]
    producer = place.bus.producer(durable=True)
    producer.send(records)
    producer.close()


def outputs(place: Place, topic: str, sessions: dict[str, Session], until_ended: int) -> dict[tuple[str, int], Any]:
    """The first copy of each output, once that many sessions have ended."""
    tail = place.bus.tail([topic], from_start=True)
    first: dict[tuple[str, int], Any] = {}
    ended: set[str] = set()
    until = time.monotonic() + PATIENCE_S
    while len(ended) < until_ended and time.monotonic() < until:
        for record in tail.poll(0.2, 1000):
            event = from_record(record, sessions[record.key.decode()].key)
            first.setdefault((event.header.session_id, event.header.sequence), to_json(event))
            if event.header.ends_stream:
                ended.add(event.header.session_id)
    tail.close()
    assert len(ended) == until_ended, f"{len(ended)} of {until_ended} sessions ended within {PATIENCE_S} s"
    return first


def opened(live: MemoryLiveState, *names: str) -> dict[str, Session]:
    sessions = {name: toy_session(name) for name in names}
    for session in sessions.values():
        live.put_session(session)
    return sessions


def reference(names: tuple[str, ...]) -> dict[tuple[str, int], Any]:
    """The same sessions on the memory bus, undisturbed."""
    place, live = Place(MemoryBus(partitions=4), run_polling, RuntimeSettings(partitions=4)), MemoryLiveState()
    sessions = opened(live, *names)
    running = [Running(place, service, live) for service in (PHYSIO, VOICE, FUSION)]
    for session in sessions.values():
        send(place, session)
    found = outputs(place, ESTIMATES.name, sessions, len(names))
    for loop in running:
        loop.stop()
    return found


def test_sessions_pass_through_three_services_in_order_and_unmixed(place: Place) -> None:
    live = MemoryLiveState()
    names = tuple(f"s{number}" for number in range(5))
    sessions = opened(live, *names)
    running = [Running(place, service, live) for service in (PHYSIO, VOICE, FUSION)]
    for session in sessions.values():
        send(place, session)
    found = outputs(place, ESTIMATES.name, sessions, len(names))
    for loop in running:
        loop.stop()
    assert found == reference(names)


class BreaksOnOneSession(MeanSignal):
    """A processor with a fault that one session's third chunk brings out."""

    def step(self, event: Event) -> Iterable[Event]:
        if event.header.session_id == "poisoned" and event.header.sequence >= 8:
            raise ZeroDivisionError
        return super().step(event)


def test_a_poisoned_record_stops_its_own_session_and_survives_no_restart(place: Place) -> None:
    live, broken = MemoryLiveState(), replace(PHYSIO, processor=BreaksOnOneSession)
    sessions = opened(live, "poisoned", "s0", "s1")
    running = [Running(place, broken, live)]
    send(place, sessions["poisoned"])
    until = time.monotonic() + PATIENCE_S
    while live.session("poisoned") == sessions["poisoned"] and time.monotonic() < until:
        time.sleep(0.05)
    assert live.session("poisoned") == sessions["poisoned"].with_faults(STOPPED)
    running[0].stop()
    running = [Running(place, service, live) for service in (broken, VOICE, FUSION)]
    for name in ("s0", "s1"):
        send(place, sessions[name])
    found = outputs(place, ESTIMATES.name, sessions, len(sessions))
    for loop in running:
        loop.stop()
    assert {key: value for key, value in found.items() if key[0] != "poisoned"} == reference(("s0", "s1"))
    assert [key for key in found if key[0] == "poisoned"], "the voice goes on without the body"


def test_a_service_that_stops_goes_on_where_it_was(place: Place) -> None:
    live = MemoryLiveState()
    sessions = opened(live, "s0")
    first = Running(place, PHYSIO, live)
    send(place, sessions["s0"], seconds=6, last=False)
    time.sleep(2)
    first.stop()
    send(place, sessions["s0"], first=6)
    second = Running(place, PHYSIO, live)
    found = outputs(place, PHYSIO_FEATURES.name, sessions, 1)
    second.stop()
    hops = sorted(hop for _, hop in found)
    assert hops == list(range(hops[0], hops[0] + 25))


def test_two_workers_share_the_sessions_and_one_takes_over(place: Place) -> None:
    live = MemoryLiveState()
    names = tuple(f"s{number}" for number in range(8))
    sessions = opened(live, *names)
    workers = [Running(place, PHYSIO, live) for _ in range(2)]
    for session in sessions.values():
        send(place, session, seconds=6, last=False)
    time.sleep(2)
    workers[0].stop()
    for session in sessions.values():
        send(place, session, first=6)
    found = outputs(place, PHYSIO_FEATURES.name, sessions, len(names))
    workers[1].stop()
    assert {name for name, _ in found} == set(names)
    assert len(found) == 25 * len(names)


def test_a_worker_that_joins_changes_nothing_in_the_sessions_that_the_first_one_keeps(place: Place) -> None:
    live = MemoryLiveState()
    names = tuple(f"s{number}" for number in range(8))
    sessions = opened(live, *names)
    running = [Running(place, service, live) for service in (PHYSIO, VOICE, FUSION)]
    for session in sessions.values():
        send(place, session, seconds=6, last=False)
    time.sleep(2)
    running.append(Running(place, FUSION, live))
    time.sleep(2)
    for session in sessions.values():
        send(place, session, first=6)
    found = outputs(place, ESTIMATES.name, sessions, len(names))
    for loop in running:
        loop.stop()
    assert found == reference(names)


def test_an_unreadable_record_becomes_a_dead_letter_and_the_rest_goes_on(place: Place) -> None:
    live = MemoryLiveState()
    sessions = opened(live, "s0")
    producer = place.bus.producer(durable=True)
    producer.send([Outgoing(SIGNALS.name, b"s0", b"\x00random", {"stream": b"eda", "key-id": sessions["s0"].key.key_id.encode()})])
    loop = Running(place, PHYSIO, live)
    send(place, sessions["s0"])
    found = outputs(place, PHYSIO_FEATURES.name, sessions, 1)
    loop.stop()
    letters = place.bus.tail([SIGNALS.dead_letters], from_start=True)
    (letter,) = _some(letters)
    assert letter.value == b"\x00random"
    assert b"payload" in letter.headers["field"]
    assert len(found) == 25


def test_loops_without_records_wait_and_wake_nobody(place: Place) -> None:
    live, stop, turns = MemoryLiveState(), threading.Event(), [0, 0, 0]

    def turned(index: int) -> None:
        turns[index] += 1

    def run(index: int, service: Service) -> None:
        host = ProcessorHost(service, None, live, place.runtime, SystemClock())
        place.run(service, host, place.bus, place.runtime, stop, lambda: turned(index))

    loops = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate((PHYSIO, VOICE, FUSION))]
    for loop in loops:
        loop.start()
    until = time.monotonic() + PATIENCE_S
    while not all(turns) and time.monotonic() < until:
        time.sleep(0.1)
    before, seconds = list(turns), 2.0
    time.sleep(seconds)
    made = [after - earlier for after, earlier in zip(turns, before, strict=True)]
    stop.set()
    for loop in loops:
        loop.join(20)
    assert all(0 < count <= 2 * seconds / POLL_S for count in made), f"{made} turns in {seconds} s without a record"


def test_a_large_frame_passes(place: Place) -> None:
    from affectloop.topics import FRAMES

    producer = place.bus.producer(durable=False)
    tail = place.bus.tail([FRAMES.name])
    producer.send([Outgoing(FRAMES.name, b"s0", bytes(3_900_000), {})])
    (record,) = _some(tail)
    assert len(record.value) == 3_900_000


def _some(consumer: Any) -> list[Any]:
    until = time.monotonic() + PATIENCE_S
    found: list[Any] = []
    while not found and time.monotonic() < until:
        found = consumer.poll(0.2, 100)
    consumer.close()
    return list(found)
