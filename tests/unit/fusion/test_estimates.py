"""What the served net makes of a learner: directions, masks, shares, confidence, batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from affectloop.events import EmotionEstimate, Event, FaceFeatures, Reason
from affectloop.runtime.service import Batch, Loop
from affectloop_fusion.processor import FusionWindow
from affectloop_fusion.service import SERVICE, complete
from affectloop_fusion.settings import FusionSettings
from unit.fusion.making import START_US, a_body, a_face, a_voice, no_face, random_session, steady, units, windows_of

EVERY_FIELD = ("valence", "valence_error", "arousal", "arousal_error", "engagement", "engagement_error", "strain", "strain_error")
SMILING = np.array([0.1, 0.85, 0.01, 0.01, 0.01, 0.01, 0.01], np.float32)


@pytest.fixture(scope="module")
def fuse() -> Batch:
    return complete(FusionSettings())


def estimates(fuse: Batch, windows: Sequence[Event]) -> list[EmotionEstimate]:
    made = fuse(windows)
    assert all(isinstance(event, EmotionEstimate) for event in made)
    return [event for event in made if isinstance(event, EmotionEstimate)]


def estimate(fuse: Batch, window: FusionWindow) -> EmotionEstimate:
    return estimates(fuse, [window])[0]


def given(value: float | None) -> float:
    assert value is not None
    return value


def test_a_calm_neutral_learner_is_near_neutral_and_calm_with_wide_bands(fuse: Batch) -> None:
    said = estimate(fuse, steady(face=a_face(START_US), body=a_body(START_US), voice=a_voice(START_US)))
    assert abs(given(said.valence)) < 0.25
    assert given(said.arousal) < 0.2
    assert 0.35 < given(said.engagement) < 0.9
    assert given(said.strain) < 0.45
    assert given(said.valence_error) > 0.15
    assert given(said.arousal_error) > 0.15


def smiling(size: float) -> FaceFeatures:
    """A smile as both the mesh and the expression net see it."""
    happy = min(1.5 * size, 0.85)
    expression = np.array([0.9 - happy, happy, *[0.1 / 5] * 5], np.float32)
    moved = units(AU12=size, AU10=size / 3, **{"AU6+7": size / 2})
    return a_face(START_US, action_units=moved, smile=0.1 + size, expression=expression)


@pytest.mark.parametrize("with_body", [True, False])
def test_more_smile_is_more_pleasant(fuse: Batch, with_body: bool) -> None:
    body = a_body(START_US) if with_body else None
    valences = [given(estimate(fuse, steady(face=smiling(size), body=body)).valence) for size in (0.0, 0.15, 0.3, 0.45, 0.6)]
    assert valences == sorted(valences)
    assert valences[-1] > valences[0] + 0.15


def test_before_a_neutral_face_is_known_the_expression_and_the_raw_smile_speak(fuse: Batch) -> None:
    faces = (a_face(START_US), a_face(START_US, expression=SMILING, smile=0.6))
    neutral, happy = (estimate(fuse, steady(face=replace(face, action_units=None))) for face in faces)
    assert given(happy.valence) > given(neutral.valence)
    assert happy.expression is not None
    assert happy.expression[1] > 0.5


def test_a_frown_with_lowered_mouth_corners_is_less_pleasant_and_more_strained(fuse: Batch) -> None:
    frown = a_face(START_US, action_units=units(AU4=0.4, AU14=0.2, AU15=0.3))
    rest, bent = (estimate(fuse, steady(face=face, body=a_body(START_US))) for face in (a_face(START_US), frown))
    assert given(bent.valence) < given(rest.valence) - 0.1
    assert given(bent.strain) > given(rest.strain)


@pytest.mark.parametrize("with_face", [True, False])
def test_a_faster_heart_and_a_sweating_skin_are_more_aroused(fuse: Batch, with_face: bool) -> None:
    face = a_face(START_US) if with_face else None
    bodies = [a_body(START_US, heart_change=6.0 * size, per_min=3.0 + 4 * size, tonic_change=0.3 * size) for size in range(4)]
    arousals = [given(estimate(fuse, steady(face=face, body=body)).arousal) for body in bodies]
    assert arousals == sorted(arousals)
    assert arousals[-1] > arousals[0] + 0.2


def test_an_excited_voice_is_more_aroused(fuse: Batch) -> None:
    calm, excited = a_voice(START_US, arousal=-0.5, pitch_hz=150.0), a_voice(START_US, arousal=0.8, pitch_hz=280.0)
    said = [given(estimate(fuse, steady(face=a_face(START_US), voice=voice)).arousal) for voice in (calm, excited)]
    assert said[1] > said[0] + 0.1


def test_less_is_known_with_less(fuse: Batch) -> None:
    everything = estimate(fuse, steady(face=a_face(START_US), body=a_body(START_US), voice=a_voice(START_US)))
    without_body = estimate(fuse, steady(face=a_face(START_US)))
    assert given(without_body.arousal_error) > given(everything.arousal_error)
    assert without_body.confidence < everything.confidence


@pytest.mark.parametrize(("face", "body", "voice"), [(1, 1, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 0, 0)])
def test_shares_sum_to_one_over_what_is_there_and_are_zero_elsewhere(fuse: Batch, face: int, body: int, voice: int) -> None:
    window = steady(
        face=a_face(START_US) if face else None, body=a_body(START_US) if body else None, voice=a_voice(START_US) if voice else None
    )
    said = estimate(fuse, window)
    shares = np.array([said.face_share, said.wristband_share, said.voice_share])
    assert not said.abstained
    assert shares.sum() == pytest.approx(1.0)
    assert ((shares > 0) == np.array([face, body, voice], bool)).all()
    assert (said.expression is not None) == bool(face)
    assert said.model == "fusion-v1"


def test_with_nothing_there_is_no_signal_and_no_value(fuse: Batch) -> None:
    said = estimates(fuse, windows_of([no_face(START_US + 500_000 * place) for place in range(4)]))
    assert len(said) == 4
    for each in said:
        assert each.abstained
        assert each.reason is Reason.NO_SIGNAL
        assert each.confidence == 0.0
        assert [getattr(each, name) for name in EVERY_FIELD] == [None] * len(EVERY_FIELD)
        assert each.face_share + each.wristband_share + each.voice_share == 0.0


def test_below_the_gate_it_abstains_as_unsure() -> None:
    strict = complete(FusionSettings(lowest_confidence=0.99))
    said = estimate(strict, steady(face=a_face(START_US)))
    assert said.abstained
    assert said.reason is Reason.UNSURE
    assert 0 < said.confidence < 0.99
    assert said.valence is None
    assert said.expression is None


def test_a_bad_picture_is_trusted_less(fuse: Batch) -> None:
    sharp, blurred = (estimate(fuse, steady(face=replace(a_face(START_US), quality=quality))) for quality in (0.9, 0.3))
    assert blurred.confidence < sharp.confidence


def test_one_frame_is_not_enough_to_speak_of_a_person(fuse: Batch) -> None:
    said = estimate(fuse, windows_of([a_face(START_US)])[0])
    assert said.abstained
    assert said.reason is Reason.UNSURE


def test_garbage_under_a_mask_changes_nothing(fuse: Batch) -> None:
    draw = np.random.default_rng(0)
    windows = windows_of(random_session(5))
    for kind in ("face", "wristband", "voice"):
        for window in windows:
            tokens, mask = getattr(window, kind), getattr(window, f"{kind}_mask")
            garbage = draw.choice(np.array([np.nan, 1e30, -5.0], np.float32), tokens.shape)
            assert_same_estimates(
                estimates(fuse, [window]), estimates(fuse, [replace(window, **{kind: np.where(mask > 0, tokens, garbage)})])
            )


def test_a_batch_says_what_each_window_says_alone(fuse: Batch) -> None:
    windows = windows_of(random_session(7)) + windows_of(random_session(8))
    alone = [each for window in windows for each in estimates(fuse, [window])]
    assert_same_estimates(estimates(fuse, windows), alone)
    assert_same_estimates(estimates(complete(FusionSettings(largest_batch=7)), windows), alone)


def test_headers_stay_in_order(fuse: Batch) -> None:
    windows = windows_of(random_session(9))
    assert [each.header for each in fuse(windows)] == [window.header for window in windows]


def test_the_service_declares_that_it_infers_emotion() -> None:
    assert SERVICE.infers_emotion
    assert SERVICE.loop is Loop.JOINS


def assert_same_estimates(left: Sequence[EmotionEstimate], right: Sequence[EmotionEstimate]) -> None:
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        assert (one.header, one.abstained, one.reason) == (other.header, other.abstained, other.reason)
        for name in (*EVERY_FIELD, "confidence", "face_share", "wristband_share", "voice_share"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-4), name
