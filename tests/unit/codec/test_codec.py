"""Events survive the wire; what breaks the contract is named."""

import contextlib
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from affectloop.bus import Record
from affectloop.codec import decode, encode, from_message, from_record, message_class, to_json, to_message, to_record
from affectloop.errors import InvalidMessage
from affectloop.events import AudioChunk, Event, FaceFeatures, Header, Reason, SignalChunk, SignalKind
from affectloop.sealing import new_key

HEADER = Header(session_id="s1", stream_id="eda", sequence=3, event_time_us=1_000_000, complete_until_us=2_000_000)
SAMPLES = arrays(np.float32, st.tuples(st.integers(0, 20), st.just(3)), elements=st.floats(-1e6, 1e6, width=32))


def chunk(samples: Any) -> SignalChunk:
    return SignalChunk(header=HEADER, kind=SignalKind.ACCELERATION, sample_rate_hz=32.0, samples=samples)


def record_of(event: Event, **changes: Any) -> tuple[Record, Any]:
    key = new_key()
    outgoing = to_record(event, key)
    return replace(Record(outgoing.topic, 0, 0, outgoing.key, outgoing.value, outgoing.headers), **changes), key


@given(SAMPLES)
def test_samples_come_back_as_they_went(samples: Any) -> None:
    back = decode(SignalChunk, encode(chunk(samples)))
    assert isinstance(back, SignalChunk)
    assert back.samples.dtype == np.float32
    assert back.samples.shape == samples.shape
    assert np.array_equal(back.samples, samples)


@given(st.binary(max_size=200))
def test_random_bytes_are_an_invalid_message_or_an_event_never_another_error(payload: bytes) -> None:
    for event_class in (SignalChunk, AudioChunk, FaceFeatures):
        with contextlib.suppress(InvalidMessage):
            assert encode(decode(event_class, payload))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e7])
def test_a_sample_that_is_no_measurement_names_its_field(bad: float) -> None:
    samples = np.zeros((4, 3), np.float32)
    samples[2, 1] = bad
    with pytest.raises(InvalidMessage, match=r"SignalChunk\.samples"):
        encode(chunk(samples))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sequence": -1}, "Header.sequence"),
        ({"event_time_us": 0}, "Header.event_time_us"),
        ({"session_id": ""}, "Header.session_id"),
        ({"stream_id": ""}, "Header.stream_id"),
    ],
)
def test_a_bad_header_names_its_field(change: dict[str, Any], field: str) -> None:
    event = AudioChunk(header=replace(HEADER, **change), sample_rate_hz=16_000.0, pcm=np.zeros(4, np.int16))
    with pytest.raises(InvalidMessage) as caught:
        encode(event)
    assert caught.value.field == field


@pytest.mark.parametrize("field", ["session_id", "stream_id", "captured_by"])
@pytest.mark.parametrize("text", ["x" * 257, "x" * 1_000_000, "a\0b"])
def test_a_text_that_no_table_should_hold_is_refused_both_ways(field: str, text: str) -> None:
    header = replace(HEADER, **{field: text})  # type: ignore[arg-type]
    with pytest.raises(InvalidMessage, match=rf"Header\.{field}"):
        encode(replace(chunk(np.zeros((1, 3), np.float32)), header=header))
    message = to_message(chunk(np.zeros((1, 3), np.float32)))
    setattr(message.header, field, text)  # type: ignore[attr-defined]
    with pytest.raises(InvalidMessage, match=rf"Header\.{field}"):
        decode(SignalChunk, message.SerializeToString())


def test_an_array_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="51 numbers instead of 52"):
        encode(FaceFeatures(header=HEADER, quality=1.0, reason=Reason.GOOD, blendshapes=np.zeros(51, np.float32)))


def face(**values: Any) -> FaceFeatures:
    return FaceFeatures(header=HEADER, quality=0.5, reason=Reason.GOOD, **values)


POSE = np.array([1.5, -2.25, 3.0], np.float32)
FIELD_5 = 5 << 3  # FaceFeatures.pose_deg; plus 2 for a packed array, 5 for one number


@pytest.mark.parametrize(
    "pose",
    [
        b"".join(bytes([FIELD_5 + 5]) + POSE[place : place + 1].tobytes() for place in range(3)),
        bytes([FIELD_5 + 2, 4]) + POSE[:1].tobytes() + bytes([FIELD_5 + 2, 8]) + POSE[1:].tobytes(),
        bytes([FIELD_5 + 2, 8]) + POSE[:2].tobytes() + bytes([FIELD_5 + 5]) + POSE[2:].tobytes(),
    ],
    ids=["number by number", "in two parts", "both"],
)
def test_an_array_is_read_however_protobuf_lets_it_be_written(pose: bytes) -> None:
    back = decode(FaceFeatures, encode(face()) + pose)
    assert isinstance(back, FaceFeatures)
    assert back.pose_deg is not None
    assert back.pose_deg.tolist() == POSE.tolist()


