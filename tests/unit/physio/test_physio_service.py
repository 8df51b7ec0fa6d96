"""The service as the runtime finds it."""

from affectloop.events import END_OF_TIME_US, Event
from affectloop.processor import SessionContext
from affectloop.runtime.service import Service, load
from affectloop.topics import TOPIC_OF_EVENT
from physio_recordings import START_US, arriving, wristband


def test_the_installed_service_makes_only_what_it_declares() -> None:
    service = load("physio")
    assert isinstance(service, Service)
    processor = service.processor(SessionContext(session_id="s1", started_at_us=START_US), service.settings(_env_file=None))
    made: list[Event] = []
    for chunk in arriving(wristband(70.0), 1.0):
        made += processor.step(chunk)
    made += processor.advance(END_OF_TIME_US)
    assert {TOPIC_OF_EVENT[type(event)] for event in made} == set(service.produces)
    assert not service.infers_emotion
