"""The bus: a port of three small parts, and its backends ``memory`` and ``kafka``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from affectloop.topics import Topic


class Partition(NamedTuple):
    """One partition of one topic. A tuple: it is looked up for every record."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way to the bus; records of one key keep their order."""

    topic: str
    key: bytes
    value: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A record as the bus holds it."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: Mapping[str, bytes] = field(default_factory=dict)
    ingest_time_us: int = 0

    @property
    def topic_partition(self) -> Partition:
        """The partition it lies in."""
        return Partition(self.topic, self.partition)


class Producer(Protocol):
    """Writes records. Safe to use from several threads."""

    def send(self, records: Sequence[Outgoing]) -> None:
        """Write and return when the bus has accepted every one; raises ``Unavailable`` when it did not in time."""

    def close(self) -> None:
        """Flush and release."""


class Consumer(Protocol):
    """Reads the partitions that its group assigns to it. Used from one thread."""

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        """Records in partition order; empty after ``timeout_s``."""

    def acknowledge(self, offsets: Mapping[Partition, int]) -> None:
        """Everything before the offset need not come again; partitions lost meanwhile are passed over."""

    def close(self) -> None:
        """Leave the group."""


class Bus(Protocol):
    """Where records live. ``memory`` is this process; ``kafka`` is a cluster."""

    def producer(self, *, durable: bool) -> Producer:
        """A producer; a durable one waits for all replicas."""

    def consumer(self, group: str, topics: Sequence[str], on_lost: Callable[[Sequence[Partition]], None]) -> Consumer:
        """A consumer of a group; ``on_lost`` names partitions that went to another member (called within ``poll``)."""

    def tail(self, topics: Sequence[str], *, from_start: bool = False) -> Consumer:
        """A reader without a group: every partition, from now or from the start; acknowledging does nothing."""

    def create(self, topics: Sequence[Topic]) -> list[str]:
        """Create the topics that are missing; returns the names created."""

    def differences(self, topics: Sequence[Topic]) -> list[str]:
        """What differs from the declarations, a sentence each; empty when all is as declared."""

    def close(self) -> None:
        """Release what it holds."""