def test_a_field_of_a_later_version_is_passed_over() -> None:
    later = bytes([0x98, 0x06, 0x01])  # field 99, a number
    assert to_json(decode(FaceFeatures, encode(face(pose_deg=POSE)) + later)) == to_json(face(pose_deg=POSE))


def test_an_array_that_ends_within_a_number_is_no_message() -> None:
    half = bytes([FIELD_5 + 2, 6]) + POSE.tobytes()[:6]
    for payload in (encode(face()) + half, encode(face(pose_deg=POSE)) + half):
        with pytest.raises(InvalidMessage, match="FaceFeatures: the bytes are not this protobuf message"):
            decode(FaceFeatures, payload)


def test_an_arrays_message_is_that_of_the_contract() -> None:
    message = message_class(FaceFeatures).FromString(encode(face(pose_deg=POSE)))
    assert list(message.pose_deg) == POSE.tolist()
    assert to_message(face(pose_deg=POSE)) == message
    assert to_json(from_message(FaceFeatures, message)) == to_json(face(pose_deg=POSE))


def test_an_event_that_was_read_has_arrays_that_can_be_written_to() -> None:
    back = decode(SignalChunk, encode(chunk(np.ones((2, 3)))))
    assert isinstance(back, SignalChunk)
    back.samples[0] = 2.0
    assert back.samples.dtype == np.float32


def broken(**values: Any) -> bytes:
    """A face's message with values that the writer would refuse."""
    message = to_message(face(pose_deg=POSE))
    for name, value in values.items():
        if isinstance(value, list):
            del getattr(message, name)[:]
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return message.SerializeToString()


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (broken(quality=1.5), "FaceFeatures.quality: is 1.5, outside 0 to 1 (1); leave it out where it was not measured"),
        (broken(quality=math.nan), "FaceFeatures.quality: is not a number (1); leave it out where it was not measured"),
        (broken(reason=0), "FaceFeatures.reason: 0 is no Reason; use one of good, no-signal"),
        (broken(pose_deg=[1.0, 2.0]), "FaceFeatures.pose_deg: has 2 numbers instead of 3; send them all or none"),
        (
            broken(pose_deg=[1.0, 2.0, 181.0]),
            "FaceFeatures.pose_deg: leaves -180 to 180 (degrees: yaw, pitch, roll); leave out what was not measured",
        ),
        (
            broken(pose_deg=[1.0, math.nan, 200.0]),
            "FaceFeatures.pose_deg: holds NaN or infinity (degrees: yaw, pitch, roll); leave out what was not measured",
        ),
        (b"", "FaceFeatures.header: is missing; give it a value"),
        (b"\xff", "FaceFeatures: the bytes are not this protobuf message; check topic and version"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(payload: bytes, words: str) -> None:
    with pytest.raises(InvalidMessage) as caught:
        decode(FaceFeatures, payload)
    assert str(caught.value).startswith(words)


def test_what_was_not_measured_stays_none() -> None:
    back = decode(FaceFeatures, encode(FaceFeatures(header=HEADER, quality=0.0, reason=Reason.NO_FACE)))
    assert to_json(back)["blendshapes"] is None
    assert to_json(back)["reason"] == "no-face"


def test_a_payload_opens_only_with_its_key_in_its_place() -> None:
    record, key = record_of(chunk(np.ones((2, 3), np.float32)))
    assert isinstance(from_record(record, key), SignalChunk)
    with pytest.raises(InvalidMessage, match="another key"):
        from_record(record, new_key())
    with pytest.raises(InvalidMessage, match="does not open"):
        from_record(replace(record, key=b"s2"), key)
    with pytest.raises(InvalidMessage, match="does not open"):
        from_record(replace(record, headers={**record.headers, "stream": b"other"}), key)


def test_nothing_of_a_sealed_payload_can_be_read() -> None:
    voice = AudioChunk(header=HEADER, sample_rate_hz=16_000.0, pcm=np.full(400, 0x4142, np.int16))
    record, _ = record_of(voice)
    assert b"BABABA" not in record.value
    assert b"s1" not in record.value


def test_an_undeclared_topic_is_refused() -> None:
    record, key = record_of(chunk(np.ones((2, 3), np.float32)))
    with pytest.raises(InvalidMessage, match=r"capture\.signals\.v9 is not declared"):
        from_record(replace(record, topic="capture.signals.v9"), key)
