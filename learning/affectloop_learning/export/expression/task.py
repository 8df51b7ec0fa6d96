"""``affectloop train expression``: fitted by its authors, brought into ONNX here."""

from __future__ import annotations

import argparse
from pathlib import Path

from affectloop.cli import Command
from affectloop_learning.checkout import kept


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="the npm package's archive, vladmandic-face-api-1.7.15.tgz")
    parser.add_argument("--output", type=Path, metavar="DIR", help="the folder to write (default: models/expression-v1 of the checkout)")


def _run(chosen: argparse.Namespace) -> int:
    folder = chosen.output or kept("models", "expression-v1")
    from affectloop_learning.export.expression import port

    port.run(chosen.package, folder)
    return 0


TASK = Command(
    summary="face-api's expression net, from its npm package to ONNX",
    description=(
        "Bring the expression net of the npm package @vladmandic/face-api 1.7.15 (MIT) into ONNX: model.onnx\n"
        "and config.json. Nothing is fitted here: the net is rebuilt in torch from the package's weights,\n"
        "exported and checked; ONNX Runtime must say what torch says, and torch what the package's own\n"
        "JavaScript runtime said of the same pictures. Seconds.\n\n"
        "  npm pack @vladmandic/face-api@1.7.15\n"
        "  affectloop train expression vladmandic-face-api-1.7.15.tgz --output my-expression\n"
    ),
    arguments=_arguments,
    run=_run,
)
