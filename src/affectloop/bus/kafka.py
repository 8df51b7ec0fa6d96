"""The bus on Apache Kafka 4 through kafka-python: batches for array code, the edges, and the topics themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

from affectloop.bus import Consumer, Outgoing, Partition, Producer, Record
from affectloop.clock import SystemClock
from affectloop.errors import Unavailable
from affectloop.topics import DEAD_LETTER_RETENTION_S, Privacy, Topic

logger = logging.getLogger(__name__)

COMMIT_INTERVAL_S = 0.5  # a crash reads again what came within it, and drops the copies
DELIVERY_TIMEOUT_MS = 120_000  # a broker that restarts is back within seconds; then the service stops and says so
RECONNECT_MS = 1000  # the default of 30 s kept workers away for 42 s after a broker's crash
REQUEST_TIMEOUT_MS = 5000
METADATA_MS = 30_000  # a topic or leader that changed is noticed within this
BOOTSTRAP_MS = 10_000  # a broker that does not answer within this is not there; the supervisor tries again
TOPICS_KNOWN_S = 15.0  # a topic just created is known to every broker well within this
HEARTBEATS_A_SESSION = 4
MAX_RETENTION_CHECK_MS = 60_000  # beyond this, raw data outlives its retention by minutes


class KafkaBus:
    """A Kafka cluster.

    Parameters
    ----------
    servers
        ``host:port``, several separated by commas.
    partitions, replicas
        Of the topics that ``create`` makes and ``differences`` expects.
    session_timeout_ms
        A group member silent for this long is taken for dead.
    instance
        Name for static membership, so that a restart within the session timeout moves no partition; empty for none.
    """

    def __init__(self, servers: str, *, partitions: int, replicas: int = 1, session_timeout_ms: int = 6000, instance: str = "") -> None:
        self._common: dict[str, Any] = {
            "bootstrap_servers": servers.split(","),
            "reconnect_backoff_max_ms": RECONNECT_MS,
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
            "metadata_max_age_ms": METADATA_MS,
            "bootstrap_timeout_ms": BOOTSTRAP_MS,
        }
        self._partitions = partitions
        self._replicas = replicas
        self._session_timeout_ms = session_timeout_ms
        self._instance = instance

    def producer(self, *, durable: bool) -> Producer:
        """A producer: idempotent with acks=all, or acks=1 with one request in flight, so that order holds either way."""
        if durable:
            ways: dict[str, Any] = {"acks": "all", "enable_idempotence": True}
        else:
            ways = {"acks": 1, "enable_idempotence": False, "max_in_flight_requests_per_connection": 1}
        return _KafkaProducer(_connected(KafkaProducer, **self._common, **ways, linger_ms=0, max_request_size=8_000_000,
                                         delivery_timeout_ms=DELIVERY_TIMEOUT_MS, max_block_ms=DELIVERY_TIMEOUT_MS))  # fmt: skip

    def consumer(self, group: str, topics: Sequence[str], on_lost: Callable[[Sequence[Partition]], None]) -> Consumer:
        """Join a group. One topic is shared cooperatively; several by ranges, which keeps equal partition numbers runner."""
        client = _connected(
            KafkaConsumer,
            **{**self._common, "request_timeout_ms": self._session_timeout_ms + REQUEST_TIMEOUT_MS},
            group_id=f"affectloop-{group}",
            group_instance_id=f"{self._instance}-{group}" if self._instance else None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=self._session_timeout_ms,
            heartbeat_interval_ms=self._session_timeout_ms // HEARTBEATS_A_SESSION,
            partition_assignment_strategy=[CooperativeStickyAssignor if len(topics) == 1 else RangePartitionAssignor],
            max_partition_fetch_bytes=8_000_000,
        )
        self._await(client, topics)
        return _GroupConsumer(client, topics, on_lost)

    def tail(self, topics: Sequence[str], *, from_start: bool = False) -> Consumer:
        """Read every partition of these topics, without a group."""
        client = _connected(KafkaConsumer, **self._common, enable_auto_commit=False, max_partition_fetch_bytes=8_000_000)
        self._await(client, topics)
        partitions = [TopicPartition(topic, number) for topic in topics for number in sorted(client.partitions_for_topic(topic))]
        client.assign(partitions)
        ends = {} if from_start else client.end_offsets(partitions)
        for partition in partitions:
            if from_start:
                client.seek_to_beginning(partition)
            else:
                client.seek(partition, ends[partition])
        return _Tail(client)

    def create(self, topics: Sequence[Topic]) -> list[str]:
        """Create what is missing, dead-letter topics included."""
        admin = self._admin()
        try:
            there = {entry["name"] if isinstance(entry, dict) else entry for entry in admin.list_topics()}
            missing = {name: configs for name, configs in _declared(topics).items() if name not in there}
            wanted = {
                name: {"num_partitions": self._partitions, "replication_factor": self._replicas, "configs": configs}
                for name, configs in missing.items()
            }
            if wanted:
                admin.create_topics(wanted, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            logger.info("another instance created the topics")
        except KafkaError as error:
            raise Unavailable(f"the topics could not be created: {error}") from error
        finally:
            admin.close()
        return sorted(missing)

    def differences(self, topics: Sequence[Topic]) -> list[str]:
        """What differs from the declarations, and a broker whose retention check is too slow for raw data."""
        admin = self._admin()
        try:
            there = {entry["name"]: entry for entry in admin.describe_topics(list(_declared(topics)))}
            sentences = []
            for name, configs in _declared(topics).items():
                partitions = there.get(name, {}).get("partitions", [])
                if not partitions:
                    sentences.append(f"{name} is missing: run 'affectloop topics create'")
                    continue
                if len(partitions) != self._partitions:
                    sentences.append(f"{name} has {len(partitions)} partitions instead of {self._partitions}")
                found = self._configs(admin, ConfigResourceType.TOPIC, name)
                sentences += [
                    f"{name} has {key}={found.get(key)} instead of {value}" for key, value in configs.items() if found.get(key) != value
                ]
            return sentences + self._retention_check(admin)
        except KafkaError as error:
            raise Unavailable(f"the topics could not be read: {error}") from error
        finally:
            admin.close()

    def close(self) -> None:
        """Nothing is held between calls."""

    @staticmethod
    def _await(client: KafkaConsumer, topics: Sequence[str]) -> None:
        """A group whose leader does not know a topic yet would share out nothing of it until its metadata age."""
        clock = SystemClock()
        until_s = clock.monotonic_s() + TOPICS_KNOWN_S
        try:
            while missing := [topic for topic in topics if not client.partitions_for_topic(topic)]:
                if clock.monotonic_s() > until_s:
                    client.close()
                    raise Unavailable(f"the broker has no {', '.join(missing)}: run 'affectloop topics create'")
                client.topics()  # asks the broker anew
                clock.sleep(0.1)
        except KafkaError as error:
            client.close()
            raise Unavailable(f"the broker does not say which topics it has: {error}") from error

    def _admin(self) -> KafkaAdminClient:
        return _connected(KafkaAdminClient, **self._common)

    def _retention_check(self, admin: KafkaAdminClient) -> list[str]:
        node = admin.describe_cluster()["brokers"][0]
        number = str(node.get("broker_id", node.get("node_id", 1)))
        interval = self._configs(admin, ConfigResourceType.BROKER, number).get("log.retention.check.interval.ms")
        if interval is None or int(interval) <= MAX_RETENTION_CHECK_MS:
            return []
        seconds = int(interval) // 1000
        return [f"the broker checks retention every {seconds} s: raw topics outlive theirs; set log.retention.check.interval.ms=10000"]

    @staticmethod
    def _configs(admin: KafkaAdminClient, kind: ConfigResourceType, name: str) -> dict[str, str]:
        described = admin.describe_configs([ConfigResource(kind, name)], config_filter="all")
        (of_kind,) = described.values()
        return {key: entry["value"] if isinstance(entry, dict) else entry for key, entry in of_kind[name].items()}


class _KafkaProducer:
    def __init__(self, client: KafkaProducer) -> None:
        self._client = client

    def send(self, records: Sequence[Outgoing]) -> None:
        try:
            futures = [
                self._client.send(record.topic, record.value, key=record.key, headers=list(record.headers.items())) for record in records
            ]
            for future in futures:
                future.get(timeout=DELIVERY_TIMEOUT_MS / 1000)
        except KafkaError as error:
            raise Unavailable(f"the broker did not take {len(records)} records: {error}") from error

    def close(self) -> None:
        self._client.close(timeout=10)


class _Tail:
    """A reader of given partitions."""

    def __init__(self, client: KafkaConsumer) -> None:
        self._client = client
        self._clock = SystemClock()

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        try:
            batches = self._client.poll(timeout_ms=round(timeout_s * 1000), max_records=max_records)
        except KafkaError as error:
            if not error.retriable:
                raise Unavailable(f"the broker refuses to be read: {error}") from error
            logger.info("the broker does not answer", extra={"cause": type(error).__name__})
            self._clock.sleep(timeout_s)
            return []
        return [_record(message) for messages in batches.values() for message in messages]

    def acknowledge(self, offsets: Mapping[Partition, int]) -> None:
        """A reader without a group has nothing to acknowledge."""

    def close(self) -> None:
        self._client.close()


class _GroupConsumer(_Tail):
    """A member of a group; commits at most twice a second, and what is left when it closes."""

    def __init__(self, client: KafkaConsumer, topics: Sequence[str], on_lost: Callable[[Sequence[Partition]], None]) -> None:
        super().__init__(client)
        self._on_lost = on_lost
        self._lost: list[Partition] = []
        self._again: set[Partition] = set()  # to be read again from what was committed
        self._offsets: dict[Partition, int] = {}
        self._committed_s = self._clock.monotonic_s()
        client.subscribe(list(topics), listener=_Listener(self._lost))

    def poll(self, timeout_s: float, max_records: int) -> list[Record]:
        records = super().poll(timeout_s, max_records)
        if lost := [self._lost.pop() for _ in range(len(self._lost))]:
            self._offsets = {partition: offset for partition, offset in self._offsets.items() if partition not in lost}
            self._on_lost(lost)
            self._again.update(lost)
        if self._again:
            records = [record for record in records if record.topic_partition not in self._again]
            self._rewind()
        return records

    def _rewind(self) -> None:
        """Read what was taken away and is ours (again) from where it was committed; what fails is tried at the next turn.

        A rebalance of several topics takes every partition away; the client goes on where it was in those that it is given
        again, but what was held of them is gone.
        """
        for revoked in list(self._again):
            partition = TopicPartition(revoked.topic, revoked.number)
            try:
                if partition in self._client.assignment():
                    committed = self._client.committed(partition, timeout_ms=REQUEST_TIMEOUT_MS)
                    if committed is None:
                        self._client.seek_to_beginning(partition)
                    else:
                        self._client.seek(partition, committed)
            except (KafkaError, ValueError) as error:  # it was taken away meanwhile, or the coordinator moves
                logger.info("reading again put off", extra={"cause": type(error).__name__})
            else:
                self._again.discard(revoked)

    def acknowledge(self, offsets: Mapping[Partition, int]) -> None:
        self._offsets.update(offsets)
        if self._clock.monotonic_s() >= self._committed_s + COMMIT_INTERVAL_S:
            self._commit()

    def close(self) -> None:
        self._commit()
        super().close()

    def _commit(self) -> None:
        """Commit what still is ours; during a rebalance the next turn tries again."""
        self._committed_s = self._clock.monotonic_s()
        ours = self._client.assignment()
        offsets = {
            TopicPartition(partition.topic, partition.number): OffsetAndMetadata(offset, "", -1)
            for partition, offset in self._offsets.items()
            if TopicPartition(partition.topic, partition.number) in ours
        }
        if not offsets:
            return
        try:
            self._client.commit(offsets)
            self._offsets = {}
        except KafkaError as error:
            logger.info("commit put off", extra={"cause": type(error).__name__})


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Only notes what was lost: it runs on the client's own thread, where committing is not allowed."""

    def __init__(self, lost: list[Partition]) -> None:
        self._lost = lost

    def on_partitions_revoked(self, revoked: Any) -> None:
        self._lost += [Partition(partition.topic, partition.partition) for partition in revoked]

    def on_partitions_assigned(self, assigned: Any) -> None:
        """What is new is read from its committed offset."""


