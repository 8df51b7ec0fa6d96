"""``affectloop train voice-arousal``."""

from __future__ import annotations

import argparse
from pathlib import Path

from affectloop.cli import Command
from affectloop.errors import InvalidInput
from affectloop_learning.checkout import kept

SPEAKERS = 400
FEWEST_SPEAKERS = 8  # every fourth is held out, and five cues are weighed


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--speakers", type=int, default=SPEAKERS, help=f"synthetic speakers (default {SPEAKERS})")
    parser.add_argument("--workers", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder to write (default: models/voice-arousal-v1 of the checkout)")


def _run(chosen: argparse.Namespace) -> int:
    if chosen.speakers < FEWEST_SPEAKERS or chosen.workers < 1:
        raise InvalidInput(f"at least {FEWEST_SPEAKERS} speakers and one worker are needed: --speakers {SPEAKERS} --workers 1")
    folder = chosen.output or kept("models", "voice-arousal-v1")
    from affectloop_learning.training.voice_arousal import fit

    fit.run(chosen.speakers, chosen.workers, folder)
    return 0


TASK = Command(
    summary="the voice's arousal models, on synthetic voices",
    description=(
        "Fit the two linear models of vocal arousal on synthetic voices, measured by the service's own code:\n"
        "weights.json, config.json. No data is needed; some ten minutes on one core. Prints the models and\n"
        "their figures on the synthetic speakers held out.\n\n"
        "  affectloop train voice-arousal --output my-arousal\n"
        "  affectloop evaluate audio --data corpora               how it does on acted speech\n"
    ),
    arguments=_arguments,
    run=_run,
)
