"""The rules of delivery hold over random interleavings, batch sizes, duplicates and kills: the proof that nothing more is needed."""

import random
from typing import Any

import pytest

from affectloop.bus import Consumer, Record
from affectloop.bus.memory import MemoryBus
from affectloop.clock import ManualClock
from affectloop.codec import from_record, to_json, to_record
from affectloop.events import Event
from affectloop.runtime.processor_host import ProcessorHost
from affectloop.runtime.service import Service
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import ESTIMATES
from toys import FUSION, PHYSIO, START_US, VOICE, signal, sound, toy_session

RUNTIME = RuntimeSettings()
SESSIONS = 3


class Worker:
    """A service's loop that a test turns by hand, and kills."""

    def __init__(self, service: Service, bus: MemoryBus, live: MemoryLiveState) -> None:
        self._service, self._bus, self._live = service, bus, live
        self._producer = bus.producer(durable=True)
        self._start()

    def _start(self) -> None:
        self._host = ProcessorHost(self._service, None, self._live, RUNTIME, ManualClock())
        self._consumer: Consumer = self._bus.consumer(
            self._service.name, [topic.name for topic in self._service.consumes], self._host.revoke
        )

    def kill(self) -> None:
        """All that it held is gone, but what it acknowledged."""
        self._consumer.close()
        self._start()

    def turn(self, count: int, dies: str = "") -> bool:
        records = self._consumer.poll(0, count)
        processed = self._host.process(records)
        if dies != "before publishing":
            self._producer.send(processed.outputs)
        if dies != "before acknowledging" and dies != "before publishing":
            self._consumer.acknowledge(self._host.commit(processed))
        if dies:
            self.kill()
        return bool(records)


def streams_of(session: int, seconds: int) -> list[Event]:
    """Streams of different pace and end, shuffled as networks do, each in its own order."""
    name, start = f"s{session}", START_US + session * 5_777_777
    rng = random.Random(session)
    timed: list[tuple[float, Event]] = []
    for stream, count in (("eda", seconds), ("temperature", seconds - 6)):
        timed += [
            (number + rng.random() * 0.1, signal(name, stream, number, rng.random() * 20, start_us=start, last=number == count - 1))
            for number in range(count)
        ]
    timed += [
        (number / 4 + rng.random() * 0.01, sound(name, number, rng.random() * 9000, start_us=start, last=number == seconds * 2 - 1))
        for number in range(seconds * 2)
    ]
    return [event for _, event in sorted(timed, key=lambda item: item[0])]


def run(seed: int, kills: int = 0, copies: bool = False, batch: int = 40) -> tuple[dict[tuple[str, int], Any], list[int]]:
    """The estimates of one run, first copy of each, and the records that each service leaves unacknowledged."""
    rng = random.Random(seed)
    bus, live = MemoryBus(partitions=2, clock=ManualClock()), MemoryLiveState(ManualClock())
    sessions = {f"s{number}": toy_session(f"s{number}") for number in range(SESSIONS)}
    for session in sessions.values():
        live.put_session(session)
    producer = bus.producer(durable=False)
    for number in range(SESSIONS):
        records = [to_record(event, sessions[f"s{number}"].key) for event in streams_of(number, 15)]
        sent = []
        for record in records:
            sent.append(record)
            if copies and rng.random() < 0.05:
                sent.append(rng.choice([old for old in sent[-30:] if old.headers == record.headers]))
        producer.send(sent)
    workers = [Worker(service, bus, live) for service in (PHYSIO, VOICE, FUSION)]
    while True:
        moved = False
        for worker in rng.sample(workers, len(workers)):
            if rng.random() < 0.7:
                moved |= worker.turn(rng.randint(1, batch))
            if kills and rng.random() < 0.05:
                kills, moved = kills - 1, True
                worker.turn(rng.randint(1, batch), dies=rng.choice(["before publishing", "before acknowledging", "after all"]))
        if not moved and not sum(worker.turn(100) for worker in workers):
            break
    return _estimates(bus, sessions), [worker._host.held for worker in workers]


def _estimates(bus: MemoryBus, sessions: dict[str, Any]) -> dict[tuple[str, int], Any]:
    first: dict[tuple[str, int], Any] = {}
    for record in _all(bus, ESTIMATES.name):
        event = from_record(record, sessions[record.key.decode()].key)
        content = to_json(event)
        del content["header"]["complete_until_us"]  # whether a copy or the original says that the stream ends is not told
        first.setdefault((event.header.session_id, event.header.sequence), content)
    return first


def _all(bus: MemoryBus, topic: str) -> list[Record]:
    return bus.tail([topic], from_start=True).poll(0, 1_000_000)


REFERENCE = run(0)


def test_the_undisturbed_run_is_complete_and_leaves_nothing_held() -> None:
    estimates, held = REFERENCE
    assert held == [0, 0, 0]
    assert {session for session, _ in estimates} == {"s0", "s1", "s2"}
    for session in range(SESSIONS):
        hops = sorted(hop for name, hop in estimates if name == f"s{session}")
        assert hops == list(range(hops[0], hops[-1] + 1))
        assert len(hops) >= 30


@pytest.mark.parametrize("seed", range(1, 41))
def test_kills_copies_and_batches_change_nothing_in_the_estimates(seed: int) -> None:
    estimates, held = run(
        seed, kills=random.Random(seed).randint(0, 30), copies=bool(seed % 2), batch=random.Random(seed).choice([1, 3, 40, 500])
    )
    assert estimates == REFERENCE[0]
    assert held == [0, 0, 0]
