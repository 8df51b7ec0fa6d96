"""The contract holds together: events, messages, topics, codec, golden messages."""

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from affectloop import events
from affectloop.codec import MODULES, decode, encode, message_class, to_json
from affectloop.topics import FACE_FEATURES, TOPICS, Privacy, Topic, View
from golden.write import unheld

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
EVENTS = [
    value for value in vars(events).values() if isinstance(value, type) and issubclass(value, events.Event) and value is not events.Event
]


def test_each_event_has_one_topic_and_each_topic_one_event() -> None:
    declared = [topic.event for topic in TOPICS]
    assert not [event.__name__ for event in EVENTS if event not in declared], "without a topic: declare it in src/affectloop/topics.py"
    assert sorted(event.__name__ for event in EVENTS) == sorted(event.__name__ for event in declared)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@pytest.mark.parametrize(
    "event", [*EVENTS, events.Header, events.Item, events.CauseGiven, events.SkinConductanceResponse], ids=lambda event: event.__name__
)
def test_a_message_has_the_fields_of_its_event(event: type) -> None:
    declared = {field.name for field in dataclasses.fields(event)}
    extra = {"channels"} if event is events.SignalChunk else {"schema"} if event is events.Header else set()
    assert set(message_class(event)().DESCRIPTOR.fields_by_name) == declared | extra


def test_enums_have_the_members_of_their_messages() -> None:
    enums = {
        name: value for module in MODULES for name, value in vars(module).items() if hasattr(value, "DESCRIPTOR") and hasattr(value, "keys")
    }
    for name, wrapper in enums.items():
        members = [member.name for member in getattr(events, name)]
        prefix = re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()
        assert [key.removeprefix(f"{prefix}_") for key in wrapper.DESCRIPTOR.values_by_name] == ["UNSPECIFIED", *members]


def test_topic_names_follow_the_convention() -> None:
    for topic in TOPICS:
        assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9]", topic.name)


def test_raw_topics_are_the_shortest_lived() -> None:
    longest_raw = max(topic.retention_s for topic in TOPICS if topic.privacy is Privacy.RAW)
    assert longest_raw <= min(topic.retention_s for topic in TOPICS if topic.privacy is not Privacy.RAW)


def test_fields_carry_units_where_they_are_numbers() -> None:
    for event in EVENTS:
        hints = typing.get_type_hints(event)
        for field in dataclasses.fields(event):
            if float in (hints[field.name], *typing.get_args(hints[field.name])):
                assert field.metadata.get("unit"), f"{event.__name__}.{field.name} has no unit"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_golden_messages_are_readable_for_ever(event: type[events.Event]) -> None:
    topic = next(topic for topic in TOPICS if topic.event is event)
    paths = sorted((GOLDEN / topic.name).glob("*.binpb"))
    assert paths, f"no golden message in {GOLDEN / topic.name}: python tests/golden/write.py"
    for path in paths:
        read = decode(event, path.read_bytes())
        assert to_json(decode(event, encode(read))) == to_json(read)
        assert read.header.session_id == "golden"


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_every_field_is_held_by_a_golden_message(event: type[events.Event]) -> None:
    assert not unheld(event), "no golden message holds it: python tests/golden/write.py writes a further one"


def test_no_topic_that_may_be_recorded_holds_a_face_or_a_voice() -> None:
    assert [topic.name for topic in TOPICS if not topic.recorded] == ["capture.frames.v1", "capture.audio.v1"]


def test_what_derives_has_one_stream_and_stands_after_its_sources() -> None:
    for at, topic in enumerate(TOPICS):
        assert all(TOPICS.index(source) < at for source in topic.derives_from)


def changed(**changes: typing.Any) -> Topic:
    """The faces' topic, declared otherwise."""
    return dataclasses.replace(FACE_FEATURES, **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shown": ("qualty",)}, "face.features.v1 shows qualty, which is no field of FaceFeatures: it has header.session_id, "),
        ({"shown": ("header",)}, "face.features.v1 shows header, which is no field"),  # a part's new field would be shown unasked
        ({"shown": ()}, "declare both or neither"),
        ({"view": None}, "declare both or neither"),
        ({"stream": ""}, "face.features.v1 derives from capture.frames.v1: name the stream that its service makes"),
    ],
)
def test_a_topic_that_contradicts_itself_is_refused_by_name(changes: dict[str, typing.Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        changed(**changes)


def test_names_are_on_no_live_view() -> None:
    assert not [topic.name for topic in TOPICS if topic.view is View.NAMES]
