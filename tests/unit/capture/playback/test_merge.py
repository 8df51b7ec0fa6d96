import itertools
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectloop.errors import InvalidInput
from affectloop.events import END_OF_TIME_US, AudioChunk, Event, Header, SignalChunk, SignalKind, VideoFrame, offset_us
from affectloop.session import Stream
from affectloop.topics import FRAMES
from affectloop_capture.playback.merge import FILES_START_AT_US, MergedSource, merge
from affectloop_capture.samples import after_last_us, is_chunk, samples_of
from affectloop_capture.sources.base import Source
from affectloop_capture.sources.sampled import AudioTrack, SignalTrack
from affectloop_capture.sources.timeline import chunked
from unit.capture.making import START_US, a_chunk, a_header, values

RAMP = np.arange(1000, dtype=np.float32).reshape(-1, 1)


class Frames:
    """A camera of 10 frames a second."""

    def __init__(self, count: int) -> None:
        self.count = count

    @property
    def stream(self) -> Stream:
        return Stream(FRAMES.name, "camera")

    @property
    def duration_us(self) -> int:
        return self.count * 100_000

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        for number in range(self.count):
            time_us = origin_us + number * 100_000
            yield VideoFrame(header=a_header("camera", number, time_us, time_us + 100_000), jpeg=bytes([number % 256]))

    def ending(self, header: Header) -> Event:
        return VideoFrame(header=header)


def wristband(seconds: int = 10, starts_after_us: int = 0) -> Source:
    eda = SignalTrack(SignalKind.EDA, Fraction(4), (RAMP[: 4 * seconds] / 100).astype(np.float32), starts_after_us)
    ppg = SignalTrack(SignalKind.PPG, Fraction(64), np.resize(RAMP, (64 * seconds, 1)).astype(np.float32))
    return Source("band.zip", (eda, ppg), "wristband", START_US + 5)


def voice(seconds: int = 3) -> Source:
    return Source("voice.wav", (AudioTrack(16_000, np.arange(16_000 * seconds, dtype=np.int64).astype(np.int16)),), "voice")


def camera(frames: int = 30) -> Source:
    return Source("face.mp4", (Frames(frames),), "video")


def joined(events: Sequence[Event]) -> dict[str, tuple[list[int], list[int], bytes]]:
    """Of each stream the number and time of every sample, and all samples."""
    streams: dict[str, tuple[list[int], list[int], list[bytes]]] = {}
    for event in events:
        numbers, times, content = streams.setdefault(event.header.stream_id, ([], [], []))
        count = len(samples_of(event)) if is_chunk(event) else 1
        rate_hz = event.sample_rate_hz if isinstance(event, (SignalChunk, AudioChunk)) else 1.0
        numbers += range(event.header.sequence, event.header.sequence + count)
        times += [event.header.event_time_us + offset_us(index, rate_hz) for index in range(min(count, 1))]
        content.append(samples_of(event).tobytes() if is_chunk(event) else getattr(event, "jpeg", b""))
    return {name: (numbers, times, b"".join(content)) for name, (numbers, times, content) in streams.items()}


def test_sources_start_together_when_the_one_with_a_clock_says() -> None:
    merged = merge([camera(), wristband(), voice()])
    assert merged.started_at_us == START_US + 5
    assert {event.header.event_time_us for event in merged.events("s1") if event.header.sequence == 0} == {START_US + 5}


def test_sources_without_a_clock_start_on_the_same_day_each_time() -> None:
    assert merge([camera(), voice()]).started_at_us == FILES_START_AT_US


def test_a_stream_that_starts_later_within_its_source_stays_later() -> None:
    merged = merge([wristband(starts_after_us=250_000)])
    first = next(event for event in merged.events("s1") if event.header.stream_id == "eda")
    assert first.header.event_time_us == START_US + 5 + 250_000


@pytest.mark.parametrize("chunk_ms", [10, 50, 250, 333.3, 1000, 5000, 10_000])
def test_the_length_of_chunks_changes_no_number_and_no_sample(chunk_ms: float) -> None:
    whole = joined(list(merge([camera(), wristband(), voice()]).events("s1")))
    other = joined(list(merge([camera(), wristband(), voice()], chunk_ms=chunk_ms).events("s1")))
    assert {name: (numbers, content) for name, (numbers, _, content) in other.items()} == {
        name: (numbers, content) for name, (numbers, _, content) in whole.items()
    }


@pytest.mark.parametrize("chunk_ms", [50, 250, 5000])
def test_each_chunk_begins_at_its_numbers_time_and_ends_where_the_next_begins(chunk_ms: float) -> None:
    ppg = [event for event in merge([wristband()], chunk_ms=chunk_ms).events("s1") if event.header.stream_id == "ppg"]
    begins = [event.header.event_time_us for event in ppg]
    assert begins == [START_US + 5 + offset_us(event.header.sequence, 64.0) for event in ppg]
    assert [event.header.complete_until_us for event in ppg] == [*begins[1:], END_OF_TIME_US]


