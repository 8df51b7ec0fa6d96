"""How the learner is doing."""

from __future__ import annotations

from dataclasses import dataclass

from affectloop.events.header import Event
from affectloop.events.vocabulary import EXPRESSIONS, FloatArray, Reason
from affectloop.fields import array, number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmotionEstimate(Event):
    """How the learner is doing at the end of one hop (500 ms); stream ``fusion``.

    Where ``abstained`` is true no value is given and ``reason`` says why. Each value has one standard error beside it.
    """

    abstained: bool
    reason: Reason
    confidence: float = number("1", 0, 1)
    valence: float | None = number("1, unpleasant to pleasant", -1, 1, optional=True)
    valence_error: float | None = number("1", 0, 2, optional=True)
    arousal: float | None = number("1, calm to aroused", -1, 1, optional=True)
    arousal_error: float | None = number("1", 0, 2, optional=True)
    engagement: float | None = number("1", 0, 1, optional=True)
    engagement_error: float | None = number("1", 0, 1, optional=True)
    strain: float | None = number("1", 0, 1, optional=True)
    strain_error: float | None = number("1", 0, 1, optional=True)
    expression: FloatArray | None = array("probability, by EXPRESSIONS", 0, 1, size=len(EXPRESSIONS), optional=True)
    face_share: float = number("share of the estimate that rests on the face", 0, 1)
    wristband_share: float = number("share that rests on the wristband", 0, 1)
    voice_share: float = number("share that rests on the voice", 0, 1)
    model: str = ""  # name of the model, as in models/
