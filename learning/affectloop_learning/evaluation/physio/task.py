"""``affectloop evaluate physio``."""

from __future__ import annotations

import argparse
from pathlib import Path

from affectloop.cli import Command
from affectloop_learning.evaluation.page import destinations, page_arguments, print_page


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that holds the recordings named above")
    page_arguments(parser, "physio.md")


def _run(chosen: argparse.Namespace) -> int:
    files = destinations(chosen, "physio.md")
    from affectloop_learning.evaluation.physio.page import sections

    print_page(sections(chosen.data), files)
    return 0


TASK = Command(
    summary="beats, heart rates, skin responses and wear on real recordings, beside neurokit2",
    description=(
        "Score what the physiology service tells of real recordings: R peaks, heart rates of moving and\n"
        "resting wrists, the error that it tells, skin conductance responses, bands that nobody\n"
        "wears, and what it tells of nothing.\n"
        "neurokit2 and simple baselines stand beside it. About six minutes on one core.\n\n"
        "  affectloop evaluate physio --data recordings                  print the page\n"
        "  affectloop evaluate physio --data recordings --output my.md   and keep it\n\n"
        "DIR holds\n"
        "  ecg_mitbih/*.dat, .hea, .atr              MIT-BIH Arrhythmia Database, format 212, with its annotations\n"
        "  ppg_troika/DATA_??_TYPE??.mat             IEEE Signal Processing Cup 2015, each with its DATA_??_TYPE??_BPMtrace.mat\n"
        "  e4_stress_predict/Raw_data/S??/*.csv      Stress-Predict, or other Empatica E4 sessions: BVP, ACC, EDA, TEMP, HR, IBI\n"
    ),
    arguments=_arguments,
    run=_run,
)
