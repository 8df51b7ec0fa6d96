import numpy as np
import pytest
from numpy.typing import NDArray

from affectloop.dsp.voice.activity import HIGHEST_FLOOR_DB, LONGEST_GAP, MARGIN_DB, active, noise_floor_db, speech, threshold_db

LOUD, FAINT = -25.0, -60.0


def levels(*parts: tuple[float, int]) -> NDArray[np.float32]:
    return np.concatenate([np.full(count, level, np.float32) for level, count in parts])


def test_the_floor_is_the_noise_between_words() -> None:
    assert noise_floor_db(levels((LOUD, 800), (FAINT, 200))) == pytest.approx(FAINT)


def test_who_speaks_without_a_pause_does_not_become_the_noise() -> None:
    assert noise_floor_db(levels((-12.0, 1000))) == HIGHEST_FLOOR_DB


def test_faint_noise_far_below_a_loud_voice_is_not_speech() -> None:
    window = levels((-90.0, 300), (-70.0, 300), (LOUD, 300))
    assert threshold_db(window, noise_floor_db(window)) > -70
    assert threshold_db(levels((FAINT, 1000)), FAINT) == pytest.approx(FAINT + MARGIN_DB)


def test_a_closure_within_a_word_is_bridged_and_a_pause_is_not() -> None:
    for gap, bridged in ((LONGEST_GAP, True), (LONGEST_GAP + 2, False)):
        candidates = np.concatenate([np.ones(30, bool), np.zeros(gap, bool), np.ones(30, bool)])
        said = speech(candidates, np.ones(len(candidates), bool), levels((LOUD, len(candidates))))
        assert said[30 + gap // 2] == bridged
        assert said[:30].all()


def test_a_loud_stretch_without_a_pitch_is_not_speech() -> None:
    candidates = np.ones(50, bool)
    assert not speech(candidates, np.zeros(50, bool), levels((LOUD, 50))).any()


def test_a_click_is_not_a_word() -> None:
    candidates = np.zeros(50, bool)
    candidates[20:25] = True
    assert not speech(candidates, np.ones(50, bool), levels((LOUD, 50))).any()


def test_a_voice_from_the_next_table_is_not_the_learner() -> None:
    near, far = levels((LOUD, 40)), levels((LOUD - 14, 40))
    said = speech(
        np.concatenate([np.ones(40, bool), np.zeros(40, bool), np.ones(40, bool)]),
        np.ones(120, bool),
        np.concatenate([near, levels((FAINT, 40)), far]),
        loudest_at_least_db=LOUD - 12,
    )
    assert said[:40].all()
    assert not said[40:].any()


def test_no_frames_hold_no_speech() -> None:
    nothing = np.zeros(0, np.float32)
    assert active(nothing, -50.0).shape == (0,)
    assert speech(nothing > 0, nothing > 0, nothing).shape == (0,)
