"""The events that flow between the services: frozen dataclasses with numpy inside.

One event class, one protobuf message of the same name, one topic. Field names carry their units. ``None`` means
not measured: never 0 or NaN. The limits declared here are what the codec enforces in both directions.
"""

from affectloop.events.capture import AudioChunk, SignalChunk, VideoFrame, offset_us
from affectloop.events.estimates import EmotionEstimate
from affectloop.events.features import AudioFeatures, FaceFeatures, PhysioFeatures, SkinConductanceResponse
from affectloop.events.header import END_OF_TIME_US, Event, Header
from affectloop.events.session import BaselineMeasured, SessionChanged
from affectloop.events.training import CauseGiven, Directive, Item, TrialAnswered
from affectloop.events.vocabulary import (
    ACTION_UNITS,
    BLENDSHAPES,
    EXPRESSIONS,
    FELT_CAUSES,
    Cause,
    Emotion,
    FloatArray,
    Guidance,
    Int16Array,
    Modality,
    Reason,
    SessionChange,
    SignalKind,
)

__all__ = [
    "ACTION_UNITS",
    "BLENDSHAPES",
    "END_OF_TIME_US",
    "EXPRESSIONS",
    "FELT_CAUSES",
    "AudioChunk",
    "AudioFeatures",
    "BaselineMeasured",
    "Cause",
    "CauseGiven",
    "Directive",
    "Emotion",
    "EmotionEstimate",
    "Event",
    "FaceFeatures",
    "FloatArray",
    "Guidance",
    "Header",
    "Int16Array",
    "Item",
    "Modality",
    "PhysioFeatures",
    "Reason",
    "SessionChange",
    "SessionChanged",
    "SignalChunk",
    "SignalKind",
    "SkinConductanceResponse",
    "TrialAnswered",
    "VideoFrame",
    "offset_us",
]
