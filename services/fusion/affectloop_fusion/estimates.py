"""From what the net says to an estimate that may be believed, or to none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affectloop.events import EmotionEstimate, Reason
from affectloop_fusion.processor import FusionWindow
from affectloop_fusion.tokens import Array, Tokens

LEAST, LARGEST_ERROR = np.array([-1, -1, 0, 0]), np.array([2, 2, 1, 1])  # of valence, arousal, engagement, strain


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
        confidence = self.confidence(answers.errors, answers.shares, trust).tolist()
        shares = answers.shares / np.maximum(answers.shares.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        rows = zip(
            np.clip(answers.values, LEAST, 1).tolist(),
            np.clip(answers.errors, 0, LARGEST_ERROR).tolist(),
            np.clip(answers.expression, 0, 1).astype(np.float32),
            shares.tolist(),
            strict=True,
        )
        return [
            self._estimate(window, sure, *row) if sure >= self.lowest_confidence else self.abstaining(window, Reason.UNSURE, sure)
            for window, sure, row in zip(windows, confidence, rows, strict=True)
        ]

    def _estimate(
        self, window: FusionWindow, confidence: float, values: list[float], errors: list[float], expression: Tokens, shares: list[float]
    ) -> EmotionEstimate:
        return EmotionEstimate(
            header=window.header,
            abstained=False,
            reason=Reason.GOOD,
            confidence=confidence,
            valence=values[0],
            valence_error=errors[0],
            arousal=values[1],
            arousal_error=errors[1],
            engagement=values[2],
            engagement_error=errors[2],
            strain=values[3],
            strain_error=errors[3],
            expression=expression if window.face_mask.any() else None,
            face_share=shares[0],
            wristband_share=shares[1],
            voice_share=shares[2],
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
