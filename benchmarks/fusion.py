"""How many windows a second fusion estimates, by batch size, on one thread: ``python benchmarks/fusion.py``.

Learners are synthetic, with frames at 15 Hz. Prints tables and writes docs/results/fusion-speed.md.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from affectloop.events import (
    ACTION_UNITS,
    BLENDSHAPES,
    EXPRESSIONS,
    AudioFeatures,
    Event,
    FaceFeatures,
    Header,
    PhysioFeatures,
    Reason,
)
from affectloop.processor import SessionContext
from affectloop_fusion.processor import FusionProcessor, FusionWindow
from affectloop_fusion.service import complete
from affectloop_fusion.settings import FusionSettings

RESULT = Path(__file__).parents[1] / "docs" / "results" / "fusion-speed.md"
START_US, SECOND_US = 1_767_225_600_000_000, 1_000_000
FRAMES_HZ = 15
SECONDS = 60
BATCHES = (1, 2, 8, 32, 128, 512)
LEAST_S = 1.0  # of each measurement


def header(stream: str, time_us: int, period_us: int) -> Header:
    """A header of the one session."""
    return Header(
        session_id="bench", stream_id=stream, sequence=time_us // period_us, event_time_us=time_us, complete_until_us=time_us + period_us
    )


def frame(draw: np.random.Generator, number: int) -> Event:
    """A frame of a lively face."""
    units, odds = draw.uniform(-0.2, 0.5, len(ACTION_UNITS)), draw.dirichlet(np.ones(len(EXPRESSIONS)))
    return FaceFeatures(
        header=header("face", START_US + number * SECOND_US // FRAMES_HZ, SECOND_US // FRAMES_HZ), quality=0.9, reason=Reason.GOOD,
        pose_deg=draw.normal(0, 5, 3).astype(np.float32), blendshapes=draw.random(BLENDSHAPES).astype(np.float32),
        action_units=units.astype(np.float32), expression=odds.astype(np.float32),
    )  # fmt: skip


def body(second: int) -> Event:
    """A second of a wristband."""
    return PhysioFeatures(
        header=header("physio", START_US + second * SECOND_US, SECOND_US), heart_rate_bpm=80.0, heart_quality=0.9,
        heart_reason=Reason.GOOD, variability_quality=0.0, variability_reason=Reason.TOO_FEW_BEATS, tonic_microsiemens=2.0,
        phasic_microsiemens=0.1, responses_per_min=4.0, eda_quality=0.9, eda_reason=Reason.GOOD, heart_rate_change_bpm=2.0,
    )  # fmt: skip


def voice(half: int) -> Event:
    """Half a second of a voice."""
    return AudioFeatures(
        header=header("audio", START_US + half * SECOND_US // 2, SECOND_US // 2), quality=0.8, reason=Reason.GOOD,
        voice_share=0.5, pitch_hz=200.0, intensity_db=20.0, syllables_per_s=4.0, arousal=0.1, arousal_error=0.4,
    )  # fmt: skip


def learner(seed: int) -> list[Event]:
    """A minute of features, in event-time order."""
    draw = np.random.default_rng(seed)
    events = [frame(draw, number) for number in range(SECONDS * FRAMES_HZ)]
    events += [body(second) for second in range(SECONDS)]
    events += [voice(half) for half in range(2 * SECONDS)]
    return sorted(events, key=lambda event: (event.header.event_time_us, event.header.stream_id))


def windows_of(events: list[Event]) -> list[Event]:
    """What the processor makes of them, told of progress at every event as over a live bus."""
    processor = FusionProcessor(SessionContext(session_id="bench", started_at_us=START_US, emotion_inference=True), FusionSettings())
    made: list[Event] = []
    for event in events:
        made += processor.advance(event.header.event_time_us)
        made += processor.step(event)
    return made


def seconds_a_call(call: Callable[[], object]) -> float:
    """Processor time of one call, mean over at least ``LEAST_S``: other programs on the machine do not count."""
    call()
    calls, begun = 0, time.thread_time()
    while time.thread_time() < begun + LEAST_S:
        call()
        calls += 1
    return (time.thread_time() - begun) / calls


def report() -> str:
    """Both tables."""
    events = learner(0)
    stepping_s = seconds_a_call(lambda: windows_of(events)) / SECONDS
    windows = [window for seed in range(5) for window in windows_of(learner(seed)) if isinstance(window, FusionWindow)]
    fuse = complete(FusionSettings())
    rows, best_s = [], np.inf
    for batch in BATCHES:
        chosen = [windows[place % len(windows)] for place in range(batch)]
        each_s = seconds_a_call(lambda chosen=chosen: fuse(chosen)) / batch  # type: ignore[misc]
        best_s = min(best_s, each_s)
        rows.append(f"| {batch} | {each_s * batch * 1e3:.2f} | {each_s * 1e3:.3f} | {1 / each_s:,.0f} |")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    a_learner_s = stepping_s + 2 * best_s
    return "\n".join(
        [
            "# Fusion: speed",
            "",
            f"`python benchmarks/fusion.py` on one thread of {platform.machine()}, Python {platform.python_version()}, ONNX Runtime"
            f" {onnxruntime.__version__};\nprocessor time, synthetic learners with {FRAMES_HZ} frames a second.",
            "",
            "The net and the gate (`complete`), windows to estimates:",
            "",
            "| windows in a batch | ms a batch | ms a window | windows a second |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            f"The processor (`step` and `advance`) takes {stepping_s * 1e3:.2f} ms for a second of one learner. With both, one core serves"
            f" {1 / a_learner_s:,.0f} learners at two estimates a second, the bus not counted. Peak memory {peak_mb:.0f} MB.",
        ]
    )


def main() -> None:
    """Run from the command line."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    text = report()
    RESULT.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
