"""Scores of recognition tests, each with chance and measurement error beside it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.stats import binom, norm

from affectloop.events import Emotion
from affectloop.training_science.items import EMOTIONS, INDEX_OF_EMOTION, FloatArray


def confusion_matrix(answers: Iterable[tuple[Emotion, Emotion]]) -> FloatArray:
    """Counts of (shown, answered) pairs: (7, 7), float64, rows shown, columns answered, in ``EMOTIONS`` order."""
    matrix = np.zeros((len(EMOTIONS), len(EMOTIONS)))
    for shown, answer in answers:
        matrix[INDEX_OF_EMOTION[shown], INDEX_OF_EMOTION[answer]] += 1
    return matrix


def hit_rate(confusions: FloatArray) -> FloatArray:
    """Share of right answers by emotion shown, (n,); NaN for one that was never shown."""
    return _ratio(np.diag(confusions), confusions.sum(1))


def unbiased_hit_rate(confusions: FloatArray) -> FloatArray:
    """Hit rate that an answer's favourite does not inflate.

    ``Hu = hits^2 / (times shown x times answered)``: the chance that the emotion is both recognised when shown and
    rightly meant when named. Source: Wagner 1993, J. Nonverbal Behavior 17(1), eq. 2.

    Parameters
    ----------
    confusions : ndarray, (n, n)
        Counts, rows shown, columns answered.

    Returns
    -------
    ndarray, (n,)
        0 to 1; 0 for an emotion that was shown and never named, NaN for one never shown.
    """
    hits, shown, named = np.diag(confusions), confusions.sum(1), confusions.sum(0)
    rate = _ratio(hits**2, shown * named)
    return np.where((shown > 0) & (named == 0), 0.0, rate)


def unbiased_chance(confusions: FloatArray) -> FloatArray:
    """What ``unbiased_hit_rate`` is for answers given without regard to what was shown, (n,).

    The product of the shares shown and named. Source: Wagner 1993, eq. 3.
    """
    total = confusions.sum()
    return np.asarray(confusions.sum(1) * confusions.sum(0) / max(total, 1.0) ** 2)


def chance(options: int) -> float:
    """Share of right answers by guessing among ``options``."""
    return 1.0 / options


def above_chance(hits: int, items: int, options: int) -> float:
    """Probability of so many hits or more by guessing (one-sided binomial test), 0 to 1."""
    return float(binom.sf(hits - 1, items, chance(options)))


def interval(hits: int, items: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval for a share of right answers: low and high, 0 to 1; (0, 1) where nothing was asked.

    Source: Wilson 1927; it keeps its promise at few items and near 0 and 1, where the textbook interval does not.
    """
    if items == 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + confidence / 2))
    share, weight = hits / items, z * z / items
    centre = (share + weight / 2) / (1 + weight)
    half = z * np.sqrt(share * (1 - share) / items + weight / (4 * items)) / (1 + weight)
    return 0.0 if hits == 0 else float(centre - half), 1.0 if hits == items else float(centre + half)


def reliable_change(items: int, share: float = 0.5, confidence: float = 0.95) -> float:
    """The least difference between two tests of ``items`` each that one learner's chance variation rarely gives.

    ``z sqrt(2 p (1 - p) / items)``, largest at ``share`` 0.5: 0.37 for 14 items, 0.21 for 42. Inside it nobody is told
    that they improved. Source: Jacobson & Truax 1991, with the binomial error in place of the scale's.
    """
    if items <= 0:
        return 1.0
    z = float(norm.ppf(0.5 + confidence / 2))
    return min(1.0, float(z * np.sqrt(2 * share * (1 - share) / items)))


def _ratio(top: FloatArray, bottom: FloatArray) -> FloatArray:
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0))
