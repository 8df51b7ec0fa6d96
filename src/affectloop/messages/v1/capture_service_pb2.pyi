from affectloop.messages.v1 import capture_pb2 as _capture_pb2
from affectloop.messages.v1 import features_pb2 as _features_pb2
from affectloop.messages.v1 import header_pb2 as _header_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StreamRequest(_message.Message):
    __slots__ = ("frame", "signal", "audio", "face", "voice")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    FACE_FIELD_NUMBER: _ClassVar[int]
    VOICE_FIELD_NUMBER: _ClassVar[int]
    frame: _capture_pb2.VideoFrame
    signal: _capture_pb2.SignalChunk
    audio: _capture_pb2.AudioChunk
    face: _features_pb2.FaceFeatures
    voice: _features_pb2.AudioFeatures
    def __init__(self, frame: _Optional[_Union[_capture_pb2.VideoFrame, _Mapping]] = ..., signal: _Optional[_Union[_capture_pb2.SignalChunk, _Mapping]] = ..., audio: _Optional[_Union[_capture_pb2.AudioChunk, _Mapping]] = ..., face: _Optional[_Union[_features_pb2.FaceFeatures, _Mapping]] = ..., voice: _Optional[_Union[_features_pb2.AudioFeatures, _Mapping]] = ...) -> None: ...

class StreamResponse(_message.Message):
    __slots__ = ("accepted", "dropped", "refusal")
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    accepted: int
    dropped: int
    refusal: Refusal
    def __init__(self, accepted: _Optional[int] = ..., dropped: _Optional[int] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("modality", "stream_id", "field", "problem", "remedy")
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    STREAM_ID_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    modality: _header_pb2.Modality
    stream_id: str
    field: str
    problem: str
    remedy: str
    def __init__(self, modality: _Optional[_Union[_header_pb2.Modality, str]] = ..., stream_id: _Optional[str] = ..., field: _Optional[str] = ..., problem: _Optional[str] = ..., remedy: _Optional[str] = ...) -> None: ...
