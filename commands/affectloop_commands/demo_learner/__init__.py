"""The recorded learner that the demonstration plays. Synthetic: no person is in it; README.md beside it says what it is."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from affectloop.clock import MICROSECONDS
from affectloop.events import SignalKind
from affectloop_capture.sources.base import Source, Track
from affectloop_capture.sources.files.sound import open_sound
from affectloop_capture.sources.files.video import open_video
from affectloop_capture.sources.sampled import SignalTrack

FOLDER = Path(__file__).parent
CAPTURED_BY = "synthetic"


def demo_source() -> Source:
    """Face, body signals and voice as one learner, on one clock."""
    told = truth()
    tracks: list[Track] = [
        *open_video(FOLDER / "face.webm").tracks,
        *_signals(told["sample_rate_hz"]),
        *open_sound(FOLDER / "voice.flac").tracks,
    ]
    seconds = max(track.duration_us for track in tracks) / MICROSECONDS
    description = f"the project's own learner, {seconds:.1f} s: SYNTHETIC (drawn face, simulated body signals, computer's voice)"
    return Source("demo learner", tuple(tracks), description)


def truth() -> dict[str, Any]:
    """What is in the files, and when: what the services should find."""
    told: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    return told


def _signals(rates_hz: dict[str, int]) -> list[SignalTrack]:
    with np.load(FOLDER / "signals.npz") as held:
        return [SignalTrack(SignalKind(kind), Fraction(rates_hz[kind]), held[kind], captured_by=CAPTURED_BY) for kind in held.files]
