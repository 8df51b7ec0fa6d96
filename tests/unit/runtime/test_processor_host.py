"""What the host does with records, sessions and time; no bus in it."""

from dataclasses import replace
from typing import Any

import pytest

from affectloop.codec import decode, encode, to_record
from affectloop.events import END_OF_TIME_US, BaselineMeasured, Event, Header, Modality, PhysioFeatures
from affectloop.processor import SessionContext
from affectloop.runtime.dead_letters import TooManyDeadLetters
from affectloop.topics import BASELINES, PHYSIO_FEATURES, SIGNALS
from host_bench import PLACE, Bench, live_session
from toys import FUSION, PHYSIO, START_US, MeanSignal, signal, toy_session


def test_a_window_closes_when_progress_reaches_it() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    outputs = bench.read(session, bench.give(session, signal("s1", "eda", 0, 2.0)).outputs)
    assert [event.header.event_time_us - START_US for event in outputs] == [500_000, 1_000_000]


def test_a_replay_waits_for_every_declared_stream() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda", "temperature")))
    assert bench.give(session, *(signal("s1", "eda", number, 1.0) for number in range(5))).outputs == []
    bench.clock.advance(300)
    assert bench.host.process([]).outputs == []
    assert len(bench.give(session, signal("s1", "temperature", 0, 3.0)).outputs) == 2


def test_a_live_session_leaves_a_silent_stream_behind_and_takes_it_up_again() -> None:
    bench = Bench()
    session = bench.open(live_session("eda", "temperature"))
    bench.give(session, signal("s1", "eda", 0, 1.0), signal("s1", "temperature", 0, 1.0))
    for number in range(1, 4):
        bench.clock.advance(1.0)
        processed = bench.give(session, signal("s1", "eda", number, 1.0))
    assert processed.outputs, "temperature is overdue by more than a second"
    late = bench.give(session, signal("s1", "temperature", 1, 9.0))
    assert late.outputs == [], "what it brings behind the progress is dropped"
    bench.clock.advance(1.0)
    waiting = bench.give(session, signal("s1", "eda", 4, 1.0))
    assert waiting.outputs == [], "it spoke again: its promise counts"


def test_no_window_of_a_live_session_closes_before_its_time() -> None:
    bench = Bench(wall_us=START_US + 700_000)
    session = bench.open(live_session())
    early = bench.read(session, bench.give(session, signal("s1", "eda", 0, 1.0)).outputs)
    assert [event.header.event_time_us - START_US for event in early] == [500_000], "promised until 1 s, but it is not 1 s yet"
    bench.clock.advance(0.3)
    assert len(bench.host.process([]).outputs) == 1


def test_a_live_session_spends_no_heavy_work_on_what_is_long_past() -> None:
    prepared: list[Event] = []

    def prepare(settings: object) -> Any:
        def noted(events: Any) -> Any:
            prepared.extend(events)
            return events

        return noted

    bench = Bench(replace(PHYSIO, prepare=prepare), wall_us=START_US + 3_500_000, stale_after_s=2.0)
    session = bench.open(live_session())
    bench.give(session, *(signal("s1", "eda", number, 1.0) for number in range(3)))
    assert [event.header.sequence for event in prepared] == [8], "those of 3.5 and 2.5 s ago are stale"
    replayed = bench.open(toy_session("s2", streams=("eda",)))
    bench.give(replayed, signal("s2", "eda", 0, 1.0))
    assert prepared[-1].header.session_id == "s2", "a replay misses nothing"


def test_a_copy_is_dropped() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    first = bench.give(session, signal("s1", "eda", 0, 2.0))
    assert first.outputs
    assert bench.give(session, signal("s1", "eda", 0, 50.0)).outputs == []


def test_what_is_acknowledged_is_what_no_open_window_needs() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    processed = bench.give(session, *(signal("s1", "eda", number, 1.0) for number in range(10)))
    # the next hop closes at 10.5 s and reaches 4 s back: of the chunks of one second, the first six are old
    assert bench.host.commit(processed) == {PLACE: 6}


