"""The bus within one process: partitions, offsets, groups and bytes-bounded retention. It is not a broker and speaks no protocol."""

from __future__ import annotations

import threading
import zlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from affectloop.bus import Consumer, Outgoing, Partition, Producer, Record
from affectloop.clock import Clock, SystemClock
from affectloop.errors import Unavailable
from affectloop.topics import PARTITIONS, Topic

RETAINED_BYTES = 64_000_000  # a topic keeps this much for late readers beyond what its groups still need
WAITING_BYTES = 256_000_000  # a writer waits while the slowest group of a topic is this far behind
SEND_TIMEOUT_S = 30.0  # without any progress of the readers; as a Kafka producer's delivery timeout


@dataclass
class _Log:
    """One partition."""

    records: deque[Record] = field(default_factory=deque)
    first: int = 0  # offset of the oldest record
    size: int = 0  # bytes of the values

    @property
    def end(self) -> int:
        return self.first + len(self.records)

    def append(self, partition: Partition, record: Outgoing, ingest_time_us: int) -> None:
        headers = dict(record.headers)
        self.records.append(Record(partition.topic, partition.number, self.end, record.key, record.value, headers, ingest_time_us))
        self.size += len(record.value)

    def read(self, offset: int, count: int) -> list[Record]:
        start = max(offset, self.first) - self.first
        return [self.records[index] for index in range(start, min(start + count, len(self.records)))]

    def drop_before(self, offset: int, keep_bytes: int) -> None:
        while self.records and self.first < offset and self.size > keep_bytes:
            self.size -= len(self.records.popleft().value)
            self.first += 1


@dataclass
class _Group:
    """A consumer group: its members in the order they joined, and what they acknowledged."""

    topics: set[str] = field(default_factory=set)
    members: list[_MemoryConsumer] = field(default_factory=list)
    acknowledged: dict[Partition, int] = field(default_factory=dict)

    def share_out(self, partitions: int) -> None:
        """The same partition numbers of all topics go to the same member."""
        for index, member in enumerate(self.members):
            numbers = range(index, partitions, len(self.members))
            member.assign({Partition(topic, number) for topic in member.topics for number in numbers}, self.acknowledged)


