"""How many learners' bodies one core reads: ``python benchmarks/physio.py [--seconds 120] [--learners 20]``.

Synthetic signals in chunks of a second, every second closed as it would be live, learners in turn, as a service does; beside it what
neurokit2's process functions cost when they are called every second on the last minute. Prints a table and writes
docs/results/physio-speed.md. Times are of the processor (CPU), so that another program beside it counts little.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from affectloop.events import Header, PhysioFeatures, SignalChunk, SignalKind
from affectloop.processor import SessionContext
from affectloop.synthetic.physiology import (
    Movement,
    Response,
    acceleration,
    beat_times,
    conductance,
    electrocardiogram,
    photoplethysmogram,
    skin_temperature,
)
from affectloop_physio.processor import PhysioProcessor
from affectloop_physio.settings import PhysioSettings

RESULT = Path(__file__).parents[1] / "docs" / "results" / "physio-speed.md"
START_US = 1_767_225_600_000_000
TARGET_LEARNERS = 1000  # wristbands
WARM_UP_S = 60  # until every window is full
BATCH_WINDOW_S = 60

Signal = tuple[SignalKind, NDArray[np.float64], float]


@dataclass(frozen=True)
class Figures:
    """What one case cost."""

    name: str
    milliseconds: float  # a learner and second
    worst_milliseconds: float  # 99th percentile of one learner's second
    told: float  # share of seconds with a heart rate

    def row(self) -> str:
        """As a row of the table."""
        return (
            f"| {self.name} | {self.milliseconds:.2f} | {self.worst_milliseconds:.2f} | {1e3 / self.milliseconds:,.0f} | {self.told:.0%} |"
        )


def wristband(seconds: float, seed: int, *, moving: bool) -> list[Signal]:
    """Pulse, acceleration, conductance and temperature at an E4's rates."""
    rng = np.random.default_rng(seed)
    movements = [Movement(5.0, seconds - 5, 1.7, 0.4)] if moving else []
    responses = [Response(at, 0.2) for at in np.arange(10.0, seconds, 20.0)]
    beats = beat_times(seconds, 70.0 + seed, rng)
    return [
        (SignalKind.PPG, photoplethysmogram(beats, seconds, 64.0, rng, movements=movements), 64.0),
        (SignalKind.ACCELERATION, acceleration(seconds, 32.0, rng, movements=movements), 32.0),
        (SignalKind.EDA, conductance(seconds, 4.0, rng, responses=responses), 4.0),
        (SignalKind.TEMPERATURE, skin_temperature(seconds, 4.0, rng), 4.0),
    ]


def strap(seconds: float, seed: int, rate_hz: float) -> list[Signal]:
    """An ECG."""
    rng = np.random.default_rng(seed)
    return [(SignalKind.ECG, electrocardiogram(beat_times(seconds, 70.0 + seed, rng), seconds, rate_hz, rng), rate_hz)]


CASES: tuple[tuple[str, Callable[[float, int], list[Signal]]], ...] = (
    ("**wristband at rest**", lambda seconds, seed: wristband(seconds, seed, moving=False)),
    ("wristband on a moving wrist", lambda seconds, seed: wristband(seconds, seed, moving=True)),
    ("wristband and ECG at 130 Hz", lambda seconds, seed: wristband(seconds, seed, moving=False) + strap(seconds, seed, 130.0)),
    ("ECG at 250 Hz alone", lambda seconds, seed: strap(seconds, seed, 250.0)),
    ("ECG at 500 Hz alone", lambda seconds, seed: strap(seconds, seed, 500.0)),
    ("EDA alone", lambda seconds, seed: wristband(seconds, seed, moving=False)[2:3]),
)


def chunks(signals: list[Signal], second: int) -> list[SignalChunk]:
    """Every signal's second, as capture sends it."""
    made = []
    for kind, samples, rate_hz in signals:
        begin, end = round(second * rate_hz), round((second + 1) * rate_hz)
        part = np.asarray(samples[begin:end], np.float32).reshape(end - begin, -1)
        begin_us, end_us = (START_US + round(at / rate_hz * 1e6) for at in (begin, end))
        header = Header(session_id="s", stream_id=kind.value, sequence=begin, event_time_us=begin_us, complete_until_us=end_us)
        made.append(SignalChunk(header=header, kind=kind, sample_rate_hz=rate_hz, samples=part))
    return made


