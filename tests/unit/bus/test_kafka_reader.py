"""What a group's reader does when its broker is away, and when a rebalance takes partitions and gives them back."""

from __future__ import annotations

from typing import Any

import pytest
from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, KafkaError

from affectloop.bus import Partition
from affectloop.bus.kafka import _GroupConsumer
from affectloop.errors import Unavailable

KEPT, GONE = TopicPartition("t", 0), TopicPartition("t", 1)


class Broker:
    """A client whose answers a test lays out."""

    def __init__(self) -> None:
        self.listener: Any = None
        self.ours = {KEPT, GONE}
        self.answers: list[dict[TopicPartition, list[ConsumerRecord]] | KafkaError] = []
        self.stored: dict[TopicPartition, int | KafkaError] = {}
        self.places: dict[TopicPartition, int | str] = {}

    def subscribe(self, topics: list[str], listener: Any) -> None:
        self.listener = listener

    def poll(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, KafkaError):
            raise answer
        return answer

    def assignment(self) -> set[TopicPartition]:
        return self.ours

    def committed(self, partition: TopicPartition, timeout_ms: int) -> int | None:
        found = self.stored.get(partition)
        if isinstance(found, KafkaError):
            raise found
        return found

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.places[partition] = offset

    def seek_to_beginning(self, partition: TopicPartition) -> None:
        self.places[partition] = "beginning"


def a_record(place: TopicPartition, offset: int) -> ConsumerRecord:
    values = dict.fromkeys(ConsumerRecord._fields)
    return ConsumerRecord(**values | {"topic": place.topic, "partition": place.partition, "offset": offset, "timestamp": 0})


def reader(broker: Broker, lost: list[Partition]) -> _GroupConsumer:
    return _GroupConsumer(broker, ["t"], lost.extend)


def test_a_broker_that_is_away_gives_nothing_and_is_asked_again() -> None:
    broker = Broker()
    broker.answers = [KafkaConnectionError("refused"), {KEPT: [a_record(KEPT, 7)]}]
    consumer = reader(broker, [])
    assert consumer.poll(0.01, 10) == []
    assert [record.offset for record in consumer.poll(0.01, 10)] == [7]


def test_a_broker_that_refuses_for_good_ends_the_reader() -> None:
    broker = Broker()
    broker.answers = [GroupAuthorizationFailedError("no")]
    with pytest.raises(Unavailable, match="refuses to be read"):
        reader(broker, []).poll(0.01, 10)


def test_what_a_rebalance_takes_is_dropped_and_what_it_gives_back_is_read_from_what_was_committed() -> None:
    broker, lost = Broker(), list[Partition]()
    consumer = reader(broker, lost)
    broker.stored = {KEPT: 3}
    broker.listener.on_partitions_revoked([KEPT, GONE])
    broker.ours = {KEPT}
    broker.answers = [{KEPT: [a_record(KEPT, 9)], GONE: [a_record(GONE, 9)]}, {KEPT: [a_record(KEPT, 3)]}]
    assert consumer.poll(0.01, 10) == [], "of before"
    assert set(lost) == {Partition("t", 0), Partition("t", 1)}
    assert broker.places == {KEPT: 3}
    assert [record.offset for record in consumer.poll(0.01, 10)] == [3]


def test_without_a_committed_offset_it_begins_at_the_beginning() -> None:
    broker = Broker()
    consumer = reader(broker, [])
    broker.listener.on_partitions_revoked([KEPT])
    consumer.poll(0.01, 10)
    assert broker.places == {KEPT: "beginning"}


def test_nothing_is_read_until_the_place_is_known() -> None:
    broker = Broker()
    consumer = reader(broker, [])
    broker.stored = {KEPT: KafkaConnectionError("refused")}
    broker.listener.on_partitions_revoked([KEPT])
    broker.answers = [{KEPT: [a_record(KEPT, 9)]}, {KEPT: [a_record(KEPT, 10)], GONE: [a_record(GONE, 1)]}]
    assert consumer.poll(0.01, 10) == []
    broker.stored = {KEPT: 4}
    assert [record.topic_partition for record in consumer.poll(0.01, 10)] == [Partition("t", 1)]
    assert broker.places == {KEPT: 4}
