from affectloop.messages.v1 import header_pb2 as _header_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Cause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAUSE_UNSPECIFIED: _ClassVar[Cause]
    CAUSE_FIRST_ITEM: _ClassVar[Cause]
    CAUSE_ON_TARGET: _ClassVar[Cause]
    CAUSE_SUCCESS_HIGH: _ClassVar[Cause]
    CAUSE_SUCCESS_LOW: _ClassVar[Cause]
    CAUSE_RECENT_MISSES: _ClassVar[Cause]
    CAUSE_CONFUSION: _ClassVar[Cause]
    CAUSE_STRAIN_RISING: _ClassVar[Cause]
    CAUSE_CALM: _ClassVar[Cause]
    CAUSE_NO_ESTIMATE: _ClassVar[Cause]
    CAUSE_ESTIMATE_UNSURE: _ClassVar[Cause]
    CAUSE_ESTIMATE_STALE: _ClassVar[Cause]
    CAUSE_HELD: _ClassVar[Cause]
    CAUSE_BREAK_DUE: _ClassVar[Cause]
    CAUSE_OVERRIDE: _ClassVar[Cause]
    CAUSE_ABILITY_UP: _ClassVar[Cause]
    CAUSE_ABILITY_DOWN: _ClassVar[Cause]
    CAUSE_OTHER_EMOTION: _ClassVar[Cause]
    CAUSE_VARIED: _ClassVar[Cause]
    CAUSE_EASING_OVER: _ClassVar[Cause]

