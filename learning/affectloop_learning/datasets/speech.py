"""Two corpora of acted speech, to measure with: EmoDB and RAVDESS. Neither is shipped, and no shipped model is trained on them.

EmoDB: Burkhardt et al. 2005, A database of German emotional speech. RAVDESS: Livingstone & Russo 2018, CC BY-NC-SA 4.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from affectloop.errors import InvalidInput
from affectloop_learning.datasets.folders import found, reading

EMODB_EMOTIONS = {"W": "anger", "F": "happiness", "N": "neutral", "T": "sadness"}
RAVDESS_EMOTIONS = {
    "01": "neutral", "02": "calm", "03": "happiness", "04": "sadness", "05": "anger", "06": "fear", "07": "disgust", "08": "surprise",
}  # fmt: skip
HIGH_AROUSAL = ("anger", "happiness", "fear", "surprise")
LOW_AROUSAL = ("neutral", "calm", "sadness")
SAMPLE_RATE_HZ = 16_000
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
        with reading(self.path, "speech"):
            samples, rate = soundfile.read(self.path, dtype="int16")
        if rate != SAMPLE_RATE_HZ or samples.ndim != 1:
            raise InvalidInput(f"{self.path} is not mono at {SAMPLE_RATE_HZ} Hz: convert it (ffmpeg -ac 1 -ar {SAMPLE_RATE_HZ})")
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
    paths = found(data, "speech_emodb/wav/*.wav", "the utterances of EmoDB")
    clips = [Clip("EmoDB", path, path.name[:2], _named(path, path.name[5:6], EMODB_EMOTIONS)) for path in paths]
    return [clip for clip in clips if emodb_syllables(clip)]


def emodb_syllables(clip: Clip) -> list[Syllable]:
    """Syllables and pauses of an EmoDB utterance; each label is the start of what follows."""
    path = clip.path.parents[1] / "silb" / f"{clip.path.stem}.silb"
    with reading(path, "syllables of EmoDB"):
        text = path.read_text(encoding="latin-1")
        rows = [(float(time), label) for time, label in (line.split() for line in text.splitlines() if line.strip())]
    return [Syllable(label, start, end) for (start, label), (end, _) in pairwise(rows) if end > start]


def ravdess(data: Path) -> list[Clip]:
    """The utterances of RAVDESS: emotion is the third field of a name, actor the seventh."""
    clips = []
    for path in found(data, "speech_ravdess/*.flac", "the utterances of RAVDESS as FLAC"):
        fields = path.stem.split("-")
        if len(fields) != 7:
            raise InvalidInput(f"{path} is not named as RAVDESS names its clips: seven numbers (03-01-06-01-02-01-12)")
        clips.append(Clip("RAVDESS", path, fields[6], _named(path, fields[2], RAVDESS_EMOTIONS)))
    return clips


def _named(path: Path, code: str, emotions: Mapping[str, str]) -> str:
    if code not in emotions:
        raise InvalidInput(f"{path}: {code!r} in its name is none of the emotions read here: {', '.join(emotions)}")
    return emotions[code]
