"""Between the gRPC messages and the project's events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from google.protobuf.message import DecodeError

from affectloop.codec import from_message
from affectloop.errors import InvalidMessage
from affectloop.events import AudioChunk, AudioFeatures, Event, FaceFeatures, Modality, SignalChunk, VideoFrame
from affectloop.messages.v1 import capture_service_pb2, header_pb2
from affectloop.messages.v1.capture_service_pb2 import StreamRequest, StreamResponse
from affectloop_capture.admission.consent_gate import Refusal

EVENT_OF_CASE: dict[str, type[Event]] = {
    "frame": VideoFrame, "signal": SignalChunk, "audio": AudioChunk, "face": FaceFeatures, "voice": AudioFeatures,
}  # fmt: skip
SERVICE_NAME = capture_service_pb2.DESCRIPTOR.services_by_name["CaptureService"].full_name


def request_of(payload: bytes) -> StreamRequest:
    """Read a request; ``InvalidMessage`` where the bytes are none."""
    request = StreamRequest()
    try:
        request.ParseFromString(payload)
    except DecodeError as error:
        raise InvalidMessage("StreamRequest", "the bytes are not this protobuf message", "check the version of the contract") from error
    return request


def event_of(request: StreamRequest) -> Event:
    """The event in the request; ``InvalidMessage`` names the field that is wrong."""
    case = request.WhichOneof("captured")
    if case is None:
        raise InvalidMessage("StreamRequest.captured", "holds nothing", "fill one of " + ", ".join(EVENT_OF_CASE))
    event: Event = from_message(EVENT_OF_CASE[case], getattr(request, case))
    return event


def modality_of(request: StreamRequest) -> Modality | None:
    """Whose consent the request takes."""
    case = request.WhichOneof("captured")
    return EVENT_OF_CASE[case].modality if case else None


def session_of(request: StreamRequest) -> str:
    """The session that the request names; empty where it names none."""
    case = request.WhichOneof("captured")
    return str(getattr(request, case).header.session_id) if case else ""


def response(accepted: int, dropped: int, refusal: Refusal | None = None) -> StreamResponse:
    """What became of the records so far."""
    answer = StreamResponse(accepted=accepted, dropped=dropped)
    if refusal is not None:
        answer.refusal.modality = _modality(refusal.modality)
        answer.refusal.stream_id, answer.refusal.field = refusal.stream_id, refusal.field
        answer.refusal.problem, answer.refusal.remedy = refusal.problem, refusal.remedy
    return answer


def _modality(modality: Modality | None) -> header_pb2.Modality:
    name = "UNSPECIFIED" if modality is None else modality.name
    return cast(header_pb2.Modality, header_pb2.Modality.Value(f"MODALITY_{name}"))


def bearer_token(metadata: Iterable[tuple[str, str | bytes]]) -> str | None:
    """The token in ``authorization: Bearer ...``; ``None`` where there is none."""
    for key, value in metadata:
        if key.lower() == "authorization" and isinstance(value, str):
            scheme, _, token = value.partition(" ")
            return token.strip() or None if scheme.lower() == "bearer" else None
    return None
