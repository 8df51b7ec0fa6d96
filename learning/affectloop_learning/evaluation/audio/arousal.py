"""How well the shipped arousal model tells high from low arousal in acted speech that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from affectloop_audio.arousal import CUES, ArousalModel, Voice
from affectloop_learning.datasets.speech import Clip
from affectloop_learning.evaluation.scores import area
from affectloop_learning.progress import counted
from affectloop_learning.replay.audio import heard

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Spoken:
    """A clip, how it was spoken, and for how long."""

    clip: Clip
    voice: Voice
    spoken_s: float


@dataclass(frozen=True)
class Trial:
    """One clip's cues, with the speaker's usual voice and without, and what the model says."""

    speaker: str
    aroused: bool
    known: Array
    unknown: Array
    level_db: float
    said_known: tuple[float, float]
    said_unknown: tuple[float, float]


def measured(clips: Sequence[Clip]) -> list[Spoken]:
    """The clips in which enough is said for the service to judge."""
    found = []
    for clip in counted(clips, f"clips of {clips[0].corpus} heard"):
        speech = heard(clip.pcm())
        if voice := Voice.of(speech):
            found.append(Spoken(clip, voice, speech.spoken_s))
    return found


def trials(spoken: Sequence[Spoken], model: ArousalModel) -> list[Trial]:
    """Every second neutral clip of a speaker makes the usual voice; all others of high or low arousal are judged."""
    judged = []
    for speaker in sorted({one.clip.speaker for one in spoken}):
        own = [one for one in spoken if one.clip.speaker == speaker]
        neutral = [one for one in own if one.clip.emotion == "neutral"][::2]
        if not neutral:
            continue
        usual = Voice(*np.median([astuple(one.voice) for one in neutral], axis=0).tolist())
        for one in own:
            if one.clip.aroused is not None and one not in neutral:
                judged.append(_trial(one, usual, model))
    return judged


def _trial(one: Spoken, usual: Voice, model: ArousalModel) -> Trial:
    return Trial(
        speaker=one.clip.speaker,
        aroused=bool(one.clip.aroused),
        known=one.voice.cues(usual),
        unknown=one.voice.cues(None),
        level_db=one.voice.level_dbfs,
        said_known=model.judge(one.voice, usual, one.spoken_s),
        said_unknown=model.judge(one.voice, None, one.spoken_s),
    )


def balanced(scores: Array, truth: NDArray[np.bool_], threshold: float) -> float:
    """Unweighted average recall at a threshold."""
    return float(((scores[truth] > threshold).mean() + (scores[~truth] <= threshold).mean()) / 2)


def balanced_by_others(scores: Array, truth: NDArray[np.bool_], speakers: NDArray[np.str_]) -> float:
    """Unweighted average recall, each speaker judged by the threshold that is best for the others."""
    decided = np.zeros(len(truth), bool)
    for speaker in np.unique(speakers):
        own = speakers == speaker
        candidates = np.quantile(scores[~own], np.linspace(0.05, 0.95, 91))
        best = max(candidates, key=lambda threshold: balanced(scores[~own], truth[~own], float(threshold)))
        decided[own] = scores[own] > best
    return float((decided[truth].mean() + (~decided[~truth]).mean()) / 2)


def fitted_on_others(cues: Array, truth: NDArray[np.bool_], speakers: NDArray[np.str_]) -> Array:
    """Least squares on the corpus itself, leaving the speaker out: what these cues could give; never shipped."""
    scores = np.zeros(len(truth))
    design = np.column_stack([cues, np.ones(len(cues))])
    for speaker in np.unique(speakers):
        own = speakers == speaker
        weights, *_ = np.linalg.lstsq(design[~own], np.where(truth[~own], 1.0, -1.0), rcond=None)
        scores[own] = design[own] @ weights
    return scores


def discrimination(judged: Sequence[Trial]) -> Sequence[Sequence[str]]:
    """Rows of the table: what is judged by, AUC, recall with the others' threshold, recall at zero."""
    truth = np.array([one.aroused for one in judged])
    speakers = np.array([one.speaker for one in judged])
    known, unknown = np.array([one.known for one in judged]), np.array([one.unknown for one in judged])
    scores = {
        "this model, usual voice known": (np.array([one.said_known[0] for one in judged]), True),
        "pitch alone, usual voice known": (known[:, CUES.index("pitch_semitones")], True),
        "level alone, usual voice known": (known[:, CUES.index("level_db")], True),
        "balance alone, usual voice known": (known[:, CUES.index("balance_db")], True),
        "same cues fitted on the corpus, speaker left out": (fitted_on_others(known, truth, speakers), False),
        "this model, usual voice unknown": (np.array([one.said_unknown[0] for one in judged]), True),
        "pitch alone, usual voice unknown": (unknown[:, CUES.index("pitch_semitones")], False),
        "level alone, usual voice unknown": (np.array([one.level_db for one in judged]), False),
        "same cues, unknown, fitted on the corpus": (fitted_on_others(unknown, truth, speakers), False),
    }
    return [
        (
            name,
            f"{area(score, truth):.3f}",
            f"{balanced_by_others(score, truth, speakers):.3f}",
            f"{balanced(score, truth, 0.0):.3f}" if has_zero else "",
        )
        for name, (score, has_zero) in scores.items()
    ]


def honesty(judged: Sequence[Trial]) -> Sequence[Sequence[str]]:
    """Is the sign right as often as value and error claim? Rows by claimed chance: usual voice, clips, claimed, right."""
    rows = []
    for name in ("known", "unknown"):
        said = np.array([getattr(one, f"said_{name}") for one in judged])
        right = (said[:, 0] > 0) == np.array([one.aroused for one in judged])
        claimed = np.array([0.5 + 0.5 * erf(abs(value) / error / sqrt(2)) for value, error in said])
        for low, high in ((0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.01)):
            inside = (claimed >= low) & (claimed < high)
            if inside.sum() >= 10:
                rows.append((name, str(int(inside.sum())), f"{claimed[inside].mean():.2f}", f"{right[inside].mean():.2f}"))
        rows.append((f"{name}, all", str(len(right)), f"{claimed.mean():.2f}", f"{right.mean():.2f}"))
    return rows