def test_chunk_borders_lie_on_a_fixed_grid() -> None:
    chunks = [event for event in merge([wristband()], chunk_ms=300).events("s1") if event.header.stream_id == "eda"]
    assert [event.header.sequence for event in chunks[:6]] == [0, 2, 3, 4, 5, 6]  # samples at 0, 250, 500, ... ms; borders at 300, 600, ...


def test_events_come_in_the_order_in_which_they_are_whole() -> None:
    times = [after_last_us(event) for event in merge([camera(), wristband(), voice()], chunk_ms=700).events("s1")]
    assert times == sorted(times)


def test_the_last_event_of_each_stream_ends_it_and_no_other_does() -> None:
    events = list(merge([camera(), wristband(), voice()]).events("s1"))
    last = {event.header.stream_id: event for event in events}
    assert {event.header.stream_id for event in events if event.header.ends_stream} == {"camera", "eda", "ppg", "microphone"}
    assert [event for event in events if event.header.ends_stream] == sorted(last.values(), key=events.index)


def cut_of(start_s: float, duration_s: float | None) -> MergedSource:
    return merge([camera(), wristband(), voice()], start_s=start_s, duration_s=duration_s)


def test_a_cut_keeps_numbers_and_times_of_the_whole() -> None:
    whole = joined(list(cut_of(0, None).events("s1")))
    part = joined(list(cut_of(1.1, 1.5).events("s1")))
    numbers, _, content = part["ppg"]
    assert numbers == list(range(71, 167))  # 1.1 s * 64 = 70.4, 2.6 s * 64 = 166.4
    assert content == whole["ppg"][2][71 * 4 : 167 * 4]
    assert part["camera"][0] == list(range(11, 26))
    assert part["eda"][1][0] == START_US + 5 + 1_250_000


def test_a_cut_starts_the_session_where_it_starts() -> None:
    merged = cut_of(1.5, 2.0)
    assert (merged.started_at_us, merged.duration_us) == (START_US + 5 + 1_500_000, 2_000_000)


def test_the_last_event_in_a_cut_ends_its_stream() -> None:
    ending = [event for event in cut_of(0.5, 1.0).events("s1") if event.header.ends_stream]
    assert {event.header.stream_id for event in ending} == {"camera", "eda", "ppg", "microphone"}
    assert not any(event.is_empty for event in ending)


def test_a_stream_of_which_nothing_lies_in_the_cut_says_that_it_has_ended() -> None:
    events = [event for event in cut_of(5.0, None).events("s1") if event.header.stream_id in ("camera", "microphone")]
    assert [(event.is_empty, event.header.ends_stream) for event in events] == [(True, True), (True, True)]


def test_two_sources_of_one_stream_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match=r"face\.mp4 and face\.mp4 both bring the learner's camera"):
        merge([camera(), camera()])


@pytest.mark.parametrize("arguments", [{"chunk_ms": 0}, {"chunk_ms": 60_000}, {"start_s": -1}, {"duration_s": 0}, {"start_s": 100}])
def test_a_cut_that_makes_no_sense_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        merge([camera()], **arguments)


def test_nothing_to_play_is_refused() -> None:
    with pytest.raises(InvalidInput, match="name at least one file"):
        merge([])


def pieces(samples: int, borders: Sequence[int], rate_hz: float) -> list[SignalChunk]:
    """A signal as a device would send it, cut at the borders."""
    edges = sorted({0, samples, *(border % samples for border in borders)})
    return [
        a_chunk(list(range(low, high)), SignalKind.PPG, rate_hz, low, START_US + offset_us(low, rate_hz))
        for low, high in itertools.pairwise(edges)
    ]


@given(
    st.integers(1, 300),
    st.lists(st.integers(0, 300), max_size=20),
    st.sampled_from([4.0, 32.0, 64.0, 130.0, 23.976023976]),
    st.sampled_from([10.0, 50.0, 250.0, 1000.0, 5000.0]),
)
def test_how_a_stream_was_cut_before_changes_nothing(samples: int, borders: list[int], rate_hz: float, chunk_ms: float) -> None:
    once = values(list(chunked(pieces(samples, [], rate_hz), chunk_ms)))
    assert values(list(chunked(pieces(samples, borders, rate_hz), chunk_ms))) == once


def test_a_gap_is_never_closed_by_joining_what_is_around_it() -> None:
    before = a_chunk([1.0, 2.0], sequence=0)
    after = a_chunk([5.0], sequence=4, time_us=START_US + 1_000_000)
    numbers = [(event.header.sequence, event.header.event_time_us - START_US) for event in chunked([before, after], 5000)]
    assert numbers == [(0, 0), (4, 1_000_000)]


class BreaksOff(Frames):
    """A camera whose library raises in the middle what nobody expects."""

    def events(self, session_id: str, origin_us: int) -> Iterator[Event]:
        yield from itertools.islice(super().events(session_id, origin_us), 3)
        raise struct.error("unpack requires a buffer of 4 bytes")


def test_what_a_library_raises_in_the_middle_is_a_sentence_that_names_the_file() -> None:
    merged = merge([Source("face.mpg", (BreaksOff(30),), "video"), wristband()])
    with pytest.raises(InvalidInput, match=r"face\.mpg: cannot be read on \(error: .*\); check that it plays elsewhere"):
        list(merged.events("s1"))
