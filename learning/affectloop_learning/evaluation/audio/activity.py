"""When somebody speaks: EmoDB with pauses between, in noises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from affectloop.dsp.voice.features import FRAME, SAMPLE_RATE_HZ, framed
from affectloop_audio.audio_buffer import AudioBuffer
from affectloop_audio.speech_analysis import HOP_US, Heard, SpeechAnalyzer
from affectloop_learning.datasets.speech import Clip, emodb_syllables
from affectloop_learning.evaluation.audio.sounds import Sound, floats
from affectloop_learning.evaluation.scores import area
from affectloop_learning.replay.audio import START_US, chunks


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
        sounds += [np.zeros(pause, np.float32), floats(pcm)]
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
            sound = floats(own[rng.integers(len(own))].pcm())
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