def measured(name: str, make: Callable[[float, int], list[Signal]], seconds: int, learners: int) -> Figures:
    """Play all learners, second by second, and time it once their windows are full."""
    bodies = [make(float(seconds + WARM_UP_S), seed) for seed in range(learners)]
    processors = [PhysioProcessor(SessionContext(session_id="s", started_at_us=START_US), PhysioSettings(_env_file=None)) for _ in bodies]
    spent, told = [], 0
    for second in range(seconds + WARM_UP_S):
        for body, processor in zip(bodies, processors, strict=True):
            events = chunks(body, second)
            begin = time.thread_time()
            for event in events:
                processor.step(event)
            made = list(processor.advance(START_US + (second + 1) * 1_000_000))
            if second >= WARM_UP_S:
                spent.append(time.thread_time() - begin)
                told += sum(isinstance(each, PhysioFeatures) and each.heart_rate_bpm is not None for each in made)
    return Figures(name, 1e3 * float(np.mean(spent)), 1e3 * float(np.percentile(spent, 99)), told / len(spent))


def batch_costs() -> list[tuple[str, float]]:
    """Milliseconds that neurokit2's process functions take on the last minute."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2

        body, ecg = wristband(float(BATCH_WINDOW_S), 1, moving=False), strap(float(BATCH_WINDOW_S), 1, 250.0)[0][1]
        calls: list[tuple[str, Callable[[], object]]] = [
            ("ppg_process, 64 Hz", lambda: neurokit2.ppg_process(body[0][1], sampling_rate=64)),
            ("eda_process, 4 Hz", lambda: neurokit2.eda_process(body[2][1], sampling_rate=4)),
            ("ecg_process, 250 Hz", lambda: neurokit2.ecg_process(ecg, sampling_rate=250)),
        ]
        return [(name, timed(call)) for name, call in calls]


def timed(call: Callable[[], object], times: int = 5) -> float:
    """Milliseconds of a call, the median of some, after one to warm up."""
    call()
    taken = []
    for _ in range(times):
        begin = time.thread_time()
        call()
        taken.append(1e3 * (time.thread_time() - begin))
    return float(np.median(taken))


def page(figures: list[Figures], batch: list[tuple[str, float]], seconds: int, learners: int) -> str:
    """The result as a page."""
    wrist = batch[0][1] + batch[1][1]
    rows = [
        "# Physiology: how fast it is",
        "",
        f"Written by `python benchmarks/physio.py --seconds {seconds} --learners {learners}`; do not edit. {learners} learners in turn,",
        f"{seconds} s each once their windows are full, one thread; CPU time of `step` and `advance`. Synthetic signals.",
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, {platform.machine()}.",
        "",
        "| signals | ms a learner and second | 99th percentile | learners a core | seconds with a heart rate |",
        "|---|---|---|---|---|",
        *(each.row() for each in figures),
        "",
        f"Target: {TARGET_LEARNERS:,} wristbands a core. Peak memory of the process, {learners} learners of the largest case included: "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB (neurokit2 with it).",
        "",
        f"neurokit2's process functions, called every second on the last {BATCH_WINDOW_S} s (what a loop around a batch library costs):",
        "",
        "| call | ms | learners a core |",
        "|---|---|---|",
        *(f"| {name} | {cost:.0f} | {1e3 / cost:.0f} |" for name, cost in batch),
        f"| wristband (ppg and eda) | {wrist:.0f} | {1e3 / wrist:.0f} |",
        "",
    ]
    return "\n".join(rows)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=120, help="measured seconds of each learner")
    parser.add_argument("--learners", type=int, default=20, help="learners in turn")
    options = parser.parse_args()
    figures = []
    for name, make in CASES:
        figures.append(measured(name, make, options.seconds, options.learners))
        print(figures[-1].row(), flush=True)
    text = page(figures, batch_costs(), options.seconds, options.learners)
    print(text)
    RESULT.write_text(text)


if __name__ == "__main__":
    main()
