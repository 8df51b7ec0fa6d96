"""The page that an evaluation prints, and where it is kept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from affectloop.errors import InvalidInput
from affectloop_learning.checkout import kept


def page_arguments(parser: argparse.ArgumentParser, page: str) -> None:
    """What every evaluation offers to do with what it prints."""
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the page to this file, too")
    parser.add_argument("--write", action="store_true", help=f"write docs/results/{page}, too (in a checkout)")


def destinations(chosen: argparse.Namespace, page: str) -> list[Path]:
    """The files to write, known to be writable places before any work is done."""
    files = [kept("docs", "results", page)] if chosen.write else []
    files += [chosen.output] if chosen.output else []
    for file in files:
        if not file.parent.is_dir():
            raise InvalidInput(f"--output {file}: the folder {file.parent} is not there; make it first")
    return files


def print_page(parts: Iterable[str], files: Iterable[Path]) -> None:
    """Print a page part by part as they come; then write it."""
    page = []
    for part in parts:
        print(part, flush=True)
        page.append(part)
    write_page("\n".join(page), files)


def write_page(text: str, files: Iterable[Path]) -> None:
    """Write a page and say where."""
    for file in files:
        file.write_text(text)
        print(f"wrote {file}", file=sys.stderr)
