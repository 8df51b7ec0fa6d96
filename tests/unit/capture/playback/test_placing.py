"""Sources with clocks keep their distance, and what is assumed of the others is said."""

import itertools
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectloop.errors import InvalidInput
from affectloop.events import SignalKind
from affectloop_capture.playback.merge import MergedSource, merge
from affectloop_capture.playback.placing import FILES_START_AT_US
from affectloop_capture.samples import samples_of
from affectloop_capture.sources.base import Source
from affectloop_capture.sources.files.video import open_video
from affectloop_capture.sources.sampled import AudioTrack, SignalTrack
from unit.capture.making import START_US, write_video
from unit.capture.matroska import frames_at, write_matroska

S = 1_000_000
HOUR = 3600
NOW_US = START_US + 1000 * HOUR * S
NONE: Mapping[int, float] = {}


def band(name: str, at_us: int | None, seconds: int = 60, kind: SignalKind = SignalKind.EDA, *, rough: bool = False) -> Source:
    track = SignalTrack(kind, Fraction(4), np.ones((4 * seconds, 1), np.float32))
    return Source(name, (track,), "", at_us, clock_is_rough=rough)


def voice(seconds: int = 60) -> Source:
    return Source("voice.wav", (AudioTrack(16_000, np.zeros(16_000 * seconds, np.int16)),), "")


def two(first_us: int | None, second_us: int | None, offsets_s: Mapping[int, float] = NONE, *, rough: bool = False) -> MergedSource:
    second = band("b.zip", second_us, kind=SignalKind.TEMPERATURE, rough=rough)
    return merge([band("a.zip", first_us), second], offsets_s=offsets_s, now_us=NOW_US, longest_us=12 * HOUR * S)


def test_sources_with_clocks_keep_their_distance_and_it_is_said() -> None:
    merged = two(START_US, START_US + 30 * S)
    assert (merged.started_at_us, merged.after_us, merged.duration_us) == (START_US, (0, 30 * S), 90 * S)
    assert merged.notes == ("b.zip: starts 30.0 s after a.zip, by their clocks",)
    first = {event.header.stream_id: event.header.event_time_us for event in reversed(list(merged.events("s1"))) if len(samples_of(event))}  # type: ignore[arg-type]
    assert first == {"eda": START_US, "temperature": START_US + 30 * S}


def test_the_order_of_the_files_changes_nothing() -> None:
    assert two(START_US + 30 * S, START_US).after_us == (30 * S, 0)


def test_what_has_no_clock_starts_with_the_first_and_it_is_said() -> None:
    merged = merge([voice(), band("a.zip", START_US)])
    assert merged.after_us == (0, 0)
    assert merged.notes == ("voice.wav: has no clock and is taken to start with the first; --offset voice.wav=SECONDS says otherwise",)
    assert merge([voice(), band("a.zip", None)]).notes[0].startswith("no file has a clock: all are taken to start together")
    assert merge([voice()]).notes == merge([band("a.zip", START_US)]).notes == ()


def test_an_offset_counts_instead_of_the_clock() -> None:
    assert two(START_US, START_US + 30 * S, {1: 0}).after_us == (0, 0)
    assert two(START_US, START_US + 30 * S, {1: 2.5}).after_us == (0, 2_500_000)
    early = two(START_US, None, {1: -5})
    assert (early.started_at_us, early.after_us) == (START_US - 5 * S, (5 * S, 0))
    assert early.notes == ("a.zip: starts 5.0 s after b.zip, by their clocks",)


@pytest.mark.parametrize(
    ("at_us", "said"), [(5 * S, "was never set (1970-01-01 00:00 UTC)"), (NOW_US + HOUR * S, "is ahead of this machine's")]
)
def test_a_clock_that_cannot_be_right_counts_for_nothing(at_us: int, said: str) -> None:
    merged = two(START_US, at_us)
    assert merged.after_us == (0, 0)
    assert merged.notes[0].startswith(f"b.zip: its clock {said}")
    assert two(at_us, None).started_at_us == FILES_START_AT_US


def test_a_videos_date_counts_where_the_clocks_confirm_it() -> None:
    within = two(START_US, START_US + 30 * S, rough=True)
    assert within.after_us == (0, 30 * S)
    assert "is placed by the date in the file, which some cameras write at the end" in within.notes[0]
    outside = two(START_US, START_US + 3 * HOUR * S, rough=True)
    assert outside.after_us == (0, 0)
    assert "lies outside the others and counts for nothing" in outside.notes[0]
    assert two(None, START_US, rough=True).started_at_us == FILES_START_AT_US


def test_sources_that_do_not_overlap_are_named() -> None:
    merged = two(START_US, START_US + 100 * S)
    assert "a.zip and b.zip do not overlap: b.zip begins 40.0 s after a.zip has ended" in merged.notes


def test_sources_further_apart_than_a_session_lasts_are_refused_with_a_remedy_that_works() -> None:
    with pytest.raises(InvalidInput, match=r"a\.zip and b\.zip begin 48\.0 h apart, .* at most 12 h .* --offset b\.zip=0"):
        two(START_US, START_US + 48 * HOUR * S)
    assert two(START_US, START_US + 48 * HOUR * S, {1: 0}).duration_us == 60 * S


def test_a_recording_that_is_too_long_is_played_in_parts() -> None:
    long = [band("a.zip", START_US, seconds=20 * HOUR)]
    with pytest.raises(InvalidInput, match=r"a\.zip: lasts 20\.0 h, .* --start and --duration"):
        merge(long, longest_us=12 * HOUR * S)
    part = merge(long, longest_us=12 * HOUR * S, start_s=15 * HOUR, duration_s=HOUR)
    assert (part.started_at_us, part.duration_us) == (START_US + 15 * HOUR * S, HOUR * S)


@settings(max_examples=30)
@given(late_s=st.integers(0, 300), chunk_ms=st.integers(200, 5000), start_s=st.integers(0, 250))
def test_a_stream_that_starts_late_says_so_at_once_and_twice_a_minute(late_s: int, chunk_ms: int, start_s: int) -> None:
    sources = [band("a.zip", START_US, 300), band("b.zip", START_US + late_s * S, kind=SignalKind.TEMPERATURE)]
    merged = merge(sources, chunk_ms=chunk_ms, start_s=start_s)
    events = [event for event in merged.events("s1") if event.header.stream_id == "temperature"]
    numbers = [event.header.sequence for event in events]
    assert numbers == sorted(set(numbers))
    assert events[-1].header.ends_stream
    assert events[0].header.event_time_us <= merged.started_at_us + 30 * S
    for event, following in itertools.pairwise(events):
        assert event.header.complete_until_us == following.header.event_time_us
        assert event.header.complete_until_us <= event.header.event_time_us + max(30 * S, chunk_ms * 1000 + 250_000)


def test_a_videos_date_is_read_from_its_container(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4")
    content = bytearray(path.read_bytes())
    at = content.index(b"mvhd") + 8
    content[at : at + 4] = (START_US // S + 2_082_844_800).to_bytes(4, "big")
    path.write_bytes(content)
    assert (open_video(path).starts_at_us, open_video(path).clock_is_rough) == (START_US, True)
    content[at : at + 4] = bytes(4)
    path.write_bytes(content)
    assert open_video(path).starts_at_us is None
    since_2001_ns = (START_US - 978_307_200 * S) * 1000
    dated = write_matroska(tmp_path / "a.webm", frames_at(range(0, 400, 40)), made_ns=since_2001_ns)
    assert open_video(dated).starts_at_us == START_US
