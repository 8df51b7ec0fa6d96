"""A fault of one session ends that session in that service; the others never notice."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from affectloop.codec import to_record
from affectloop.events import Event, PhysioFeatures, SessionChange, SessionChanged, SignalChunk
from affectloop.processor import SessionContext
from affectloop.runtime.faults import Stage, TooManyFaults
from affectloop.runtime.service import Batch, Service
from affectloop.session import Fault, Mode, Session
from affectloop.topics import AUDIO_FEATURES, ESTIMATES, PHYSIO_FEATURES, SESSION_EVENTS, SIGNALS
from host_bench import PLACE, Bench, live_session
from toys import FUSION, PHYSIO, START_US, MeanSignal, signal, toy_session

STOPPED = [Fault("physio", PHYSIO_FEATURES.name)]
POISON = 66.0  # a value that the broken service cannot bear


def poisonous(event: Event) -> bool:
    return isinstance(event, SignalChunk) and bool((event.samples == POISON).any())


def spoilt(event: Event) -> bool:
    return isinstance(event, PhysioFeatures) and (event.tonic_microsiemens or 0) > 2  # the mean of a window with poison in it


class BreaksInStep(MeanSignal):
    def step(self, event: Event) -> Iterable[Event]:
        if poisonous(event):
            raise ZeroDivisionError("the learner's own words")
        return super().step(event)


class BreaksInAdvance(MeanSignal):
    def output(self, closing: int, watermark_us: int, window: list[tuple[str, float]]) -> Event:
        event = super().output(closing, watermark_us, window)
        if spoilt(event):
            raise IndexError
        return event


class LeavesItsLimits(MeanSignal):
    def output(self, closing: int, watermark_us: int, window: list[tuple[str, float]]) -> Event:
        event = super().output(closing, watermark_us, window)
        assert isinstance(event, PhysioFeatures)
        return replace(event, tonic_microsiemens=1e9) if spoilt(event) else event


class CannotBegin(MeanSignal):
    def __init__(self, context: SessionContext, settings: object) -> None:
        if context.session_id == "bad":
            raise KeyError(context.session_id)
        super().__init__(context, settings)


def breaking(wrong: Callable[[Event], bool]) -> Callable[[Any], Batch]:
    def made(settings: object) -> Batch:
        def batch(events: Sequence[Event]) -> Sequence[Event]:
            if any(map(wrong, events)):
                raise RuntimeError
            return events

        return batch

    return made


BROKEN = [
    pytest.param(replace(PHYSIO, processor=BreaksInStep), Stage.STEP, id="step"),
    pytest.param(replace(PHYSIO, processor=BreaksInAdvance), Stage.STEP, id="advance"),
    pytest.param(replace(PHYSIO, processor=CannotBegin), Stage.STEP, id="begin"),
    pytest.param(replace(PHYSIO, processor=LeavesItsLimits), Stage.ENCODE, id="encode"),
    pytest.param(replace(PHYSIO, prepare=breaking(poisonous)), Stage.PREPARE, id="prepare"),
    pytest.param(replace(PHYSIO, complete=breaking(spoilt)), Stage.COMPLETE, id="complete"),
]


def two(bench: Bench) -> tuple[Session, Session]:
    return bench.open(toy_session("bad", streams=("eda",))), bench.open(toy_session("good", streams=("eda",)))


def give_both(bench: Bench, bad: Session, good: Session, number: int, poison: bool = False) -> Any:
    chunks = [(bad, POISON if poison else 1.0), (good, 1.0)]
    return bench.host.process([bench.record(to_record(signal(one.session_id, "eda", number, value), one.key)) for one, value in chunks])


@pytest.mark.parametrize(("service", "stage"), BROKEN)
def test_a_fault_ends_its_own_session_and_the_others_never_notice(service: Service, stage: Stage) -> None:
    bench, undisturbed = Bench(service), Bench(PHYSIO)
    bad, good = two(bench)
    undisturbed.open(good)
    said: list[Event] = []
    expected: list[Event] = []
    for number in range(6):
        processed = give_both(bench, bad, good, number, poison=number == 2)
        said += bench.read(good, [one for one in processed.outputs if one.key == b"good"])
        offsets = bench.host.commit(processed)
        expected += undisturbed.read(good, undisturbed.give(good, signal("good", "eda", number, 1.0)).outputs)
    assert [event.header for event in said] == [event.header for event in expected]
    assert offsets, "the poisoned records are acknowledged"
    assert bench.live.session("bad") == bad.with_faults(STOPPED)
    assert bench.live.session("good") == good
    assert "finished" in bench.live.marks("physio", "bad")


@pytest.mark.parametrize(("service", "stage"), BROKEN)
def test_a_fault_says_why_in_a_dead_letter_and_that_it_stopped_in_a_fact(service: Service, stage: Stage) -> None:
    bench = Bench(service)
    bad, good = two(bench)
    processed = give_both(bench, bad, good, 0, poison=True)
    (letter,) = [one for one in processed.outputs if one.topic == SIGNALS.dead_letters]
    assert (letter.key, letter.value, letter.headers["stage"], letter.headers["service"]) == (b"bad", b"", stage.value.encode(), b"physio")
    assert letter.headers["source"] == f"{SIGNALS.name}/0/0".encode()
    assert b"own words" not in letter.headers["error"]
    (fact,) = bench.read(bad, [one for one in processed.outputs if one.topic == SESSION_EVENTS.name])
    assert isinstance(fact, SessionChanged)
    assert (fact.change, fact.service, fact.topic) == (SessionChange.STOPPED_BY_FAULT, "physio", PHYSIO_FEATURES.name)
    assert fact.header.ends_stream


def test_an_output_outside_its_limits_names_the_field() -> None:
    bench = Bench(replace(PHYSIO, processor=LeavesItsLimits))
    bad, good = two(bench)
    processed = give_both(bench, bad, good, 0, poison=True)
    (letter,) = [one for one in processed.outputs if one.topic == SIGNALS.dead_letters]
    assert letter.headers["field"] == b"PhysioFeatures.tonic_microsiemens"


def test_what_was_made_before_the_fault_counts() -> None:
    bench = Bench(replace(PHYSIO, processor=BreaksInStep))
    session = bench.open(toy_session("bad", streams=("eda",)))
    chunks = [signal("bad", "eda", number, POISON if number == 3 else 1.0) for number in range(5)]
    at_once = bench.read(session, bench.give(session, *chunks).outputs)
    bench = Bench(replace(PHYSIO, processor=BreaksInStep))
    bench.open(session)
    one_by_one = [event for chunk in chunks for event in bench.read(session, bench.give(session, chunk).outputs)]
    features = [event.header for event in one_by_one if isinstance(event, PhysioFeatures)]
    assert len(features) == 6
    assert [event.header for event in at_once if isinstance(event, PhysioFeatures)] == features[: len(at_once) - 1]


def test_a_poisoned_record_does_not_survive_a_restart() -> None:
    service = replace(PHYSIO, processor=BreaksInStep)
    bench = Bench(service)
    session = bench.open(toy_session("bad", streams=("eda",)))
    records = [bench.record(to_record(signal("bad", "eda", number, POISON), session.key)) for number in range(3)]
    bench.host.process(records)  # killed before it could commit
    again = Bench(service)
    again.open(session)
    assert again.host.commit(again.host.process(records)) == {PLACE: 3}
    after = Bench(service)
    after.live = again.live
    after.restart(service)
    assert after.host.process(records).outputs == [], "it is marked: nobody tries it again"


def test_readers_of_a_stopped_service_do_not_wait_for_it() -> None:
    bench = Bench(FUSION)
    session = bench.open(toy_session(streams=("eda", "mic")))
    header = signal("s1", "eda", 0, 1.0).header
    processor = MeanSignal(SessionContext(session_id="s1", started_at_us=START_US), None)
    physio = processor.output(START_US, 0, [])
    heard = replace(physio, header=replace(header, stream_id="physio", sequence=1, complete_until_us=START_US + 2_000_000))
    assert bench.give(session, heard).outputs == [], "the voice is waited for"
    bench.live.put_session(session.with_faults([Fault("audio", AUDIO_FEATURES.name)]))
    bench.clock.advance(0.3)
    made = bench.read(session, bench.host.process([]).outputs)
    assert {event.header.stream_id for event in made} == {ESTIMATES.stream}


def test_a_session_of_which_too_much_cannot_be_read_is_stopped_and_counts_no_more() -> None:
    bench = Bench(session_dead_letters=3, dead_letter_least=10)
    bad, good = two(bench)
    noise = replace(to_record(signal("bad", "eda", 0, 1.0), bad.key), value=b"noise")
    for _ in range(20):
        bench.host.commit(bench.host.process([bench.record(noise)]))
    assert bench.live.session("bad") == bad.with_faults(STOPPED)
    assert bench.give(good, signal("good", "eda", 0, 1.0)).outputs


def test_sessions_of_many_people_that_fail_stop_the_service_after_they_are_marked() -> None:
    bench = Bench(replace(PHYSIO, processor=BreaksInStep), faults_a_minute=3)
    for number in range(3):
        session = bench.open(replace(toy_session(f"s{number}", streams=("eda",)), learner_id=f"learner-{number}"))
        bench.host.commit(bench.give(session, signal(session.session_id, "eda", 0, POISON)))
    with pytest.raises(TooManyFaults, match="sessions of 3 learners"):
        bench.host.process([])
    bench.restart(replace(PHYSIO, processor=BreaksInStep))
    assert bench.host.process([]).outputs == []


def test_one_person_whose_sessions_fail_stops_no_service() -> None:
    bench = Bench(replace(PHYSIO, processor=BreaksInStep), faults_a_minute=3)
    for number in range(10):
        session = bench.open(toy_session(f"s{number}", streams=("eda",)))
        bench.host.commit(bench.give(session, signal(session.session_id, "eda", 0, POISON)))
    assert bench.host.process([]).outputs == []


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.REPLAY])
def test_times_outside_the_session_are_dead_letters_that_cost_no_hops(mode: Mode) -> None:
    bench = Bench(wall_us=START_US + 20 * 3_600_000_000, stale_after_s=1e6)
    session = bench.open(replace(toy_session(streams=("eda",), mode=mode)))
    for far in (signal("s1", "eda", 0, 1.0, start_us=1), signal("s1", "eda", 1, 1.0, start_us=1 << 61)):
        (letter,) = bench.give(session, far).outputs
        assert letter.headers["field"] == b"Header.event_time_us"
    assert bench.give(session, signal("s1", "eda", 4, 1.0)).outputs, "the session itself goes on"


def test_a_replay_may_be_silent_for_hours_and_says_so_once_a_minute() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    first = signal("s1", "eda", 0, 1.0)
    hours = 11 * 3_600
    quiet = replace(first, header=replace(first.header, complete_until_us=START_US + hours * 1_000_000))
    later = signal("s1", "eda", 1, 2.0, start_us=START_US + (hours - 1) * 1_000_000, last=True)
    made = bench.read(session, bench.give(session, quiet, later).outputs)
    assert len(made) < 700
    values = [event.tonic_microsiemens for event in made if isinstance(event, PhysioFeatures)]
    assert values[:2] == [1.0, 1.0]
    assert values[-1] == 2.0
    assert made[-1].header.ends_stream


def test_a_chunk_that_claims_to_last_for_hours_is_refused() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    chunk = replace(signal("s1", "eda", 0, 1.0), sample_rate_hz=0.01, samples=np.ones((100, 1), np.float32))
    (letter,) = bench.give(session, chunk).outputs
    assert b"at most a minute" in letter.headers["error"]


def test_a_live_session_is_not_ended_by_what_it_forbids() -> None:
    bench = Bench(session_dead_letters=2)
    session = bench.open(live_session())
    bench.give(session, *(signal("s1", "temperature", number, 1.0) for number in range(5)))
    assert bench.live.session("s1") == session, "an undeclared stream is dropped, not unreadable"
    assert PHYSIO_FEATURES.name in {one.topic for one in bench.give(session, signal("s1", "eda", 0, 1.0)).outputs}
