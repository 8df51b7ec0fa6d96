from dataclasses import replace

import numpy as np
import pytest

from affectloop.clock import ManualClock
from affectloop.errors import Unavailable
from affectloop.events import AudioFeatures, FaceFeatures, Modality, Reason
from affectloop.session import Session, Stream
from affectloop.topics import AUDIO_FEATURES, FACE_FEATURES, FRAMES
from affectloop_capture.admission.consent_gate import LONGEST_DESCRIPTOR_AGE_S, ConsentGate, refusal_by
from unit.capture.making import a_chunk, a_frame, a_header, a_session, some_audio

EDGE = a_session(captured=(Stream(FACE_FEATURES.name, "face"), Stream(AUDIO_FEATURES.name, "audio")))


def a_face(*, expression: bool = False, stream_id: str = "face") -> FaceFeatures:
    shares = np.full(7, 1 / 7, np.float32) if expression else None
    return FaceFeatures(header=a_header(stream_id), quality=0.5, reason=Reason.GOOD, expression=shares)


def test_an_unknown_session_takes_nothing() -> None:
    refusal = refusal_by(None, a_frame())
    assert refusal is not None
    assert refusal.field == "Header.session_id"


def test_a_modality_without_consent_is_refused_and_the_others_go_on() -> None:
    session = a_session(consented=frozenset({Modality.WRISTBAND, Modality.VOICE}))
    refusal = refusal_by(session, a_frame())
    assert refusal is not None
    assert refusal.modality is Modality.FACE
    assert refusal.remedy
    assert refusal_by(session, a_chunk()) is None
    assert refusal_by(session, some_audio()) is None


def test_a_session_that_has_ended_takes_nothing_more() -> None:
    refusal = refusal_by(replace(a_session(), ended_at_us=1), a_frame())
    assert refusal is not None
    assert "ended" in refusal.problem


def test_a_stream_that_the_session_does_not_declare_is_refused_by_name() -> None:
    session = a_session(captured=(Stream(FRAMES.name, "camera"),))
    assert refusal_by(session, a_frame()) is None
    refusal = refusal_by(session, some_audio())
    assert refusal is not None
    assert "microphone" in refusal.problem


def test_an_expression_from_the_edge_is_refused_where_the_profile_allows_no_emotion_inference() -> None:
    strict = replace(EDGE, emotion_inference=False)
    refusal = refusal_by(strict, a_face(expression=True))
    assert refusal is not None
    assert refusal.field == "FaceFeatures.expression"
    assert refusal_by(strict, a_face()) is None
    assert refusal_by(EDGE, a_face(expression=True)) is None


def test_an_arousal_from_the_edge_is_refused_where_the_profile_allows_no_emotion_inference() -> None:
    voice = AudioFeatures(header=a_header("audio"), quality=0.5, reason=Reason.GOOD, arousal=0.1)
    assert refusal_by(EDGE, voice) is None
    refusal = refusal_by(replace(EDGE, emotion_inference=False), voice)
    assert refusal is not None
    assert refusal.field == "AudioFeatures.arousal"


def test_features_from_the_edge_are_refused_where_the_face_service_makes_them() -> None:
    refusal = refusal_by(a_session(), a_face())
    assert refusal is not None
    assert FRAMES.name in refusal.problem


def test_another_face_in_the_picture_needs_no_declaration_of_its_own() -> None:
    assert refusal_by(EDGE, a_face(stream_id="face-2")) is None


class Consents:
    """Live state that counts how often it is asked."""

    def __init__(self, session: Session | None) -> None:
        self.session: Session | None = session
        self.asked = 0
        self.is_down = False

    def __call__(self, session_id: str) -> Session | None:
        self.asked += 1
        if self.is_down:
            raise Unavailable("live state is gone")
        return self.session


def test_a_withdrawal_acts_as_soon_as_the_descriptor_is_too_old() -> None:
    clock, consents = ManualClock(), Consents(a_session())
    gate = ConsentGate(consents, clock)
    assert gate.refusal(a_frame()) is None
    consents.session = a_session(consented=frozenset())
    clock.advance(LONGEST_DESCRIPTOR_AGE_S)
    assert gate.refusal(a_frame()) is not None


def test_a_descriptor_is_read_once_within_its_age() -> None:
    clock, consents = ManualClock(), Consents(a_session())
    gate = ConsentGate(consents, clock)
    for _ in range(10):
        gate.refusal(a_frame())
        clock.advance(LONGEST_DESCRIPTOR_AGE_S / 20)
    assert consents.asked == 1


def test_a_descriptor_ages_from_when_it_was_asked_for() -> None:
    clock = ManualClock()

    def slow(session_id: str) -> Session:
        clock.advance(LONGEST_DESCRIPTOR_AGE_S)
        return a_session()

    gate = ConsentGate(slow, clock)
    gate.refresh("s1")
    assert not gate.is_fresh("s1")


def test_no_answer_from_live_state_is_no_consent() -> None:
    clock, consents = ManualClock(), Consents(a_session())
    gate = ConsentGate(consents, clock)
    assert gate.refusal(a_frame()) is None
    consents.is_down = True
    clock.advance(LONGEST_DESCRIPTOR_AGE_S)
    with pytest.raises(Unavailable):
        gate.refusal(a_frame())
