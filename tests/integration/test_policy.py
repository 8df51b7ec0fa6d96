"""What a profile forbids does not happen, end to end, and the training adapts all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from affectloop.clock import SystemClock
from affectloop.codec import to_record
from affectloop.events import AudioFeatures, Event, FaceFeatures, Modality, PhysioFeatures, Reason
from affectloop.session import Mode, Session, Stream, new_session
from affectloop.topics import (
    AUDIO,
    AUDIO_FEATURES,
    ESTIMATES,
    FACE_FEATURES,
    FRAMES,
    PHYSIO_FEATURES,
    SIGNALS,
    TOPIC_OF_EVENT,
)
from integration.installation import Device, Installation, School, wait_for
from integration.people import a_learner, header_at

BIOMETRIC = (FRAMES, SIGNALS, AUDIO, FACE_FEATURES, PHYSIO_FEATURES, AUDIO_FEATURES, ESTIMATES)
TRIALS = 14
CLOCK = SystemClock()


def practised(school: School, session_id: str, count: int) -> list[dict[str, Any]]:
    """Answer that many items rightly, each as it is given; the directives."""
    directives: list[dict[str, Any]] = []
    while len(directives) <= count:
        number = len(directives)
        directive = school.call("GET", f"/v1/sessions/{session_id}/directive?after={number - 1}&wait_s=25")
        assert directive["header"]["sequence"] == number
        directives.append(directive)
        item = directive["item"]
        school.call("POST", f"/v1/sessions/{session_id}/trials", {"trial_id": f"t{number}", "item": item, "answer": item["emotion"]})
    return directives


def captured(event: type[Event]) -> list[Stream]:
    return [Stream(TOPIC_OF_EVENT[event].name, TOPIC_OF_EVENT[event].stream)]


@pytest.fixture(scope="module")
def in_eu_school(installation: Installation) -> Iterator[tuple[Session, Device, list[dict[str, Any]]]]:
    """A session of a school in the European Union whose device streams everything though nothing was allowed."""
    school, merged = installation.school("eu-school"), a_learner(60.0)
    started = school.start(school.learner(), merged, modalities=list(Modality))
    assert {no["modality"] for no in started["refused"]} == set(Modality)
    assert (started["consented"], started["streams"], started["emotion_inference"]) == ([], [], False)
    with Device(installation.capture, started, merged, held_s=4.0) as device:
        directives = practised(school, started["session_id"], TRIALS)
        wait_for(lambda: {answer.refusal.modality for answer in device.refusals} == {1, 2, 3}, "each modality is refused")
        yield installation.session(started["session_id"]), device, directives


def test_in_an_eu_school_no_biometric_topic_receives_a_byte(
    in_eu_school: tuple[Session, Device, list[dict[str, Any]]], installation: Installation
) -> None:
    session, device, _ = in_eu_school
    problems = {answer.refusal.problem for answer in device.refusals}
    assert problems == {f"there is no live consent for {modality}" for modality in Modality}
    assert [
        record.topic for record in installation.records(session.session_id) if record.topic in {topic.name for topic in BIOMETRIC}
    ] == []


def test_in_an_eu_school_the_recommender_steers_by_the_answers_alone(in_eu_school: tuple[Session, Device, list[dict[str, Any]]]) -> None:
    _, _, directives = in_eu_school
    assert directives[-1]["difficulty"] > directives[0]["difficulty"], "right answers make it harder"
    causes = {cause["cause"] for directive in directives for cause in directive["causes"]}
    assert causes.isdisjoint({"strain-rising", "calm", "estimate-unsure", "estimate-stale"}), "nothing rests on how somebody feels"
    assert len({directive["item"]["item_id"] for directive in directives}) > 1


def test_in_an_eu_school_fusion_is_silent_even_to_features_that_came_past_capture(
    in_eu_school: tuple[Session, Device, list[dict[str, Any]]], installation: Installation
) -> None:
    """Somebody writes to the topics themselves, sealed as they should be: every consumer asks again."""
    session, _, _ = in_eu_school
    producer = installation.bus.producer(durable=True)
    producer.send([to_record(event, session.key) for event in some_features(session)])
    beside = some_session(installation)
    producer.send([to_record(event, beside.key) for event in some_features(beside)])
    wait_for(lambda: len(installation.events(beside.session_id, ESTIMATES.name)) >= 2, "fusion reads another session's")
    assert installation.records(session.session_id, ESTIMATES.name) == []


def some_session(installation: Installation) -> Session:
    """A session in which all of it is allowed."""
    session = new_session(
        mode=Mode.LIVE, captured=tuple(stream for event in (FaceFeatures, PhysioFeatures, AudioFeatures) for stream in captured(event)),
        consented=frozenset(Modality), profile="research", emotion_inference=True, started_at_us=CLOCK.wall_us() - 4_000_000,
    )  # fmt: skip
    installation.live.put_session(session)
    return session


def some_features(session: Session) -> Iterator[Event]:
    """Three seconds of what face, wristband and voice say, until now."""
    now_us = CLOCK.wall_us()
    for number in range(6):
        at_us = now_us - 3_000_000 + number * 500_000
        yield FaceFeatures(header=header_at(session, "face", at_us), quality=0.0, reason=Reason.NO_FACE)
        yield PhysioFeatures(
            header=header_at(session, "physio", at_us), heart_rate_bpm=90.0, heart_quality=1.0, heart_reason=Reason.GOOD,
            variability_quality=0.0, variability_reason=Reason.WARMING_UP, eda_quality=0.0, eda_reason=Reason.NO_SIGNAL,
        )  # fmt: skip
        yield AudioFeatures(header=header_at(session, "audio", at_us), quality=0.0, reason=Reason.SILENT)


@pytest.fixture(scope="module")
def inferred(installation: Installation) -> dict[bool, str]:
    """Two sessions of the same learner's signals, with emotion inference and without, once both have said something."""
    school, merged = installation.school("demo"), a_learner(60.0)
    started = {allowed: school.start(school.learner(list(Modality)), merged, emotion_inference=allowed) for allowed in (True, False)}
    sessions = {allowed: answer["session_id"] for allowed, answer in started.items()}
    with Device(installation.capture, started[True], merged, 4.0), Device(installation.capture, started[False], merged, 4.0):
        wait_for(lambda: arousals(installation, sessions[True]) != set(), "the voice's arousal, where it is allowed")
        so_far = len(spoken(installation, sessions[False]))
        wait_for(lambda: len(spoken(installation, sessions[False])) >= so_far + 4, "as much of the other voice")
        wait_for(lambda: bool(expressions(installation, sessions[True])), "the face's expression, where it is allowed")
        so_far = len(installation.records(sessions[False], FACE_FEATURES.name))
        wait_for(lambda: len(installation.records(sessions[False], FACE_FEATURES.name)) >= so_far + 4, "as much of the other face")
    return sessions


