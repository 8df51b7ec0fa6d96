"""Which item comes next: an emotion that is due or confused, shown as hard as the target asks, on a face not just seen."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from affectloop.events import Emotion, Guidance, Item
from affectloop.stimuli.catalogue import Catalogue, Shelf, item_of
from affectloop.stimuli.posers import NUMBER_OF_POSER, PRACTICE_POSERS, Poser
from affectloop.training_science.ability import PRIOR_OFFSET_SD, expected_success
from affectloop.training_science.governor import Ruling
from affectloop.training_science.items import EMOTIONS, INDEX_OF_EMOTION, LEVEL_WIDTH, FloatArray
from affectloop_recommender.learner import Learner

BALANCED_OVER = 14  # trials: two of each emotion
BALANCE = 0.9  # log-odds of being chosen a trial in arrears
NEED = 0.6  # log-odds of being chosen for the neediest emotion
TOLERANCE = 0.03  # of success around the nearest item: enough choice among the axes, too little to be felt
REPEATED = 0.06  # success that avoiding the same picture of late is worth
CRUTCH = 0.05  # success that keeping to brief items with all answers is worth
SHOWN_LATELY = 6  # trials
FACES_LATELY = 4  # trials


@dataclass(frozen=True, slots=True)
class Draw:
    """Chance that a replay repeats: numbers in [0, 1) from the session's and the trial's name, and what they are for."""

    session_id: str
    number: int

    def __call__(self, purpose: str) -> float:
        """A number for a purpose."""
        return zlib.crc32(f"{self.session_id}/{self.number}/{purpose}".encode()) / 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The next item and what is expected of it; difficulty, ability and its standard error in logits."""

    item: Item
    difficulty: float
    expected_success: float
    ability: float
    ability_error: float


def select_item(catalogue: Catalogue, learner: Learner, ruling: Ruling, missed_difficulty: float, draw: Draw) -> Selection:
    """Choose an item as the ruling asks.

    Under strain the item is at least a level below the one that would be chosen without, or the emotion's easiest:
    whatever the estimates say, they cannot harden.
    """
    ceiling = missed_difficulty - LEVEL_WIDTH if ruling.steps_down else np.inf
    emotion = EMOTIONS[_emotion(learner, _allowed(catalogue, learner, ruling, ceiling), draw("emotion"))]
    shelf = catalogue.shelves[emotion]
    ability, error = learner.ability.of(INDEX_OF_EMOTION[emotion])
    wished = shelf.difficulties - ruling.wished_levels * LEVEL_WIDTH
    success = expected_success(catalogue.model, ability, error, wished, shelf.options)
    costs = _costs(shelf, learner)
    index = _nearest(shelf, success, costs, ruling.calm_target, ceiling, draw("presentation"))
    if ruling.eases_under_strain:
        ceiling = shelf.difficulties[index] - LEVEL_WIDTH
        index = _nearest(shelf, success, costs, ruling.target, ceiling, draw("presentation"))
    chosen = slice(index, index + 1)
    expected = expected_success(catalogue.model, ability, error, shelf.difficulties[chosen], shelf.options[chosen])
    return Selection(
        item=item_of(shelf.presentations[index], _poser(learner, draw("poser"))),
        difficulty=float(shelf.difficulties[index]),
        expected_success=float(expected[0]),
        ability=ability,
        ability_error=error,
    )


def _allowed(catalogue: Catalogue, learner: Learner, ruling: Ruling, ceiling: float) -> list[int]:
    """Emotions that can be shown easily enough; after a comparison, those that were compared."""
    pair = learner.confused_pair()
    if ruling.guidance is Guidance.COMPARE_PAIR and pair:
        return [pair[0], pair[1]]
    easy = [index for index, emotion in enumerate(EMOTIONS) if catalogue.shelves[emotion].difficulties[0] <= ceiling]
    return easy or [INDEX_OF_EMOTION[Emotion.HAPPINESS]]


def _emotion(learner: Learner, allowed: Sequence[int], chance: float) -> int:
    """Draw an emotion: those in arrears and those that this learner needs more often, never three of one in a row."""
    shown = [trial.emotion for trial in learner.trials if trial.valid][-BALANCED_OVER:]
    twice = shown[-1] if len(shown) > 1 and shown[-1] == shown[-2] else None
    allowed = [index for index in allowed if index != twice] or list(allowed)
    counts = np.bincount(shown, minlength=len(EMOTIONS))
    missing = [index for index in allowed if counts[index] == 0]
    if missing and len(shown) >= BALANCED_OVER - len(missing):
        allowed = missing
    weights = np.exp(BALANCE * (len(shown) / len(EMOTIONS) - counts) + NEED * _needs(learner))[allowed]
    return allowed[int(np.searchsorted(np.cumsum(weights) / weights.sum(), chance, side="right").clip(0, len(allowed) - 1))]


def _needs(learner: Learner) -> FloatArray:
    """How much each emotion needs practice, 0 to 1: taken for others, others taken for it, or weaker than the rest."""
    confused = np.minimum(learner.confusions.sum(0) + learner.confusions.sum(1), 3.0) / 3.0
    weak = np.clip(-learner.ability.mean[1:] / PRIOR_OFFSET_SD, 0.0, 1.0)
    return np.asarray((confused + weak) / 2)


def _costs(shelf: Shelf, learner: Learner) -> FloatArray:
    """What speaks against each presentation, as success given up: shown of late in the same way, or a crutch."""
    lately = {(trial.duration_ms, trial.intensity, trial.view_deg) for trial in learner.trials[-SHOWN_LATELY:]}
    repeated = [(shown.duration_ms, shown.intensity, shown.view_deg) in lately for shown in shelf.presentations]
    return REPEATED * np.asarray(repeated, float) + CRUTCH * shelf.crutches


def _nearest(shelf: Shelf, success: FloatArray, costs: FloatArray, target: float, ceiling: float, chance: float) -> int:
    """One of the presentations nearest to the target and not above the ceiling, drawn so that the axes vary."""
    (easy,) = np.nonzero(shelf.difficulties <= ceiling)
    if not easy.size:
        return 0
    distance = np.abs(success[easy] - target) + costs[easy]
    near = easy[distance <= distance.min() + TOLERANCE]
    return int(near[int(chance * len(near))])


def _poser(learner: Learner, chance: float) -> Poser:
    lately = {trial.poser for trial in learner.trials[-FACES_LATELY:]}
    fresh = [poser for poser in PRACTICE_POSERS if NUMBER_OF_POSER[poser.name] not in lately]
    return fresh[int(chance * len(fresh))]
