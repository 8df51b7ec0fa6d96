"""One suite for every bus: keys and order, groups, acknowledgement, tails, topics."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from affectloop.bus import Bus, Consumer, Outgoing, Partition, Record
from affectloop.bus.memory import MemoryBus
from affectloop.errors import Unavailable
from affectloop.topics import AUDIO, SIGNALS, TOPICS

PATIENCE_S = 30.0


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    if request.param == "memory":
        memory = MemoryBus(partitions=4)
        yield memory
        memory.close()
        return
    from affectloop.bus.kafka import KafkaBus

    kafka = KafkaBus(request.getfixturevalue("fresh_kafka"), partitions=4, session_timeout_ms=3000)
    kafka.create(TOPICS)
    yield kafka


def some(topic: str, count: int, first: int = 0) -> list[Outgoing]:
    return [Outgoing(topic, b"k%d" % (number % 10), b"%d" % number, {"stream": b"x"}) for number in range(first, first + count)]


def spread(count: int, first: int = 0) -> list[Outgoing]:
    """Records of so many keys that each of four partitions has some."""
    return [Outgoing(AUDIO.name, b"key %d" % number, b"", {}) for number in range(first, first + count)]


def send(bus: Bus, records: list[Outgoing]) -> None:
    producer = bus.producer(durable=True)
    producer.send(records)
    producer.close()


def read(consumer: Consumer, until: Callable[[list[Record]], bool]) -> list[Record]:
    found: list[Record] = []
    limit = time.monotonic() + PATIENCE_S
    while not until(found) and time.monotonic() < limit:
        found += consumer.poll(0.2, 100)
    return found


def nothing_lost(lost: object) -> None:
    """For a reader whose test moves no partition."""


def test_records_of_a_key_keep_their_order_and_their_headers(bus: Bus) -> None:
    consumer = bus.consumer("g", [AUDIO.name], nothing_lost)
    send(bus, some(AUDIO.name, 100))
    found = read(consumer, lambda records: len(records) == 100)
    consumer.close()
    for key in {record.key for record in found}:
        values = [int(record.value) for record in found if record.key == key]
        assert values == sorted(values)
        assert len({record.partition for record in found if record.key == key}) == 1
    assert all(record.headers == {"stream": b"x"} for record in found)


def test_a_key_has_the_same_partition_number_in_every_topic(bus: Bus) -> None:
    tail = bus.tail([AUDIO.name, SIGNALS.name], from_start=True)
    send(bus, some(AUDIO.name, 10) + some(SIGNALS.name, 10))
    found = read(tail, lambda records: len(records) == 20)
    tail.close()
    places = {(record.key, record.partition) for record in found}
    assert len(places) == 10


def test_a_group_goes_on_after_what_it_acknowledged(bus: Bus) -> None:
    send(bus, some(AUDIO.name, 20))
    first = bus.consumer("g", [AUDIO.name], nothing_lost)
    found = read(first, lambda records: len(records) == 20)
    half = {
        place: max(record.offset for record in found if record.topic_partition == place)
        for place in {record.topic_partition for record in found}
    }
    first.acknowledge(half)  # all but the last of each partition
    first.close()
    second = bus.consumer("g", [AUDIO.name], nothing_lost)
    again = read(second, lambda records: len(records) == len(half))
    second.close()
    assert {record.topic_partition: record.offset for record in again} == half


def test_two_groups_each_read_everything(bus: Bus) -> None:
    send(bus, some(AUDIO.name, 20))
    for group in ("one", "other"):
        consumer = bus.consumer(group, [AUDIO.name], nothing_lost)
        assert len(read(consumer, lambda records: len(records) == 20)) == 20
        consumer.close()


def test_members_share_the_partitions_and_the_loser_is_told(bus: Bus) -> None:
    lost: list[Partition] = []
    seen: dict[str, set[int]] = {"a": set(), "b": set()}
    stop = threading.Event()

    def member(name: str) -> None:
        consumer = bus.consumer("g", [AUDIO.name], lost.extend)
        while not stop.is_set():
            seen[name] |= {record.partition for record in consumer.poll(0.1, 100)}
        consumer.close()

    threads = [threading.Thread(target=member, args=("a",), daemon=True)]
    threads[0].start()
    send(bus, spread(40))
    _wait(lambda: seen["a"] == {0, 1, 2, 3})
    threads.append(threading.Thread(target=member, args=("b",), daemon=True))
    threads[1].start()
    number = 40
    limit = time.monotonic() + PATIENCE_S
    while not (seen["b"] and lost) and time.monotonic() < limit:
        send(bus, spread(10, number))
        number += 10
        time.sleep(0.1)
    taken = set(seen["b"])  # before anybody leaves, which gives partitions back
    stop.set()
    for thread in threads:
        thread.join(20)
    assert {place.number for place in lost} >= taken > set()


def test_a_tail_begins_now_unless_asked_from_the_start(bus: Bus) -> None:
    send(bus, some(AUDIO.name, 5))
    now, start = bus.tail([AUDIO.name]), bus.tail([AUDIO.name], from_start=True)
    send(bus, some(AUDIO.name, 5, 5))
    assert {int(record.value) for record in read(now, lambda records: len(records) == 5)} == set(range(5, 10))
    assert {int(record.value) for record in read(start, lambda records: len(records) == 10)} == set(range(10))
    now.close()
    start.close()


def test_topics_are_created_once_and_as_declared(bus: Bus) -> None:
    assert bus.create(TOPICS) == []
    assert bus.differences(TOPICS) == []


@pytest.mark.kafka
def test_a_topic_that_differs_from_its_declaration_is_named(fresh_kafka: str) -> None:
    from kafka import KafkaAdminClient

    from affectloop.bus.kafka import KafkaBus

    admin = KafkaAdminClient(bootstrap_servers=fresh_kafka)
    admin.create_topics(
        {AUDIO.name: {"num_partitions": 2, "replication_factor": 1, "configs": {"retention.ms": "99"}}}, wait_for_metadata=True
    )
    admin.close()
    sentences = KafkaBus(fresh_kafka, partitions=4).differences([AUDIO])
    assert f"{AUDIO.name} has 2 partitions instead of 4" in sentences
    assert f"{AUDIO.name} has retention.ms=99 instead of 60000" in sentences
    assert f"{AUDIO.dead_letters} is missing: run 'affectloop topics create'" in sentences


@pytest.mark.kafka
def test_a_missing_broker_is_an_error_that_says_what_to_do() -> None:
    from affectloop.bus.kafka import KafkaBus
    from servers.ports import free_port

    with pytest.raises(Unavailable, match="start one or name another"):
        KafkaBus(f"127.0.0.1:{free_port()}", partitions=4).producer(durable=True)


def test_a_writer_to_memory_waits_for_its_slowest_group() -> None:
    bus = MemoryBus(partitions=1, waiting_bytes=100)
    consumer = bus.consumer("g", [AUDIO.name], nothing_lost)
    done = threading.Event()

    def write() -> None:
        send(bus, [Outgoing(AUDIO.name, b"k", b"x" * 60) for _ in range(3)])
        done.set()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    found = read(consumer, lambda records: len(records) == 2)
    assert not done.wait(0.2), "120 bytes wait for the group"
    consumer.acknowledge({found[-1].topic_partition: found[-1].offset + 1})
    assert done.wait(10)
    thread.join()


def behind(bus: MemoryBus) -> Consumer:
    """A reader whose group is 590 bytes behind, in ten records, where 100 are allowed."""
    consumer = bus.consumer("g", [AUDIO.name], nothing_lost)
    send(bus, [Outgoing(AUDIO.name, b"k", b"x" * size) for size in [10] * 9 + [500]])
    return consumer


def test_a_writer_to_memory_waits_beyond_its_patience_for_readers_that_get_on() -> None:
    bus = MemoryBus(partitions=1, waiting_bytes=100, send_timeout_s=0.6)
    consumer, done = behind(bus), threading.Event()

    def write() -> None:
        send(bus, [Outgoing(AUDIO.name, b"k", b"y")])
        done.set()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    for record in read(consumer, lambda records: len(records) == 10):
        assert not done.wait(0.15), "1.5 s in all, the longest stretch without progress 0.15 s"
        consumer.acknowledge({record.topic_partition: record.offset + 1})
    assert done.wait(10)
    thread.join()


def test_a_writer_to_memory_gives_up_on_readers_that_stand_still_and_says_which() -> None:
    bus = MemoryBus(partitions=1, waiting_bytes=100, send_timeout_s=0.1)
    behind(bus)
    with pytest.raises(Unavailable, match=f"{AUDIO.name}: its readers are 100 bytes behind .* start or check them"):
        send(bus, [Outgoing(AUDIO.name, b"k", b"y")])


def test_memory_forgets_what_every_group_has_acknowledged() -> None:
    bus = MemoryBus(partitions=1, retained_bytes=100)
    consumer = bus.consumer("g", [AUDIO.name], nothing_lost)
    send(bus, [Outgoing(AUDIO.name, b"k", b"x" * 60) for _ in range(5)])
    found = read(consumer, lambda records: len(records) == 5)
    consumer.acknowledge({found[-1].topic_partition: found[-1].offset + 1})
    late = bus.tail([AUDIO.name], from_start=True)
    assert [record.offset for record in late.poll(0, 100)] == [4]


def _wait(met: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not met() and time.monotonic() < limit:
        time.sleep(0.05)
    assert met()
