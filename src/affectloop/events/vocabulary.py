"""What the fields of events are chosen from: enumerations, and the classes that nets tell apart."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Int16Array = NDArray[np.int16]

BLENDSHAPES = 52  # outputs of the face_landmarker blendshape net (ARKit names, 0 is _neutral)


class Modality(StrEnum):
    """What a person consents to, one by one."""

    FACE = "face"
    WRISTBAND = "wristband"
    VOICE = "voice"


class SignalKind(StrEnum):
    """A physiological signal; the comment is the unit of its samples."""

    EDA = "eda"  # electrodermal activity, microsiemens
    ECG = "ecg"  # electrocardiogram, millivolts
    PPG = "ppg"  # photoplethysmogram (blood volume pulse), arbitrary units
    ACCELERATION = "acceleration"  # three axes, g
    TEMPERATURE = "temperature"  # skin, degrees Celsius


class Emotion(StrEnum):
    """The seven emotions that the training teaches."""

    ANGER = "anger"
    CONTEMPT = "contempt"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPINESS = "happiness"
    SADNESS = "sadness"
    SURPRISE = "surprise"


# Classes of the expression net, in its order: contempt is not among them.
EXPRESSIONS = ("neutral", "happiness", "sadness", "anger", "fear", "disgust", "surprise")


# Action-unit proxies derived from blendshapes; not FACS-validated. AU6+7 are one (cheekSquint is a dead output), AU9 is absent.
ACTION_UNITS = (
    "AU1", "AU2", "AU4", "AU5", "AU6+7", "AU10", "AU12", "AU14", "AU15", "AU17", "AU20", "AU22", "AU24", "AU25+26", "AU28", "AU45",
)  # fmt: skip


class Reason(StrEnum):
    """Why a value is there, or is not."""

    GOOD = "good"
    NO_SIGNAL = "no-signal"
    WARMING_UP = "warming-up"
    OFF_BODY = "off-body"
    NOISY = "noisy"
    MOVING = "moving"
    TOO_FEW_BEATS = "too-few-beats"
    NO_FACE = "no-face"
    TURNED_AWAY = "turned-away"
    TOO_SMALL = "too-small"
    TOO_DARK = "too-dark"
    BLURRED = "blurred"
    SILENT = "silent"
    NO_SPEECH = "no-speech"
    CLIPPED = "clipped"
    UNSURE = "unsure"
    NOT_ALLOWED = "not-allowed"


class Cause(StrEnum):
    """Why the recommender decides as it does; shown to the learner in words."""

    FIRST_ITEM = "first-item"
    ON_TARGET = "on-target"
    SUCCESS_HIGH = "success-high"
    SUCCESS_LOW = "success-low"
    RECENT_MISSES = "recent-misses"
    CONFUSION = "confusion"
    STRAIN_RISING = "strain-rising"
    CALM = "calm"
    NO_ESTIMATE = "no-estimate"
    ESTIMATE_UNSURE = "estimate-unsure"
    ESTIMATE_STALE = "estimate-stale"
    HELD = "held"
    BREAK_DUE = "break-due"
    OVERRIDE = "override"
    ABILITY_UP = "ability-up"
    ABILITY_DOWN = "ability-down"
    OTHER_EMOTION = "other-emotion"
    VARIED = "varied"
    EASING_OVER = "easing-over"


FELT_CAUSES = frozenset(
    {Cause.STRAIN_RISING, Cause.CALM, Cause.NO_ESTIMATE, Cause.ESTIMATE_UNSURE, Cause.ESTIMATE_STALE, Cause.HELD}
)  # they rest on estimates: who may not see those sees none of these


class Guidance(StrEnum):
    """What the learner is offered beside the next item."""

    NONE = "none"
    SLOW_MOTION = "slow-motion"
    COMPARE_PAIR = "compare-pair"
    BREAK = "break"


class SessionChange(StrEnum):
    """What happened to a session."""

    STARTED = "started"
    CONSENT_GIVEN = "consent-given"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    ENDED = "ended"
    STOPPED_BY_FAULT = "stopped-by-fault"  # in one service; the others go on
