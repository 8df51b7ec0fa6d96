from affectloop.messages.v1 import header_pb2 as _header_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FaceFeatures(_message.Message):
    __slots__ = ("header", "quality", "reason", "box", "pose_deg", "blendshapes", "action_units", "expression")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    POSE_DEG_FIELD_NUMBER: _ClassVar[int]
    BLENDSHAPES_FIELD_NUMBER: _ClassVar[int]
    ACTION_UNITS_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    quality: float
    reason: _header_pb2.Reason
    box: _containers.RepeatedScalarFieldContainer[float]
    pose_deg: _containers.RepeatedScalarFieldContainer[float]
    blendshapes: _containers.RepeatedScalarFieldContainer[float]
    action_units: _containers.RepeatedScalarFieldContainer[float]
    expression: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., quality: _Optional[float] = ..., reason: _Optional[_Union[_header_pb2.Reason, str]] = ..., box: _Optional[_Iterable[float]] = ..., pose_deg: _Optional[_Iterable[float]] = ..., blendshapes: _Optional[_Iterable[float]] = ..., action_units: _Optional[_Iterable[float]] = ..., expression: _Optional[_Iterable[float]] = ...) -> None: ...

class SkinConductanceResponse(_message.Message):
    __slots__ = ("onset_time_us", "peak_time_us", "amplitude_microsiemens")
    ONSET_TIME_US_FIELD_NUMBER: _ClassVar[int]
    PEAK_TIME_US_FIELD_NUMBER: _ClassVar[int]
    AMPLITUDE_MICROSIEMENS_FIELD_NUMBER: _ClassVar[int]
    onset_time_us: int
    peak_time_us: int
    amplitude_microsiemens: float
    def __init__(self, onset_time_us: _Optional[int] = ..., peak_time_us: _Optional[int] = ..., amplitude_microsiemens: _Optional[float] = ...) -> None: ...

class PhysioFeatures(_message.Message):
    __slots__ = ("header", "heart_rate_bpm", "heart_rate_error_bpm", "heart_rate_source", "heart_quality", "heart_reason", "rmssd_ms", "sdnn_ms", "variability_quality", "variability_reason", "tonic_microsiemens", "phasic_microsiemens", "responses_per_min", "responses", "eda_quality", "eda_reason", "heart_rate_change_bpm", "tonic_change_microsiemens", "temperature_celsius", "movement_g", "wear_quality", "wear_reason")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    HEART_RATE_BPM_FIELD_NUMBER: _ClassVar[int]
    HEART_RATE_ERROR_BPM_FIELD_NUMBER: _ClassVar[int]
    HEART_RATE_SOURCE_FIELD_NUMBER: _ClassVar[int]
    HEART_QUALITY_FIELD_NUMBER: _ClassVar[int]
    HEART_REASON_FIELD_NUMBER: _ClassVar[int]
    RMSSD_MS_FIELD_NUMBER: _ClassVar[int]
    SDNN_MS_FIELD_NUMBER: _ClassVar[int]
    VARIABILITY_QUALITY_FIELD_NUMBER: _ClassVar[int]
    VARIABILITY_REASON_FIELD_NUMBER: _ClassVar[int]
    TONIC_MICROSIEMENS_FIELD_NUMBER: _ClassVar[int]
    PHASIC_MICROSIEMENS_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_PER_MIN_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    EDA_QUALITY_FIELD_NUMBER: _ClassVar[int]
    EDA_REASON_FIELD_NUMBER: _ClassVar[int]
    HEART_RATE_CHANGE_BPM_FIELD_NUMBER: _ClassVar[int]
    TONIC_CHANGE_MICROSIEMENS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_CELSIUS_FIELD_NUMBER: _ClassVar[int]
    MOVEMENT_G_FIELD_NUMBER: _ClassVar[int]
    WEAR_QUALITY_FIELD_NUMBER: _ClassVar[int]
    WEAR_REASON_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    heart_rate_bpm: float
    heart_rate_error_bpm: float
    heart_rate_source: _header_pb2.SignalKind
    heart_quality: float
    heart_reason: _header_pb2.Reason
    rmssd_ms: float
    sdnn_ms: float
    variability_quality: float
    variability_reason: _header_pb2.Reason
    tonic_microsiemens: float
    phasic_microsiemens: float
    responses_per_min: float
    responses: _containers.RepeatedCompositeFieldContainer[SkinConductanceResponse]
    eda_quality: float
    eda_reason: _header_pb2.Reason
    heart_rate_change_bpm: float
    tonic_change_microsiemens: float
    temperature_celsius: float
    movement_g: float
    wear_quality: float
    wear_reason: _header_pb2.Reason
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., heart_rate_bpm: _Optional[float] = ..., heart_rate_error_bpm: _Optional[float] = ..., heart_rate_source: _Optional[_Union[_header_pb2.SignalKind, str]] = ..., heart_quality: _Optional[float] = ..., heart_reason: _Optional[_Union[_header_pb2.Reason, str]] = ..., rmssd_ms: _Optional[float] = ..., sdnn_ms: _Optional[float] = ..., variability_quality: _Optional[float] = ..., variability_reason: _Optional[_Union[_header_pb2.Reason, str]] = ..., tonic_microsiemens: _Optional[float] = ..., phasic_microsiemens: _Optional[float] = ..., responses_per_min: _Optional[float] = ..., responses: _Optional[_Iterable[_Union[SkinConductanceResponse, _Mapping]]] = ..., eda_quality: _Optional[float] = ..., eda_reason: _Optional[_Union[_header_pb2.Reason, str]] = ..., heart_rate_change_bpm: _Optional[float] = ..., tonic_change_microsiemens: _Optional[float] = ..., temperature_celsius: _Optional[float] = ..., movement_g: _Optional[float] = ..., wear_quality: _Optional[float] = ..., wear_reason: _Optional[_Union[_header_pb2.Reason, str]] = ...) -> None: ...