def test_an_ended_session_is_finished_and_remembered() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    processed = bench.give(session, signal("s1", "eda", 0, 1.0), signal("s1", "eda", 1, 1.0, last=True))
    outputs = bench.read(session, processed.outputs)
    assert outputs[-1].header.complete_until_us == END_OF_TIME_US
    assert bench.host.commit(processed) == {PLACE: 2}
    assert "finished" in bench.live.marks("physio", "s1")
    assert bench.give(session, signal("s1", "eda", 2, 1.0)).outputs == []


def test_a_record_without_consent_is_not_read() -> None:
    bench = Bench()
    session = bench.open(replace(toy_session(streams=("eda",)), consented=frozenset({Modality.FACE})))
    processed = bench.give(session, signal("s1", "eda", 0, 1.0))
    assert processed.outputs == []
    assert bench.host.commit(processed) == {PLACE: 1}


def test_a_withdrawn_consent_takes_effect_within_the_refresh_time() -> None:
    bench = Bench()
    session = bench.open(live_session())
    assert bench.give(session, signal("s1", "eda", 0, 1.0)).outputs
    bench.live.put_session(session.with_consents(frozenset()))
    bench.clock.advance(0.3)
    assert bench.give(session, signal("s1", "eda", 1, 1.0)).outputs == []


def test_a_consent_given_again_starts_from_nothing_known() -> None:
    bench = Bench()
    session = bench.open(live_session())
    bench.give(session, *(signal("s1", "eda", number, 7.0) for number in range(4)))
    bench.live.put_session(session.with_consents(frozenset()))
    bench.clock.advance(0.3)
    bench.host.process([])
    bench.live.put_session(session)
    bench.clock.advance(0.3)
    (first, *_) = bench.read(session, bench.give(session, signal("s1", "eda", 4, 1.0)).outputs)
    assert isinstance(first, PhysioFeatures)
    assert first.tonic_microsiemens == 1.0, "nothing from before the withdrawal"


def test_a_service_that_infers_emotion_leaves_a_session_alone_that_forbids_it() -> None:
    bench = Bench(FUSION)
    session = bench.open(replace(toy_session(), emotion_inference=False))
    header = Header(session_id="s1", stream_id="physio", sequence=1, event_time_us=START_US, complete_until_us=START_US + 500_000)
    processor = MeanSignal(SessionContext(session_id="s1", started_at_us=START_US), None)
    event = processor.output(START_US, 0, [])
    processed = bench.give(session, replace(event, header=header))
    assert processed.outputs == []


def test_an_undeclared_stream_is_not_waited_for_and_not_read() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    assert bench.give(session, signal("s1", "temperature", 0, 1.0)).outputs == []
    assert bench.give(session, signal("s1", "eda", 0, 1.0)).outputs


def test_an_unknown_session_waits_a_bounded_time_then_is_dead() -> None:
    bench = Bench(unknown_session_s=5)
    session = toy_session(streams=("eda",))
    first = bench.give(session, signal("s1", "eda", 0, 1.0))
    assert first.outputs == []
    assert bench.host.commit(first) == {}
    bench.clock.advance(6)
    processed = bench.host.process([])
    (letter,) = processed.outputs
    assert letter.topic == SIGNALS.dead_letters
    assert b"no such session" in letter.headers["error"]
    assert bench.host.commit(processed) == {PLACE: 1}


def test_a_session_that_becomes_known_is_taken_up() -> None:
    bench = Bench()
    session = toy_session(streams=("eda",))
    bench.give(session, signal("s1", "eda", 0, 1.0))
    bench.open(session)
    bench.clock.advance(0.1)
    assert len(bench.host.process([]).outputs) == 2


