"""The page docs/results/recommender.md: policies compared on the same simulated learners.

Everything here is synthetic: the learners are curves (``affectloop.synthetic.learner``), their strain follows their
misses by assumption, and the estimates of it are that strain with noise. It shows how policies differ, and that ours
does what it is meant to do; it says nothing of people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from affectloop.synthetic.learner import SimulatedLearner, population
from affectloop.training_science.items import FloatArray
from affectloop_learning.evaluation.recommender.policies import Policy, Recommended, Staircase
from affectloop_learning.markdown import titled
from affectloop_learning.progress import counted

TARGET = 0.78
TRIALS = 84  # twelve of each emotion: a session of about eight minutes
LATE = 28  # trials at the end, over which the error of the ability is taken: four of each emotion

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
        drawn = list(population(learners, seed, proneness))
        yield name, [simulate(policy(one.seed), one) for one in counted(drawn, f"learners, {name}")]


COLUMNS = (
    "policy",
    "accuracy",
    "sessions within 72 to 83 %",
    "true success off 0.78",
    "error of the ability, logits",
    "truth within 2 standard errors",
    "runs of 3 misses",
    "strain",
)


def row(name: str, sessions: list[Session]) -> tuple[str, ...]:
    """One row of the table: mean and, in brackets, the standard deviation between learners; shares without."""
    values: FloatArray = np.array([[s.accuracy, s.off_target, s.ability_rmse, s.miss_runs, s.strain] for s in sessions])
    pairs = zip(values.mean(0), values.std(0), strict=True)
    accuracy, off, error, runs, strain = (f"{mean:.2f} ({spread:.2f})" if np.isfinite(mean) else "-" for mean, spread in pairs)
    within = f"{np.mean([0.72 <= s.accuracy <= 0.83 for s in sessions]):.0%}"
    covered = float(np.mean([s.covered for s in sessions]))
    return (name, accuracy, within, off, error, f"{covered:.0%}" if np.isfinite(covered) else "-", runs, strain)


def sections(learners: int, seed: int) -> Iterator[str]:
    """The page, part by part."""
    yield f"""# Difficulty policies on simulated learners

Synthetic: {learners} simulated learners (seed {seed}), {TRIALS} trials each, seven answers; no person took part. The learners
learn during the session, differ in slopes from the item model, and find single faces easier or harder. In the second table
misses build up strain, strain costs success, and estimates see it with noise. All of that is assumed
(`src/affectloop/synthetic/learner.py`). Mean, and in brackets the standard deviation between learners. The error of the ability
is over the last {LATE} trials. The constants of learning and drift were chosen on seed 7, which this page does not use.

    affectloop evaluate recommender --learners {learners} --seed {seed} --write
"""
    for title, proneness in (("Learners who do not mind missing", 0.0), ("Learners whom misses strain", 1.0)):
        yield titled(title, COLUMNS, [row(name, sessions) for name, sessions in compare(learners, seed, proneness)])
