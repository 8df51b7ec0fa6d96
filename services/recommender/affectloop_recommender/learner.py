"""What the recommender knows of a learner after a trial: ability, confusions, the last trials. Packed, it is the baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from affectloop.training_science import ability as abilities
from affectloop.training_science import governor as governors
from affectloop.training_science.ability import Ability
from affectloop.training_science.governor import Governor, Outcome
from affectloop.training_science.items import EMOTIONS, FloatArray, ItemModel

VERSION = 1.0  # of the packed form
REMEMBERED = 16  # trials that choosing and governing look back on
CONFUSION_MEMORY = 0.96  # share of a confusion's weight kept a trial: half is gone after 17
CONFUSED = 1.5  # weight of a pair from which it counts as a confusion: twice lately
_COUNT = len(EMOTIONS)
_TRIAL_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One answered trial, as far as later decisions look back on it."""

    number: int
    emotion: int  # index
    correct: bool
    valid: bool
    duration_ms: float
    intensity: float
    view_deg: float
    poser: int  # a number that stands for the name

    def packed(self) -> tuple[float, ...]:
        """As numbers."""
        return (
            self.number, self.emotion, self.correct, self.valid, self.duration_ms, self.intensity, self.view_deg, self.poser,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learner:
    """Everything that the next decision rests on, but the estimates. Immutable.

    Parameters
    ----------
    ability : Ability
        What is believed.
    confusions : ndarray, (7, 7)
        Fading counts of (shown, answered).
    trials : tuple of Trial
        The last sixteen of this session, oldest first.
    governor : Governor
        What the rules remember.
    number : int
        The last trial applied in this session; 0 before any.
    """

    ability: Ability
    confusions: FloatArray
    trials: tuple[Trial, ...]
    governor: Governor
    number: int

    @property
    def outcomes(self) -> list[Outcome]:
        """The valid trials as the rules see them."""
        return [Outcome(number=trial.number, correct=trial.correct) for trial in self.trials if trial.valid]

    def confused_pair(self) -> tuple[int, int, float] | None:
        """The two emotions most often taken for one another of late, and the weight; ``None`` where none stands out."""
        either = np.triu(self.confusions + self.confusions.T, 1)
        first, second = divmod(int(np.argmax(either)), _COUNT)
        weight = float(either[first, second])
        return (first, second, weight) if weight >= CONFUSED else None

    def after(self, trial: Trial, answer: int, *, model: ItemModel, difficulty: float, options: int) -> Learner:
        """The learner after a trial; one that was not shown as asked teaches nothing."""
        trials = (*self.trials, trial)[-REMEMBERED:]
        if not trial.valid:
            return replace(self, trials=trials, number=trial.number)
        belief = abilities.answered(
            self.ability, model, emotion=trial.emotion, difficulty=difficulty, options=options, correct=trial.correct
        )
        confusions = self.confusions * CONFUSION_MEMORY
        if not trial.correct and answer != trial.emotion:
            confusions[trial.emotion, answer] += 1.0
        return replace(self, ability=belief, confusions=confusions, trials=trials, number=trial.number)

    def packed(self) -> FloatArray:
        """As numbers, for the baseline."""
        trials = np.array([trial.packed() for trial in self.trials], float).ravel()
        head = [VERSION, float(self.number)]
        return np.concatenate([head, self.ability.packed(), self.governor.packed(), self.confusions.ravel(), trials])


def unpacked(values: FloatArray) -> Learner | None:
    """Read what ``packed`` wrote; ``None`` where another version wrote it."""
    sizes = np.cumsum([2, abilities.PACKED_SIZE, governors.PACKED_SIZE, _COUNT * _COUNT])
    if values.size < sizes[-1] or values[0] != VERSION or (values.size - sizes[-1]) % _TRIAL_SIZE:
        return None
    head, belief, governor, confusions, trials = np.split(np.asarray(values, float), sizes)
    return Learner(
        ability=abilities.unpacked(belief),
        confusions=confusions.reshape(_COUNT, _COUNT).copy(),
        trials=tuple(_trial(row) for row in trials.reshape(-1, _TRIAL_SIZE)),
        governor=governors.unpacked(governor),
        number=int(head[1]),
    )


def _trial(row: FloatArray) -> Trial:
    number, emotion, correct, valid, duration_ms, intensity, view_deg, poser = row.tolist()
    return Trial(
        number=int(number), emotion=int(emotion), correct=bool(correct), valid=bool(valid),
        duration_ms=duration_ms, intensity=intensity, view_deg=view_deg, poser=int(poser),
    )  # fmt: skip


def newcomer(started_us: int) -> Learner:
    """A learner of whom nothing is known, at the session's start."""
    return Learner(
        ability=abilities.prior(),
        confusions=np.zeros((_COUNT, _COUNT)),
        trials=(),
        governor=Governor(started_us=started_us, rested_us=started_us),
        number=0,
    )


def returning(earlier: Learner, days: float, started_us: int) -> Learner:
    """The learner of an earlier session, ``days`` later: what was learnt counts, the rules begin anew."""
    return replace(newcomer(started_us), ability=abilities.rested(earlier.ability, days), confusions=earlier.confusions)


def pair_name(pair: tuple[int, int, float]) -> str:
    """``fear/surprise``."""
    return f"{EMOTIONS[pair[0]]}/{EMOTIONS[pair[1]]}"
