"""How many learners' voices one core hears: ``python benchmarks/audio.py [--seconds 60] [--learners 20]``.

Synthetic voices, chunks of 250 ms, every hop closed as it would be live, learners in turn, as a service does. Prints a table and
writes docs/results/audio-speed.md.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from affectloop.events import AudioChunk, AudioFeatures, Header
from affectloop.processor import SessionContext
from affectloop.synthetic.voice import Manner, speak
from affectloop_audio.processor import AudioProcessor
from affectloop_audio.service import SERVICE
from affectloop_audio.settings import AudioSettings

RESULT = Path(__file__).parents[1] / "docs" / "results" / "audio-speed.md"
START_US = 1_700_000_000_000_000
CHUNK_S = 0.25
TARGET_LEARNERS = 200
CASES = (
    ("nobody speaks", 0.0, 16_000),
    ("a fifth of the time, as learners do", 0.2, 16_000),
    ("four fifths of the time", 0.8, 16_000),
    ("a fifth of the time, 48 kHz", 0.2, 48_000),
)


def voice(seconds: float, share: float, rate_hz: int, seed: int) -> NDArray[np.int16]:
    """A voice that speaks so large a share of the time."""
    if share == 0:
        return np.random.default_rng(seed).normal(0, 20, round(seconds * rate_hz)).astype(np.int16)
    pause = 2.2 * (1 - share) / share
    pcm = speak(seconds, Manner(phrase_s=(1.2, 3.2), pause_s=(0.7 * pause, 1.3 * pause)), seed).pcm
    if rate_hz == 16_000:
        return pcm
    resampled = np.round(resample_poly(pcm.astype(np.float64), rate_hz // 16_000, 1))
    return np.clip(resampled, -32_768, 32_767).astype(np.int16)


def chunks(pcm: NDArray[np.int16], rate_hz: int) -> list[AudioChunk]:
    """The voice as a microphone sends it."""
    length = round(CHUNK_S * rate_hz)
    return [_chunk(pcm[first : first + length], first, rate_hz) for first in range(0, len(pcm), length)]


def _chunk(pcm: NDArray[np.int16], first: int, rate_hz: int) -> AudioChunk:
    at_us, until_us = (START_US + round(number * 1e6 / rate_hz) for number in (first, first + len(pcm)))
    header = Header(session_id="bench", stream_id="microphone", sequence=first, event_time_us=at_us, complete_until_us=until_us)
    return AudioChunk(header=header, sample_rate_hz=rate_hz, pcm=pcm)


def measure(share: float, rate_hz: int, seconds: float, learners: int) -> tuple[float, float, float]:
    """Milliseconds of processor time for a second of a learner's audio, the longest hop of 100, and the share of speech found."""
    sounds = [chunks(voice(seconds, share, rate_hz, seed), rate_hz) for seed in range(learners)]
    processors = [opened() for _ in range(learners)]
    spent, found = [], []
    for turn in zip(*sounds, strict=True):
        for processor, chunk in zip(processors, turn, strict=True):
            begun = time.thread_time()
            processor.step(chunk)
            said = list(processor.advance(chunk.header.complete_until_us))
            spent.append(time.thread_time() - begun)
            found += [event.voice_share or 0.0 for event in said if isinstance(event, AudioFeatures)]
    spent_ms = np.array(spent) * 1000
    return float(spent_ms.sum() / (seconds * learners)), float(np.percentile(spent_ms[spent_ms > 0], 99)), float(np.mean(found))


def opened() -> AudioProcessor:
    """A processor with its arousal model."""
    processor = SERVICE.processor(SessionContext(session_id="bench", started_at_us=START_US, emotion_inference=True), AudioSettings())
    if not isinstance(processor, AudioProcessor):
        raise TypeError("the service makes another processor")
    return processor


def processor_name() -> str:
    """What the kernel calls the processor."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    )
    return names[0] if names else platform.processor() or platform.machine()


def report(seconds: float, learners: int) -> str:
    """The page."""
    lines = [
        "# How fast the audio service hears",
        "",
        f"`python benchmarks/audio.py --seconds {seconds:g} --learners {learners}` printed this on one thread of {processor_name()},",
        f"Python {platform.python_version()}, numpy {np.__version__}. Times are the thread's processor time: what one core needs,",
        "however busy the machine is; a busy machine's caches make them longer, though. Decoding and unsealing are not in them.",
        "",
        "| learners | speech found | ms a second of audio | 99th percentile of a call, ms | learners a core |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, share, rate_hz in CASES:
        ms, longest, found = measure(share, rate_hz, seconds, learners)
        lines.append(f"| {name} | {100 * found:.0f} % | {ms:.2f} | {longest:.2f} | {1000 / ms:.0f} |")
        print(lines[-1], flush=True)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += [
        "",
        f"Target: {TARGET_LEARNERS} learners a core. Peak memory of the run, sounds of all learners included: {memory:.0f} MiB.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each voice (default 60)")
    parser.add_argument("--learners", type=int, default=20, help="voices heard in turn (default 20)")
    arguments = parser.parse_args()
    page = report(arguments.seconds, arguments.learners)
    print(page)
    RESULT.write_text(page)


if __name__ == "__main__":
    main()
