"""The same sound gives the same records, however it is cut and wherever a processor is lost."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import resample_poly

from affectloop.codec import to_json
from affectloop.events import END_OF_TIME_US, AudioChunk, BaselineMeasured, Event, Header
from affectloop.processor import SessionContext
from affectloop.synthetic.voice import Manner, speak
from affectloop_audio.arousal import ArousalModel, Weights
from affectloop_audio.processor import AudioProcessor
from affectloop_audio.settings import AudioSettings

START_US = 1_700_000_000_123_457
LENGTH_S = 36.0  # beyond the 26 s that an output looks back on
RATIO = {8_000: (1, 2), 16_000: (1, 1), 22_050: (441, 320), 44_100: (441, 160), 48_000: (3, 1)}
MODEL = ArousalModel(
    known=Weights(np.array([0.1, 0.0, 0.02, 0.02, 0.2]), 0.0, np.full(5, 10.0), 0.4, 0.4),
    unknown=Weights(np.array([0.02, 0.0, 0.0, 0.02, 0.2]), 0.0, np.full(5, 10.0), 0.7, 0.4),
)


@cache
def recording(rate: int) -> NDArray[np.int16]:
    pcm = speak(LENGTH_S, Manner(pause_s=(0.5, 6.0)), 11).pcm
    return pcm if rate == 16_000 else np.round(resample_poly(pcm.astype(float), *RATIO[rate])).clip(-32_768, 32_767).astype(np.int16)


def chunk(rate: int, first: int, end: int) -> AudioChunk:
    pcm = recording(rate)
    at_us, until_us = (START_US + round(number * 1e6 / rate) for number in (first, end))
    header = Header(
        session_id="s",
        stream_id="microphone",
        sequence=first,
        event_time_us=at_us,
        complete_until_us=END_OF_TIME_US if end == len(pcm) else until_us,
    )
    return AudioChunk(header=header, sample_rate_hz=rate, pcm=pcm[first:end])


def cut(rate: int, seconds: float, lost: tuple[float, float] = (0, 0), *, until_s: float = LENGTH_S) -> list[AudioChunk]:
    """Chunks of that length; those that begin within the lost seconds are missing."""
    count, length = round(until_s * rate), round(seconds * rate)
    edges = sorted({*range(0, count, length), *(round(at * rate) for at in lost), count})
    return [chunk(rate, a, b) for a, b in pairwise(edges) if not lost[0] * rate <= a < lost[1] * rate]


def opened(baselines: dict[str, BaselineMeasured] | None = None) -> AudioProcessor:
    context = SessionContext(session_id="s", started_at_us=START_US, emotion_inference=True, baselines=baselines or {})
    return AudioProcessor(context, AudioSettings(), MODEL)


def heard_until(one: AudioChunk) -> int:
    """The progress that a chunk brings; the end of time is told apart."""
    return one.header.event_time_us if one.header.ends_stream else one.header.complete_until_us


def undisturbed(chunks: list[AudioChunk]) -> list[Event]:
    subject = opened()
    said: list[Event] = []
    for one in chunks:
        said += subject.step(one)
        said += subject.advance(heard_until(one))
    return [*said, *subject.advance(END_OF_TIME_US)]


def same(found: list[Event], expected: list[Event], tolerance: float = 1e-4) -> None:
    assert [(type(event), event.header) for event in found] == [(type(event), event.header) for event in expected]
    for one, other in zip(found, expected, strict=True):
        _same_values(to_json(one), to_json(other), tolerance)


def _same_values(one: dict[str, object], other: dict[str, object], tolerance: float) -> None:
    for name, value in one.items():
        if isinstance(value, (float, list)):
            assert value == pytest.approx(other[name], abs=tolerance, rel=tolerance), name
        else:
            assert value == other[name], name


@pytest.mark.parametrize("rate", RATIO)
def test_chunks_of_50_ms_and_of_5_s_give_the_same_records(rate: int) -> None:
    same(undisturbed(cut(rate, 0.05, until_s=11)), undisturbed(cut(rate, 5.0, until_s=11)))


@settings(max_examples=3, deadline=None)
@given(seconds=st.floats(0.02, 7.0), lost=st.tuples(st.integers(5, 20), st.integers(0, 12)))
def test_any_cut_gives_the_same_records_around_a_gap(seconds: float, lost: tuple[int, int]) -> None:
    gap = (lost[0], lost[0] + lost[1])
    same(undisturbed(cut(16_000, seconds, gap)), undisturbed(cut(16_000, 1.0, gap)))


def test_advancing_late_or_at_once_changes_nothing() -> None:
    chunks = cut(16_000, 0.5)
    subject = opened()
    for one in chunks:
        subject.step(one)
    same(list(subject.advance(END_OF_TIME_US)), undisturbed(chunks))


def crashing(chunks: list[AudioChunk], kills: set[int], *, stored_at_once: bool) -> list[Event]:
    """Lose the processor after each of these chunks; the next begins at the last acknowledged need."""
    log: dict[tuple[str, int], Event] = {}
    stored: dict[str, BaselineMeasured] = {}
    subject, needs_us, position = opened(), 0, 0
    remaining = set(kills)
    while position < len(chunks):
        one = chunks[position]
        made = [*subject.step(one), *subject.advance(heard_until(one))]
        dies = position in remaining
        for event in made:
            if isinstance(event, BaselineMeasured) and (stored_at_once or not dies):
                stored[event.name] = event
            if not dies:
                log.setdefault((event.header.stream_id, event.header.sequence), event)
        if dies:
            remaining.discard(position)
            subject = opened(stored)
            position = next(index for index, other in enumerate(chunks) if other.header.event_time_us >= needs_us)
            continue
        needs_us = subject.needs_from_us
        position += 1
    for event in subject.advance(END_OF_TIME_US):
        log.setdefault((event.header.stream_id, event.header.sequence), event)
    return sorted(log.values(), key=lambda event: (event.header.event_time_us, event.header.stream_id))


def in_order(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.header.event_time_us, event.header.stream_id))


@settings(max_examples=6, deadline=None)
@given(
    seconds=st.sampled_from([0.3, 1.0, 5.0]),
    rate=st.sampled_from([16_000, 44_100]),
    kills=st.sets(st.integers(0, 150), min_size=1, max_size=4),
    gap=st.sampled_from([(0, 0), (8, 11), (5, 30)]),
    stored_at_once=st.booleans(),
)
def test_a_lost_processor_changes_nothing(
    seconds: float, rate: int, kills: set[int], gap: tuple[int, int], *, stored_at_once: bool
) -> None:
    chunks = cut(rate, seconds, gap)
    expected = undisturbed(chunks)
    same(crashing(chunks, {kill % len(chunks) for kill in kills}, stored_at_once=stored_at_once), in_order(expected))


def test_what_is_needed_is_bounded_and_never_lies_after_the_newest_chunk() -> None:
    subject = opened()
    for one in cut(16_000, 1.0):
        subject.step(one)
        list(subject.advance(heard_until(one)))
        assert one.header.event_time_us - 28_000_000 <= subject.needs_from_us <= one.header.event_time_us