def arousals(installation: Installation, session_id: str) -> set[float]:
    events = [event for _, event in installation.events(session_id, AUDIO_FEATURES.name)]
    return {event.arousal for event in events if isinstance(event, AudioFeatures) and event.arousal is not None}


def spoken(installation: Installation, session_id: str) -> list[AudioFeatures]:
    events = [event for _, event in installation.events(session_id, AUDIO_FEATURES.name)]
    return [event for event in events if isinstance(event, AudioFeatures) and event.pitch_hz is not None]


def expressions(installation: Installation, session_id: str) -> list[Any]:
    events = [event for _, event in installation.events(session_id, FACE_FEATURES.name)]
    return [event.expression for event in events if isinstance(event, FaceFeatures) and event.expression is not None]


def test_without_emotion_inference_there_is_no_estimate(inferred: dict[bool, str], installation: Installation) -> None:
    assert installation.records(inferred[True], ESTIMATES.name) != []
    assert installation.records(inferred[False], ESTIMATES.name) == []
    assert installation.session(inferred[False]).expects(ESTIMATES) == frozenset()
    school = installation.school("demo")
    assert school.http.get(f"/v1/sessions/{inferred[False]}/estimate").status_code == 204


def test_without_emotion_inference_the_voice_is_measured_and_not_judged(inferred: dict[bool, str], installation: Installation) -> None:
    assert spoken(installation, inferred[False])
    assert arousals(installation, inferred[False]) == set()


def test_without_emotion_inference_the_face_is_measured_and_not_judged(inferred: dict[bool, str], installation: Installation) -> None:
    events = [event for _, event in installation.events(inferred[False], FACE_FEATURES.name)]
    assert any(isinstance(event, FaceFeatures) and event.pose_deg is not None for event in events)
    assert expressions(installation, inferred[False]) == []
