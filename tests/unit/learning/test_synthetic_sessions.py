"""Synthetic sessions: seeded, couplings in the published direction, learners apart, and the service's own windows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from affectloop.events import Event
from affectloop_fusion.tokens import FACE, KINDS, VOICE, WRISTBAND, Array, Kind
from affectloop_learning.synthetic.sessions import AROUSAL, COUPLINGS, ENGAGEMENT, STRAIN, VALENCE, SyntheticSession, synthetic_session
from affectloop_learning.synthetic.windows import CALIBRATION, FIRST_TRAINED, TEST, Windows, trained_learners, windows, windows_of
from unit.fusion.making import SECOND_US, START_US, body_of_row, face_of_row, in_order, voice_of_row
from unit.fusion.making import windows_of as windows_by_processor


@cache
def many() -> list[SyntheticSession]:
    return [synthetic_session(learner) for learner in range(40)]


def within_learners(kind: Kind, feature: str, course: int) -> float:
    """Mean correlation of a feature with a course, within learners."""
    found = []
    for session in many():
        values: Array = session.values[kind][:, kind.names.index(feature)]
        truth = session.truth[:: len(session.truth) // len(values), course][: len(values)]
        known = np.isfinite(values)
        if known.sum() > 30 and values[known].std() > 0:
            found.append(np.corrcoef(values[known], truth[known])[0, 1])
    return float(np.mean(found))


@pytest.mark.parametrize(
    ("kind", "feature", "course", "sign"),
    [
        (FACE, "AU12", VALENCE, 1),
        (FACE, "AU15", VALENCE, -1),
        (FACE, "AU4", VALENCE, -1),
        (FACE, "AU4", STRAIN, 1),
        (FACE, "AU14", STRAIN, 1),
        (FACE, "lids_closed", ENGAGEMENT, -1),
        (WRISTBAND, "heart_rate_change_bpm", AROUSAL, 1),
        (WRISTBAND, "responses_per_min", AROUSAL, 1),
        (WRISTBAND, "tonic_change_octaves", AROUSAL, 1),
        (WRISTBAND, "rmssd_octaves_from_40_ms", STRAIN, -1),
        (VOICE, "pitch_octaves_from_180_hz", AROUSAL, 1),
        (VOICE, "intensity_db", AROUSAL, 1),
        (VOICE, "syllables_per_s", AROUSAL, 1),
    ],
)
def test_couplings_have_the_published_direction(kind: Kind, feature: str, course: int, sign: int) -> None:
    assert sign * within_learners(kind, feature, course) > 0.02


def test_every_coupling_names_its_source_or_says_that_it_is_a_guess() -> None:
    for _, _, source in COUPLINGS:
        assert any(character.isdigit() for character in source) or "nuisance" in source


def test_the_same_learner_has_the_same_session() -> None:
    first, second = synthetic_session(3), synthetic_session(3)
    np.testing.assert_array_equal(first.truth, second.truth)
    for kind in KINDS:
        np.testing.assert_array_equal(first.values[kind], second.values[kind])


def test_another_learner_has_another_session() -> None:
    assert not np.array_equal(synthetic_session(3).truth, synthetic_session(4).truth)


def test_the_truth_stays_within_its_scales() -> None:
    truth = np.concatenate([session.truth for session in many()])
    assert np.abs(truth[:, [VALENCE, AROUSAL]]).max() < 1
    assert truth[:, [ENGAGEMENT, STRAIN]].min() > 0
    assert truth[:, [ENGAGEMENT, STRAIN]].max() < 1


def test_no_learner_is_in_two_parts() -> None:
    trained = trained_learners(0, 0, 700)
    assert not set(CALIBRATION) & set(TEST)
    assert max(*CALIBRATION, *TEST) < FIRST_TRAINED <= trained.start
    assert not set(trained_learners(0, 1, 700)) & set(trained)
    assert not set(trained_learners(1, 0, 700)) & set(trained)


def test_windows_made_in_bulk_are_those_of_the_service() -> None:
    learner = 13
    session = synthetic_session(learner, duration_s=40)
    bulk = windows_of(session, learner)
    by_time = {window.header.event_time_us: window for window in windows_by_processor(in_order(events_of(session)))}
    made = [by_time[START_US + second * SECOND_US] for second in range(1 + learner % 5, 41, 5)]
    assert len(bulk) == len(made)
    for place, kind in enumerate(KINDS):
        name = str(kind.modality) if kind is not FACE else "face"
        values, mask = bulk.inputs[kind]
        np.testing.assert_array_equal(mask, [getattr(window, f"{name}_mask") for window in made], err_msg=name)
        np.testing.assert_allclose(values, [getattr(window, name) for window in made], atol=1e-3, err_msg=name)
        np.testing.assert_allclose(bulk.trust[:, place], [window.trust[place] for window in made], atol=1e-3)


def events_of(session: SyntheticSession) -> list[Event]:
    """The events that say what the session's rows hold."""
    return [
        make(row, START_US + place * kind.token_us)
        for kind, make in ((FACE, face_of_row), (WRISTBAND, body_of_row), (VOICE, voice_of_row))
        for place, row in enumerate(session.values[kind])
    ]


def test_a_modality_that_is_left_out_is_masked_and_not_trusted() -> None:
    some: Windows = windows(range(3), 20)
    left = some.without(FACE)
    assert not left.inputs[FACE][1].any()
    assert not left.trust[:, 0].any()
    np.testing.assert_array_equal(left.inputs[WRISTBAND][1], some.inputs[WRISTBAND][1])
