"""Measure the audio service on synthetic and on real speech; print the tables and write docs/results/audio.md.

    python learning/evaluate_audio.py --data DIR        DIR holds speech_emodb and speech_ravdess (CONTRIBUTING.md)

Without --data, only what is measured on synthetic voices is printed, and nothing is written. About five minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from affectloop.dsp.voice.features import FRAME, SAMPLE_RATE_HZ, STEP, framed, power_spectra
from affectloop.dsp.voice.pitch import pitch
from affectloop.dsp.voice.speaking_rate import envelopes_db, syllables
from affectloop.events import AudioFeatures
from affectloop.synthetic.voice import Manner, a_speaker, manner_at, speak
from affectloop_audio.audio_buffer import AudioBuffer
from affectloop_audio.service import arousal_model
from affectloop_audio.speech_analysis import HOP_US, Heard, SpeechAnalyzer
from audio_replay import START_US, chunks, features
from evaluate_voice_arousal import area, discrimination, honesty, measured, trials
from speech_corpora import Clip, emodb, emodb_syllables, ravdess

ROWS = Sequence[Sequence[str]]
TUNED_ON = ("03", "08", "11", "13", "15")  # EmoDB speakers whose clips the constants of speaking_rate.py were chosen on
Sound = NDArray[np.float32]


def table(title: str, head: Sequence[str], rows: ROWS, note: str = "") -> str:
    """A Markdown table under its title."""
    lines = [f"## {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([*lines, "", note, ""] if note else [*lines, ""])


# Pitch and pauses of synthetic voices.


def pitch_rows() -> ROWS:
    """Pitch against the truth of synthetic voices, by the noise added."""
    return [
        _pitch_row(name, noise_dbfs) for name, noise_dbfs in (("quiet room", -75.0), ("10 dB under the voice", -36.0), ("as loud", -26.0))
    ]


def _pitch_row(name: str, noise_dbfs: float) -> tuple[str, ...]:
    errors, found, wrongly = [], [], []
    for seed, hz in enumerate((85.0, 120.0, 170.0, 220.0, 280.0, 350.0, 420.0)):
        spoken = speak(10, Manner(pitch_hz=hz, level_dbfs=-26.0, noise_dbfs=noise_dbfs), seed)
        measured_pitch = pitch(power_spectra(framed(_floats(spoken.pcm))))
        at = _frame_times(len(measured_pitch.hz))
        truth = spoken.pitch_at(at)
        cents = 1200 * np.log2(measured_pitch.hz / truth)
        errors.append(cents[np.isfinite(cents)])
        found.append(np.isfinite(measured_pitch.hz)[np.isfinite(truth)])
        wrongly.append(np.isfinite(measured_pitch.hz)[~spoken.speaks_at(at)])
    cents, recall, false = np.abs(np.concatenate(errors)), np.concatenate(found), np.concatenate(wrongly)
    return (
        name,
        f"{np.median(cents):.1f}",
        f"{100 * (cents > 200).mean():.1f} %",
        f"{100 * recall.mean():.0f} %",
        f"{100 * false.mean():.1f} %",
    )


def _floats(pcm: NDArray[np.int16]) -> Sound:
    return pcm.astype(np.float32) / np.float32(32_768)


def _frame_times(count: int) -> NDArray[np.float64]:
    return (np.arange(count) * STEP + FRAME / 2) / SAMPLE_RATE_HZ


# When somebody speaks: EmoDB with pauses between, in noises.


@dataclass(frozen=True)
class Mix:
    """Utterances with pauses between them, and where the labels say that there is speech."""

    sound: Sound
    truth: NDArray[np.bool_]


def mixed(clips: Sequence[Clip], seed: int = 0) -> Mix:
    """150 utterances with pauses of 1 to 3 s and faint noise."""
    rng = np.random.default_rng(seed)
    sounds: list[Sound] = []
    truths = []
    for number in rng.permutation(len(clips))[:150]:
        pause = int(rng.uniform(1, 3) * SAMPLE_RATE_HZ)
        pcm = clips[number].pcm()
        truth = np.zeros(len(pcm), bool)
        for syllable in emodb_syllables(clips[number]):
            if not syllable.is_pause:
                truth[int(syllable.start_s * SAMPLE_RATE_HZ) : int(syllable.end_s * SAMPLE_RATE_HZ)] = True
        sounds += [np.zeros(pause, np.float32), _floats(pcm)]
        truths += [np.zeros(pause, bool), truth]
    sound = np.concatenate(sounds)
    return Mix(sound + rng.normal(0, 10 ** (-70 / 20), len(sound)).astype(np.float32), np.concatenate(truths))


def babble(clips: Sequence[Clip], length: int, seed: int = 0) -> Sound:
    """All speakers of a corpus at once, of equal loudness, without their pauses; mean square 1."""
    rng = np.random.default_rng(seed)
    total = np.zeros(length, np.float32)
    for speaker in sorted({clip.speaker for clip in clips}):
        own = [clip for clip in clips if clip.speaker == speaker]
        at = 0
        while at < length:
            sound = _floats(own[rng.integers(len(own))].pcm())
            loud = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
            sound = sound[loud[0] : loud[-1]][: length - at]
            total[at : at + len(sound)] += sound / (sound.std() + 1e-9)
            at += len(sound)
    return total / np.float32(total.std())


def activity_rows(mix: Mix, babbling: Sound) -> Iterator[tuple[str, ...]]:
    """How well the service's frames of speech meet the labels, by noise."""
    loudness = float(mix.sound[mix.truth].std())
    white = np.random.default_rng(1).normal(0, 1, len(mix.sound)).astype(np.float32)
    truth = framed(mix.truth.astype(np.float32))[:, FRAME // 2] > 0.5
    for name, noise, below_db in (
        ("as recorded", white, 99.0), ("white noise, 20 dB", white, 20.0), ("white noise, 10 dB", white, 10.0),
        ("babble of 12 speakers, 20 dB", babbling, 20.0), ("babble of 12 speakers, 10 dB", babbling, 10.0),
    ):  # fmt: skip
        noisy = mix.sound + noise * np.float32(loudness * 10 ** (-below_db / 20))
        hops = list(_hops(np.clip(np.round(noisy * 32_768), -32_768, 32_767).astype(np.int16)))
        said = np.concatenate([hop.speech for hop in hops])[: len(truth)]
        over = np.concatenate([ndimage.uniform_filter1d(hop.levels, 5, mode="nearest") - hop.floor_dbfs for hop in hops])[: len(truth)]
        precision, recall = truth[said].mean(), said[truth].mean()
        agreement = 2 * precision * recall / (precision + recall)
        yield (
            name,
            f"{area(over, truth):.3f}",
            f"{agreement:.3f}",
            f"{100 * said[~truth].mean():.1f} %",
            f"{100 * (~said[truth]).mean():.1f} %",
        )


def _hops(pcm: NDArray[np.int16]) -> Iterator[Heard]:
    buffer, listener = AudioBuffer(), SpeechAnalyzer(1)
    for chunk in chunks(pcm, chunk_ms=60_000):
        buffer.take(chunk)
    for closing_us in range(START_US + HOP_US, START_US + (len(pcm) * 125 // 2) + 2 * HOP_US, HOP_US):
        yield listener.hear(closing_us, buffer.until(closing_us), -np.inf)


# Syllables: EmoDB's labels.


@dataclass(frozen=True)
class Counted:
    """Syllables found and true, and the seconds that they take."""

    found: float
    true: int
    seconds: float


def count_clip(clip: Clip) -> Counted:
    """One utterance, its frames of speech taken from the labels: the counting alone."""
    labelled = [syllable for syllable in emodb_syllables(clip) if not syllable.is_pause]
    spectra = power_spectra(framed(_floats(clip.pcm())))
    voiced = np.isfinite(pitch(spectra).hz)
    found = syllables(envelopes_db(spectra), np.ones(len(spectra), bool), voiced)
    return Counted(found, len(labelled), sum(syllable.end_s - syllable.start_s for syllable in labelled))


def count_served(clips: Sequence[Clip]) -> list[Counted]:
    """What the service says while a speaker's utterances of one emotion follow each other, against the labels of the same seconds."""
    counted = []
    for speaker, emotion in sorted({(clip.speaker, clip.emotion) for clip in clips}):
        own = [clip for clip in clips if (clip.speaker, clip.emotion) == (speaker, emotion)]
        labelled, pcm = _in_a_row(own)
        for event in features(pcm):
            if isinstance(event, AudioFeatures) and event.syllables_per_s is not None and event.header.sequence % 12 == 0:
                end = (event.header.event_time_us - START_US) / 1e6
                spans = [(max(start, end - 6), min(stop, end), stop - start) for start, stop in labelled if stop > end - 6 and start < end]
                seconds = sum(stop - start for start, stop, _ in spans)
                if seconds > 3:
                    true = sum((stop - start) / whole for start, stop, whole in spans)
                    counted.append(Counted(event.syllables_per_s * seconds, round(true), seconds))
    return counted


def _in_a_row(clips: Sequence[Clip]) -> tuple[list[tuple[float, float]], NDArray[np.int16]]:
    labelled: list[tuple[float, float]] = []
    sounds, at = [], 0.0
    for clip in clips:
        pcm = clip.pcm()
        labelled += [(at + s.start_s, at + s.end_s) for s in emodb_syllables(clip) if not s.is_pause]
        sounds.append(pcm)
        at += len(pcm) / SAMPLE_RATE_HZ
    return labelled, np.concatenate(sounds)


def rate_row(name: str, counted: Sequence[Counted]) -> tuple[str, ...]:
    """Counts and rates against the labels."""
    found, true, seconds = (np.array([getattr(one, field) for one in counted]) for field in ("found", "true", "seconds"))
    return (
        name,
        str(len(counted)),
        f"{np.corrcoef(found, true)[0, 1]:.2f}",
        f"{np.corrcoef(found / seconds, true / seconds)[0, 1]:.2f}",
        f"{100 * np.mean(np.abs(found - true) / true):.1f} %",
        f"{100 * (found.sum() / true.sum() - 1):+.1f} %",
    )


def synthetic_rate_rows() -> ROWS:
    """Counts of synthetic voices of many manners."""
    counted = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        spoken = speak(6, manner_at(a_speaker(rng), float(rng.uniform(-1, 1)), rng), seed)
        spectra = power_spectra(framed(_floats(spoken.pcm)))
        said = spoken.speaks_at(_frame_times(len(spectra)))
        if said.any():
            found = syllables(envelopes_db(spectra), said, np.isfinite(pitch(spectra).hz))
            counted.append(Counted(found, len(spoken.syllables_s), float(said.sum() / 100)))
    return [rate_row("synthetic voices", counted)]


# The report.

PITCH_HEAD = ("noise", "median error, cents", "errors > 200 cents", "voiced frames found", "false in pauses")
RATE_HEAD = ("speech", "windows", "count r", "rate r", "count error (MAPE)", "count bias")
ACTIVITY_HEAD = ("sound", "AUC of level over floor", "F1", "false alarms", "missed")
AROUSAL_HEAD = ("judged by", "AUC", "UAR, threshold from the other speakers", "UAR at zero")
HONESTY_HEAD = ("usual voice", "clips", "claimed chance that the sign is right", "share right")


def synthetic_tables() -> list[str]:
    """What needs no recording."""
    return [
        table("Pitch, synthetic voices of 85 to 420 Hz", PITCH_HEAD, pitch_rows()),
        table("Syllables, synthetic voices", RATE_HEAD, synthetic_rate_rows()),
    ]


ACTIVITY_NOTE = (
    "Noise levels are relative to the mean level of speech. The learner's near field (once their voice is known) is not used here."
)
RATE_NOTE = "No weights are trained on EmoDB; four constants (smoothing, dip, range, voicing) were chosen on five of its ten speakers."


def real_tables(data: Path) -> Iterator[str]:
    """What is measured on EmoDB and RAVDESS."""
    german, english = emodb(data), ravdess(data)
    yield activity_table(german, english)
    yield rate_table(german)
    for name, clips in (("EmoDB", german), ("RAVDESS", english)):
        yield from arousal_tables(name, clips)


def activity_table(clips: Sequence[Clip], others: Sequence[Clip]) -> str:
    """Voice activity in noises."""
    mix = mixed(clips)
    seconds = len(mix.sound) / SAMPLE_RATE_HZ
    title = f"Voice activity, {seconds:.0f} s of EmoDB with pauses, frames of 10 ms against the syllable labels"
    return table(title, ACTIVITY_HEAD, list(activity_rows(mix, babble(others, len(mix.sound)))), ACTIVITY_NOTE)


def rate_table(clips: Sequence[Clip]) -> str:
    """Syllables, on the speakers that the constants were chosen on and on the others."""
    others = [clip for clip in clips if clip.speaker not in TUNED_ON]
    tuned = [clip for clip in clips if clip.speaker in TUNED_ON]
    rows = [
        rate_row("utterances, speakers that constants were chosen on", [count_clip(clip) for clip in tuned]),
        rate_row("utterances, the other speakers", [count_clip(clip) for clip in others]),
        rate_row("as served (last 6 s), all speakers", count_served(clips)),
        rate_row("as served (last 6 s), the other speakers", count_served(others)),
    ]
    return table("Syllables, EmoDB", RATE_HEAD, rows, RATE_NOTE)


def arousal_tables(name: str, clips: Sequence[Clip]) -> Iterator[str]:
    """High against low arousal, and whether the stated error is honest."""
    spoken = measured(clips)
    judged = trials(spoken, arousal_model("voice-arousal-v1"))
    unsaid = 100 * (1 - len(spoken) / len(clips))
    note = f"{len(judged)} clips judged; in {unsaid:.0f} % of all clips too little was said to judge."
    title = f"Arousal, {name}: high (anger, happiness, fear, surprise) against low (neutral, calm, sadness)"
    yield table(title, AROUSAL_HEAD, discrimination(judged), note)
    yield table(f"Is the error honest? {name}", HONESTY_HEAD, honesty(judged))


HEAD = """# What the audio service measures, and how well

Written by `python learning/evaluate_audio.py --data DIR`; do not edit. Pitch and the first table of syllables are on synthetic voices
(`affectloop.synthetic.voice`) whose truth is known. The rest is on acted speech of adults, EmoDB (German) and RAVDESS (English):
nothing of the shipped arousal model is trained on either, and neither is part of this project. Acted emotion is
stronger than a classroom's; no figure here says how well a learner's arousal is told.

The usual voice of a speaker is taken from every second neutral clip, which is then not judged. EmoDB's recording level was adjusted
between loud and soft speech, so that the level there says the opposite of what it says in life.
"""


def main() -> None:
    """Print the tables; with --data also write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder that holds speech_emodb and speech_ravdess")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "docs" / "results" / "audio.md", help="the page to write")
    arguments = parser.parse_args()
    parts = []
    for part in (*synthetic_tables(), *(real_tables(arguments.data) if arguments.data else ())):
        print(part, flush=True)
        parts.append(part)
    if arguments.data:
        arguments.out.write_text("\n".join([HEAD, *parts]))
        print(f"written: {arguments.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