def _connected(client: Any, **settings: Any) -> Any:
    try:
        return client(**settings)
    except KafkaError as error:
        raise Unavailable(f"no Kafka broker answers at {','.join(settings['bootstrap_servers'])}: start one or name another") from error


def _declared(topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    """Topic names and their configuration, dead-letter topics included."""
    declared = {}
    for topic in topics:
        declared[topic.name] = _configuration(topic, topic.retention_s)
        declared[topic.dead_letters] = _configuration(topic, max(DEAD_LETTER_RETENTION_S, topic.retention_s)) | {"cleanup.policy": "delete"}
    return declared


def _configuration(topic: Topic, retention_s: int) -> dict[str, str]:
    """Retention is as sharp as the segments are short: a segment goes once its newest record is old enough."""
    configuration = {
        "retention.ms": str(retention_s * 1000),
        "max.message.bytes": str(topic.max_bytes + 100_000),
        "cleanup.policy": "compact,delete" if topic.compacted else "delete",
    }
    if topic.privacy is Privacy.RAW and retention_s == topic.retention_s:
        configuration |= {"segment.ms": str(retention_s * 250), "file.delete.delay.ms": "1000"}
    return configuration


def _record(message: Any) -> Record:
    headers = dict(message.headers or ())
    return Record(
        message.topic, message.partition, message.offset, message.key or b"", message.value or b"", headers, message.timestamp * 1000
    )
