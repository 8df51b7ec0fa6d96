"""What wristband and chest strap measure of the story: simulated by ``affectloop.synthetic.physiology``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectloop.synthetic import physiology
from affectloop_learning.demo_learner import story

FloatArray = NDArray[np.float64]


def measured() -> tuple[dict[str, NDArray[np.float32]], FloatArray]:
    """Each signal's samples (n, channels) by its kind, and the times of the heartbeats in seconds."""
    rngs = [np.random.default_rng([story.SEED, 40 + number]) for number in range(6)]
    lasts = story.DURATION_S
    beats = physiology.beat_times(lasts, lambda time_s: story.over_time(story.HEART_RATE_BPM, time_s), rngs[0], arrhythmia=0.035)
    signals = {
        "eda": physiology.conductance(
            lasts,
            story.EDA_HZ,
            rngs[1],
            tonic_microsiemens=lambda time_s: story.over_time(story.TONIC_MICROSIEMENS, time_s),
            responses=story.RESPONSES,
        ),
        "ppg": physiology.photoplethysmogram(beats, lasts, story.PPG_HZ, rngs[2], movements=story.MOVEMENTS),
        "ecg": physiology.electrocardiogram(beats, lasts, story.ECG_HZ, rngs[3]),
        "acceleration": physiology.acceleration(lasts, story.ACCELERATION_HZ, rngs[4], movements=story.MOVEMENTS),
        "temperature": physiology.skin_temperature(lasts, story.TEMPERATURE_HZ, rngs[5], celsius=story.CELSIUS),
    }
    return {kind: samples.reshape(len(samples), -1).astype(np.float32) for kind, samples in signals.items()}, beats
