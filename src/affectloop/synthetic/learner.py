"""A simulated learner of known ability, who answers trials: for demonstrations, tests and comparing policies.

Synthetic: the curves are assumptions, not people. They differ from the recommender's item model on purpose (own slopes,
own offsets, faces that are easier or harder than catalogued), so that a policy is not tested on its own beliefs.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np

from affectloop.events import Emotion, Item
from affectloop.training_science.items import EMOTIONS, INDEX_OF_EMOTION, FloatArray, ItemModel

# What is taken for what. Source: the pairs that METT's training contrasts.
CONFUSABLE = {
    Emotion.ANGER: (Emotion.DISGUST, Emotion.CONTEMPT),
    Emotion.CONTEMPT: (Emotion.HAPPINESS, Emotion.DISGUST),
    Emotion.DISGUST: (Emotion.ANGER, Emotion.CONTEMPT),
    Emotion.FEAR: (Emotion.SURPRISE, Emotion.SADNESS),
    Emotion.HAPPINESS: (Emotion.CONTEMPT, Emotion.SURPRISE),
    Emotion.SADNESS: (Emotion.FEAR, Emotion.DISGUST),
    Emotion.SURPRISE: (Emotion.FEAR, Emotion.HAPPINESS),
}
MISTAKEN_FIRST, MISTAKEN_SECOND = 0.6, 0.25  # shares of the wrong answers; the rest falls anywhere
STRAIN_OF_MISS, STRAIN_OF_HIT = 0.22, -0.07  # balanced near 76 % success: below it strain builds up, above it wears off
STRAIN_HARMLESS = 0.3
STRAIN_COST = 1.5  # logits at full strain
REACTION_MS = 1_200.0  # median to an easy item
REACTION_SPREAD = 0.25  # of the logarithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """One simulated learner.

    Parameters
    ----------
    ability : float
        Before the first trial, logits.
    offsets : tuple of float
        By emotion in ``EMOTIONS`` order, logits.
    gain : float
        What practice adds in the end, logits.
    pace : float
        Trials until 63 % of the gain is there.
    face_spread : float
        Standard deviation of what single faces and poses add to difficulty, logits.
    proneness : float
        How fast misses build up strain; 0 for a learner who does not mind.
    """

    ability: float = 0.0
    offsets: tuple[float, ...] = (0.0,) * len(EMOTIONS)
    gain: float = 0.0
    pace: float = 40.0
    face_spread: float = 0.0
    proneness: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered, and how fast (ms after the onset)."""

    emotion: Emotion
    correct: bool
    reaction_time_ms: float


class SimulatedLearner:
    """Answers trials by a psychometric function. The same seed gives the same answers to the same items.

    Parameters
    ----------
    seed : int
        Chooses the answers' chance and the faces' quirks.
    traits : Traits
        Who the learner is.
    truth : ItemModel
        What is truly hard for this learner.
    """

    def __init__(self, seed: int, traits: Traits | None = None, truth: ItemModel | None = None) -> None:
        self.seed = seed
        self.traits = traits or Traits()
        self.truth = truth or ItemModel()
        self.strain = 0.2

    def ability(self, emotion: Emotion, trial_number: int) -> float:
        """True ability for the emotion before that trial, strain apart; logits."""
        learnt = self.traits.gain * (1.0 - np.exp(-(trial_number - 1) / self.traits.pace))
        return float(self.traits.ability + learnt + self.traits.offsets[INDEX_OF_EMOTION[emotion]])

    def success(self, item: Item, trial_number: int, shown_ms: float | None = None) -> float:
        """True probability of a right answer now."""
        hindrance = STRAIN_COST * max(0.0, self.strain - STRAIN_HARMLESS) if self.traits.proneness else 0.0
        difficulty = self.truth.difficulty(item, shown_ms) + self._face(item)
        advantage = self.ability(item.emotion, trial_number) - hindrance - difficulty
        return float(self.truth.success(advantage, item.options))

    def answer(self, item: Item, trial_number: int, shown_ms: float | None = None) -> Answer:
        """Answer a trial, and feel about it."""
        rng = np.random.default_rng([self.seed, trial_number])
        chance = self.success(item, trial_number, shown_ms)
        correct = bool(rng.random() < chance)
        emotion = item.emotion if correct else _mistaken(item.emotion, rng)
        slowness = 1.0 + 2.0 * chance * (1.0 - chance) + (0.0 if correct else 0.3) + 0.5 * self.strain
        reaction = REACTION_MS * slowness * float(np.exp(REACTION_SPREAD * rng.standard_normal()))
        self._feel(STRAIN_OF_HIT if correct else STRAIN_OF_MISS)
        return Answer(emotion=emotion, correct=correct, reaction_time_ms=reaction)

    def rest(self) -> None:
        """Take a break."""
        self.strain *= 0.5

    def _feel(self, change: float) -> None:
        self.strain = float(np.clip(self.strain + self.traits.proneness * change, 0.0, 1.0))

    def _face(self, item: Item) -> float:
        """What this face, so turned and so strong, adds to difficulty: the same each time."""
        if not self.traits.face_spread:
            return 0.0
        picture = f"{item.emotion}/{item.poser}/{item.view_deg:g}/{item.intensity:g}"
        return self.traits.face_spread * float(np.random.default_rng(zlib.crc32(picture.encode())).standard_normal())


def _mistaken(shown: Emotion, rng: np.random.Generator) -> Emotion:
    first, second = CONFUSABLE[shown]
    draw = float(rng.random())
    if draw < MISTAKEN_FIRST:
        return first
    if draw < MISTAKEN_FIRST + MISTAKEN_SECOND:
        return second
    return [emotion for emotion in EMOTIONS if emotion is not shown][int(rng.integers(len(EMOTIONS) - 1))]


def population(count: int, seed: int, proneness: float = 0.0) -> list[SimulatedLearner]:
    """Simulated learners that differ in everything; the figures are assumptions.

    Abilities spread by one logit, emotions by half of one, practice brings 0.7 to 2.2 logits within a session, durations
    and intensities matter by a fifth more or less than the item model says, faces by 0.4 logits.
    """
    rng = np.random.default_rng(seed)
    return [_drawn(rng, int(rng.integers(1 << 31)), proneness) for _ in range(count)]


def _drawn(rng: np.random.Generator, seed: int, proneness: float) -> SimulatedLearner:
    standard, offsets = ItemModel(), 0.5 * rng.standard_normal(len(EMOTIONS))
    traits = Traits(
        ability=float(rng.standard_normal()),
        offsets=tuple((offsets - offsets.mean()).tolist()),
        gain=float(rng.uniform(0.7, 2.2)),
        pace=float(rng.uniform(20.0, 60.0)),
        face_spread=0.4,
        proneness=proneness,
    )
    slopes: FloatArray = np.exp(0.2 * rng.standard_normal(2))
    truth = replace(
        standard,
        duration_slope=standard.duration_slope * float(slopes[0]),
        intensity_slope=standard.intensity_slope * float(slopes[1]),
        lapse=float(rng.uniform(0.01, 0.05)),
    )
    return SimulatedLearner(seed, traits, truth)
