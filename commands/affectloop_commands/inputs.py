"""The files that a command names, or the recorded learner that comes along."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from affectloop.errors import InvalidInput
from affectloop_capture.sources.base import Source
from affectloop_capture.sources.registry import kinds, open_source

DEMO = "demo"  # instead of a file: the recorded learner that comes with the commands
FURTHEST_S = 7 * 24 * 3600.0  # no session is longer
HELP = f"{kinds()}; or {DEMO}: the learner that comes along"


def add_reading(parser: argparse.ArgumentParser) -> None:
    """The options on how files are read."""
    parser.add_argument("--salvage", action="store_true", help="read what there is of a damaged file; the report says what is missing")
    parser.add_argument(
        "--offset",
        action="append",
        default=[],
        metavar="FILE=S",
        help="this file starts S seconds after the first of the others, instead of by its clock (for several files, several times)",
    )


def offsets_of(asked: Sequence[str], paths: Sequence[Path]) -> dict[int, float]:
    """The offset in seconds of each file that has one, by its number; ``InvalidInput`` where it is none of the files, or no number."""
    offsets: dict[int, float] = {}
    for each in asked:
        name, _, text = each.rpartition("=")
        numbers = [number for number, path in enumerate(paths) if str(path) == name]
        numbers = numbers or [number for number, path in enumerate(paths) if path.name == name]
        if len(numbers) != 1:
            there = "several of the files" if numbers else "none of the files"
            raise InvalidInput(f"--offset {each}: {name or 'nothing'} is {there}; write FILE=SECONDS with the file as it is named here")
        try:
            offsets[numbers[0]] = float(text)
        except ValueError:
            offsets[numbers[0]] = math.nan
        if not abs(offsets[numbers[0]]) <= FURTHEST_S:
            problem = f"{text!r} is no number of seconds within a week"
            raise InvalidInput(f"--offset {each}: {problem}; write FILE=SECONDS, such as {name}=2.5")
    return offsets


def open_inputs(paths: Sequence[Path], *, salvage: bool = False) -> list[Source]:
    """Every input as a source; ``InvalidInput`` names the file, what is wrong and the remedy."""
    return [_opened(path, salvage=salvage) for path in paths]


def _opened(path: Path, *, salvage: bool) -> Source:
    if str(path) == DEMO and not path.exists():
        from affectloop_commands.demo_learner import demo_source

        return demo_source()
    return open_source(path, salvage=salvage)
