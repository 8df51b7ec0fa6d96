"""Another commit's own benchmark is asked for the same case."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from affectloop.errors import InvalidInput
from loop_against import ROOT, checked_out, options_of
from loop_load import Topology
from loop_run import Case

CASE = Case(topology=Topology.EDGE, bus="kafka", learners=50, seconds=30.0, warm_up_s=15.0)


def chosen(case: Case) -> dict[str, str]:
    options = options_of(case, Path("data"))
    return dict(zip(options[::2], options[1::2], strict=True))


@pytest.mark.parametrize(
    ("case", "option"),
    [
        (CASE, "--learners"),
        (replace(CASE, together=True), "--one-process"),
        (replace(CASE, topology=Topology.SOUND), "--sound"),
        (replace(CASE, topology=Topology.VIDEO), "--video"),
    ],
)
def test_one_case_is_one_number(case: Case, option: str) -> None:
    options = chosen(case)
    numbers = {name: options[name] for name in ("--learners", "--one-process", "--sound", "--video")}
    assert numbers == {name: "50" if name == option else "" for name in numbers}
    assert (options["--bus"], options["--seconds"], options["--warm-up"], options["--data"]) == ("kafka", "30", "15", "data")


def test_a_commit_that_git_does_not_know_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no-such-commit is no commit of this repository"), checked_out("no-such-commit"):
        pass


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="no repository: sources without their history")
def test_a_commit_is_checked_out_and_leaves_nothing_behind() -> None:
    with checked_out("HEAD") as before:
        assert (before.tree / "benchmarks" / "loop.py").exists()
        assert before.knows(CASE)
    assert not before.tree.exists()
    listed = subprocess.run(["git", "-C", str(ROOT), "worktree", "list"], capture_output=True, text=True, check=True).stdout
    assert str(before.tree) not in listed
