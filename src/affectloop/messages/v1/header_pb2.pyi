from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Modality(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODALITY_UNSPECIFIED: _ClassVar[Modality]
    MODALITY_FACE: _ClassVar[Modality]
    MODALITY_WRISTBAND: _ClassVar[Modality]
    MODALITY_VOICE: _ClassVar[Modality]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_GOOD: _ClassVar[Reason]
    REASON_NO_SIGNAL: _ClassVar[Reason]
    REASON_WARMING_UP: _ClassVar[Reason]
    REASON_OFF_BODY: _ClassVar[Reason]
    REASON_NOISY: _ClassVar[Reason]
    REASON_MOVING: _ClassVar[Reason]
    REASON_TOO_FEW_BEATS: _ClassVar[Reason]
    REASON_NO_FACE: _ClassVar[Reason]
    REASON_TURNED_AWAY: _ClassVar[Reason]
    REASON_TOO_SMALL: _ClassVar[Reason]
    REASON_TOO_DARK: _ClassVar[Reason]
    REASON_BLURRED: _ClassVar[Reason]
    REASON_SILENT: _ClassVar[Reason]
    REASON_NO_SPEECH: _ClassVar[Reason]
    REASON_CLIPPED: _ClassVar[Reason]
    REASON_UNSURE: _ClassVar[Reason]
    REASON_NOT_ALLOWED: _ClassVar[Reason]

class SignalKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIGNAL_KIND_UNSPECIFIED: _ClassVar[SignalKind]
    SIGNAL_KIND_EDA: _ClassVar[SignalKind]
    SIGNAL_KIND_ECG: _ClassVar[SignalKind]
    SIGNAL_KIND_PPG: _ClassVar[SignalKind]
    SIGNAL_KIND_ACCELERATION: _ClassVar[SignalKind]
    SIGNAL_KIND_TEMPERATURE: _ClassVar[SignalKind]

class Emotion(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMOTION_UNSPECIFIED: _ClassVar[Emotion]
    EMOTION_ANGER: _ClassVar[Emotion]
    EMOTION_CONTEMPT: _ClassVar[Emotion]
    EMOTION_DISGUST: _ClassVar[Emotion]
    EMOTION_FEAR: _ClassVar[Emotion]
    EMOTION_HAPPINESS: _ClassVar[Emotion]
    EMOTION_SADNESS: _ClassVar[Emotion]
    EMOTION_SURPRISE: _ClassVar[Emotion]
MODALITY_UNSPECIFIED: Modality
MODALITY_FACE: Modality
MODALITY_WRISTBAND: Modality
MODALITY_VOICE: Modality
REASON_UNSPECIFIED: Reason
REASON_GOOD: Reason
REASON_NO_SIGNAL: Reason
REASON_WARMING_UP: Reason
REASON_OFF_BODY: Reason
REASON_NOISY: Reason
REASON_MOVING: Reason
REASON_TOO_FEW_BEATS: Reason
REASON_NO_FACE: Reason
REASON_TURNED_AWAY: Reason
REASON_TOO_SMALL: Reason
REASON_TOO_DARK: Reason
REASON_BLURRED: Reason
REASON_SILENT: Reason
REASON_NO_SPEECH: Reason
REASON_CLIPPED: Reason
REASON_UNSURE: Reason
REASON_NOT_ALLOWED: Reason
SIGNAL_KIND_UNSPECIFIED: SignalKind
SIGNAL_KIND_EDA: SignalKind
SIGNAL_KIND_ECG: SignalKind
SIGNAL_KIND_PPG: SignalKind
SIGNAL_KIND_ACCELERATION: SignalKind
SIGNAL_KIND_TEMPERATURE: SignalKind
EMOTION_UNSPECIFIED: Emotion
EMOTION_ANGER: Emotion
EMOTION_CONTEMPT: Emotion
EMOTION_DISGUST: Emotion
EMOTION_FEAR: Emotion
EMOTION_HAPPINESS: Emotion
EMOTION_SADNESS: Emotion
EMOTION_SURPRISE: Emotion

class Header(_message.Message):
    __slots__ = ("session_id", "stream_id", "sequence", "event_time_us", "complete_until_us", "captured_by", "schema")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    STREAM_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_US_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_UNTIL_US_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_BY_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    stream_id: str
    sequence: int
    event_time_us: int
    complete_until_us: int
    captured_by: str
    schema: int
    def __init__(self, session_id: _Optional[str] = ..., stream_id: _Optional[str] = ..., sequence: _Optional[int] = ..., event_time_us: _Optional[int] = ..., complete_until_us: _Optional[int] = ..., captured_by: _Optional[str] = ..., schema: _Optional[int] = ...) -> None: ...
