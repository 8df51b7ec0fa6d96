"""How the signals were cut, and when a processor was killed, changes nothing in what is told."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectloop.events import BaselineMeasured, Event, PhysioFeatures, SignalChunk, SignalKind
from affectloop.synthetic.physiology import Movement, Response
from physio_recordings import START_US, Played, Signal, arriving, chest_strap, wristband

# Everything that there is to tell: responses, a moving wrist, a strap that starts late and ends early, off-grid rates and start.
OFFSET_US = 123_457


def eventful(duration_s: float, seed: int) -> list[Signal]:
    responses = [Response(20.0, 0.2), Response(40.0, 0.4), Response(duration_s - 20, 0.15)]
    signals = wristband(duration_s, seed, responses=responses, movements=[Movement(50.0, 75.0, 1.7, 0.5)])
    strap = dataclasses.replace(chest_strap(duration_s / 2, seed), start_us=START_US + 30_000_000 + 333)
    shifted = [dataclasses.replace(signal, start_us=START_US + OFFSET_US) for signal in signals]
    return [*shifted, strap]


def assert_same(made: list[Event], expected: list[Event]) -> None:
    """The same events, times and sequences; values within 1e-4."""
    assert [(each.header.stream_id, each.header.sequence) for each in made] == [(e.header.stream_id, e.header.sequence) for e in expected]
    for one, other in zip(made, expected, strict=True):
        assert one.header == other.header
        if isinstance(one, BaselineMeasured) and isinstance(other, BaselineMeasured):
            assert one.values == pytest.approx(other.values, rel=1e-4)
        else:
            assert_same_features(one, other)


def assert_same_features(one: Event, other: Event) -> None:
    assert isinstance(one, PhysioFeatures)
    assert isinstance(other, PhysioFeatures)
    for name in (field.name for field in dataclasses.fields(PhysioFeatures) if field.name != "header"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine if not isinstance(mine, float) else pytest.approx(mine, rel=1e-4, abs=1e-4)) == theirs, name


@pytest.fixture(scope="module")
def recording() -> list[Signal]:
    return eventful(130.0, seed=4)


@pytest.fixture(scope="module")
def undisturbed(recording: list[Signal]) -> list[Event]:
    return Played().play(arriving(recording, 1.0))


@pytest.mark.parametrize("chunk_s", [0.05, 0.37, 5.0, 200.0])
def test_chunks_of_any_length_give_the_same(recording: list[Signal], undisturbed: list[Event], chunk_s: float) -> None:
    made = Played().play(arriving(recording, chunk_s))
    assert_same(sorted(made, key=_order), sorted(undisturbed, key=_order))


def test_the_recording_tells_of_everything(undisturbed: list[Event]) -> None:
    made = [event for event in undisturbed if isinstance(event, PhysioFeatures)]
    assert sum(len(event.responses) for event in made) == 3
    assert {event.heart_rate_source for event in made} == {SignalKind.ECG, SignalKind.PPG, None}
    assert any(event.rmssd_ms is not None for event in made)
    assert len(undisturbed) - len(made) == 2


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10_000), chunk_s=st.sampled_from([0.7, 2.0, 6.0]), kills=st.sets(st.integers(0, 600), min_size=1, max_size=4))
def test_a_processor_that_takes_over_tells_what_the_lost_one_would_have(seed: int, chunk_s: float, kills: set[int]) -> None:
    signals = eventful(100.0, seed=4)
    chunks = shuffled(arriving(signals, chunk_s), seed)
    undisturbed = Played().play(chunks)
    disturbed = Played().play(chunks, kills=frozenset(kill % len(chunks) for kill in kills))
    assert_same(sorted(disturbed, key=_order), sorted(undisturbed, key=_order))


@pytest.mark.parametrize(("begins_s", "told"), [(80, 111), (300, 275), (600, 280)])
def test_a_kill_in_a_long_silence_loses_no_second(begins_s: int, told: int) -> None:
    """Every second is told while a window still reaches back to a sample (214 s), then whole minutes, then every second again."""
    strap = chest_strap(30.0)
    late = dataclasses.replace(strap, start_us=START_US + begins_s * 1_000_000)
    chunks = [chunk for chunk in arriving([strap], 1.0) if not chunk.header.ends_stream] + arriving([late], 1.0)
    undisturbed = Played().play(chunks)
    disturbed = Played().play(chunks, kills=frozenset({28}))
    assert len(disturbed) == told
    assert_same(sorted(disturbed, key=_order), sorted(undisturbed, key=_order))


def shuffled(chunks: list[SignalChunk], seed: int) -> list[SignalChunk]:
    """Streams delayed against each other, each in its own order."""
    rng = random.Random(seed)
    delays = {name: rng.uniform(0, 4e6) for name in sorted({chunk.header.stream_id for chunk in chunks})}
    ends = np.array([c.header.event_time_us + len(c.samples) * 1e6 / c.sample_rate_hz + delays[c.header.stream_id] for c in chunks])
    return [chunks[index] for index in np.argsort(ends, kind="stable")]


def _order(event: Event) -> tuple[int, str]:
    return event.header.event_time_us, event.header.stream_id
