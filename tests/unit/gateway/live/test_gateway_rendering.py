"""What the live view is told: thinned, never sealed, never beyond consent."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectloop.events import Header, Modality, SignalChunk, SignalKind
from affectloop.policy.access import Permissions
from affectloop.session import Mode
from affectloop.topics import View
from affectloop_gateway.live.downsampling import Downsampler, downsampled_signal
from affectloop_gateway.live.rendering import SHOWN_TOPICS, Message, first_message, message_of
from affectloop_gateway.service import SERVICE
from school import School


@pytest.fixture
def session_id(at: School) -> str:
    return str(at.start()["session_id"])


def shown(at: School, session_id: str, event: Any, arrived_us: int | None = None) -> Any:
    """The message of an event, read again."""
    session = at.live_session(session_id)
    message = message_of(at.record(event), session, arrived_us or at.clock.wall_us(), Downsampler())
    return None if message is None else json.loads(message.text)


def test_an_event_is_told_with_its_topic_and_age(at: School, session_id: str) -> None:
    told = shown(at, session_id, at.estimate(session_id), arrived_us=at.clock.wall_us() + 140_001)
    assert (told["topic"], told["age_ms"], told["event"]["arousal"], told["event"]["valence"]) == (
        "emotion.estimates.v1",
        140.0,
        -0.3,
        None,
    )


def test_a_replay_has_no_age(at: School, session_id: str) -> None:
    at.live.change_session(session_id, lambda session: replace(session, mode=Mode.REPLAY))
    assert shown(at, session_id, at.estimate(session_id))["age_ms"] is None


def test_numbers_have_the_digits_that_were_measured(at: School, session_id: str) -> None:
    chunk = replace(at.signal(session_id), samples=np.array([[0.1], [0.3]], np.float32))
    assert shown(at, session_id, chunk)["event"]["samples"] == [[0.1], [0.3]]


def test_what_is_closest_to_a_face_stays_behind(at: School, session_id: str) -> None:
    assert "blendshapes" not in shown(at, session_id, at.face(session_id))["event"]


def test_a_withdrawn_modality_is_not_shown(at: School, session_id: str) -> None:
    record, session = at.record(at.face(session_id)), at.live_session(session_id)
    without = session.with_consents(frozenset({Modality.VOICE}))
    assert message_of(record, without, 1, Downsampler()) is None


def test_a_record_that_does_not_open_is_not_shown(at: School, session_id: str) -> None:
    record, other = at.record(at.face(session_id)), at.live_session(at.start()["session_id"])
    assert message_of(record, replace(at.live_session(session_id), key=other.key), 1, Downsampler()) is None


def test_faces_are_thinned_to_about_ten_a_second(at: School, session_id: str) -> None:
    downsampler = Downsampler()
    kept = [downsampler(at.face(session_id, at_s=frame / 30)) is not None for frame in range(90)]
    assert sum(kept) == 30


def test_two_faces_are_thinned_each_for_itself(at: School, session_id: str) -> None:
    downsampler, face = Downsampler(), at.face(session_id)
    second = replace(face, header=replace(face.header, stream_id="face-2"))
    assert [downsampler(event) is not None for event in (face, second, face)] == [True, True, False]


@pytest.mark.parametrize("kind", [SignalKind.ECG, SignalKind.ACCELERATION, SignalKind.TEMPERATURE])
def test_signals_that_are_not_drawn_are_not_sent(at: School, session_id: str, kind: SignalKind) -> None:
    assert shown(at, session_id, at.signal(session_id, kind=kind)) is None


def chunk(first: int, samples: np.ndarray[Any, Any], rate_hz: float) -> SignalChunk:
    """Samples from number ``first`` on."""
    at_us = 1_000_000 + round(first * 1e6 / rate_hz)
    header = Header(session_id="s", stream_id="ppg", sequence=first, event_time_us=at_us, complete_until_us=at_us)
    return SignalChunk(header=header, kind=SignalKind.PPG, sample_rate_hz=rate_hz, samples=samples[:, None].astype(np.float32))


def drawn(chunks: list[SignalChunk]) -> list[tuple[int, int, float]]:
    """Number, time and value of each sample that is drawn."""
    found = []
    for thinned in map(downsampled_signal, chunks):
        if thinned is not None:
            for index, value in enumerate(thinned.samples[:, 0]):
                at_us = thinned.header.event_time_us + round(index * 1e6 / thinned.sample_rate_hz)
                found.append((thinned.header.sequence, at_us, float(value)))
    return [(0, at_us, value) for _, at_us, value in found]


@given(st.sampled_from([4.0, 32.0, 64.0, 130.0]), st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_how_a_stream_is_cut_into_chunks_does_not_change_what_is_drawn(rate_hz: float, sizes: list[int]) -> None:
    samples = np.arange(sum(sizes), dtype=np.float64)
    edges = np.cumsum([0, *sizes])
    cut = [chunk(int(low), samples[low:high], rate_hz) for low, high in pairwise(edges)]
    whole, pieces = drawn([chunk(0, samples, rate_hz)]), drawn(cut)
    assert [value for _, _, value in pieces] == [value for _, _, value in whole]
    assert all(abs(one[1] - other[1]) <= 2 for one, other in zip(pieces, whole, strict=True))  # microseconds of rounding


def test_the_first_message_tells_of_the_session_and_not_its_key(at: School, session_id: str) -> None:
    text = first_message(at.live_session(session_id))
    assert json.loads(text)["event"]["consented"] == ["face", "voice", "wristband"]
    assert at.live_session(session_id).key.key_id not in text


def test_what_is_shown_is_what_the_gateway_reads_and_no_face_and_no_voice() -> None:
    assert {topic.name for topic in SERVICE.consumes} == {*SHOWN_TOPICS, "session.baselines.v1"}
    assert not {"capture.frames.v1", "capture.audio.v1"} & set(SHOWN_TOPICS)


@pytest.mark.parametrize(
    ("views", "modalities", "seen"),
    [
        ({View.FEATURES}, {Modality.FACE}, True),
        ({View.PROGRESS}, {Modality.FACE}, False),
        ({View.FEATURES}, {Modality.VOICE}, False),
    ],
)
def test_a_message_takes_the_view_and_every_modality_it_rests_on(views: set[View], modalities: set[Modality], seen: bool) -> None:
    message = Message("face.features.v1", View.FEATURES, frozenset({Modality.FACE}), "{}")
    assert Permissions(frozenset(views), frozenset(modalities)).shows(message.view, message.modalities) is seen
