"""The files that a command names, or the recorded learner that comes along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from affectloop_capture.sources.base import Source
from affectloop_capture.sources.registry import kinds, open_source

DEMO = "demo"  # instead of a file: the recorded learner that comes with the commands
HELP = f"{kinds()}; or {DEMO}: the learner that comes along"


def open_inputs(paths: Sequence[Path], *, salvage: bool = False) -> list[Source]:
    """Every input as a source; ``InvalidInput`` names the file, what is wrong and the remedy."""
    return [_opened(path, salvage=salvage) for path in paths]


def _opened(path: Path, *, salvage: bool) -> Source:
    if str(path) == DEMO and not path.exists():
        from affectloop_commands.demo_learner import demo_source

        return demo_source()
    return open_source(path, salvage=salvage)
