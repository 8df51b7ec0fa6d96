"""``affectloop train fusion``."""

from __future__ import annotations

import argparse
from pathlib import Path

from affectloop.cli import Command
from affectloop.errors import InvalidInput
from affectloop_learning.checkout import kept

PASSES = 4  # each over new learners: nothing is met twice
LEARNERS = 700  # a pass; its windows take some 300 MB


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="the first is written as the model (default 0 1 2)")
    parser.add_argument("--passes", type=int, default=PASSES, help=f"over new learners each (default {PASSES})")
    parser.add_argument("--learners", type=int, default=LEARNERS, help=f"synthetic learners of a pass (default {LEARNERS})")
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder to write (default: models/fusion-v1 of the checkout)")
    parser.add_argument("--quick", action="store_true", help="one seed, one pass, few learners: does it run? Nothing to be used")


def _run(chosen: argparse.Namespace) -> int:
    folder = chosen.output or kept("models", "fusion-v1")
    seeds, passes, learners = (chosen.seeds[:1], 1, 20) if chosen.quick else (chosen.seeds, chosen.passes, chosen.learners)
    from affectloop_learning.synthetic.windows import SEED_STRIDE

    if not 1 <= passes * learners <= SEED_STRIDE:
        raise InvalidInput(f"--passes times --learners must be 1 to {SEED_STRIDE}: the next seed's learners begin there")
    from affectloop_learning.training.fusion import fit

    fit.run(seeds, passes, learners, folder)
    return 0


TASK = Command(
    summary="the fusion net, on synthetic sessions",
    description=(
        "Train the fusion net on synthetic sessions, with its guided attention and without, calibrate it on\n"
        "learners of their own, and export it to ONNX: model.onnx, weights.safetensors, config.json. No data\n"
        "is needed; a few minutes on one core. Ctrl-C ends it early: the net in hand is calibrated as it is\n"
        "and written.\n\n"
        "  affectloop train fusion --output my-fusion             everything, into a folder of yours\n"
        "  affectloop train fusion --quick --output my-fusion     one seed, one pass: does it run?\n"
        "  affectloop evaluate fusion --write                     afterwards: docs/results/fusion.md and the figures in the card\n"
    ),
    arguments=_arguments,
    run=_run,
)
