"""The same cases by another commit's own programs, for ``benchmarks/loop.py --against COMMIT``.

The commit is checked out into a temporary worktree; its code and its benchmark run with the packages of this environment. So both
are measured within one run on one machine, and what has been renamed since does not matter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from affectloop.errors import InvalidInput, Unavailable
from loop_ages import Spread, Stage
from loop_load import Topology
from loop_run import Case, Result

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Before:
    """A commit, by its short name, where it is checked out."""

    commit: str
    tree: Path

    def run(self, case: Case, data: Path | None) -> Result:
        """Run a case by the commit's own benchmark."""
        command = [sys.executable, str(self.tree / "benchmarks" / "loop.py"), "--write", *options_of(case, data)]
        ended = subprocess.run(command, env=self._environment, stdout=subprocess.DEVNULL, check=False)
        figures = self.tree / "docs" / "results" / "loop.json"
        if ended.returncode:
            raise Unavailable(f"the benchmark of {self.commit} failed; what it said is above")
        return result_of(json.loads(figures.read_text())["runs"][0])

    def knows(self, case: Case) -> bool:
        """Whether the commit's benchmark has such a case."""
        return not case.edges or (self.tree / "benchmarks" / "loop_edges.py").exists()

    @property
    def _environment(self) -> dict[str, str]:
        """Its packages before those of this tree, which the environment has installed."""
        sources = [self.tree / "src", *sorted((self.tree / "services").iterdir()), self.tree]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))}


@contextmanager
def checked_out(commit: str) -> Iterator[Before]:
    """Check a commit out for the time of a benchmark; ``InvalidInput`` where there is none of that name."""
    found = _git("rev-parse", "--verify", "--short", f"{commit}^{{commit}}")
    if found.returncode:
        raise InvalidInput(f"{commit} is no commit of this repository: give one that git knows")
    with tempfile.TemporaryDirectory(prefix="affectloop-before-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder) / "tree"
        added = _git("worktree", "add", "--detach", str(tree), commit)
        if added.returncode:
            raise Unavailable(f"git could not check out {commit}: {added.stderr.strip()}")
        try:
            yield Before(found.stdout.strip(), tree)
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)


def options_of(case: Case, data: Path | None) -> list[str]:
    """The options of ``loop.py`` that run this case alone."""
    of_edge, together = case.topology is Topology.EDGE and not case.edges, case.together
    numbers = {
        "--learners": case.learners if of_edge and not together else None,
        "--one-process": case.learners if together else None,
        "--sound": case.learners if case.topology is Topology.SOUND else None,
        "--video": case.learners if case.topology is Topology.VIDEO else None,
    }
    if case.edges:
        numbers["--edges"] = case.learners
    options = ["--bus", case.bus, "--seconds", f"{case.seconds:g}", "--warm-up", f"{case.warm_up_s:g}"]
    for name, number in numbers.items():
        options += [name, "" if number is None else str(number)]
    return options + (["--data", str(data)] if data is not None else [])


def result_of(run: Mapping[str, Any]) -> Result:
    """A run as ``loop.json`` holds it; what it says beyond what is known here is passed over."""
    case = _known(Case, run["case"]) | {"topology": Topology(run["case"]["topology"])}
    stages = {
        name: Stage(
            expected=stage["expected"],
            since_input=Spread(**_known(Spread, stage["since_input"])),
            since_event=Spread(**_known(Spread, stage["since_event"])),
        )
        for name, stage in run["stages"].items()
    }
    return Result(**_known(Result, run) | {"case": Case(**case), "stages": stages})


def _known(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