class AudioFeatures(_message.Message):
    __slots__ = ("header", "quality", "reason", "voice_share", "level_dbfs", "pitch_hz", "intensity_db", "syllables_per_s", "arousal", "arousal_error")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VOICE_SHARE_FIELD_NUMBER: _ClassVar[int]
    LEVEL_DBFS_FIELD_NUMBER: _ClassVar[int]
    PITCH_HZ_FIELD_NUMBER: _ClassVar[int]
    INTENSITY_DB_FIELD_NUMBER: _ClassVar[int]
    SYLLABLES_PER_S_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_ERROR_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    quality: float
    reason: _header_pb2.Reason
    voice_share: float
    level_dbfs: float
    pitch_hz: float
    intensity_db: float
    syllables_per_s: float
    arousal: float
    arousal_error: float
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., quality: _Optional[float] = ..., reason: _Optional[_Union[_header_pb2.Reason, str]] = ..., voice_share: _Optional[float] = ..., level_dbfs: _Optional[float] = ..., pitch_hz: _Optional[float] = ..., intensity_db: _Optional[float] = ..., syllables_per_s: _Optional[float] = ..., arousal: _Optional[float] = ..., arousal_error: _Optional[float] = ...) -> None: ...

class EmotionEstimate(_message.Message):
    __slots__ = ("header", "abstained", "reason", "confidence", "valence", "valence_error", "arousal", "arousal_error", "engagement", "engagement_error", "strain", "strain_error", "expression", "face_share", "wristband_share", "voice_share", "model")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ABSTAINED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    VALENCE_FIELD_NUMBER: _ClassVar[int]
    VALENCE_ERROR_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_FIELD_NUMBER: _ClassVar[int]
    AROUSAL_ERROR_FIELD_NUMBER: _ClassVar[int]
    ENGAGEMENT_FIELD_NUMBER: _ClassVar[int]
    ENGAGEMENT_ERROR_FIELD_NUMBER: _ClassVar[int]
    STRAIN_FIELD_NUMBER: _ClassVar[int]
    STRAIN_ERROR_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    FACE_SHARE_FIELD_NUMBER: _ClassVar[int]
    WRISTBAND_SHARE_FIELD_NUMBER: _ClassVar[int]
    VOICE_SHARE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    abstained: bool
    reason: _header_pb2.Reason
    confidence: float
    valence: float
    valence_error: float
    arousal: float
    arousal_error: float
    engagement: float
    engagement_error: float
    strain: float
    strain_error: float
    expression: _containers.RepeatedScalarFieldContainer[float]
    face_share: float
    wristband_share: float
    voice_share: float
    model: str
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., abstained: _Optional[bool] = ..., reason: _Optional[_Union[_header_pb2.Reason, str]] = ..., confidence: _Optional[float] = ..., valence: _Optional[float] = ..., valence_error: _Optional[float] = ..., arousal: _Optional[float] = ..., arousal_error: _Optional[float] = ..., engagement: _Optional[float] = ..., engagement_error: _Optional[float] = ..., strain: _Optional[float] = ..., strain_error: _Optional[float] = ..., expression: _Optional[_Iterable[float]] = ..., face_share: _Optional[float] = ..., wristband_share: _Optional[float] = ..., voice_share: _Optional[float] = ..., model: _Optional[str] = ...) -> None: ...

class BaselineMeasured(_message.Message):
    __slots__ = ("header", "name", "values", "measured_from_us")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FROM_US_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    name: str
    values: _containers.RepeatedScalarFieldContainer[float]
    measured_from_us: int
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., name: _Optional[str] = ..., values: _Optional[_Iterable[float]] = ..., measured_from_us: _Optional[int] = ...) -> None: ...
