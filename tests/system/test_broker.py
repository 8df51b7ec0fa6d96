"""A broker that goes and comes back in the middle of a session: the loops go on, and nothing is missing."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from affectloop.bus import Record
from affectloop.bus.kafka import KafkaBus
from affectloop.clock import SystemClock
from affectloop.runtime.faust_loop import run_faust
from affectloop.runtime.polling_loop import run_polling
from affectloop.runtime.processor_host import Processed, ProcessorHost
from affectloop.settings import RuntimeSettings
from affectloop.store.live.memory import MemoryLiveState
from affectloop.topics import ESTIMATES, PHYSIO_FEATURES, TOPICS
from contract.test_loops import Place, Running, opened, outputs, reference, send
from servers.kafka import KafkaServer
from toys import FUSION, PHYSIO, VOICE, toy_session

PATIENCE_S = 60.0
PARTITIONS = 4
AWAY_S = 1.0  # beside the time that a broker takes to start
LOOPS = [pytest.param(run_polling, id="polling"), pytest.param(run_faust, id="faust")]


def a_place(kafka: KafkaServer, run: Callable[..., None], **settings: Any) -> Place:
    bus = KafkaBus(kafka.bootstrap, partitions=PARTITIONS, session_timeout_ms=3000)
    bus.create(TOPICS)
    chosen: dict[str, Any] = {"partitions": PARTITIONS, "kafka_session_timeout_ms": 3000, **settings}
    return Place(bus, run, RuntimeSettings(bus=f"kafka://{kafka.bootstrap}", **chosen))


def go_and_come_back(kafka: KafkaServer) -> None:
    kafka.stop(signal.SIGKILL)
    time.sleep(AWAY_S)
    kafka.start()


def wait_for(met: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < until, f"within {PATIENCE_S:g} s: {what}"
        time.sleep(0.05)


def wait_for_outputs(place: Place, topic: str) -> None:
    tail = place.bus.tail([topic], from_start=True)
    wait_for(lambda: bool(tail.poll(0.2, 100)), f"the first of {topic}")
    tail.close()


@pytest.mark.kafka
@pytest.mark.timeout(300)
@pytest.mark.parametrize("run", LOOPS)
def test_sessions_that_a_broker_left_in_the_middle_are_completed(run: Callable[..., None], own_kafka: KafkaServer) -> None:
    place, live, names = a_place(own_kafka, run), MemoryLiveState(), ("s0", "s1", "s2")
    sessions = opened(live, *names)
    running = [Running(place, service, live) for service in (PHYSIO, VOICE, FUSION)]
    for session in sessions.values():
        send(place, session, seconds=6, last=False)
    wait_for_outputs(place, ESTIMATES.name)
    go_and_come_back(own_kafka)
    for session in sessions.values():
        send(place, session, first=6)
    found = outputs(place, ESTIMATES.name, sessions, len(names))
    for loop in running:
        loop.stop()
    assert found == reference(names)


class Watched(ProcessorHost):
    """A host that notes the most that it ever held."""

    most_held = 0

    def process(self, records: Sequence[Record]) -> Processed:
        processed = super().process(records)
        self.most_held = max(self.most_held, self.held)
        return processed


@pytest.mark.kafka
@pytest.mark.timeout(300)
@pytest.mark.parametrize("run", LOOPS)
def test_a_full_service_reads_no_more_and_loses_nothing_though_the_broker_goes(run: Callable[..., None], own_kafka: KafkaServer) -> None:
    """Records of a session that is not known yet are held: there are more of them than the service may hold."""
    limit, batch = 100, 4  # of 144 records, of which open windows need up to 72 at once
    place = a_place(own_kafka, run, held_records=limit, poll_records=batch, unknown_session_s=600)
    live, names = MemoryLiveState(), tuple(f"s{number}" for number in range(6))
    sessions = {name: toy_session(name) for name in names}
    for session in sessions.values():
        send(place, session)
    host, stop = Watched(PHYSIO, None, live, place.runtime, SystemClock()), threading.Event()
    thread = threading.Thread(target=run, args=(PHYSIO, host, place.bus, place.runtime, stop), daemon=True)
    thread.start()
    wait_for(lambda: host.is_full, "the service holds all that it may")
    go_and_come_back(own_kafka)
    assert host.is_full
    for session in sessions.values():
        live.put_session(session)
    found = outputs(place, PHYSIO_FEATURES.name, sessions, len(names))
    stop.set()
    thread.join(20)
    assert not thread.is_alive(), "a loop leaves within 20 s"
    assert len(found) == 25 * len(names)
    assert limit <= host.most_held <= limit + 2 * batch, "what was gathered when it became full, and no more"
