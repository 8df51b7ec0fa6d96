from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from affectloop.bus import Outgoing, Record
from affectloop.clock import ManualClock
from affectloop.codec import from_record
from affectloop.errors import Unavailable
from affectloop.events import Event, Modality
from affectloop.session import Mode, Session, Stream
from affectloop_capture.admission.consent_gate import ConsentGate
from affectloop_capture.playback.merge import MergedSource, merge
from affectloop_capture.playback.publish import BATCH_RECORDS, Hooks, Progress, play
from affectloop_capture.sources.registry import open_source
from unit.capture.making import EVERYTHING, START_US, KeptRecords, a_chunk, a_frame, a_session, some_audio, values, write_e4, write_video


class Listed:
    """A source of the events that a test lists."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events
        self.streams: tuple[Stream, ...] = ()
        self.started_at_us = START_US
        self.duration_us = 1_000_000

    def events(self, session_id: str) -> Iterator[Event]:
        yield from self._events


def opened(records: list[Outgoing], session: Session) -> list[Event]:
    return [
        from_record(Record(record.topic, 0, at, record.key, record.value, record.headers), session.key) for at, record in enumerate(records)
    ]


@pytest.fixture
def learner(tmp_path: Path) -> MergedSource:
    return merge([open_source(write_video(tmp_path / "face.mp4", frames=40)), open_source(write_e4(tmp_path / "band.zip"))])


def session_for(source: MergedSource, consented: frozenset[Modality] = EVERYTHING) -> Session:
    return replace(a_session(captured=source.streams, consented=consented, mode=Mode.REPLAY), started_at_us=source.started_at_us)


def test_full_speed_publishes_every_event_in_batches(learner: MergedSource) -> None:
    session, bus = session_for(learner), KeptRecords()
    played = play(learner, session, bus, ManualClock(), speed=None)
    assert values(opened(bus.records, session)) == values(list(learner.events("s1")))
    assert played.complete
    assert played.records == len(bus.records)
    assert max(bus.batches) <= BATCH_RECORDS
    assert len(bus.batches) < len(bus.records) / 4


def test_real_time_takes_as_long_as_it_lasts_and_publishes_the_same(learner: MergedSource) -> None:
    session, bus, clock = session_for(learner), KeptRecords(), ManualClock()
    played = play(learner, session, bus, clock)
    assert played.took_s == pytest.approx(10.0, abs=0.01)
    assert values(opened(bus.records, session)) == values(list(learner.events("s1")))
    assert played.lateness_p95_s == pytest.approx(0.0, abs=1e-6)


def test_lateness_is_measured_when_the_bus_is_slow() -> None:
    clock = ManualClock()

    class SlowBus(KeptRecords):
        def send(self, records: object) -> None:
            clock.advance(0.2)

    source = Listed([a_frame(0, START_US), a_frame(1, START_US + 100_000), a_frame(2, START_US + 200_000)])
    played = play(source, a_session(), SlowBus(), clock)
    assert played.lateness_s == pytest.approx([0.0, 0.1, 0.2])


def test_a_modality_without_consent_is_left_out_and_the_others_are_played(learner: MergedSource) -> None:
    session, bus = session_for(learner, frozenset({Modality.WRISTBAND})), KeptRecords()
    played = play(learner, session, bus, ManualClock(), speed=None)
    assert played.refused == {"face": 40}
    assert {event.modality for event in opened(bus.records, session)} == {Modality.WRISTBAND}


def test_a_consent_withdrawn_in_the_middle_stops_its_modality_at_once(learner: MergedSource) -> None:
    session, bus, clock = session_for(learner), KeptRecords(), ManualClock()
    withdrawn_at_s = 1.0

    def lookup(session_id: str) -> Session:
        return session if clock.monotonic_s() < withdrawn_at_s else session.with_consents(frozenset({Modality.WRISTBAND}))

    play(learner, session, bus, clock, hooks=Hooks(gate=ConsentGate(lookup, clock)))
    frames = [event.header.event_time_us for event in opened(bus.records, session) if event.modality is Modality.FACE]
    last_s = (max(frames) - learner.started_at_us) / 1e6
    assert withdrawn_at_s - 0.1 < last_s <= withdrawn_at_s + 0.25


def test_a_play_stops_when_it_is_asked_to(learner: MergedSource) -> None:
    session, bus, clock = session_for(learner), KeptRecords(), ManualClock()
    played = play(learner, session, bus, clock, hooks=Hooks(should_stop=lambda: clock.monotonic_s() > 3))
    assert not played.complete
    assert played.played_s == pytest.approx(3.0, abs=0.3)


def test_a_play_at_full_speed_waits_while_it_is_held(learner: MergedSource) -> None:
    session, bus, clock = session_for(learner), KeptRecords(), ManualClock()
    reached: list[int] = []

    def hold(came_until_us: int) -> bool:
        reached.append(came_until_us)
        return clock.monotonic_s() < 2.0

    played = play(learner, session, bus, clock, speed=None, hooks=Hooks(hold=hold))
    assert played.complete
    assert played.took_s >= 2.0
    assert reached[0] < reached[-1]


def test_progress_is_told_twice_a_second_and_at_the_end(learner: MergedSource) -> None:
    told: list[Progress] = []
    play(learner, session_for(learner), KeptRecords(), ManualClock(), hooks=Hooks(progress=told.append))
    assert 15 <= len(told) <= 25
    assert told[-1].played_s == pytest.approx(10.0)
    assert told[-1].of_s == pytest.approx(10.0)


def test_a_bus_that_is_gone_ends_the_play_with_its_reason() -> None:
    bus = KeptRecords()
    bus.is_down = True
    with pytest.raises(Unavailable, match="broker is gone"):
        play(Listed([a_chunk(), some_audio()]), a_session(), bus, ManualClock(), speed=None)
