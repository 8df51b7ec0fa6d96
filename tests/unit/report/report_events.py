"""Events of small sessions for the tests of the report."""

from __future__ import annotations

import numpy as np

from affectloop.events import (
    EXPRESSIONS,
    AudioFeatures,
    Cause,
    CauseGiven,
    Directive,
    Emotion,
    EmotionEstimate,
    FaceFeatures,
    Guidance,
    Header,
    Item,
    PhysioFeatures,
    Reason,
    SkinConductanceResponse,
    TrialAnswered,
)

START_US = 1_700_000_000_000_000


def header(stream: str, sequence: int, at_s: float) -> Header:
    at_us = START_US + round(at_s * 1e6)
    return Header(session_id="one", stream_id=stream, sequence=sequence, event_time_us=at_us, complete_until_us=at_us + 1)


def face(number: int, at_s: float, reason: Reason = Reason.GOOD, stream: str = "face", happiness: float = 0.25) -> FaceFeatures:
    good = reason is Reason.GOOD
    expression = np.zeros(len(EXPRESSIONS), np.float32)
    expression[0], expression[1] = 1 - happiness, happiness
    return FaceFeatures(
        header=header(stream, number, at_s), quality=0.9 if good else 0.0, reason=reason, expression=expression if good else None
    )


def physio(at_s: int, rate: float | None = 80.0, tonic: float | None = 2.0, onsets: tuple[float, ...] = ()) -> PhysioFeatures:
    responses = tuple(
        SkinConductanceResponse(
            onset_time_us=START_US + round(onset * 1e6), peak_time_us=START_US + round(onset * 1e6) + 1_500_000, amplitude_microsiemens=0.2
        )
        for onset in onsets
    )
    return PhysioFeatures(
        header=header("physio", at_s, at_s),
        heart_rate_bpm=rate,
        heart_rate_error_bpm=None if rate is None else 2.0,
        heart_quality=0.0 if rate is None else 0.9,
        heart_reason=Reason.OFF_BODY if rate is None else Reason.GOOD,
        variability_quality=0.0,
        variability_reason=Reason.TOO_FEW_BEATS,
        tonic_microsiemens=tonic,
        phasic_microsiemens=None if tonic is None else 0.1,
        responses=responses,
        eda_quality=0.0 if tonic is None else 0.9,
        eda_reason=Reason.OFF_BODY if tonic is None else Reason.GOOD,
    )


def audio(number: int, share: float | None) -> AudioFeatures:
    reason = Reason.NO_SIGNAL if share is None else Reason.GOOD if share else Reason.NO_SPEECH
    return AudioFeatures(
        header=header("audio", number, number / 2), quality=0.5, reason=reason, voice_share=share, pitch_hz=200.0 if share else None
    )


def estimate(number: int, arousal: float | None) -> EmotionEstimate:
    abstained = arousal is None
    error = None if abstained else 0.1
    return EmotionEstimate(
        header=header("fusion", number, number / 2),
        abstained=abstained,
        reason=Reason.UNSURE if abstained else Reason.GOOD,
        confidence=0.2 if abstained else 0.8,
        valence=arousal,
        valence_error=error,
        arousal=arousal,
        arousal_error=error,
        engagement=None if abstained else 0.5,
        engagement_error=error,
        strain=None if abstained else 0.25,
        strain_error=error,
        face_share=0.75,
        wristband_share=0.25,
        voice_share=0.0,
        model="fusion-v1",
    )


ITEM = Item(item_id="i1", emotion=Emotion.FEAR, duration_ms=120, intensity=0.6, view_deg=45, options=5, poser="p")


def trial(number: int, *, correct: bool, valid: bool = True) -> TrialAnswered:
    return TrialAnswered(
        header=header("trials", number, number * 4),
        trial_id=f"t{number}",
        item=ITEM,
        answer=Emotion.FEAR if correct else Emotion.SURPRISE,
        correct=correct,
        valid=valid,
        reaction_time_ms=1000.0 + number,
    )


def directive(number: int, level: int) -> Directive:
    return Directive(
        header=header("directives", number, number * 4 + 0.1),
        item=ITEM,
        level=level,
        difficulty=0.0,
        expected_success=0.78,
        target_success=0.78,
        ability=0.5,
        ability_error=0.3,
        pause_ms=800,
        guidance=Guidance.SLOW_MOTION,
        causes=(CauseGiven(cause=Cause.RECENT_MISSES, value=2.0, detail="fear/surprise"),),
    )
