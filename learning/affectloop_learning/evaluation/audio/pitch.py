"""Pitch against the truth of synthetic voices."""

from __future__ import annotations

import numpy as np

from affectloop.dsp.voice.features import framed, power_spectra
from affectloop.dsp.voice.pitch import pitch
from affectloop.synthetic.voice import Manner, speak
from affectloop_learning.evaluation.audio.sounds import floats, frame_times
from affectloop_learning.markdown import Rows


def pitch_rows() -> Rows:
    """Pitch against the truth of synthetic voices, by the noise added."""
    return [
        _pitch_row(name, noise_dbfs) for name, noise_dbfs in (("quiet room", -75.0), ("10 dB under the voice", -36.0), ("as loud", -26.0))
    ]


def _pitch_row(name: str, noise_dbfs: float) -> tuple[str, ...]:
    errors, found, wrongly = [], [], []
    for seed, hz in enumerate((85.0, 120.0, 170.0, 220.0, 280.0, 350.0, 420.0)):
        spoken = speak(10, Manner(pitch_hz=hz, level_dbfs=-26.0, noise_dbfs=noise_dbfs), seed)
        measured_pitch = pitch(power_spectra(framed(floats(spoken.pcm))))
        at = frame_times(len(measured_pitch.hz))
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
