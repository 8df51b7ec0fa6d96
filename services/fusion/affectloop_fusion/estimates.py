"""From what the net says to an estimate that may be believed, or to none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affectloop.events import EmotionEstimate, Reason
from affectloop_fusion.processor import FusionWindow
from affectloop_fusion.tokens import Array


@dataclass(frozen=True, slots=True)
class Answers:
    """What the net says of a batch of windows: (n, 4), (n, 4), (n, 7) and (n, 3).

    Values and errors are valence, arousal, engagement, strain; shares are face, wristband, voice.
    """

    values: Array
    errors: Array
    expression: Array
    shares: Array


@dataclass(frozen=True, slots=True)
class Gate:
    """What it takes for an estimate to be given.

    ``spread`` (4,) is the error of an estimate that knows nothing; ``lowest_confidence`` is where abstaining begins.
    """

    model: str
    spread: Array
    lowest_confidence: float

    def confidence(self, errors: Array, shares: Array, trust: Array) -> Array:
        """How far to believe each estimate, 0 to 1; (n,).

        How much smaller the errors are than the spread, as a mean over the four values, times how far the modalities
        can be trusted that the estimate rests on.
        """
        known = 1.0 - np.minimum(errors / self.spread, 1.0) ** 2
        result: Array = np.clip(np.sqrt(known.mean(axis=1)) * (shares * trust).sum(axis=1), 0.0, 1.0)
        return result

    def estimates(self, windows: list[FusionWindow], answers: Answers) -> list[EmotionEstimate]:
        """An estimate of each window, in order."""
        trust = np.array([window.trust for window in windows])
        confidence = self.confidence(answers.errors, answers.shares, trust)
        return [self._estimate(window, answers, place, float(confidence[place])) for place, window in enumerate(windows)]

    def _estimate(self, window: FusionWindow, answers: Answers, place: int, confidence: float) -> EmotionEstimate:
        if confidence < self.lowest_confidence:
            return self.abstaining(window, Reason.UNSURE, confidence)
        shares = answers.shares[place] / answers.shares[place].sum()
        values = np.clip(answers.values[place], [-1, -1, 0, 0], 1)
        errors = np.clip(answers.errors[place], 0, [2, 2, 1, 1])
        return EmotionEstimate(
            header=window.header,
            abstained=False,
            reason=Reason.GOOD,
            confidence=confidence,
            valence=float(values[0]),
            valence_error=float(errors[0]),
            arousal=float(values[1]),
            arousal_error=float(errors[1]),
            engagement=float(values[2]),
            engagement_error=float(errors[2]),
            strain=float(values[3]),
            strain_error=float(errors[3]),
            expression=np.clip(answers.expression[place], 0, 1).astype(np.float32) if window.face_mask.any() else None,
            face_share=float(shares[0]),
            wristband_share=float(shares[1]),
            voice_share=float(shares[2]),
            model=self.model,
        )

    def abstaining(self, window: FusionWindow, reason: Reason, confidence: float = 0.0) -> EmotionEstimate:
        """No estimate, and why; it rests on nothing, so the shares are 0."""
        return EmotionEstimate(
            header=window.header,
            abstained=True,
            reason=reason,
            confidence=confidence,
            face_share=0.0,
            wristband_share=0.0,
            voice_share=0.0,
            model=self.model,
        )
