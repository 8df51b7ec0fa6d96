"""Tokens: scaling, masks, and when a modality counts as measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from affectloop.events import BLENDSHAPES, FaceFeatures, Reason
from affectloop_fusion.tokens import (
    FACE,
    LIMIT,
    VOICE,
    WRISTBAND,
    Array,
    Kind,
    face_values,
    physio_values,
    scaled,
    tonic_change_octaves,
    trust,
    voice_values,
)
from unit.fusion.making import START_US, a_body, a_face, a_header, a_voice, no_body, no_face, silence, units


def value(row: Array | None, kind: Kind, name: str) -> float:
    assert row is not None
    return float(row[kind.names.index(name)])


def test_a_face_at_rest_is_near_the_centre_of_the_scales() -> None:
    row = face_values(a_face(START_US))
    assert row is not None
    tokens, mask = scaled(row, FACE)
    assert mask.all()
    places = [place for place, name in enumerate(FACE.names) if name != "neutral"]
    assert np.abs(tokens[places]).max() < 1


def test_a_smile_raises_the_unit_and_the_raw_level() -> None:
    row = face_values(a_face(START_US, action_units=units(AU12=0.5), smile=0.6))
    assert value(row, FACE, "AU12") == pytest.approx(0.5)
    assert value(row, FACE, "smile") == pytest.approx(0.6)


def test_looking_to_the_right_is_positive_whichever_eye_says_it() -> None:
    shapes = np.zeros(BLENDSHAPES, np.float32)
    shapes[[13, 16]] = 0.4  # eyeLookInLeft, eyeLookOutRight
    frame = FaceFeatures(header=a_header("face", START_US, 1), quality=1.0, reason=Reason.GOOD, blendshapes=shapes)
    assert value(face_values(frame), FACE, "gaze_right") == pytest.approx(0.4)


def test_before_the_neutral_face_is_known_only_the_units_are_missing() -> None:
    row = face_values(replace(a_face(START_US), action_units=None))
    assert row is not None
    assert np.isnan(row[:16]).all()
    assert np.isfinite(row[16:]).all()


def test_no_face_no_token() -> None:
    assert face_values(no_face(START_US)) is None
    only_found = FaceFeatures(header=a_header("face", START_US, 1), quality=0.4, reason=Reason.TURNED_AWAY, box=np.zeros(4, np.float32))
    assert face_values(only_found) is None


def test_a_wristband_that_only_feels_movement_says_nothing() -> None:
    assert physio_values(no_body(START_US)) is None


def test_dry_electrodes_leave_the_heart() -> None:
    row = physio_values(replace(a_body(START_US, heart_change=6.0), eda_quality=0.0))
    assert value(row, WRISTBAND, "heart_rate_change_bpm") == 6.0
    assert np.isnan(value(row, WRISTBAND, "responses_per_min"))
    assert np.isnan(value(row, WRISTBAND, "eda_quality"))


def test_variability_that_is_not_trusted_is_masked() -> None:
    row = physio_values(replace(a_body(START_US), variability_quality=0.0))
    assert np.isnan(value(row, WRISTBAND, "rmssd_octaves_from_40_ms"))


def test_a_tonic_level_twice_the_resting_one_is_an_octave_at_any_level() -> None:
    assert tonic_change_octaves(4.0, 2.0) == pytest.approx(1.0)
    assert tonic_change_octaves(0.4, 0.2) == pytest.approx(1.0)


def test_a_resting_level_below_contact_is_no_division_by_nothing() -> None:
    assert tonic_change_octaves(0.05, 0.05) == 0.0


def test_silence_is_not_calm() -> None:
    assert voice_values(silence(START_US)) is None


def test_a_voice_without_pitch_or_arousal_still_speaks() -> None:
    row = voice_values(a_voice(START_US, arousal=None, pitch_hz=None))
    assert np.isnan([value(row, VOICE, name) for name in ("pitch_octaves_from_180_hz", "arousal", "arousal_error")]).all()
    assert value(row, VOICE, "intensity_db") == 30.0


def test_one_broken_sensor_is_cut_at_the_limit() -> None:
    row = physio_values(a_body(START_US, heart_change=170.0))
    assert row is not None
    assert scaled(row, WRISTBAND)[0].max() == LIMIT


def test_what_is_not_measured_is_zero_under_a_mask_of_zero() -> None:
    tokens, mask = scaled(np.full((8, len(WRISTBAND.features)), np.nan), WRISTBAND)
    assert not tokens.any()
    assert not mask.any()


def test_trust_is_the_quality_once_half_the_window_is_there() -> None:
    window = np.full((VOICE.count, len(VOICE.features)), np.nan)
    row = voice_values(a_voice(START_US))
    window[:8] = row
    assert trust(window, VOICE) == pytest.approx(0.8)
    window[4:] = np.nan
    assert trust(window, VOICE) == pytest.approx(0.4)


def test_the_wristband_is_trusted_as_far_as_its_better_sensor() -> None:
    row = physio_values(replace(a_body(START_US), eda_quality=0.0))
    assert trust(np.tile(row, (8, 1)) if row is not None else np.zeros(0), WRISTBAND) == pytest.approx(0.9)