class Guidance(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GUIDANCE_UNSPECIFIED: _ClassVar[Guidance]
    GUIDANCE_NONE: _ClassVar[Guidance]
    GUIDANCE_SLOW_MOTION: _ClassVar[Guidance]
    GUIDANCE_COMPARE_PAIR: _ClassVar[Guidance]
    GUIDANCE_BREAK: _ClassVar[Guidance]

class SessionChange(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SESSION_CHANGE_UNSPECIFIED: _ClassVar[SessionChange]
    SESSION_CHANGE_STARTED: _ClassVar[SessionChange]
    SESSION_CHANGE_CONSENT_GIVEN: _ClassVar[SessionChange]
    SESSION_CHANGE_CONSENT_WITHDRAWN: _ClassVar[SessionChange]
    SESSION_CHANGE_ENDED: _ClassVar[SessionChange]
    SESSION_CHANGE_STOPPED_BY_FAULT: _ClassVar[SessionChange]
CAUSE_UNSPECIFIED: Cause
CAUSE_FIRST_ITEM: Cause
CAUSE_ON_TARGET: Cause
CAUSE_SUCCESS_HIGH: Cause
CAUSE_SUCCESS_LOW: Cause
CAUSE_RECENT_MISSES: Cause
CAUSE_CONFUSION: Cause
CAUSE_STRAIN_RISING: Cause
CAUSE_CALM: Cause
CAUSE_NO_ESTIMATE: Cause
CAUSE_ESTIMATE_UNSURE: Cause
CAUSE_ESTIMATE_STALE: Cause
CAUSE_HELD: Cause
CAUSE_BREAK_DUE: Cause
CAUSE_OVERRIDE: Cause
CAUSE_ABILITY_UP: Cause
CAUSE_ABILITY_DOWN: Cause
CAUSE_OTHER_EMOTION: Cause
CAUSE_VARIED: Cause
CAUSE_EASING_OVER: Cause
GUIDANCE_UNSPECIFIED: Guidance
GUIDANCE_NONE: Guidance
GUIDANCE_SLOW_MOTION: Guidance
GUIDANCE_COMPARE_PAIR: Guidance
GUIDANCE_BREAK: Guidance
SESSION_CHANGE_UNSPECIFIED: SessionChange
SESSION_CHANGE_STARTED: SessionChange
SESSION_CHANGE_CONSENT_GIVEN: SessionChange
SESSION_CHANGE_CONSENT_WITHDRAWN: SessionChange
SESSION_CHANGE_ENDED: SessionChange
SESSION_CHANGE_STOPPED_BY_FAULT: SessionChange

class Item(_message.Message):
    __slots__ = ("item_id", "emotion", "duration_ms", "intensity", "view_deg", "options", "poser")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    EMOTION_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    INTENSITY_FIELD_NUMBER: _ClassVar[int]
    VIEW_DEG_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    POSER_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    emotion: _header_pb2.Emotion
    duration_ms: float
    intensity: float
    view_deg: float
    options: int
    poser: str
    def __init__(self, item_id: _Optional[str] = ..., emotion: _Optional[_Union[_header_pb2.Emotion, str]] = ..., duration_ms: _Optional[float] = ..., intensity: _Optional[float] = ..., view_deg: _Optional[float] = ..., options: _Optional[int] = ..., poser: _Optional[str] = ...) -> None: ...

class TrialAnswered(_message.Message):
    __slots__ = ("header", "trial_id", "item", "answer", "correct", "valid", "reaction_time_ms", "shown_ms", "shown_frames", "refresh_hz", "wished_levels")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    TRIAL_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    CORRECT_FIELD_NUMBER: _ClassVar[int]
    VALID_FIELD_NUMBER: _ClassVar[int]
    REACTION_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    SHOWN_MS_FIELD_NUMBER: _ClassVar[int]
    SHOWN_FRAMES_FIELD_NUMBER: _ClassVar[int]
    REFRESH_HZ_FIELD_NUMBER: _ClassVar[int]
    WISHED_LEVELS_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    trial_id: str
    item: Item
    answer: _header_pb2.Emotion
    correct: bool
    valid: bool
    reaction_time_ms: float
    shown_ms: float
    shown_frames: int
    refresh_hz: float
    wished_levels: int
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., trial_id: _Optional[str] = ..., item: _Optional[_Union[Item, _Mapping]] = ..., answer: _Optional[_Union[_header_pb2.Emotion, str]] = ..., correct: _Optional[bool] = ..., valid: _Optional[bool] = ..., reaction_time_ms: _Optional[float] = ..., shown_ms: _Optional[float] = ..., shown_frames: _Optional[int] = ..., refresh_hz: _Optional[float] = ..., wished_levels: _Optional[int] = ...) -> None: ...

class CauseGiven(_message.Message):
    __slots__ = ("cause", "value", "detail")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    cause: Cause
    value: float
    detail: str
    def __init__(self, cause: _Optional[_Union[Cause, str]] = ..., value: _Optional[float] = ..., detail: _Optional[str] = ...) -> None: ...

class Directive(_message.Message):
    __slots__ = ("header", "item", "level", "difficulty", "expected_success", "target_success", "ability", "ability_error", "pause_ms", "guidance", "causes")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    DIFFICULTY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    TARGET_SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ABILITY_FIELD_NUMBER: _ClassVar[int]
    ABILITY_ERROR_FIELD_NUMBER: _ClassVar[int]
    PAUSE_MS_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    CAUSES_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    item: Item
    level: int
    difficulty: float
    expected_success: float
    target_success: float
    ability: float
    ability_error: float
    pause_ms: float
    guidance: Guidance
    causes: _containers.RepeatedCompositeFieldContainer[CauseGiven]
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., item: _Optional[_Union[Item, _Mapping]] = ..., level: _Optional[int] = ..., difficulty: _Optional[float] = ..., expected_success: _Optional[float] = ..., target_success: _Optional[float] = ..., ability: _Optional[float] = ..., ability_error: _Optional[float] = ..., pause_ms: _Optional[float] = ..., guidance: _Optional[_Union[Guidance, str]] = ..., causes: _Optional[_Iterable[_Union[CauseGiven, _Mapping]]] = ...) -> None: ...

class SessionChanged(_message.Message):
    __slots__ = ("header", "change", "consented", "profile", "service", "topic")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    CONSENTED_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    header: _header_pb2.Header
    change: SessionChange
    consented: _containers.RepeatedScalarFieldContainer[_header_pb2.Modality]
    profile: str
    service: str
    topic: str
    def __init__(self, header: _Optional[_Union[_header_pb2.Header, _Mapping]] = ..., change: _Optional[_Union[SessionChange, str]] = ..., consented: _Optional[_Iterable[_Union[_header_pb2.Modality, str]]] = ..., profile: _Optional[str] = ..., service: _Optional[str] = ..., topic: _Optional[str] = ...) -> None: ...
