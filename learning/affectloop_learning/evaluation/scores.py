"""Scores that several evaluations share: events matched in time, the area under the receiver's curve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Matches of what was found with what is true, each used once."""

    matched: int
    missed: int
    false: int
    errors: FloatArray  # found minus true, of the matches

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there was nothing and nothing was found."""
        total = 2 * self.matched + self.missed + self.false
        return 2 * self.matched / total if total else 1.0

    @property
    def precision(self) -> float:
        """Share of the found that is true."""
        return self.matched / max(self.matched + self.false, 1)

    @property
    def recall(self) -> float:
        """Share of the true that is found."""
        return self.matched / max(self.matched + self.missed, 1)


def agreement(truth: FloatArray, found: FloatArray, tolerance: float) -> Agreement:
    """Match two ascending series of times, one to one, in order."""
    errors, at_truth, at_found = [], 0, 0
    while at_truth < len(truth) and at_found < len(found):
        error = found[at_found] - truth[at_truth]
        if abs(error) <= tolerance:
            errors.append(error)
        at_truth += error >= 0 or abs(error) <= tolerance
        at_found += error < 0 or abs(error) <= tolerance
    return Agreement(len(errors), len(truth) - len(errors), len(found) - len(errors), np.array(errors))


def pooled(parts: Iterable[Agreement]) -> Agreement:
    """All of them as one."""
    parts = list(parts)
    return Agreement(
        matched=sum(part.matched for part in parts),
        missed=sum(part.missed for part in parts),
        false=sum(part.false for part in parts),
        errors=np.concatenate([part.errors for part in parts]),
    )


def area(scores: FloatArray, truth: NDArray[np.bool_]) -> float:
    """Area under the receiver's curve: the chance that a true one scores above a false one."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    positives = int(truth.sum())
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * (len(truth) - positives)))
