"""How far a long command is, on stderr: one line that is rewritten on a terminal, only what is final in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

QUIET_S = 2.0  # what takes no longer needs no line
WIDTH = 78


def told(line: str, *, final: bool = False) -> None:
    """One line of progress; a final one stays."""
    if sys.stderr.isatty():
        print(f"\r{line:<{WIDTH}}", end="\n" if final else "", file=sys.stderr, flush=True)
    elif final:
        print(line, file=sys.stderr, flush=True)


def counted(items: Sequence[Item], what: str) -> Iterator[Item]:
    """The items one by one, telling which one is at hand once that takes longer than a moment."""
    began = time.monotonic()
    for number, item in enumerate(items, start=1):
        if time.monotonic() - began > QUIET_S:
            told(f"  {what}: {number} of {len(items)}")
        yield item
    seconds = time.monotonic() - began
    if seconds > QUIET_S:
        told(f"  {what}: {len(items)} in {seconds:.0f} s", final=True)
