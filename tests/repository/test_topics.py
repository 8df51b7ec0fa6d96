"""Every topic has who makes it, who reads it and who writes its dead letters, and what follows from it is what is declared."""

import pytest

from affectloop.runtime.service import Service, installed
from affectloop.topics import TOPICS, Topic

SERVICES = installed()
each_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def makers(topic: Topic) -> list[str]:
    """The services that write the topic."""
    return [name for name, service in SERVICES.items() if topic in service.produces]


def readers(topic: Topic) -> list[str]:
    """The services that read the topic."""
    return [name for name, service in SERVICES.items() if topic in service.consumes]


@each_topic
def test_a_topic_is_made_by_a_service(topic: Topic) -> None:
    assert makers(topic), f"no service's SERVICE.produces names {topic.name}: whoever waits for it would hang"


@each_topic
def test_a_topic_is_read_by_a_service(topic: Topic) -> None:
    assert readers(topic), f"no service's SERVICE.consumes names {topic.name}, no view shows it and the gateway does not keep it"


@each_topic
def test_what_derives_is_made_by_a_processor_that_reads_its_sources(topic: Topic) -> None:
    for source in topic.derives_from:
        found = [name for name in makers(topic) if isinstance(SERVICES[name], Service) and name in readers(source)]
        assert found, f"{topic.name} derives from {source.name}, and no service reads that and makes this"


@each_topic
def test_what_no_device_brings_and_has_no_source_is_a_fact_or_a_baseline(topic: Topic) -> None:
    made_of_something = bool(topic.derives_from) or topic.from_devices
    assert made_of_something or topic.event.modality is None, f"{topic.name}: say what it derives from, or that devices bring it"


@each_topic
def test_somebody_makes_the_dead_letters_of_a_topic(topic: Topic) -> None:
    processors = [name for name in readers(topic) if isinstance(SERVICES[name], Service)]
    assert processors or topic.kept, f"only a view reads {topic.name}, and a view makes no dead letters: declare it kept"


def test_capture_brings_what_devices_bring() -> None:
    assert set(SERVICES["capture"].produces) == {topic for topic in TOPICS if topic.from_devices}


def test_a_result_is_recorded() -> None:
    assert not [topic.name for topic in TOPICS if topic.result and not topic.recorded], "a report of a recording would lack it"
