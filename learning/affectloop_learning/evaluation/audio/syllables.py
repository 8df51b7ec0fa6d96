"""Speaking rate: counts of syllables against EmoDB's labels and against synthetic voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectloop.dsp.voice.features import SAMPLE_RATE_HZ, framed, power_spectra
from affectloop.dsp.voice.pitch import pitch
from affectloop.dsp.voice.speaking_rate import envelopes_db, syllables
from affectloop.events import AudioFeatures
from affectloop.synthetic.voice import a_speaker, manner_at, speak
from affectloop_learning.datasets.speech import Clip, emodb_syllables
from affectloop_learning.evaluation.audio.sounds import floats, frame_times
from affectloop_learning.markdown import Rows
from affectloop_learning.progress import counted as told_of
from affectloop_learning.replay.audio import START_US, features


@dataclass(frozen=True)
class Counted:
    """Syllables found and true, and the seconds that they take."""

    found: float
    true: int
    seconds: float


def count_clip(clip: Clip) -> Counted:
    """One utterance, its frames of speech taken from the labels: the counting alone."""
    labelled = [syllable for syllable in emodb_syllables(clip) if not syllable.is_pause]
    spectra = power_spectra(framed(floats(clip.pcm())))
    voiced = np.isfinite(pitch(spectra).hz)
    found = syllables(envelopes_db(spectra), np.ones(len(spectra), bool), voiced)
    return Counted(found, len(labelled), sum(syllable.end_s - syllable.start_s for syllable in labelled))


def count_served(clips: Sequence[Clip]) -> list[Counted]:
    """What the service says while a speaker's utterances of one emotion follow each other, against the labels of the same seconds."""
    counted = []
    for speaker, emotion in told_of(sorted({(clip.speaker, clip.emotion) for clip in clips}), "speakers and emotions in a row"):
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


def synthetic_rate_rows() -> Rows:
    """Counts of synthetic voices of many manners."""
    counted = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        spoken = speak(6, manner_at(a_speaker(rng), float(rng.uniform(-1, 1)), rng), seed)
        spectra = power_spectra(framed(floats(spoken.pcm)))
        said = spoken.speaks_at(frame_times(len(spectra)))
        if said.any():
            found = syllables(envelopes_db(spectra), said, np.isfinite(pitch(spectra).hz))
            counted.append(Counted(found, len(spoken.syllables_s), float(said.sum() / 100)))
    return [rate_row("synthetic voices", counted)]
