from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affectloop.codec import to_message
from affectloop.errors import InvalidMessage
from affectloop.events import Event, Modality
from affectloop.messages.v1.capture_service_pb2 import StreamRequest
from affectloop_capture.admission.consent_gate import Refusal
from affectloop_capture.admission.validation import Limits, check_content
from affectloop_capture.ingest.mapping import bearer_token, event_of, modality_of, request_of, response, session_of
from unit.capture.making import a_chunk, a_frame, some_audio, values


def payload(event: Event, case: str) -> bytes:
    fields: dict[str, Any] = {case: to_message(event)}
    return StreamRequest(**fields).SerializeToString()


PAYLOADS = (payload(a_frame(), "frame"), payload(a_chunk(), "signal"), payload(some_audio(160), "audio"))


def test_a_request_is_its_event() -> None:
    request = request_of(PAYLOADS[1])
    assert values([event_of(request)]) == values([a_chunk()])
    assert (session_of(request), modality_of(request)) == ("s1", Modality.WRISTBAND)


def test_a_request_of_nothing_names_what_it_could_hold() -> None:
    empty = StreamRequest()
    assert (session_of(empty), modality_of(empty)) == ("", None)
    with pytest.raises(InvalidMessage, match="frame, signal, audio, face, voice"):
        event_of(empty)


def outcome(content: bytes) -> str:
    """What becomes of bytes: taken, or refused with a field; anything else is a defect."""
    try:
        check_content(event_of(request_of(content)), Limits())
    except InvalidMessage as error:
        return error.field
    return "taken"


@given(st.binary(max_size=300))
def test_random_bytes_are_taken_or_refused_by_a_field(content: bytes) -> None:
    assert outcome(content)


@given(st.sampled_from(PAYLOADS), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_message_with_changed_bytes_is_taken_or_refused_by_a_field(content: bytes, changes: list[tuple[int, int]]) -> None:
    changed = bytearray(content)
    for at, value in changes:
        changed[at % len(changed)] = value
    assert outcome(bytes(changed))


@given(st.sampled_from(PAYLOADS), st.integers(0, 10_000))
def test_a_message_cut_short_is_taken_or_refused_by_a_field(content: bytes, length: int) -> None:
    assert outcome(content[: length % len(content)])


@pytest.mark.parametrize(
    ("metadata", "token"),
    [
        ([("authorization", "Bearer abc")], "abc"),
        ([("Authorization", "bearer  abc ")], "abc"),
        ([("user-agent", "x"), ("authorization", "Bearer abc")], "abc"),
        ([("authorization", "Basic abc")], None),
        ([("authorization", "Bearer ")], None),
        ([("authorization", b"Bearer abc")], None),
        ([], None),
    ],
)
def test_the_token_is_what_follows_bearer(metadata: list[tuple[str, str | bytes]], token: str | None) -> None:
    assert bearer_token(metadata) == token


@pytest.mark.parametrize(("modality", "number"), [(Modality.FACE, 1), (Modality.WRISTBAND, 2), (Modality.VOICE, 3), (None, 0)])
def test_a_refusal_names_its_modality_on_the_wire(modality: Modality | None, number: int) -> None:
    answer = response(3, 1, Refusal(modality, "eda", "field", "problem", "remedy"))
    assert (answer.accepted, answer.dropped, answer.refusal.modality, answer.refusal.remedy) == (3, 1, number, "remedy")
