"""What face, wristband and voice say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from affectloop.events.header import Event
from affectloop.events.vocabulary import ACTION_UNITS, BLENDSHAPES, EXPRESSIONS, FloatArray, Modality, Reason, SignalKind
from affectloop.fields import array, number


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
    wear_quality: float | None = number("1, how many of the band's sensors say that it is worn", 0, 1, optional=True)
    wear_reason: Reason | None = None


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
