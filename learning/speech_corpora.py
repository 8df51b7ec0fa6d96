"""Two corpora of acted speech, to measure with: EmoDB and RAVDESS. Neither is shipped, and no shipped model is trained on them.

EmoDB: Burkhardt et al. 2005, A database of German emotional speech. RAVDESS: Livingstone & Russo 2018, CC BY-NC-SA 4.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

EMODB_EMOTIONS = {"W": "anger", "F": "happiness", "N": "neutral", "T": "sadness"}
RAVDESS_EMOTIONS = {
    "01": "neutral", "02": "calm", "03": "happiness", "04": "sadness", "05": "anger", "06": "fear", "07": "disgust", "08": "surprise",
}  # fmt: skip
HIGH_AROUSAL = ("anger", "happiness", "fear", "surprise")
LOW_AROUSAL = ("neutral", "calm", "sadness")
PAUSES = (".", "(")


@dataclass(frozen=True)
class Clip:
    """One utterance."""

    corpus: str
    path: Path
    speaker: str
    emotion: str

    @property
    def aroused(self) -> bool | None:
        """Whether the emotion is of high arousal; ``None`` for disgust, which is neither."""
        return self.emotion in HIGH_AROUSAL if self.emotion in HIGH_AROUSAL + LOW_AROUSAL else None

    def pcm(self) -> NDArray[np.int16]:
        """Its samples, 16 kHz."""
        samples, rate = soundfile.read(self.path, dtype="int16")
        if rate != 16_000:
            raise ValueError(f"{self.path} has {rate} Hz instead of 16,000")
        return np.asarray(samples, np.int16)


@dataclass(frozen=True)
class Syllable:
    """One labelled syllable or pause, seconds."""

    text: str
    start_s: float
    end_s: float

    @property
    def is_pause(self) -> bool:
        """Whether nothing is said."""
        return self.text in PAUSES


def emodb(data: Path) -> list[Clip]:
    """The utterances of EmoDB that have all their syllables labelled."""
    clips = [
        Clip("EmoDB", path, path.name[:2], EMODB_EMOTIONS[path.name[5]]) for path in sorted((data / "speech_emodb" / "wav").glob("*.wav"))
    ]
    return [clip for clip in clips if emodb_syllables(clip)]


def emodb_syllables(clip: Clip) -> list[Syllable]:
    """Syllables and pauses of an EmoDB utterance; each label is the start of what follows."""
    text = (clip.path.parents[1] / "silb" / f"{clip.path.stem}.silb").read_text(encoding="latin-1")
    rows = [(float(time), label) for time, label in (line.split() for line in text.splitlines() if line.strip())]
    return [Syllable(label, start, end) for (start, label), (end, _) in pairwise(rows) if end > start]


def ravdess(data: Path) -> list[Clip]:
    """The utterances of RAVDESS: emotion is the third field of a name, actor the seventh."""
    paths = sorted((data / "speech_ravdess").glob("*.flac"))
    return [Clip("RAVDESS", path, path.stem.split("-")[6], RAVDESS_EMOTIONS[path.stem.split("-")[2]]) for path in paths]
