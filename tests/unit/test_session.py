"""Which streams a session has: those of its devices, and what the topics' declarations derive from them."""

from dataclasses import replace

import pytest

from affectloop import session
from affectloop.session import Stream, declared_streams
from affectloop.topics import AUDIO_FEATURES, ESTIMATES, FACE_FEATURES, FRAMES, PHYSIO_FEATURES, SIGNALS, TOPICS

CAMERA = Stream(FRAMES.name, "camera")
FACE, PHYSIO = Stream(FACE_FEATURES.name, "face"), Stream(PHYSIO_FEATURES.name, "physio")
FUSION = Stream(ESTIMATES.name, "fusion")


def test_a_session_has_what_the_services_make_of_its_devices_streams() -> None:
    eda = Stream(SIGNALS.name, "eda")
    assert set(declared_streams((CAMERA, eda), fused=True)) == {CAMERA, eda, FACE, PHYSIO, FUSION}


def test_what_a_browser_makes_itself_is_fused_too() -> None:
    voice = Stream(AUDIO_FEATURES.name, "audio")
    assert set(declared_streams((voice,), fused=True)) == {voice, FUSION}


def test_without_emotion_inference_nothing_that_infers_it_is_waited_for() -> None:
    assert set(declared_streams((CAMERA,), fused=False)) == {CAMERA, FACE}


def test_a_session_without_sensors_has_no_streams() -> None:
    assert declared_streams((), fused=True) == ()


def test_a_topic_that_says_what_it_derives_from_is_waited_for_and_what_derives_from_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    gaze = replace(FACE_FEATURES, name="face.gaze.v1", stream="gaze", derives_from=(FRAMES,))
    reading = replace(FACE_FEATURES, name="gaze.reading.v1", stream="reading", derives_from=(gaze,))
    monkeypatch.setattr(session, "TOPICS", (*TOPICS, gaze, reading))
    made = set(declared_streams((CAMERA,), fused=False))
    assert made == {CAMERA, FACE, Stream("face.gaze.v1", "gaze"), Stream("gaze.reading.v1", "reading")}
