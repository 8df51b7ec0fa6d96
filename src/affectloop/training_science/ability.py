"""A learner's ability and how sure we are of it: one overall, one offset an emotion; updated once an answer.

The belief is a Gaussian over eight numbers (overall ability, seven offsets; logits). An answer to an item of emotion
``e`` bears on their sum ``eta = ability + offset[e]`` alone, so the exact posterior of ``eta`` is a one-dimensional
integral, and its mean and variance move the eight by regression: assumed-density filtering. The gain falls as answers
come in, as Elo's ``U(n) = a / (1 + b n)`` does, but by what was learnt and not by a count; learning adds a drift that
keeps it from reaching nought, and a trend in the surprises widens the drift for a while.

Source: Opper 1998 (assumed-density filtering); Glickman 1999 (ratings with uncertainty); Pelanek 2016 (Elo and its gain
in learning systems); Bolsinova et al. 2025 (a gain raised while ratings trend).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from affectloop.training_science.items import EMOTIONS, FloatArray, ItemModel

SIZE = 1 + len(EMOTIONS)
PRIOR_ABILITY_SD = 1.1  # logits; learners of one school spread by a factor of about 3.5 in threshold duration
PRIOR_OFFSET_SD = 0.5  # logits; what the item model's emotion constants may be wrong by, for this learner
# Practice helps: METT reports 30 to 40 points after 1.5 h, some 2 logits. Counted on is half of that, one logit in all,
# most of it in the first session, so that who learns is not bored and who does not is not overrun.
LEARNING = 0.018  # logits at the first answer
LEARNING_FADES = 60.0  # answers until 63 % of it is over
ABILITY_DRIFT = 0.008  # logits^2 an answer: how much faster or slower than that a learner may move
OFFSET_DRIFT = 0.002  # logits^2 an answer: single emotions are learnt more slowly
TREND_MEMORY = 0.8  # share of the trend kept at each answer: it looks back over about five
TREND_ALERT = 2.0 * np.sqrt((1 - TREND_MEMORY) / (1 + TREND_MEMORY))  # two standard deviations of a trend that is not one
TREND_DRIFT = 5.0  # times the drift while the trend lasts
DRIFT_PER_DAY = 0.02  # logits^2 a day without practice: after a month, 0.8 logits of doubt
LONGEST_REST_DAYS = 60.0  # by then the prior's own doubt is reached

# Nodes of Gauss-Hermite quadrature for a standard normal: 21 give the posterior's moments to 1e-6 here.
_HERMITE = np.polynomial.hermite_e.hermegauss(21)
NODES: FloatArray = _HERMITE[0]
WEIGHTS: FloatArray = _HERMITE[1] / _HERMITE[1].sum()
_UPPER = np.triu_indices(SIZE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ability:
    """A belief about one learner. Immutable; replaying the same answers gives the same numbers.

    Parameters
    ----------
    mean : ndarray, (8,), float64
        Overall ability, then the offset of each emotion in ``EMOTIONS`` order; logits.
    covariance : ndarray, (8, 8), float64
        Logits squared.
    trend : float
        Running mean of the standardised surprises; positive while the learner does better than believed.
    answers : int
        Answers that went into it, over all sessions.
    """

    mean: FloatArray
    covariance: FloatArray
    trend: float = 0.0
    answers: int = 0

    def of(self, emotion: int) -> tuple[float, float]:
        """Ability for that emotion (index) and its standard error; logits."""
        row = 1 + emotion
        variance = self.covariance[0, 0] + 2 * self.covariance[0, row] + self.covariance[row, row]
        return float(self.mean[0] + self.mean[row]), float(np.sqrt(variance))

    @property
    def overall(self) -> tuple[float, float]:
        """Mean ability over the emotions and its standard error; logits."""
        weights = np.full(SIZE, 1.0 / len(EMOTIONS))
        weights[0] = 1.0
        return float(weights @ self.mean), float(np.sqrt(weights @ self.covariance @ weights))

    def packed(self) -> FloatArray:
        """As numbers, (46,): mean, the covariance's upper triangle, trend, answers."""
        return np.concatenate([self.mean, self.covariance[_UPPER], [self.trend, self.answers]])


