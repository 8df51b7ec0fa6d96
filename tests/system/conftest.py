"""What tests of the whole thing share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from servers.kafka import KafkaServer, empty


@pytest.fixture(scope="session")
def mortal_kafka(kafka: KafkaServer | str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A second broker, which nobody else is connected to."""
    if isinstance(kafka, str):
        pytest.skip("a Kafka broker that may be killed: set KAFKA_HOME to a folder with Kafka's libs/, not KAFKA_BOOTSTRAP")
    server = KafkaServer(kafka.home, tmp_path_factory.mktemp("mortal-kafka"))
    yield server
    server.stop()


@pytest.fixture
def own_kafka(mortal_kafka: KafkaServer) -> KafkaServer:
    """An empty broker that the test may kill."""
    if not mortal_kafka.is_running:
        mortal_kafka.start()
    empty(mortal_kafka.bootstrap)
    return mortal_kafka
