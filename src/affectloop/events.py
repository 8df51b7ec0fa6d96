"""The events that flow between the services: frozen dataclasses with numpy inside.

One event class, one protobuf message of the same name, one topic. Field names carry their units. ``None`` means
not measured: never 0 or NaN. The limits declared here are what the codec enforces in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from affectloop.fields import array, number

END_OF_TIME_US = (1 << 63) - 1  # complete_until_us of a stream's last record: nothing follows

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


def offset_us(samples: int, sample_rate_hz: float | Fraction) -> int:
    """How long that many samples take, to the nearest microsecond; whole numbers throughout, so exact for any rate."""
    cycles, seconds = sample_rate_hz.as_integer_ratio()
    return (2 * samples * 1_000_000 * seconds + cycles) // (2 * cycles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who, where and when of a record; field 1 of every message."""

    session_id: str
    stream_id: str
    sequence: int = number("1", 0, 1 << 62)  # from event time or from the fact, never from a counter of outputs
    event_time_us: int = number("us since 1970", 1, 1 << 62)  # when it happened, on the capture clock
    complete_until_us: int = number("us since 1970", 1, END_OF_TIME_US)  # no later record of this stream is older
    captured_by: str = ""  # device or program, never a person

    @property
    def ends_stream(self) -> bool:
        """Nothing follows on this stream."""
        return self.complete_until_us == END_OF_TIME_US


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """What every event has."""

    header: Header
    modality: ClassVar[Modality | None] = None  # whose consent it takes; None for facts and fused results

    @property
    def is_empty(self) -> bool:
        """Only the header speaks (it moves progress on or ends a stream); no processor sees it."""
        return False

    @property
    def ends_us(self) -> int:
        """The first instant after what it holds."""
        return self.header.event_time_us + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoFrame(Event):
    """One camera frame. ``sequence`` is the frame's number; ``event_time_us`` the exposure."""

    modality: ClassVar[Modality | None] = Modality.FACE
    jpeg: bytes = b""
    depth_png16: bytes | None = None  # optional, registered to the colour frame, millimetres

    @property
    def is_empty(self) -> bool:
        """Without an image, only the header speaks."""
        return not self.jpeg


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignalChunk(Event):
    """Some samples of one physiological signal.

    ``event_time_us`` is the time of the first sample, ``sequence`` its number since the stream began,
    ``complete_until_us`` the time of the sample after the last: how a stream is cut into chunks carries no meaning.
    """

    modality: ClassVar[Modality | None] = Modality.WRISTBAND
    kind: SignalKind
    sample_rate_hz: float = number("Hz", 0.01, 10_000)
    samples: FloatArray = array("by kind", -1e6, 1e6, columns="channels")  # (n, channels), n may be 0

    @property
    def is_empty(self) -> bool:
        """Without samples, only the header speaks."""
        return not self.samples.size

    @property
    def ends_us(self) -> int:
        """The time of the sample after the last."""
        return self.header.event_time_us + offset_us(len(self.samples), self.sample_rate_hz)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AudioChunk(Event):
    """Some samples of a microphone, mono, 16 bit; times and ``sequence`` as in ``SignalChunk``."""

    modality: ClassVar[Modality | None] = Modality.VOICE
    sample_rate_hz: float = number("Hz", 8_000, 48_000)
    pcm: Int16Array = array("1/32768 of full scale", -32768, 32767)  # (n,), n may be 0

    @property
    def is_empty(self) -> bool:
        """Without samples, only the header speaks."""
        return not self.pcm.size

    @property
    def ends_us(self) -> int:
        """The time of the sample after the last."""
        return self.header.event_time_us + offset_us(self.pcm.size, self.sample_rate_hz)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceFeatures(Event):
    """What the face shows in one frame; without a face ``quality`` is 0, ``reason`` says why and the rest is ``None``.

    ``stream_id`` is ``face`` for the learner and ``face-2``, ... for others in the picture.
    """

    modality: ClassVar[Modality | None] = Modality.FACE
    quality: float = number("1", 0, 1)
    reason: Reason
    box: FloatArray | None = array("share of the frame: x, y, width, height", -1, 2, size=4, optional=True)
    pose_deg: FloatArray | None = array("degrees: yaw, pitch, roll", -180, 180, size=3, optional=True)
    blendshapes: FloatArray | None = array("1", 0, 1, size=BLENDSHAPES, optional=True)
    action_units: FloatArray | None = array("change from the learner's neutral", -1, 1, size=len(ACTION_UNITS), optional=True)
    expression: FloatArray | None = array("probability, by EXPRESSIONS", 0, 1, size=len(EXPRESSIONS), optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinConductanceResponse:
    """One skin conductance response of the phasic EDA."""

    onset_time_us: int = number("us since 1970", 1, 1 << 62)
    peak_time_us: int = number("us since 1970", 1, 1 << 62)
    amplitude_microsiemens: float = number("uS", 0, 100)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhysioFeatures(Event):
    """What the wristband or chest strap says at the end of one hop (1 s); stream ``physio``.

    Each group has its quality and reason; a value that cannot be trusted is ``None``.
    """

    modality: ClassVar[Modality | None] = Modality.WRISTBAND
    heart_rate_bpm: float | None = number("bpm", 20, 250, optional=True)
    heart_rate_error_bpm: float | None = number("bpm, one standard error", 0, 100, optional=True)
    heart_rate_source: SignalKind | None = None
    heart_quality: float = number("1", 0, 1)
    heart_reason: Reason
    rmssd_ms: float | None = number("ms", 0, 1000, optional=True)
    sdnn_ms: float | None = number("ms", 0, 1000, optional=True)
    variability_quality: float = number("1", 0, 1)
    variability_reason: Reason
    tonic_microsiemens: float | None = number("uS", 0, 200, optional=True)
    phasic_microsiemens: float | None = number("uS", -100, 100, optional=True)
    responses_per_min: float | None = number("1/min", 0, 120, optional=True)
    responses: tuple[SkinConductanceResponse, ...] = ()  # those confirmed within this hop
    eda_quality: float = number("1", 0, 1)
    eda_reason: Reason
    heart_rate_change_bpm: float | None = number("bpm from the resting level", -200, 200, optional=True)
    tonic_change_microsiemens: float | None = number("uS from the resting level", -200, 200, optional=True)
    temperature_celsius: float | None = number("degrees Celsius", -20, 60, optional=True)
    movement_g: float | None = number("g, standard deviation of the acceleration's norm", 0, 50, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AudioFeatures(Event):
    """What the voice says at the end of one hop (500 ms); stream ``audio``."""

    modality: ClassVar[Modality | None] = Modality.VOICE
    quality: float = number("1", 0, 1)
    reason: Reason
    voice_share: float | None = number("share of the hop in which the learner speaks", 0, 1, optional=True)
    level_dbfs: float | None = number("dB of full scale", -200, 6, optional=True)
    pitch_hz: float | None = number("Hz, median over the hop's voiced frames", 40, 1000, optional=True)
    intensity_db: float | None = number("dB over the noise floor", -50, 150, optional=True)
    syllables_per_s: float | None = number("1/s, over the last seconds of speech", 0, 20, optional=True)
    arousal: float | None = number("1", -1, 1, optional=True)
    arousal_error: float | None = number("1, one standard error", 0, 2, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmotionEstimate(Event):
    """How the learner is doing at the end of one hop (500 ms); stream ``fusion``.

    Where ``abstained`` is true no value is given and ``reason`` says why. Each value has one standard error beside it.
    """

    abstained: bool
    reason: Reason
    confidence: float = number("1", 0, 1)
    valence: float | None = number("1, unpleasant to pleasant", -1, 1, optional=True)
    valence_error: float | None = number("1", 0, 2, optional=True)
    arousal: float | None = number("1, calm to aroused", -1, 1, optional=True)
    arousal_error: float | None = number("1", 0, 2, optional=True)
    engagement: float | None = number("1", 0, 1, optional=True)
    engagement_error: float | None = number("1", 0, 1, optional=True)
    strain: float | None = number("1", 0, 1, optional=True)
    strain_error: float | None = number("1", 0, 1, optional=True)
    expression: FloatArray | None = array("probability, by EXPRESSIONS", 0, 1, size=len(EXPRESSIONS), optional=True)
    face_share: float = number("share of the estimate that rests on the face", 0, 1)
    wristband_share: float = number("share that rests on the wristband", 0, 1)
    voice_share: float = number("share that rests on the voice", 0, 1)
    model: str = ""  # name of the model, as in models/


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One training item: which expression, how long, how strong, from where."""

    item_id: str
    emotion: Emotion
    duration_ms: float = number("ms", 10, 2000)
    intensity: float = number("1", 0, 1)
    view_deg: float = number("degrees of yaw", -90, 90)
    options: int = number("answers offered", 2, 7)
    poser: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialAnswered(Event):
    """A learner answered an item; a fact. Stream ``trials``, ``sequence`` the number of the trial, from 1."""

    trial_id: str
    item: Item
    answer: Emotion
    correct: bool
    valid: bool  # shown with exactly the frames asked for
    reaction_time_ms: float | None = number("ms after the onset", 0, 600_000, optional=True)
    shown_ms: float | None = number("ms, measured", 0, 10_000, optional=True)
    shown_frames: int | None = number("1", 0, 10_000, optional=True)
    refresh_hz: float | None = number("Hz", 1, 1000, optional=True)
    wished_levels: int | None = number("levels above what is chosen, from here on; 0 ends the wish", -11, 11, optional=True)


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


class Guidance(StrEnum):
    """What the learner is offered beside the next item."""

    NONE = "none"
    SLOW_MOTION = "slow-motion"
    COMPARE_PAIR = "compare-pair"
    BREAK = "break"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseGiven:
    """A cause with its figure: ``success-high`` and 0.92."""

    cause: Cause
    value: float | None = number("by cause", -1e6, 1e6, optional=True)
    detail: str = ""  # emotions by name ("fear/surprise"), never free text of a person


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Directive(Event):
    """What comes next, and why; a fact. Stream ``directives``, ``sequence`` the number of the trial it answers (0 opens)."""

    item: Item
    level: int = number("1", 1, 12)
    difficulty: float = number("logit", -20, 20)
    expected_success: float = number("probability", 0, 1)
    target_success: float = number("probability", 0, 1)
    ability: float = number("logit", -20, 20)
    ability_error: float = number("logit, one standard error", 0, 20)
    pause_ms: float = number("ms before the next item", 0, 600_000)
    guidance: Guidance
    causes: tuple[CauseGiven, ...] = ()


class SessionChange(StrEnum):
    """What happened to a session."""

    STARTED = "started"
    CONSENT_GIVEN = "consent-given"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SessionChanged(Event):
    """A session started, its consents changed, or it ended; a fact. Stream ``session``."""

    change: SessionChange
    consented: tuple[Modality, ...] = ()  # the modalities allowed from now on
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaselineMeasured(Event):
    """What a session learns once and needs to its end: a neutral face, a resting level, an ability.

    It applies from its event time on. The host stores the newest of each name before it acknowledges what it came
    from, and hands it to the processor that starts or takes over the session. Stream ``<service>.baseline.<name>``.
    """

    name: str
    values: NDArray[np.float64] = array("by name", -1e12, 1e12)  # (n,)
