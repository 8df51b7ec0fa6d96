"""``affectloop evaluate``, ``affectloop train``, ``affectloop render``: tasks that entry points name; the library names none."""

from __future__ import annotations

import argparse

from affectloop.cli import Command, add_commands
from affectloop.errors import Unavailable


def _verb(verb: str, group: str, extra: str, summary: str, description: str) -> Command:
    """A command whose subcommands are the tasks of an entry-point group; each is a ``Command``, too."""

    def arguments(parser: argparse.ArgumentParser) -> None:
        tasks = parser.add_subparsers(required=True, metavar="TASK", help=f"affectloop {verb} TASK --help says what one wants and gives")
        add_commands(tasks, group, extra)

    def run(_: argparse.Namespace) -> int:
        raise Unavailable(f"no task is installed: pip install 'affectloop[{extra}]'")

    return Command(summary=summary, description=description, arguments=arguments, run=run)


EVALUATE = _verb(
    "evaluate",
    "affectloop.evaluations",
    "learning",
    "score what the services measure and estimate, on recordings or synthetic learners",
    "Score a part of the loop and print a page of tables: what docs/results/ holds, and what it says of recordings of yours.\n\n"
    "  affectloop evaluate physio --help              what a task wants, prints and writes\n"
    "  affectloop evaluate physio --data recordings   on real signals\n"
    "  affectloop evaluate recommender                on simulated learners\n\n"
    "Needs the extra: pip install 'affectloop[learning]'.",
)

TRAIN = _verb(
    "train",
    "affectloop.trainings",
    "learning",
    "make a model of models/ anew",
    "Make one of the models that the services run: fit it, or bring one that others trained into the form that they run.\n\n"
    "  affectloop train fusion --help\n"
    "  affectloop train fusion --output my-fusion     trained on synthetic sessions, into a folder of yours\n\n"
    "Needs the extra: pip install 'affectloop[learning]'.",
)

RENDER = _verb(
    "render",
    "affectloop.renderings",
    "rendering",
    "draw synthetic people of known truth",
    "Make recordings in which nobody is: drawn faces, simulated signals, a spoken voice, and the truth about them.\n\n"
    "  affectloop render demo-learner --help\n\n"
    "Needs the extra: pip install 'affectloop[rendering]'.",
)
