"""Compare difficulty policies on simulated learners: ``python learning/simulate_learners.py [--learners 200] [--write]``.

Everything here is synthetic: the learners are curves (``affectloop.synthetic.learner``), their strain follows their
misses by assumption, and the estimates of it are that strain with noise. It shows how policies differ, and that ours
does what it is meant to do; it says nothing of people.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from affectloop.events import (
    Directive,
    EmotionEstimate,
    Event,
    Guidance,
    Header,
    Item,
    Reason,
    SessionChange,
    SessionChanged,
    TrialAnswered,
)
from affectloop.processor import SessionContext
from affectloop.stimuli.catalogue import DURATIONS_MS, Presentation, item_of
from affectloop.stimuli.posers import PRACTICE_POSERS
from affectloop.synthetic.learner import Answer, SimulatedLearner, population
from affectloop.training_science.items import EMOTIONS, INDEX_OF_EMOTION, FloatArray, ItemModel
from affectloop_recommender.processor import RecommenderProcessor
from affectloop_recommender.settings import RecommenderSettings

RESULTS = Path(__file__).parents[1] / "docs" / "results" / "recommender.md"
TARGET = 0.78
TRIALS = 84  # twelve of each emotion: a session of about eight minutes
TRIAL_S = 6.0
HOP_S = 0.5
LATE = 28  # trials at the end, over which the error of the ability is taken: four of each emotion
STARTED_US = 1_700_000_000_000_000
MODEL = ItemModel()


class Policy(Protocol):
    """Chooses items one by one."""

    def first(self) -> Item:
        """The first item."""

    def after(self, number: int, item: Item, answer: Answer, strain: float) -> Item:
        """The item after a trial; ``strain`` is what a policy with estimates gets to see, noisily."""

    @property
    def ability(self) -> float:
        """What it believes of the learner's ability for the next item's emotion; NaN where it believes nothing."""

    @property
    def rests(self) -> bool:
        """Whether it offers a break before the next item."""


class Staircase:
    """One duration for all, or two down and one up for each emotion; full expressions from the front, in balanced order.

    Source: Levitt 1971: two down, one up converges where the square of the success is a half.
    """

    rests = False

    def __init__(self, seed: int, start_ms: int, down: int | None) -> None:
        self._rng = np.random.default_rng(seed)
        self._at = [DURATIONS_MS.index(start_ms)] * len(EMOTIONS)
        self._run = [0] * len(EMOTIONS)
        self._down = down
        self._order: list[int] = []

    def first(self) -> Item:
        """The first item."""
        if not self._order:
            self._order = self._rng.permutation(len(EMOTIONS)).tolist()
        index = self._order.pop()
        self._emotion = index
        shown = Presentation(
            emotion=EMOTIONS[index], duration_ms=DURATIONS_MS[self._at[index]], intensity=1.0, view_deg=0, options=len(EMOTIONS)
        )
        return item_of(shown, PRACTICE_POSERS[int(self._rng.integers(len(PRACTICE_POSERS)))])

    def after(self, number: int, item: Item, answer: Answer, strain: float) -> Item:
        """The item after a trial."""
        index = INDEX_OF_EMOTION[item.emotion]
        if self._down is not None:
            self._run[index] = self._run[index] + 1 if answer.correct else 0
            if not answer.correct:
                self._at[index] = min(self._at[index] + 1, len(DURATIONS_MS) - 1)
            elif self._run[index] == self._down:
                self._at[index], self._run[index] = max(self._at[index] - 1, 0), 0
        return self.first()

    @property
    def ability(self) -> float:
        """What the staircase's place says, where it moves."""
        if self._down is None:
            return float("nan")
        converges = 0.5 ** (1.0 / self._down)
        share = (converges - 1 / len(EMOTIONS)) / (1 - 1 / len(EMOTIONS) - MODEL.lapse)
        place = MODEL.difficulties(EMOTIONS[self._emotion], DURATIONS_MS[self._at[self._emotion]], 1.0, 0.0, len(EMOTIONS))
        return float(place + np.log(share / (1 - share)))


