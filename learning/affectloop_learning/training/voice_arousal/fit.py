"""Fit the voice's arousal models on synthetic voices; no recording of a person is used.

Synthetic speakers (``affectloop.synthetic.voice``) speak at rest, which gives the usual voice, and then at arousals between
-1 and 1; the service's own code measures the cues; ridge regression weighs them.
"""

from __future__ import annotations

import hashlib
import json
import signal
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectloop.synthetic.voice import a_speaker, manner_at, speak
from affectloop_audio.arousal import CUES
from affectloop_learning.progress import counted
from affectloop_learning.replay.audio import voice

REST_S, ROUSED_S, ROUSED = 12.0, 7.0, 6  # seconds of the usual voice; seconds and number of the others, by speaker
REST_SCATTER = 0.2  # a learner's first words are not quite neutral
RIDGE = 0.05  # of a standardised cue's variance
HELD_OUT = 4  # every fourth speaker is not trained on
# What a cue of a few seconds varies by with the words that are said, which a synthetic voice hardly does; in the units of CUES.
WORDS_DIFFER = {"pitch_semitones": 1.5, "pitch_spread_semitones": 1.2, "level_db": 2.0, "balance_db": 3.0, "rate_octaves": 0.25}
DECLARED_ERROR = {"known": 0.5, "unknown": 0.7}  # real voices vary in more ways than synthetic ones: see MODEL_CARD.md
ERROR_OF_A_SECOND = 0.45  # with one second of speech; halves with four

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """Cues against the usual voice and without it, the true arousal, and whose they are."""

    known: Array
    unknown: Array
    arousal: Array
    speaker: NDArray[np.int_]


def speaker_samples(seed: int) -> list[tuple[Array, Array, float, int]]:
    """One synthetic speaker at several arousals."""
    rng = np.random.default_rng([20261121, seed])
    speaker = a_speaker(rng)
    usual = voice(speak(REST_S, manner_at(speaker, rng.normal(0, REST_SCATTER), rng), int(rng.integers(1 << 31))).pcm)
    samples = []
    for arousal in rng.uniform(-1, 1, ROUSED).tolist() if usual else ():
        now = voice(speak(ROUSED_S, manner_at(speaker, arousal, rng), int(rng.integers(1 << 31))).pcm)
        if now:
            samples.append((now.cues(usual), now.cues(None), arousal, seed))
    return samples


def draw(speakers: int, workers: int) -> Samples:
    """Samples of many speakers, saying how far it is."""
    rows: list[tuple[Array, Array, float, int]] = []
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as pool:  # Ctrl-C is ours
        drawn = [pool.submit(speaker_samples, speaker) for speaker in range(speakers)]
        try:
            for samples in counted(drawn, "speakers"):
                rows += samples.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    known, unknown, arousal, speaker = (np.array(column) for column in zip(*rows, strict=True))
    words = np.random.default_rng(20261121).normal(0, 1, known.shape) * [WORDS_DIFFER[cue] for cue in CUES]
    return Samples(known + words, unknown + words * (unknown != 0), arousal, speaker)


def fit(cues: Array, arousal: Array) -> tuple[Array, float, Array]:
    """Ridge regression of arousal on bounded cues: weights, offset, bounds."""
    limits = np.maximum(np.percentile(np.abs(cues), 98, axis=0), 1e-6)
    bounded = np.clip(cues, -limits, limits)
    centre, scale = bounded.mean(0), np.maximum(bounded.std(0), 1e-6)
    standardised = (bounded - centre) / scale
    gram = standardised.T @ standardised / len(cues) + RIDGE * np.eye(len(CUES))
    weights = np.linalg.solve(gram, standardised.T @ (arousal - arousal.mean()) / len(cues)) / scale
    return weights, float(arousal.mean() - weights @ centre), limits


def fitted(cues: Array, samples: Samples, declared: float) -> dict[str, Any]:
    """One of the two models, as ``weights.json`` holds it, and its figures on the speakers held out."""
    test = samples.speaker % HELD_OUT == 0
    weights, offset, limits = fit(cues[~test], samples.arousal[~test])
    said = np.clip(np.clip(cues[test], -limits, limits) @ weights + offset, -1, 1)
    truth = samples.arousal[test]
    return {
        "cues": list(CUES),
        "weights": [round(float(weight), 6) for weight in weights],
        "offset": round(offset, 6),
        "limits": [round(float(limit), 4) for limit in limits],
        "error": declared,
        "error_of_a_second": ERROR_OF_A_SECOND,
        "held_out": {
            "samples": len(truth),
            "correlation": round(float(np.corrcoef(said, truth)[0, 1]), 3),
            "root_mean_square_error": round(float(np.sqrt(np.mean((said - truth) ** 2))), 3),
        },
    }


def write(folder: Path, models: dict[str, Any], speakers: int) -> None:
    """Weights, configuration with their SHA-256, and the card."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.json"
    weights.write_text(json.dumps(models, indent=2) + "\n")
    config = {
        "name": folder.name,
        "kind": "linear model of voice cues to arousal, -1 to 1",
        "trained_on": "synthetic voices (affectloop.synthetic.voice); no recording of a person",
        "speakers": speakers,
        "command": f"affectloop train voice-arousal --speakers {speakers}",
        "sha256": {"weights.json": hashlib.sha256(weights.read_bytes()).hexdigest()},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def run(speakers: int, workers: int, folder: Path) -> None:
    """Draw, fit, write, and print what came out."""
    samples = draw(speakers, workers)
    models = {
        "known": fitted(samples.known, samples, DECLARED_ERROR["known"]),
        "unknown": fitted(samples.unknown, samples, DECLARED_ERROR["unknown"]),
    }
    write(folder, models, speakers)
    print(json.dumps(models, indent=2))
