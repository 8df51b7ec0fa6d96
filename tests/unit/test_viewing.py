"""What may be seen of an event: what its topic lists, and no more."""

from dataclasses import dataclass, replace

import pytest

from affectloop.codec import to_json
from affectloop.events import (
    BaselineMeasured,
    Cause,
    CauseGiven,
    Directive,
    Emotion,
    FaceFeatures,
    Guidance,
    Header,
    Item,
    PhysioFeatures,
    Reason,
    SkinConductanceResponse,
)
from affectloop.fields import number
from affectloop.topics import DIRECTIVES, FACE_FEATURES, TOPIC_OF_EVENT
from affectloop.viewing import as_viewed, viewed

HEADER = Header(session_id="s", stream_id="face", sequence=1, event_time_us=1_000_000, complete_until_us=1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceFeaturesWithGaze(FaceFeatures):
    """Faces, and a field that came later."""

    gaze_deg: float = number("degrees of yaw", -90, 90)


def test_a_new_field_is_on_no_view_until_it_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    event = FaceFeaturesWithGaze(header=HEADER, quality=1.0, reason=Reason.GOOD, gaze_deg=12.0)
    topic = replace(FACE_FEATURES, event=FaceFeaturesWithGaze)
    monkeypatch.setitem(TOPIC_OF_EVENT, FaceFeaturesWithGaze, topic)
    assert "gaze_deg" not in as_viewed(event)
    monkeypatch.setitem(TOPIC_OF_EVENT, FaceFeaturesWithGaze, replace(topic, shown=(*topic.shown, "gaze_deg")))
    assert as_viewed(event)["gaze_deg"] == 12.0


def test_a_field_of_a_part_is_listed_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    event = FaceFeatures(header=HEADER, quality=1.0, reason=Reason.GOOD)
    monkeypatch.setitem(TOPIC_OF_EVENT, FaceFeatures, replace(FACE_FEATURES, shown=("header.event_time_us", "quality")))
    assert as_viewed(event) == {"header": {"event_time_us": 1_000_000}, "quality": 1.0}


def test_what_is_closest_to_a_face_is_not_listed() -> None:
    told = as_viewed(FaceFeatures(header=HEADER, quality=1.0, reason=Reason.GOOD))
    assert told.keys() == to_json(FaceFeatures(header=HEADER, quality=1.0, reason=Reason.GOOD)).keys() - {"blendshapes"}


def test_an_event_of_a_topic_without_a_view_says_nothing() -> None:
    assert as_viewed(BaselineMeasured(header=HEADER, name="physio.resting", values=[1.0])) == {}  # type: ignore[arg-type]


def test_what_was_stored_once_is_shown_by_the_list_of_today() -> None:
    stored = {"level": 3, "note": "of a later version", "item": {"emotion": "fear", "frames": 9}, "causes": [{"cause": "calm", "why": "x"}]}
    assert viewed(DIRECTIVES, stored) == {"level": 3, "item": {"emotion": "fear"}, "causes": [{"cause": "calm"}]}


def test_parts_and_lists_of_parts_are_written_as_the_codec_writes_them() -> None:
    item = Item(item_id="i", emotion=Emotion.FEAR, duration_ms=100.0, intensity=1.0, view_deg=0.0, options=7)
    directive = Directive(
        header=HEADER, item=item, level=1, difficulty=0.0, expected_success=0.5, target_success=0.75, ability=0.0, ability_error=1.0,
        pause_ms=0.0, guidance=Guidance.NONE, causes=(CauseGiven(cause=Cause.FIRST_ITEM), CauseGiven(cause=Cause.CALM, value=0.1)),
    )  # fmt: skip
    physio = PhysioFeatures(
        header=HEADER, heart_quality=0.0, heart_reason=Reason.NO_SIGNAL, variability_quality=0.0, variability_reason=Reason.NO_SIGNAL,
        eda_quality=1.0, eda_reason=Reason.GOOD,
        responses=(SkinConductanceResponse(onset_time_us=1, peak_time_us=2, amplitude_microsiemens=0.1),),
    )  # fmt: skip
    assert as_viewed(directive) == to_json(directive)
    assert as_viewed(physio) == to_json(physio)
