"""The learner's usual voice, what differs from it now, and how aroused that sounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp.voice.activity import percentile
from affectloop.dsp.voice.speaking_rate import syllables_per_s
from affectloop_audio.speech_analysis import Speech

CUES = ("pitch_semitones", "pitch_spread_semitones", "level_db", "balance_db", "rate_octaves")
LEAST_SPOKEN_S = 1.5  # seven syllables: with fewer, a single accent is the result
LEAST_VOICED = 30  # frames, 0.3 s


@dataclass(frozen=True, slots=True)
class Voice:
    """How somebody speaks over some seconds; as a baseline, how the learner usually does."""

    level_dbfs: float  # median of the frames of speech
    loud_dbfs: float  # their 90th percentile
    pitch_hz: float  # median
    pitch_spread_semitones: float  # half the distance between the 16th and 84th percentile
    balance_db: float  # mean over the voiced frames
    syllables_per_s: float

    @classmethod
    def of(cls, heard: Speech, least_spoken_s: float = LEAST_SPOKEN_S) -> Voice | None:
        """Measure it; ``None`` where too little was said."""
        voiced = heard.voiced
        rate = syllables_per_s(heard.envelopes, heard.speech, voiced, least_spoken_s)
        if rate is None or rate <= 0 or voiced.sum() < LEAST_VOICED:
            return None
        pitch, levels = heard.pitch[voiced], heard.levels[heard.speech]
        low, middle, high = (percentile(pitch, percent) for percent in (16, 50, 84))
        return cls(
            level_dbfs=percentile(levels, 50),
            loud_dbfs=percentile(levels, 90),
            pitch_hz=middle,
            pitch_spread_semitones=float(6 * np.log2(high / low)),
            balance_db=float(np.mean(heard.balance[voiced])),
            syllables_per_s=rate,
        )

    def as_values(self) -> NDArray[np.float64]:
        """As a ``BaselineMeasured`` holds it: the fields in their order."""
        return np.array(astuple(self), np.float64)

    def cues(self, usual: Voice | None) -> NDArray[np.float64]:
        """What differs from the usual voice, or from ``AVERAGE`` where it is unknown, by ``CUES``.

        The level of an unknown voice says nothing, since distance and gain of the microphone are unknown as well: its cue is 0.
        """
        other = usual or AVERAGE
        return np.array([
            12 * np.log2(self.pitch_hz / other.pitch_hz),
            self.pitch_spread_semitones - other.pitch_spread_semitones,
            self.level_dbfs - other.level_dbfs if usual else 0.0,
            self.balance_db - other.balance_db,
            np.log2(self.syllables_per_s / other.syllables_per_s),
        ])  # fmt: skip


AVERAGE = Voice(level_dbfs=-30.0, loud_dbfs=-22.0, pitch_hz=165.0, pitch_spread_semitones=3.0, balance_db=-17.0, syllables_per_s=4.8)


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model of the cues, and its error.

    ``limits`` bounds each cue, so that a slip (a doubled octave) cannot carry the sum; ``error`` is one standard error
    with plenty of speech, ``error_of_a_second`` what a single second of speech adds (in quadrature, falling with the root of the seconds).
    """

    weights: NDArray[np.float64]
    offset: float
    limits: NDArray[np.float64]
    error: float
    error_of_a_second: float

    @classmethod
    def from_mapping(cls, fields: Mapping[str, object]) -> Weights:
        """Read one of the two models of ``weights.json``."""
        by_name = {name: np.array(fields[name], np.float64) for name in ("weights", "offset", "limits", "error", "error_of_a_second")}
        if by_name["weights"].shape != (len(CUES),) or by_name["limits"].shape != (len(CUES),):
            raise ValueError(f"a model of {by_name['weights'].size} cues; this version has {len(CUES)}")
        return cls(
            by_name["weights"], float(by_name["offset"]), by_name["limits"], float(by_name["error"]), float(by_name["error_of_a_second"])
        )

    def arousal(self, cues: NDArray[np.float64]) -> float:
        """Arousal of -1 to 1 from the cues."""
        return float(np.clip(self.weights @ np.clip(cues, -self.limits, self.limits) + self.offset, -1.0, 1.0))

    def error_after(self, spoken_s: float) -> float:
        """One standard error after so many seconds of speech."""
        return min(sqrt(self.error**2 + self.error_of_a_second**2 / max(spoken_s, 0.1)), 2.0)


@dataclass(frozen=True, slots=True)
class ArousalModel:
    """One model for a voice that is known, one for a voice that is not."""

    known: Weights
    unknown: Weights

    def judge(self, voice: Voice, usual: Voice | None, spoken_s: float) -> tuple[float, float]:
        """Arousal and its standard error."""
        weights = self.known if usual else self.unknown
        return weights.arousal(voice.cues(usual)), weights.error_after(spoken_s)