class Recommended:
    """The recommender's own processor, fed with events."""

    def __init__(self, seed: int, *, estimates: bool) -> None:
        self._rng = np.random.default_rng(seed)
        self._estimates = estimates
        self._session = f"simulated-{seed}"
        context = SessionContext(session_id=self._session, started_at_us=STARTED_US, emotion_inference=estimates)
        self._processor = RecommenderProcessor(context, RecommenderSettings())
        self._time_us = STARTED_US
        self._directive = self._directed(SessionChanged(header=self._header("session", 0, STARTED_US), change=SessionChange.STARTED))

    def first(self) -> Item:
        """The first item."""
        return self._directive.item

    def after(self, number: int, item: Item, answer: Answer, strain: float) -> Item:
        """The item after a trial."""
        until_us = self._time_us + round((TRIAL_S + (self._directive.pause_ms / 1e3 if self.rests else 0.0)) * 1e6)
        if self._estimates:
            for estimate in self._felt(strain, until_us):
                self._processor.step(estimate)
        self._time_us = until_us
        self._processor.advance(until_us)
        self._directive = self._directed(
            TrialAnswered(
                header=self._header("trials", number, until_us), trial_id=str(number), item=item, answer=answer.emotion,
                correct=answer.correct, valid=True, reaction_time_ms=answer.reaction_time_ms,
            )
        )  # fmt: skip
        return self._directive.item

    @property
    def ability(self) -> float:
        """As the directive says."""
        return self._directive.ability

    @property
    def error(self) -> float:
        """Its standard error."""
        return self._directive.ability_error

    @property
    def rests(self) -> bool:
        """Whether the directive offers a break."""
        return self._directive.guidance is Guidance.BREAK

    def _felt(self, strain: float, until_us: int) -> Iterator[EmotionEstimate]:
        """Estimates at 2 Hz: the true strain, an error that lasts, an error that does not, and one in six unsure."""
        lasting = 0.1 * self._rng.standard_normal()
        for time_us in range(self._time_us, until_us, round(HOP_S * 1e6)):
            seen = float(np.clip(strain + lasting + 0.15 * self._rng.standard_normal(), 0.0, 1.0))
            confidence = 0.4 if self._rng.random() < 1 / 6 else 0.8
            yield EmotionEstimate(
                header=self._header("fusion", time_us // round(HOP_S * 1e6), time_us), abstained=False, reason=Reason.GOOD,
                confidence=confidence, strain=seen, strain_error=0.15, face_share=0.5, wristband_share=0.5, voice_share=0.0,
            )  # fmt: skip

    def _directed(self, event: Event) -> Directive:
        (directive,) = [made for made in self._processor.step(event) if isinstance(made, Directive)]
        return directive

    def _header(self, stream_id: str, sequence: int, time_us: int) -> Header:
        return Header(
            session_id=self._session, stream_id=stream_id, sequence=sequence, event_time_us=time_us, complete_until_us=time_us + 1
        )


POLICIES: dict[str, Callable[[int], Policy]] = {
    "fixed 67 ms": lambda seed: Staircase(seed, 67, None),
    "fixed 200 ms": lambda seed: Staircase(seed, 200, None),
    "2-down-1-up": lambda seed: Staircase(seed, 200, 2),
    "ours, behaviour only": lambda seed: Recommended(seed, estimates=False),
    "ours, with estimates of strain": lambda seed: Recommended(seed, estimates=True),
}


@dataclass(frozen=True, slots=True)
class Session:
    """One learner's session under one policy: what the tables show."""

    accuracy: float
    off_target: float
    ability_rmse: float
    miss_runs: float
    strain: float
    covered: float  # share of the last trials in which the truth lay within two standard errors; NaN where none are given


def simulate(policy: Policy, learner: SimulatedLearner) -> Session:
    """One session."""
    item, run, runs = policy.first(), 0, 0
    rows: list[tuple[float, float, float, float, float]] = []
    for number in range(1, TRIALS + 1):
        truth = learner.ability(item.emotion, number)
        error = policy.ability - truth
        spread = getattr(policy, "error", float("nan"))
        chance = learner.success(item, number)
        answer = learner.answer(item, number)
        covered = abs(error) <= 2 * spread if np.isfinite(spread) else float("nan")
        rows.append((answer.correct, abs(chance - TARGET), error, learner.strain, covered))
        run = 0 if answer.correct else run + 1
        runs, run = (runs + 1, 0) if run == 3 else (runs, run)
        item = policy.after(number, item, answer, learner.strain)
        if policy.rests:
            learner.rest()
    table: FloatArray = np.array(rows, float)
    late = table[-LATE:]
    rmse = float(np.sqrt(np.mean(late[:, 2] ** 2)))
    return Session(table[:, 0].mean(), table[:, 1].mean(), rmse, float(runs), table[:, 3].mean(), late[:, 4].mean())


def compare(learners: int, seed: int, proneness: float) -> Iterator[tuple[str, list[Session]]]:
    """Every policy on the same learners."""
    for name, policy in POLICIES.items():
        if proneness == 0.0 and "estimates" in name:
            continue
        yield name, [simulate(policy(one.seed), one) for one in population(learners, seed, proneness)]


COLUMNS = (
    "accuracy", "sessions within 72 to 83 %", "true success off 0.78", "error of the ability, logits", "truth within 2 standard errors",
    "runs of 3 misses", "strain",
)  # fmt: skip


def row(name: str, sessions: list[Session]) -> str:
    """One line of the table: mean and, in brackets, the standard deviation between learners; shares without."""
    values: FloatArray = np.array([[s.accuracy, s.off_target, s.ability_rmse, s.miss_runs, s.strain] for s in sessions])
    pairs = zip(values.mean(0), values.std(0), strict=True)
    accuracy, off, error, runs, strain = (f"{mean:.2f} ({spread:.2f})" if np.isfinite(mean) else "-" for mean, spread in pairs)
    within = f"{np.mean([0.72 <= s.accuracy <= 0.83 for s in sessions]):.0%}"
    covered = float(np.mean([s.covered for s in sessions]))
    cells = (name, accuracy, within, off, error, f"{covered:.0%}" if np.isfinite(covered) else "-", runs, strain)
    return "| " + " | ".join(cells) + " |"


def report(learners: int, seed: int) -> Iterator[str]:
    """The page, line by line."""
    yield "# Difficulty policies on simulated learners"
    yield ""
    yield f"Synthetic: {learners} simulated learners (seed {seed}), {TRIALS} trials each, seven answers; no person took part. The learners"
    yield "learn during the session, differ in slopes from the item model, and find single faces easier or harder. In the second table"
    yield "misses build up strain, strain costs success, and estimates see it with noise. All of that is assumed"
    yield "(`src/affectloop/synthetic/learner.py`). Mean, and in brackets the standard deviation between learners. The error of the ability"
    yield f"is over the last {LATE} trials. The constants of learning and drift were chosen on seed 7, which this page does not use."
    yield ""
    yield f"    python learning/simulate_learners.py --learners {learners} --seed {seed} --write"
    for title, proneness in (("Learners who do not mind missing", 0.0), ("Learners whom misses strain", 1.0)):
        yield ""
        yield f"## {title}"
        yield ""
        yield "| policy | " + " | ".join(COLUMNS) + " |"
        yield "|---|" + "---|" * len(COLUMNS)
        for name, sessions in compare(learners, seed, proneness):
            yield row(name, sessions)


def main() -> None:
    """Print the page, or write it where the project keeps its results."""
    parser = argparse.ArgumentParser(description="Compare difficulty policies on simulated learners (synthetic).")
    parser.add_argument("--learners", type=int, default=200, help="simulated learners a policy (default 200; about a minute)")
    parser.add_argument("--seed", type=int, default=11, help="of the population (default 11)")
    parser.add_argument("--write", action="store_true", help=f"write docs/results/{RESULTS.name} instead of printing")
    arguments = parser.parse_args()
    lines: list[str] = []
    for line in report(arguments.learners, arguments.seed):
        lines.append(line)
        print(line if not arguments.write else f"{len(lines)} lines ...", file=sys.stdout if not arguments.write else sys.stderr)
    if arguments.write:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
