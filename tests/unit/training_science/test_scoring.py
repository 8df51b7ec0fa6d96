"""Scores against worked examples, and the error beside them."""

import numpy as np
import pytest

from affectloop.events import Emotion
from affectloop.training_science.scoring import (
    above_chance,
    chance,
    confusion_matrix,
    hit_rate,
    interval,
    reliable_change,
    unbiased_chance,
    unbiased_hit_rate,
)


def test_the_unbiased_hit_rate_is_wagners() -> None:
    confusions = np.array([[8.0, 2.0], [4.0, 6.0]])
    assert unbiased_hit_rate(confusions) == pytest.approx([64 / (10 * 12), 36 / (10 * 8)])
    assert unbiased_chance(confusions) == pytest.approx([0.5 * 0.6, 0.5 * 0.4])


def test_who_always_says_fear_has_many_hits_and_a_low_unbiased_rate() -> None:
    always = confusion_matrix([(emotion, Emotion.FEAR) for emotion in Emotion for _ in range(6)])
    fear = list(Emotion).index(Emotion.FEAR)
    assert hit_rate(always)[fear] == 1.0
    assert unbiased_hit_rate(always)[fear] == pytest.approx(1 / 7)
    assert unbiased_hit_rate(always)[fear] == pytest.approx(unbiased_chance(always)[fear])
    assert unbiased_hit_rate(always)[fear - 1] == 0.0


def test_an_emotion_never_shown_has_no_rate() -> None:
    confusions = confusion_matrix([(Emotion.ANGER, Emotion.ANGER)])
    assert hit_rate(confusions)[0] == 1.0
    assert np.isnan(hit_rate(confusions)[1:]).all()
    assert np.isnan(unbiased_hit_rate(confusions)[1:]).all()


def test_a_perfect_learner_has_ones_on_the_diagonal() -> None:
    perfect = confusion_matrix([(emotion, emotion) for emotion in Emotion])
    assert np.array_equal(unbiased_hit_rate(perfect), np.ones(7))


def test_the_interval_is_wilsons() -> None:
    assert interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert interval(0, 14)[0] == 0.0
    assert interval(14, 14)[1] == pytest.approx(1.0)
    assert interval(0, 0) == (0.0, 1.0)


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    hits = rng.binomial(42, 0.7, 2000)
    covered = [low <= 0.7 <= high for low, high in (interval(int(count), 42) for count in hits)]
    assert 0.93 <= np.mean(covered) <= 0.98


@pytest.mark.parametrize(("items", "points"), [(14, 37), (28, 26), (42, 21), (56, 19), (84, 15)])
def test_the_reliable_change_shrinks_with_the_items(items: int, points: int) -> None:
    assert round(100 * reliable_change(items)) == points


def test_no_items_show_no_change() -> None:
    assert reliable_change(0) == 1.0


def test_guessing_is_told_from_knowing() -> None:
    assert chance(7) == pytest.approx(1 / 7)
    assert above_chance(2, 14, 7) > 0.3
    assert above_chance(10, 14, 7) < 0.001
