from affectloop.messages.v1 import header_pb2 as _header_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class VideoFrame(_message.Message):
    __slots__ = ("header", "jpeg", "depth_png16")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    JPEG_FIELD_NUMBER: _ClassVar[int]
    DEPTH_PNG16_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    jpeg: bytes
    depth_png16: bytes
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., jpeg: _Optional[bytes] = ..., depth_png16: _Optional[bytes] = ...) -> None: ...

class SignalChunk(_message.Message):
    __slots__ = ("header", "kind", "sample_rate_hz", "samples", "channels")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    kind: _header_pb2.SignalKind
    sample_rate_hz: float
    samples: _containers.RepeatedScalarFieldContainer[float]
    channels: int
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., kind: _Optional[_Union[_header_pb2.SignalKind, str]] = ..., sample_rate_hz: _Optional[float] = ..., samples: _Optional[_Iterable[float]] = ..., channels: _Optional[int] = ...) -> None: ...

class AudioChunk(_message.Message):
    __slots__ = ("header", "sample_rate_hz", "pcm")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    PCM_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    sample_rate_hz: float
    pcm: bytes
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., sample_rate_hz: _Optional[float] = ..., pcm: _Optional[bytes] = ...) -> None: ...
