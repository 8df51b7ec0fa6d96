"""The load of benchmarks/loop.py: what is due when, what it leads to, and that it is paced."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from affectloop.bus import Outgoing
from affectloop.clock import MICROSECONDS, ManualClock
from affectloop.codec import encode
from affectloop.events import AudioChunk, FaceFeatures, SignalChunk, SignalKind, TrialAnswered
from affectloop.session import Stream
from affectloop.topics import AUDIO, FACE_FEATURES, SIGNALS
from loop_load import (
    Contents,
    Streams,
    Timed,
    Topology,
    Window,
    begins_us,
    captured,
    chunks,
    events,
    expected,
    hops,
    opened,
    pace,
    regular,
    streams,
)

START_US = 1_767_225_600_123_457  # on no grid
WINDOW = Window(start_us=START_US, measured_us=START_US + 6_000_000, ends_us=START_US + 8_000_000)


class Sink:
    """A producer that notes when it was given what, and may be slow."""

    def __init__(self, clock: ManualClock, takes_s: float = 0.0) -> None:
        self.clock, self.takes_s = clock, takes_s
        self.sent: list[tuple[int, bytes]] = []

    def send(self, records: Sequence[Outgoing]) -> None:
        self.sent += [(self.clock.wall_us(), record.value) for record in records]
        self.clock.advance(self.takes_s)

    def close(self) -> None:
        """Nothing to release."""


def timed(clock: ManualClock, *after_ms: int) -> list[Timed]:
    return [Timed(clock.wall_us() + ms * 1000, Outgoing("t", b"k", str(ms).encode())) for ms in after_ms]


def test_chunks_hold_every_sample_once_and_are_due_when_the_last_is_there() -> None:
    slots = chunks(START_US, START_US + 2_000_000, 64.0)
    assert [slot.number for slot in slots] == list(range(0, 128, 16))
    assert all(before.promised_us == after.event_time_us for before, after in pairwise(slots))
    assert all(slot.due_us == slot.promised_us for slot in slots)


def test_frames_are_due_when_they_are_taken_and_promise_nothing_more() -> None:
    slots = regular(START_US, START_US + 1_000_000, 15.0)
    assert len(slots) == 15
    assert all(slot.due_us == slot.event_time_us == slot.promised_us - 1 for slot in slots)


def test_what_a_browser_makes_of_a_voice_lies_on_the_hops_grid_and_leaves_after_it() -> None:
    slots = hops(START_US, START_US + 2_000_000, 500_000, 30_000)
    assert {slot.event_time_us % 500_000 for slot in slots} == {0}
    assert {slot.due_us - slot.event_time_us for slot in slots} == {30_000}


def test_learners_begin_at_different_times_within_the_stagger() -> None:
    begins = [begins_us(number, WINDOW) for number in range(200)]
    assert len(set(begins)) == 200
    assert all(START_US <= begin < START_US + 5_000_000 for begin in begins)


@pytest.mark.parametrize("topology", list(Topology))
def test_each_streams_last_event_alone_ends_it(topology: Topology) -> None:
    planned = streams(topology, 3, WINDOW)
    made = [event for _, event in events(planned, "s", Contents(3, 12, [b"jpeg"]))]
    ended = [event.header.stream_id for event in made if event.header.ends_stream]
    assert sorted(ended) == sorted(stream.stream_id for stream in captured(topology))


def test_a_learners_events_keep_the_contract() -> None:
    made = [event for _, event in events(streams(Topology.SOUND, 1, WINDOW), "s", Contents(1, 12))]
    assert {FaceFeatures, AudioChunk, SignalChunk, TrialAnswered} <= {type(event) for event in made}
    assert all(encode(event) for event in made)


def test_signals_are_cut_as_their_slots_say() -> None:
    made = [event for _, event in events(streams(Topology.EDGE, 1, WINDOW), "s", Contents(1, 12)) if isinstance(event, SignalChunk)]
    sizes = {kind: {event.samples.shape for event in made if event.kind is kind} for kind in (SignalKind.PPG, SignalKind.ACCELERATION)}
    assert sizes == {SignalKind.PPG: {(16, 1)}, SignalKind.ACCELERATION: {(8, 3)}}


@pytest.mark.parametrize(
    ("topology", "stages"),
    [
        (Topology.EDGE, {"physio": 2, "estimate": 4}),
        (Topology.SOUND, {"physio": 2, "audio": 4, "estimate": 4}),
        (Topology.VIDEO, {"physio": 2, "audio": 4, "estimate": 4, "face": 30}),
    ],
)
def test_two_seconds_of_a_learner_lead_to_so_many_results(topology: Topology, stages: dict[str, int]) -> None:
    made = [output.stage for output in expected(streams(topology, 0, WINDOW), "s", WINDOW) if output.stage != "directive"]
    assert {stage: made.count(stage) for stage in made} == stages


def test_an_estimate_is_due_with_the_first_frame_after_its_hop() -> None:
    planned = streams(Topology.EDGE, 0, WINDOW)
    frames = [slot.event_time_us for slot in planned.slots[Stream(FACE_FEATURES.name, FACE_FEATURES.stream)]]
    dues = {output.event_time_us: output.due_us for output in expected(planned, "s", WINDOW) if output.stage == "estimate"}
    assert dues == {hop_us: min(frame for frame in frames if frame >= hop_us) for hop_us in dues}


def test_physiology_is_due_with_the_chunk_in_which_its_second_ends() -> None:
    planned = streams(Topology.EDGE, 0, WINDOW)
    ends = [slot.promised_us for slot in planned.slots[Stream(SIGNALS.name, "ppg")]]
    dues = {output.event_time_us: output.due_us for output in expected(planned, "s", WINDOW) if output.stage == "physio"}
    assert dues == {hop_us: min(end for end in ends if end >= hop_us) for hop_us in dues}


def test_with_a_wristband_alone_estimates_are_due_at_their_hop() -> None:
    wristband = [stream for stream in captured(Topology.EDGE) if stream.topic == SIGNALS.name]
    planned = streams(Topology.EDGE, 0, WINDOW)
    alone = Streams(slots={stream: planned.slots[stream] for stream in wristband}, trials=[])
    waits_us = [output.due_us - output.event_time_us for output in expected(alone, "s", WINDOW) if output.stage == "estimate"]
    assert waits_us.count(0) == 4  # physiology promises a second ahead
    assert min(waits_us) == 0


def test_a_session_declares_what_its_devices_bring_and_the_services_make() -> None:
    (session,) = opened(Topology.SOUND, 1)
    assert session.expects(AUDIO) == {"microphone"}
    assert session.expects(SIGNALS) == {"ppg", "acceleration", "eda"}
    assert session.expects(FACE_FEATURES) == {"face"}


def test_records_are_sent_when_they_are_due_and_not_before() -> None:
    clock = ManualClock()
    sink, began_us = Sink(clock), clock.wall_us()
    late_ms = pace(timed(clock, 10, 20, 200), sink, clock, tick_s=0.001, goes_on=lambda: True)
    assert [(at_us - began_us) // 1000 for at_us, _ in sink.sent] == pytest.approx([10, 20, 200], abs=1)
    assert max(late_ms) <= 1.0


def test_a_slow_bus_makes_the_load_late_by_as_much() -> None:
    clock = ManualClock()
    late_ms = pace(timed(clock, 0, 10), Sink(clock, takes_s=0.05), clock, tick_s=0.001, goes_on=lambda: True)
    assert late_ms == pytest.approx([0.0, 41.0], abs=0.01)  # 50 ms of the bus and a tick


def test_records_that_are_due_together_go_together_and_in_order() -> None:
    clock = ManualClock()
    sink = Sink(clock)
    waiting = timed(clock, 0, 1, 2)
    clock.advance(0.5)
    pace(waiting, sink, clock, tick_s=0.001, goes_on=lambda: True)
    assert [value for _, value in sink.sent] == [b"0", b"1", b"2"]
    assert len({at_us for at_us, _ in sink.sent}) == 1


def test_a_load_that_is_told_to_stop_sends_nothing_more() -> None:
    clock = ManualClock()
    sink = Sink(clock)
    until_us = clock.wall_us() + MICROSECONDS
    pace(timed(clock, 0, 5_000), sink, clock, tick_s=0.001, goes_on=lambda: clock.wall_us() < until_us)
    assert [value for _, value in sink.sent] == [b"0"]
