"""The page docs/results/audio.md, table by table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from affectloop.dsp.voice.features import SAMPLE_RATE_HZ
from affectloop_audio.service import arousal_model
from affectloop_learning.datasets.speech import Clip, emodb, ravdess
from affectloop_learning.evaluation.audio.activity import activity_rows, babble, mixed
from affectloop_learning.evaluation.audio.arousal import discrimination, honesty, measured, trials
from affectloop_learning.evaluation.audio.pitch import pitch_rows
from affectloop_learning.evaluation.audio.syllables import count_clip, count_served, rate_row, synthetic_rate_rows
from affectloop_learning.markdown import titled
from affectloop_learning.progress import counted

TUNED_ON = ("03", "08", "11", "13", "15")  # EmoDB speakers whose clips the constants of speaking_rate.py were chosen on
PITCH_HEAD = ("noise", "median error, cents", "errors > 200 cents", "voiced frames found", "false in pauses")
RATE_HEAD = ("speech", "windows", "count r", "rate r", "count error (MAPE)", "count bias")
ACTIVITY_HEAD = ("sound", "AUC of level over floor", "F1", "false alarms", "missed")
AROUSAL_HEAD = ("judged by", "AUC", "UAR, threshold from the other speakers", "UAR at zero")
HONESTY_HEAD = ("usual voice", "clips", "claimed chance that the sign is right", "share right")


def synthetic_tables() -> Iterator[str]:
    """What needs no recording."""
    yield titled("Pitch, synthetic voices of 85 to 420 Hz", PITCH_HEAD, pitch_rows())
    yield titled("Syllables, synthetic voices", RATE_HEAD, synthetic_rate_rows())


def sections(data: Path) -> Iterator[str]:
    """The page, part by part."""
    german, english = emodb(data), ravdess(data)
    yield HEAD
    yield from synthetic_tables()
    yield activity_table(german, english)
    yield rate_table(german)
    for name, clips in (("EmoDB", german), ("RAVDESS", english)):
        yield from arousal_tables(name, clips)


ACTIVITY_NOTE = (
    "Noise levels are relative to the mean level of speech. The learner's near field (once their voice is known) is not used here."
)
RATE_NOTE = "No weights are trained on EmoDB; four constants (smoothing, dip, range, voicing) were chosen on five of its ten speakers."


def activity_table(clips: Sequence[Clip], others: Sequence[Clip]) -> str:
    """Voice activity in noises."""
    mix = mixed(clips)
    seconds = len(mix.sound) / SAMPLE_RATE_HZ
    title = f"Voice activity, {seconds:.0f} s of EmoDB with pauses, frames of 10 ms against the syllable labels"
    return titled(title, ACTIVITY_HEAD, list(activity_rows(mix, babble(others, len(mix.sound)))), ACTIVITY_NOTE)


def rate_table(clips: Sequence[Clip]) -> str:
    """Syllables, on the speakers that the constants were chosen on and on the others."""
    others = [clip for clip in clips if clip.speaker not in TUNED_ON]
    tuned = [clip for clip in clips if clip.speaker in TUNED_ON]
    rows = [
        rate_row("utterances, speakers that constants were chosen on", [count_clip(clip) for clip in counted(tuned, "utterances")]),
        rate_row("utterances, the other speakers", [count_clip(clip) for clip in counted(others, "other utterances")]),
        rate_row("as served (last 6 s), all speakers", count_served(clips)),
        rate_row("as served (last 6 s), the other speakers", count_served(others)),
    ]
    return titled("Syllables, EmoDB", RATE_HEAD, rows, RATE_NOTE)


def arousal_tables(name: str, clips: Sequence[Clip]) -> Iterator[str]:
    """High against low arousal, and whether the stated error is honest."""
    spoken = measured(clips)
    judged = trials(spoken, arousal_model("voice-arousal-v1"))
    unsaid = 100 * (1 - len(spoken) / len(clips))
    note = f"{len(judged)} clips judged; in {unsaid:.0f} % of all clips too little was said to judge."
    title = f"Arousal, {name}: high (anger, happiness, fear, surprise) against low (neutral, calm, sadness)"
    yield titled(title, AROUSAL_HEAD, discrimination(judged), note)
    yield titled(f"Is the error honest? {name}", HONESTY_HEAD, honesty(judged))


HEAD = """# What the audio service measures, and how well

Written by `affectloop evaluate audio --data DIR --write`; do not edit. Pitch and the first table of syllables are on synthetic voices
(`affectloop.synthetic.voice`) whose truth is known. The rest is on acted speech of adults, EmoDB (German) and RAVDESS (English):
nothing of the shipped arousal model is trained on either, and neither is part of this project. Acted emotion is
stronger than a classroom's; no figure here says how well a learner's arousal is told.

The usual voice of a speaker is taken from every second neutral clip, which is then not judged. EmoDB's recording level was adjusted
between loud and soft speech, so that the level there says the opposite of what it says in life.
"""
