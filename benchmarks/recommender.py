"""How long a directive takes, and how many learners one core serves: ``python benchmarks/recommender.py [--sessions 50]``."""

from __future__ import annotations

import argparse
import time
import tracemalloc
from pathlib import Path

import numpy as np

from affectloop.events import Directive, EmotionEstimate, Event, Header, Reason, SessionChange, SessionChanged, TrialAnswered
from affectloop.processor import SessionContext
from affectloop.synthetic.learner import SimulatedLearner, population
from affectloop_recommender.processor import RecommenderProcessor
from affectloop_recommender.settings import RecommenderSettings

RESULTS = Path(__file__).parents[1] / "docs" / "results" / "recommender-speed.md"
TRIALS = 84
TRIAL_US = 5_000_000
HOP_US = 500_000
STARTED_US = 1_700_000_000_000_000


def header(stream_id: str, sequence: int, time_us: int) -> Header:
    """A header of the one session that is measured at a time."""
    return Header(session_id="bench", stream_id=stream_id, sequence=sequence, event_time_us=time_us, complete_until_us=time_us)


def estimate(time_us: int) -> EmotionEstimate:
    """An estimate as fusion sends it, twice a second."""
    return EmotionEstimate(
        header=header("fusion", time_us // HOP_US, time_us), abstained=False, reason=Reason.GOOD, confidence=0.8, strain=0.4,
        face_share=0.5, wristband_share=0.5, voice_share=0.0,
    )  # fmt: skip


def timed(processor: RecommenderProcessor, event: Event, spent_s: list[float]) -> list[Event]:
    """Step one event, and note what it took."""
    begun = time.thread_time()
    made = list(processor.step(event))
    spent_s.append(time.thread_time() - begun)
    return made


def session(learner: SimulatedLearner, trials_s: list[float], estimates_s: list[float]) -> RecommenderProcessor:
    """One session of 84 trials with estimates at 2 Hz."""
    processor = RecommenderProcessor(
        SessionContext(session_id="bench", started_at_us=STARTED_US, emotion_inference=True), RecommenderSettings()
    )
    made = list(processor.step(SessionChanged(header=header("session", 0, STARTED_US), change=SessionChange.STARTED)))
    for number in range(1, TRIALS + 1):
        now_us = STARTED_US + number * TRIAL_US
        for time_us in range(now_us - TRIAL_US, now_us, HOP_US):
            timed(processor, estimate(time_us), estimates_s)
        (item,) = [event.item for event in made if isinstance(event, Directive)]
        answer = learner.answer(item, number)
        trial = TrialAnswered(
            header=header("trials", number, now_us),
            trial_id=str(number),
            item=item,
            answer=answer.emotion,
            correct=answer.correct,
            valid=True,
        )
        made = timed(processor, trial, trials_s)
        list(processor.advance(now_us))
    return processor


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure the recommender on one core, without a bus.")
    parser.add_argument("--sessions", type=int, default=50, help="sessions of 84 trials, one after another (default 50; some seconds)")
    parser.add_argument("--write", action="store_true", help=f"write docs/results/{RESULTS.name} too")
    arguments = parser.parse_args()
    trials_s: list[float] = []
    estimates_s: list[float] = []
    for learner in population(arguments.sessions, seed=1):
        session(learner, trials_s, estimates_s)
    tracemalloc.start()
    kept = [session(learner, [], []) for learner in population(10, seed=2)]
    held_kb = tracemalloc.get_traced_memory()[0] / 1024 / len(kept)
    tracemalloc.stop()
    p50, p95, p99 = np.percentile(np.array(trials_s) * 1e3, [50, 95, 99])
    a_learner_s = np.mean(trials_s) / (TRIAL_US / 1e6) + np.mean(estimates_s) / (HOP_US / 1e6)
    lines = [
        "| figure | value |",
        "|---|---|",
        f"| trial to directive, p50 / p95 / p99 | {p50:.2f} / {p95:.2f} / {p99:.2f} ms |",
        f"| estimate | {np.mean(estimates_s) * 1e6:.1f} us |",
        f"| learners a core (a trial in 5 s, estimates at 2 Hz) | {1 / a_learner_s:,.0f} |",
        f"| memory a session | {held_kb:.0f} KiB |",
    ]
    print("\n".join(lines))
    if arguments.write:
        head = [
            "# The recommender's processor on one core, without a bus",
            "",
            "`python benchmarks/recommender.py --write` wrote this. The times are the thread's processor time: what one core needs,",
            "whatever else runs. Learners and estimates are simulated.",
            "",
        ]
        RESULTS.write_text("\n".join(head + lines) + "\n")


if __name__ == "__main__":
    main()
