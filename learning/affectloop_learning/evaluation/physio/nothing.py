"""What is told of signals that hold nothing."""

from __future__ import annotations

import numpy as np

from affectloop.dsp.filters import FloatArray
from affectloop.events import SignalKind
from affectloop_learning.markdown import Table
from affectloop_learning.replay.physio import features


def nothing_table() -> Table:
    """How often a value is told of what has none: 600 s each."""
    rng = np.random.default_rng(0)
    still = (SignalKind.ACCELERATION, np.tile([0.0, 0.0, 1.0], (600 * 32, 1)) + rng.normal(0, 0.005, (600 * 32, 3)), 32.0)
    inputs: dict[str, list[tuple[SignalKind, FloatArray, float]]] = {
        "white noise as ECG, 250 Hz": [(SignalKind.ECG, rng.normal(size=150_000), 250.0)],
        "random walk as ECG, 250 Hz": [(SignalKind.ECG, np.cumsum(rng.normal(size=150_000)), 250.0)],
        "50 Hz hum as ECG, 250 Hz": [(SignalKind.ECG, np.sin(2 * np.pi * 50 * np.arange(150_000) / 250), 250.0)],
        "white noise as PPG, 64 Hz": [(SignalKind.PPG, rng.normal(size=38_400), 64.0)],
        "random walk as PPG, 64 Hz": [(SignalKind.PPG, np.cumsum(rng.normal(size=38_400)), 64.0)],
        "white noise as PPG beside a still wrist": [(SignalKind.PPG, rng.normal(size=38_400), 64.0), still],
        "constant 0.3 uS as EDA": [(SignalKind.EDA, np.full(2400, 0.3), 4.0)],
        "3 uS and 2 nS of noise as EDA": [(SignalKind.EDA, 3 + rng.normal(0, 0.002, 2400), 4.0)],
    }
    table: Table = [("input", "seconds with a heart rate", "with variability", "with a tonic level", "responses")]
    for name, signals in inputs.items():
        made = features(signals)
        counts = [sum(getattr(each, field) is not None for each in made) for field in ("heart_rate_bpm", "rmssd_ms", "tonic_microsiemens")]
        table.append((name, *(f"{count / len(made):.1%}" for count in counts), str(sum(len(each.responses) for each in made))))
    return table