class MemoryBus:
    """A bus in this process.

    Parameters
    ----------
    partitions
        Partitions of each topic.
    clock
        Stamps records with the time they came in.
    retained_bytes, waiting_bytes
        How much a topic keeps for late readers, and how far its slowest group may fall behind before writers wait.
    send_timeout_s
        How long a writer waits for a group that acknowledges nothing; while it does, writers wait as long as it takes.
    """

    def __init__(
        self,
        partitions: int = PARTITIONS,
        clock: Clock | None = None,
        retained_bytes: int = RETAINED_BYTES,
        waiting_bytes: int = WAITING_BYTES,
        send_timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:
        self.partitions = partitions
        self.clock = clock or SystemClock()
        self.lock = threading.RLock()
        self.closed = False
        self._room = threading.Condition(self.lock)  # a group acknowledged; a writer may wait for that
        self._readers: dict[Partition, set[_MemoryConsumer]] = defaultdict(set)  # whom a record wakes
        self._retained_bytes = retained_bytes
        self._waiting_bytes = waiting_bytes
        self._send_timeout_s = send_timeout_s
        self._logs: dict[Partition, _Log] = defaultdict(_Log)
        self._places: dict[str, list[Partition]] = {}  # of each topic, by number
        self._groups: dict[str, _Group] = defaultdict(_Group)

    def producer(self, *, durable: bool) -> Producer:
        """A producer; in one process all are alike."""
        return _MemoryProducer(self)

    def consumer(self, group: str, topics: Sequence[str], on_lost: Callable[[Sequence[Partition]], None]) -> Consumer:
        """Join a group; the partitions are shared out anew."""
        with self.lock:
            consumer = _MemoryConsumer(self, topics, on_lost, group)
            self._groups[group].members.append(consumer)
            self._groups[group].topics.update(topics)
            self._groups[group].share_out(self.partitions)
        return consumer

    def tail(self, topics: Sequence[str], *, from_start: bool = False) -> Consumer:
        """Read every partition, without a group."""
        with self.lock:
            consumer = _MemoryConsumer(self, topics, lambda lost: None, None)
            partitions = {Partition(topic, number) for topic in topics for number in range(self.partitions)}
            consumer.assign(partitions, {} if from_start else {partition: self._logs[partition].end for partition in partitions})
        return consumer

    def create(self, topics: Sequence[Topic]) -> list[str]:
        """Topics come to be when they are written to."""
        return []

    def differences(self, topics: Sequence[Topic]) -> list[str]:
        """A topic in memory is always as declared."""
        return []

    def close(self) -> None:
        """Wake everybody who waits."""
        with self.lock:
            self.closed = True
            self._room.notify_all()
            for consumer in set().union(*self._readers.values()):
                consumer.arrived.notify_all()

    def place_of(self, topic: str, key: bytes) -> Partition:
        """Where records of a key go; the same number for every topic."""
        if topic not in self._places:
            self._places[topic] = [Partition(topic, number) for number in range(self.partitions)]
        return self._places[topic][zlib.crc32(key) % self.partitions]

    def append(self, records: Iterable[Outgoing]) -> None:
        """Write under the lock; waits while a topic's slowest group is too far behind. Readers wake once for all of it."""
        with self.lock:
            written: dict[Partition, None] = {}  # in order, so that runs repeat
            for record in records:
                partition = self.place_of(record.topic, record.key)
                if not self._has_room(partition):
                    self._wake(written)
                    self._wait_for_room(partition)
                self._logs[partition].append(partition, record, self.clock.wall_us())
                self._trim(partition)
                written[partition] = None
            self._wake(written)

    def _wake(self, written: Iterable[Partition]) -> None:
        """Tell the readers of partitions that there is something; each once."""
        woken: set[_MemoryConsumer] = set()
        for partition in written:
            for consumer in self._readers[partition]:
                consumer.ready[partition] = None
                woken.add(consumer)
        for consumer in woken:
            consumer.arrived.notify_all()

    def read(self, partition: Partition, offset: int, count: int) -> list[Record]:
        """Read from an offset on; call under the lock."""
        return self._logs[partition].read(offset, count)

    def acknowledge(self, group: str, offsets: Mapping[Partition, int]) -> None:
        """Note what a group needs no more."""
        with self.lock:
            self._groups[group].acknowledged.update(offsets)
            for partition in offsets:
                self._trim(partition)
            self._room.notify_all()

    def leave(self, group: str, consumer: _MemoryConsumer) -> None:
        """A member goes; the others take over its partitions."""
        with self.lock:
            if consumer in self._groups[group].members:
                self._groups[group].members.remove(consumer)
                self._groups[group].share_out(self.partitions)

    def reads(self, consumer: _MemoryConsumer, no_more: Iterable[Partition], now: Iterable[Partition]) -> None:
        """Note whom a record of a partition wakes; call under the lock."""
        for partition in no_more:
            self._readers[partition].discard(consumer)
        for partition in now:
            self._readers[partition].add(consumer)

    def _slowest(self, partition: Partition) -> int:
        ends = [group.acknowledged.get(partition, 0) for group in self._groups.values() if partition.topic in group.topics]
        return min(ends, default=self._logs[partition].end)

    def _wait_for_room(self, partition: Partition) -> None:
        """However slow the readers are, while they get on; one that stands still fails the writer."""
        slowest = self._slowest(partition)
        while not self._room.wait_for(lambda: self._has_room(partition), timeout=self._send_timeout_s):
            if self._slowest(partition) == slowest:
                raise Unavailable(
                    f"{partition.topic}: its readers are {self._waiting_bytes // self.partitions} bytes behind on a partition "
                    "and read nothing "
                    f"for {self._send_timeout_s:g} s; start or check them"
                )
            slowest = self._slowest(partition)

    def _has_room(self, partition: Partition) -> bool:
        log = self._logs[partition]
        if self.closed or log.size < self._waiting_bytes // self.partitions:
            return True
        return (
            sum(len(record.value) for record in log.read(self._slowest(partition), len(log.records)))
            < self._waiting_bytes // self.partitions
        )

    def _trim(self, partition: Partition) -> None:
        log, kept = self._logs[partition], self._retained_bytes // self.partitions
        if log.size > kept:
            log.drop_before(self._slowest(partition), kept)


class _MemoryProducer:
    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus

    def send(self, records: Sequence[Outgoing]) -> None:
        self._bus.append(records)

    def close(self) -> None:
        """Nothing to release."""


class _MemoryConsumer:
    def __init__(self, bus: MemoryBus, topics: Sequence[str], on_lost: Callable[[Sequence[Partition]], None], group: str | None) -> None:
        self.topics = tuple(topics)
        self._bus = bus
        self._on_lost = on_lost
        self._group = group
        self._positions: dict[Partition, int] = {}
        self.ready: dict[Partition, None] = {}  # partitions that may hold something new, in the order in which they are read
        self._lost: list[Partition] = []
        self.arrived = threading.Condition(bus.lock)

    def assign(self, partitions: set[Partition], acknowledged: Mapping[Partition, int]) -> None:
        """Take these partitions, new ones from what was acknowledged on; call under the lock."""
        self._lost += [partition for partition in self._positions if partition not in partitions]
        self._bus.reads(self, no_more=self._positions, now=partitions)
        self._positions = {
            partition: self._positions.get(partition, acknowledged.get(partition, 0)) for partition in sorted_partitions(partitions)
        }
        self.ready = dict.fromkeys(self._positions)
        self.arrived.notify_all()

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        with self._bus.lock:
            records = [] if self._lost else self._take(max_records)
            if not records and not self._lost:
                self.arrived.wait(timeout_s)
            lost, self._lost = self._lost, []
            if not records and not lost:
                records = self._take(max_records)
        if lost:
            self._on_lost(lost)  # before any record that another member may have been given
        return records

    def acknowledge(self, offsets: Mapping[Partition, int]) -> None:
        mine = {partition: offset for partition, offset in offsets.items() if partition in self._positions}
        if self._group is not None and mine:
            self._bus.acknowledge(self._group, mine)

    def close(self) -> None:
        if self._group is not None:
            self._bus.leave(self._group, self)
        with self._bus.lock:
            self.assign(set(), {})

    def _take(self, max_records: int) -> list[Record]:
        records: list[Record] = []
        for partition in list(self.ready):
            wanted = max_records - len(records)
            if not wanted:
                break
            batch = self._bus.read(partition, self._positions[partition], wanted)
            del self.ready[partition]
            if batch:
                self._positions[partition] = batch[-1].offset + 1
                records += batch
            if len(batch) == wanted:  # it goes to the end of the queue: one with much to read does not keep the others waiting
                self.ready[partition] = None
        return records


def sorted_partitions(partitions: Iterable[Partition]) -> list[Partition]:
    """In a fixed order, so that runs repeat."""
    return sorted(partitions, key=lambda partition: (partition.number, partition.topic))
