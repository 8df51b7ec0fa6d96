"""``affectloop evaluate recommender``."""

from __future__ import annotations

import argparse

from affectloop.cli import Command
from affectloop.errors import InvalidInput
from affectloop_learning.evaluation.page import destinations, page_arguments, print_page


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--learners", type=int, default=200, help="simulated learners a policy (default 200; about a minute)")
    parser.add_argument("--seed", type=int, default=11, help="of the learners (default 11)")
    page_arguments(parser, "recommender.md")


def _run(chosen: argparse.Namespace) -> int:
    if chosen.learners < 1:
        raise InvalidInput(f"--learners {chosen.learners}: at least one is needed")
    files = destinations(chosen, "recommender.md")
    from affectloop_learning.evaluation.recommender.page import sections

    print_page(sections(chosen.learners, chosen.seed), files)
    return 0


TASK = Command(
    summary="difficulty policies on simulated learners",
    description=(
        "Compare policies of difficulty on simulated learners: fixed durations, a staircase, and the\n"
        "recommender's own processor with and without estimates of strain. Everything is synthetic: it shows\n"
        "how policies differ and says nothing of people. No data is needed.\n\n"
        "  affectloop evaluate recommender                             200 learners, about a minute\n"
        "  affectloop evaluate recommender --learners 20 --seed 3      others, sooner\n"
    ),
    arguments=_arguments,
    run=_run,
)