PACKED_SIZE = SIZE + len(_UPPER[0]) + 2


def unpacked(values: FloatArray) -> Ability:
    """Read what ``packed`` wrote; ``values`` is (46,)."""
    covariance = np.zeros((SIZE, SIZE))
    covariance[_UPPER] = values[SIZE:-2]
    covariance = covariance + np.triu(covariance, 1).T
    return Ability(mean=np.array(values[:SIZE], float), covariance=covariance, trend=float(values[-2]), answers=int(values[-1]))


def prior() -> Ability:
    """What is believed of a learner who never answered."""
    variances = np.full(SIZE, PRIOR_OFFSET_SD**2)
    variances[0] = PRIOR_ABILITY_SD**2
    return Ability(mean=np.zeros(SIZE), covariance=np.diag(variances))


def answered(belief: Ability, model: ItemModel, *, emotion: int, difficulty: float, options: int, correct: bool) -> Ability:
    """The belief after one answer.

    Parameters
    ----------
    belief : Ability
        Before the answer.
    model : ItemModel
        How success follows from ability and difficulty.
    emotion : int
        Index of the emotion shown.
    difficulty : float
        Of the item, logits.
    options : int
        Answers offered, 2 to 7.
    correct : bool
        Whether the answer was right.

    Returns
    -------
    Ability
        With the posterior's mean and covariance, drift included.
    """
    covariance = belief.covariance + np.diag(_drift(belief.trend))
    sensitivity = covariance[:, 0] + covariance[:, 1 + emotion]  # covariance of all eight with eta
    variance = float(sensitivity[0] + sensitivity[1 + emotion])
    means = belief.mean.copy()
    means[0] += LEARNING * np.exp(-belief.answers / LEARNING_FADES)
    mean = float(means[0] + means[1 + emotion])
    eta = mean + np.sqrt(variance) * NODES
    chances = model.success(eta - difficulty, options)
    expected = float(WEIGHTS @ chances)
    posterior = WEIGHTS * (chances if correct else 1.0 - chances)
    posterior = posterior / posterior.sum()
    new_mean = float(posterior @ eta)
    new_variance = float(posterior @ (eta - new_mean) ** 2)
    gain = sensitivity / variance
    surprise = (correct - expected) / np.sqrt(expected * (1.0 - expected))
    return Ability(
        mean=means + gain * (new_mean - mean),
        covariance=covariance + np.outer(gain, gain) * (new_variance - variance),
        trend=TREND_MEMORY * belief.trend + (1.0 - TREND_MEMORY) * float(surprise),
        answers=belief.answers + 1,
    )


def _drift(trend: float) -> FloatArray:
    drift = np.full(SIZE, OFFSET_DRIFT)
    drift[0] = ABILITY_DRIFT
    return drift * (TREND_DRIFT if abs(trend) > TREND_ALERT else 1.0)


def rested(belief: Ability, days: float) -> Ability:
    """The belief at a later session, ``days`` after: the same mean, more doubt; no trend."""
    doubt = np.zeros(SIZE)
    doubt[0] = DRIFT_PER_DAY * min(max(days, 0.0), LONGEST_REST_DAYS)
    return replace(belief, covariance=belief.covariance + np.diag(doubt), trend=0.0)


def expected_success(model: ItemModel, ability: float, error: float, difficulties: FloatArray, options: FloatArray) -> FloatArray:
    """Probability of a right answer to each item, doubt about the ability included.

    A logistic averaged over a Gaussian is nearly the logistic of a shrunk argument, ``x / sqrt(1 + pi s^2 / 8)``; within
    0.02 of the integral. Source: MacKay 1992, eq. 4.13.

    Parameters
    ----------
    model : ItemModel
        How success follows from ability and difficulty.
    ability, error : float
        For the emotion, logits.
    difficulties, options : ndarray, (n,)
        Logits; answers offered.

    Returns
    -------
    ndarray, (n,), float64
        0 to 1.
    """
    return model.success((ability - difficulties) / np.sqrt(1.0 + np.pi * error**2 / 8.0), options)
