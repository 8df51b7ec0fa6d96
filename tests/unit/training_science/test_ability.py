"""Ability: it finds the truth, knows how sure it is, and repeats itself."""

import numpy as np
import pytest

from affectloop.training_science.ability import (
    PACKED_SIZE,
    PRIOR_ABILITY_SD,
    TREND_ALERT,
    Ability,
    answered,
    expected_success,
    prior,
    rested,
    unpacked,
)
from affectloop.training_science.items import EMOTIONS, ItemModel

MODEL = ItemModel()


def after(truth: float, count: int, seed: int, offsets: np.ndarray | None = None) -> Ability:
    """The belief after answers of a learner of known ability to items near that ability."""
    rng, belief = np.random.default_rng(seed), prior()
    for number in range(count):
        emotion = number % len(EMOTIONS)
        ability = truth + (offsets[emotion] if offsets is not None else 0.0)
        difficulty = float(truth - 1.2 + 0.5 * rng.standard_normal())
        correct = bool(rng.random() < MODEL.success(ability - difficulty, 7))
        belief = answered(belief, MODEL, emotion=emotion, difficulty=difficulty, options=7, correct=correct)
    return belief


@pytest.mark.parametrize("truth", [-1.5, 0.0, 1.5])
def test_the_belief_converges_to_the_known_truth(truth: float) -> None:
    means = [after(truth, 200, seed).overall[0] for seed in range(8)]
    assert np.mean(means) == pytest.approx(truth, abs=0.3)
    assert np.std(means) < 0.6


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    inside = []
    for seed in range(60):
        truth, offsets = rng.normal(0, 1.0), rng.normal(0, 0.45, len(EMOTIONS))
        belief = after(float(truth), 56, seed, offsets)
        inside += [abs(belief.of(emotion)[0] - truth - offsets[emotion]) < 1.96 * belief.of(emotion)[1] for emotion in range(len(EMOTIONS))]
    assert 0.91 <= np.mean(inside) <= 0.995


def test_an_emotion_that_is_weaker_is_found_out() -> None:
    offsets = np.array([0.0, 0.0, 0.0, -1.2, 0.2, 0.5, 0.5])
    found = np.mean([after(0.0, 210, seed, offsets).mean[1:] for seed in range(6)], axis=0)
    assert np.argmin(found) == 3
    assert found[3] < -0.3


def test_doubt_and_gain_fall_with_answers() -> None:
    beliefs = [after(0.0, count, 1) for count in (0, 10, 60)]
    errors = [belief.overall[1] for belief in beliefs]
    gains = []
    for belief in beliefs:
        hit = answered(belief, MODEL, emotion=2, difficulty=belief.of(2)[0], options=7, correct=True)
        miss = answered(belief, MODEL, emotion=2, difficulty=belief.of(2)[0], options=7, correct=False)
        gains.append(hit.of(2)[0] - miss.of(2)[0])
    assert errors[0] > errors[1] > errors[2]
    assert gains[0] > gains[1] > gains[2] > 0


def test_a_right_answer_raises_and_a_wrong_one_lowers_the_belief() -> None:
    for emotion in range(len(EMOTIONS)):
        hit = answered(prior(), MODEL, emotion=emotion, difficulty=0.0, options=7, correct=True)
        miss = answered(prior(), MODEL, emotion=emotion, difficulty=0.0, options=7, correct=False)
        assert hit.of(emotion)[0] > prior().of(emotion)[0] > miss.of(emotion)[0]
        assert hit.mean[0] > miss.mean[0]


def test_a_right_guess_among_two_says_less_than_among_seven() -> None:
    two = answered(prior(), MODEL, emotion=0, difficulty=2.0, options=2, correct=True)
    seven = answered(prior(), MODEL, emotion=0, difficulty=2.0, options=7, correct=True)
    assert two.of(0)[0] < seven.of(0)[0]


def test_a_trend_raises_the_gain() -> None:
    calm = after(0.0, 80, 3)
    trending = Ability(mean=calm.mean, covariance=calm.covariance, trend=1.5 * float(TREND_ALERT))
    flat = Ability(mean=calm.mean, covariance=calm.covariance, trend=0.0)
    step = [answered(belief, MODEL, emotion=0, difficulty=0.0, options=7, correct=True).of(0)[0] for belief in (trending, flat)]
    assert step[0] > step[1]


def test_the_covariance_stays_one_over_hundreds_of_answers() -> None:
    belief = after(0.5, 600, 9)
    assert np.allclose(belief.covariance, belief.covariance.T)
    assert np.linalg.eigvalsh(belief.covariance).min() > 0


def test_rest_adds_doubt_up_to_the_priors_and_moves_no_mean() -> None:
    belief = after(1.0, 84, 2)
    week, year = rested(belief, 7), rested(belief, 365)
    assert np.array_equal(week.mean, belief.mean)
    assert belief.overall[1] < week.overall[1] < year.overall[1] < 1.2 * PRIOR_ABILITY_SD + belief.overall[1]
    assert rested(belief, -3).overall == belief.overall


def test_packing_keeps_every_bit() -> None:
    belief = after(0.3, 30, 4)
    again = unpacked(belief.packed())
    assert belief.packed().size == PACKED_SIZE
    assert np.array_equal(again.mean, belief.mean)
    assert np.array_equal(again.covariance, belief.covariance)
    assert again.trend == belief.trend


def test_replaying_the_same_answers_gives_the_same_numbers() -> None:
    assert np.array_equal(after(0.0, 50, 6).packed(), after(0.0, 50, 6).packed())


def test_expected_success_averages_over_the_doubt() -> None:
    rng = np.random.default_rng(0)
    difficulties, options = np.array([-2.0, 0.0, 2.0]), np.array([7.0, 7.0, 7.0])
    sampled = np.array([MODEL.success(0.5 + 0.9 * rng.standard_normal(40_000) - difficulty, 7).mean() for difficulty in difficulties])
    assert expected_success(MODEL, 0.5, 0.9, difficulties, options) == pytest.approx(sampled, abs=0.02)
