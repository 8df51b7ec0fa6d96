"""``affectloop evaluate fusion``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from affectloop.cli import Command
from affectloop_learning.checkout import kept
from affectloop_learning.evaluation.page import destinations, page_arguments, print_page

TITLE = "# The fusion net, fusion-v1\n"
BEGIN, END = "<!-- figures: written by affectloop evaluate fusion --write -->", "<!-- end of figures -->"


def _arguments(parser: argparse.ArgumentParser) -> None:
    page_arguments(parser, "fusion.md")


def _run(chosen: argparse.Namespace) -> int:
    files = destinations(chosen, "fusion.md")
    card = kept("models", "fusion-v1", "MODEL_CARD.md") if chosen.write else None
    from affectloop_learning.evaluation.fusion.page import sections

    made: list[str] = []
    print_page(_heard(sections(), made), files)
    if card:
        _note(card, made)
    return 0


def _heard(parts: Iterator[str], made: list[str]) -> Iterator[str]:
    yield TITLE
    for part in parts:
        made.append(part)
        yield part


def _note(card: Path, made: list[str]) -> None:
    """Put the figures between their marks in the card, a level deeper than in the page."""
    before, rest = card.read_text().split(BEGIN)
    text = "\n".join(made).replace("## ", "### ")
    card.write_text(before + BEGIN + "\n\n" + text + "\n" + END + rest.split(END)[1])
    print(f"wrote {card}", file=sys.stderr)


TASK = Command(
    summary="the fusion net on synthetic learners, by modality, with its calibration",
    description=(
        "Score models/fusion-v1 on synthetic learners it never saw: its errors by modality beside a linear\n"
        "regression's, whether its bands hold, what its confidence means, and what its guided attention is\n"
        "worth. Runs the graph that the service runs. No data is needed; about two minutes on one core.\n"
        "--write notes the figures in the model's card, too.\n\n"
        "  affectloop evaluate fusion\n"
    ),
    arguments=_arguments,
    run=_run,
)
