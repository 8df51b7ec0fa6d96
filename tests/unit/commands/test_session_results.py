"""What is collected of a session, and what is said where something is missing: never a bare dead letter."""

from collections.abc import Iterable, Iterator

import pytest

from affectloop.bus import Outgoing, Record
from affectloop.bus.memory import MemoryBus
from affectloop.clock import SystemClock
from affectloop.codec import to_record
from affectloop.errors import InvalidMessage
from affectloop.runtime.dead_letters import dead_letter
from affectloop.runtime.faults import Stage, fault_events, fault_letter
from affectloop.session import Fault
from affectloop.topics import PHYSIO_FEATURES, SIGNALS
from affectloop_commands.session_results import SessionResults
from toys import START_US, signal, toy_session

SESSION = toy_session(streams=("eda",))


@pytest.fixture
def bus() -> Iterator[MemoryBus]:
    opened = MemoryBus(partitions=4)
    yield opened
    opened.close()


def collected(bus: MemoryBus, outputs: Iterable[Outgoing], notes: int = 1) -> SessionResults:
    """The results once these have been read, of which so many notes follow."""
    results, sent = SessionResults(bus, SESSION), list(outputs)
    with_end = bus.producer(durable=True)
    with_end.send([*sent, to_record(fault_events(SESSION, [Fault("fusion", "emotion.estimates.v1")], START_US)[0], SESSION.key)])
    clock = SystemClock()
    until_s = clock.monotonic_s() + 20
    while (not results.events or len(results.notes) < notes) and clock.monotonic_s() < until_s:
        clock.sleep(0.01)
    results.close()
    return results


def unread(number: int) -> Outgoing:
    made = to_record(signal("s1", "eda", number, 1.0), SESSION.key)
    record = Record(made.topic, 0, number, made.key, made.value, made.headers)
    return dead_letter(record, InvalidMessage("SignalChunk.samples", "holds NaN", "leave out what was not measured"), "physio")


def test_what_a_service_could_not_read_is_a_sentence_that_counts(bus: MemoryBus) -> None:
    results = collected(bus, [unread(0), unread(1)])
    assert results.notes == [
        f"physio could not read a record of {SIGNALS.name}: SignalChunk.samples: holds NaN; leave out what was not measured (2 times)"
    ]


def test_a_fault_is_told_with_its_reason_and_its_streams_are_waited_for_no_more(bus: MemoryBus) -> None:
    faults = [Fault("physio", PHYSIO_FEATURES.name)]
    letter = fault_letter((SIGNALS.name, 0, 7), SESSION, ZeroDivisionError(), "physio", Stage.STEP)
    facts = [to_record(event, SESSION.key) for event in fault_events(SESSION, faults, START_US)]
    results = collected(bus, [letter, *facts])
    assert results.notes == ["a fault stopped the session in physio, the other services went on: ZeroDivisionError at nowhere"]
    assert PHYSIO_FEATURES.name not in {stream.topic for stream in results.waits_for}


def test_another_sessions_dead_letters_are_not_this_ones(bus: MemoryBus) -> None:
    other = fault_letter((SIGNALS.name, 0, 7), toy_session("other"), ZeroDivisionError(), "physio", Stage.STEP)
    assert collected(bus, [other], notes=0).notes == []