def test_random_bytes_and_another_sessions_payload_are_dead_letters_with_their_cause() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    other = bench.open(toy_session("s2", streams=("eda",)))
    good = to_record(signal("s1", "eda", 0, 1.0), session.key)
    stolen = replace(to_record(signal("s2", "eda", 0, 1.0), other.key), key=b"s1")
    noise = replace(good, value=b"\x13" * 40)
    processed = bench.host.process([bench.record(noise), bench.record(stolen), bench.record(good)])
    letters = [outgoing for outgoing in processed.outputs if outgoing.topic == SIGNALS.dead_letters]
    assert [letter.headers["field"] for letter in letters] == [b"payload", b"key-id"]
    assert letters[0].value == noise.value
    assert len(processed.outputs) == 4, "the good record went on"


def test_a_live_stream_that_says_it_is_complete_far_ahead_is_a_dead_letter() -> None:
    bench = Bench()
    session = bench.open(live_session())
    chunk = signal("s1", "eda", 0, 1.0)
    far = replace(chunk, header=replace(chunk.header, complete_until_us=START_US + 3_600_000_000))
    (letter,) = bench.give(session, far).outputs
    assert letter.headers["field"] == b"Header.complete_until_us"


def test_too_many_dead_letters_stop_the_service() -> None:
    bench = Bench(dead_letter_least=10)
    session = bench.open(toy_session(streams=("eda",)))
    noise = replace(to_record(signal("s1", "eda", 0, 1.0), session.key), value=b"noise")
    with pytest.raises(TooManyDeadLetters, match="10 of the last"):
        bench.host.process([bench.record(noise) for _ in range(10)])


def test_an_idle_session_is_put_away_and_its_records_acknowledged() -> None:
    bench = Bench(idle_after_s=600)
    session = bench.open(toy_session(streams=("eda", "temperature")))
    bench.host.commit(bench.give(session, signal("s1", "eda", 0, 1.0)))
    bench.clock.advance(601)
    assert bench.host.commit(bench.host.process([])) == {PLACE: 1}
    assert bench.host.held == 0


def test_a_host_that_holds_too_much_says_so() -> None:
    bench = Bench(held_records=3)
    session = bench.open(toy_session(streams=("eda", "temperature")))
    bench.give(session, *(signal("s1", "eda", number, 1.0) for number in range(3)))
    assert bench.host.is_full


def test_lost_partitions_take_their_sessions_with_them() -> None:
    bench = Bench()
    session = bench.open(toy_session(streams=("eda",)))
    bench.give(session, signal("s1", "eda", 0, 1.0))
    bench.host.revoke([PLACE])
    assert bench.host.held == 0
    assert bench.give(session, signal("s1", "eda", 0, 1.0)).outputs, "read again from the start"


def test_a_baseline_is_stored_before_anything_is_acknowledged_and_handed_over() -> None:
    class Learns(MeanSignal):
        def step(self, event: Event) -> list[Event]:
            super().step(event)
            header = replace(event.header, stream_id="physio.baseline.resting", complete_until_us=event.header.event_time_us)
            return [BaselineMeasured(header=header, name="physio.resting", values=[60.0])]  # type: ignore[arg-type]

    seen: list[SessionContext] = []

    def begin(context: SessionContext, settings: object) -> MeanSignal:
        seen.append(context)
        return Learns(context, settings)

    service = replace(PHYSIO, processor=begin, produces=(PHYSIO_FEATURES, BASELINES))
    bench = Bench(service)
    session = bench.open(toy_session(streams=("eda",)))
    processed = bench.give(session, signal("s1", "eda", 0, 1.0))
    assert bench.live.baselines("s1") == {}
    bench.host.commit(processed)
    stored = decode(BaselineMeasured, bench.live.baselines("s1")["physio.resting"])
    assert isinstance(stored, BaselineMeasured)
    assert stored.values.tolist() == [60.0]
    bench.host.revoke([PLACE])
    bench.give(session, signal("s1", "eda", 1, 1.0))
    assert encode(seen[1].baselines["physio.resting"]) == encode(stored)
