"""``affectloop evaluate audio``."""

from __future__ import annotations

import argparse
from pathlib import Path

from affectloop.cli import Command
from affectloop.errors import InvalidInput
from affectloop_learning.evaluation.page import destinations, page_arguments, print_page


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="DIR", help="the folder that holds the corpora named above; without: synthetic voices")
    page_arguments(parser, "audio.md")


def _run(chosen: argparse.Namespace) -> int:
    if chosen.write and not chosen.data:
        raise InvalidInput("--write needs --data DIR: docs/results/audio.md is mostly about real speech")
    files = destinations(chosen, "audio.md")
    from affectloop_learning.evaluation.audio.page import sections, synthetic_tables

    print_page(sections(chosen.data) if chosen.data else synthetic_tables(), files)
    return 0


TASK = Command(
    summary="voice activity, pitch, speaking rate and vocal arousal, on synthetic voices and acted speech",
    description=(
        "Score what the audio service tells: pitch and syllables of synthetic voices, whose truth is known,\n"
        "and with --data voice activity in noises, speaking rate, and high against low arousal in acted\n"
        "speech, with whether the error that it tells is honest. About five minutes on one core; ten seconds\n"
        "without --data.\n\n"
        "  affectloop evaluate audio                                   synthetic voices alone\n"
        "  affectloop evaluate audio --data corpora --output my.md     the whole page, and keep it\n\n"
        "DIR holds (mono, 16 kHz)\n"
        "  speech_emodb/wav/*.wav, speech_emodb/silb/*.silb   EmoDB with its syllables, named as it names them (03a01Fa.wav)\n"
        "  speech_ravdess/*.flac                              RAVDESS, speech, named as it names them (03-01-06-01-02-01-12.flac)\n"
    ),
    arguments=_arguments,
    run=_run,
)
