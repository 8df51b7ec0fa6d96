"""How hard an item is, and how likely a learner of some ability answers it rightly.

One scalar difficulty ``b`` in logits, on the scale of ability: ``p = c + (1 - c - lapse) * sigmoid(ability - b)``, the
three-parameter logistic with a lapse. ``b`` is a sum over the item's axes, so that a learner can be given an easier item
by any of them. The constants below are priors, argued from published group results; none was fitted to this project's
faces, and no person has rated those. Trials refit them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affectloop.events import Emotion, Item

FloatArray = NDArray[np.float64]

EMOTIONS = tuple(Emotion)
INDEX_OF_EMOTION = {emotion: index for index, emotion in enumerate(EMOTIONS)}
ALL_OPTIONS = len(EMOTIONS)

LEVELS = 12
LEVEL_WIDTH = 0.75  # logits; +15 to 18 points of success near the target, so that one level is felt
LEVEL_FLOOR = -3.9  # where level 2 begins is one width above; levels 1 to 12 span the catalogue, -3.9 to 5.1 logits

# Happiness and surprise are seen at 5 to 10 ms, the negative emotions need up to 113 ms (Chamberland 2023); tempered to
# a spread of two logits, since those thresholds were measured one against neutral, and ours is a choice among seven.
EMOTION_DIFFICULTY = {
    Emotion.ANGER: 0.3, Emotion.CONTEMPT: 0.4, Emotion.DISGUST: 0.1, Emotion.FEAR: 0.7,
    Emotion.HAPPINESS: -1.3, Emotion.SADNESS: 0.5, Emotion.SURPRISE: -0.7,
}  # fmt: skip

# Seen from the side, fear, anger and sadness lose: they live around the eyes. The others lost nothing significant in
# unhurried viewing (Surcinelli et al. 2022, 10.1177/00332941211018403); a little is kept for brief exposure.
PROFILE_DIFFICULTY = {
    Emotion.ANGER: 1.0, Emotion.CONTEMPT: 0.4, Emotion.DISGUST: 0.3, Emotion.FEAR: 1.0,
    Emotion.HAPPINESS: 0.3, Emotion.SADNESS: 1.0, Emotion.SURPRISE: 0.3,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemModel:
    """The constants of the item model; another instance is another calibration.

    Parameters
    ----------
    reference_difficulty : float
        Logits of the reference item: 100 ms, full intensity, from the front, seven options, a middling emotion. Ability 0
        then succeeds with 0.50 at 67 ms and 0.83 at 200 ms. That an untrained adolescent does is an assumption: no norms
        of that age were found.
    duration_slope : float
        Logits a factor of ten in duration, up to ``plateau_ms``.
    late_duration_slope : float
        The same beyond the plateau: more time still helps a little.
    plateau_ms : float
        Accuracy levels off at 200 ms. Source: Shen, Wu & Fu 2012, PMC3296074, both experiments.
    intensity_slope : float
        Logits from no expression to a full one; accuracy falls nearly linearly with intensity.
        Source: Hess, Blairy & Kleck 1997, J. Nonverbal Behavior 21(4).
    option_slope : float
        Logits an answer more: fewer foils confuse less, beyond the better guess.
    lapse : float
        Share of answers that go wrong whatever the item (a slip of the finger), 0 to 0.1.
    """

    reference_difficulty: float = -0.4
    duration_slope: float = 4.0
    late_duration_slope: float = 1.0
    plateau_ms: float = 200.0
    intensity_slope: float = 4.0
    option_slope: float = 0.1
    lapse: float = 0.03
    emotion: Mapping[Emotion, float] = field(default_factory=lambda: EMOTION_DIFFICULTY)
    profile: Mapping[Emotion, float] = field(default_factory=lambda: PROFILE_DIFFICULTY)

    def difficulties(
        self, emotion: Emotion, duration_ms: ArrayLike, intensity: ArrayLike, view_deg: ArrayLike, options: ArrayLike
    ) -> FloatArray:
        """Difficulties of many items of one emotion.

        Parameters
        ----------
        emotion : Emotion
            The emotion shown.
        duration_ms, intensity, view_deg, options : array_like, (n,)
            Milliseconds (10 to 2000), 0 to 1, degrees of yaw (-90 to 90), answers offered (2 to 7).

        Returns
        -------
        ndarray, (n,), float64
            Logits, higher is harder.
        """
        # A side view hides as much as the face is turned out of the picture's plane.
        hidden = 1.0 - np.cos(np.radians(np.asarray(view_deg, float)))
        return np.asarray(
            self.reference_difficulty
            + self.duration_difficulty(duration_ms)
            + self.intensity_slope * (1.0 - np.asarray(intensity, float))
            + self.emotion[emotion]
            + self.profile[emotion] * hidden
            + self.option_slope * (np.asarray(options, float) - ALL_OPTIONS)
        )

    def duration_difficulty(self, duration_ms: ArrayLike) -> FloatArray:
        """What the duration adds, logits, 0 at 100 ms; strictly falling with duration (ms)."""
        duration = np.maximum(np.asarray(duration_ms, float), 1.0)
        early = np.log10(np.minimum(duration, self.plateau_ms) / 100.0)
        late = np.log10(np.maximum(duration, self.plateau_ms) / self.plateau_ms)
        return np.asarray(-self.duration_slope * early - self.late_duration_slope * late)

    def difficulty(self, item: Item, shown_ms: float | None = None) -> float:
        """The difficulty of an item (logits), by the duration that was measured where there is one."""
        duration = shown_ms or item.duration_ms  # 0 ms was not measured, it was not shown
        return float(self.difficulties(item.emotion, duration, item.intensity, item.view_deg, item.options))

    def success(self, advantage: ArrayLike, options: ArrayLike) -> FloatArray:
        """Probability of a right answer; ``advantage`` is ability less difficulty (logits), ``options`` 2 to 7.

        Guessing finds one of ``options`` (``c = 1/options``); a lapse loses even the easiest.
        Source: Birnbaum 1968 (three-parameter logistic); Wichmann & Hill 2001 (lapse).
        """
        guess = 1.0 / np.asarray(options, float)
        return np.asarray(guess + (1.0 - guess - self.lapse) * sigmoid(advantage))

    def threshold_ms(self, ability: float, emotion: Emotion) -> float:
        """Duration (ms) at which a learner of that ability sees a full frontal expression half of the time, guesses apart."""
        excess = self.reference_difficulty + self.emotion[emotion] - ability
        plateau = float(self.duration_difficulty(self.plateau_ms))
        if excess <= -plateau:
            return float(100.0 * 10.0 ** (excess / self.duration_slope))
        return float(self.plateau_ms * 10.0 ** ((excess + plateau) / self.late_duration_slope))


def sigmoid(x: ArrayLike) -> FloatArray:
    """The logistic function, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(x, float))))


def level(difficulty: float) -> int:
    """The level, 1 to 12, that the learner sees: a monotone staircase over difficulty, one step a ``LEVEL_WIDTH``."""
    return int(np.clip(1 + np.floor((difficulty - LEVEL_FLOOR) / LEVEL_WIDTH), 1, LEVELS))
