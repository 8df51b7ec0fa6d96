"""Evaluations, trainings and renderings as commands: found by entry points, taught by their help, refused in a sentence."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from affectloop import cli
from affectloop.cli import FAILED, Command, main

GROUPS = {"evaluate": "affectloop.evaluations", "train": "affectloop.trainings", "render": "affectloop.renderings"}
TASKS = [(verb, point.name) for verb, group in GROUPS.items() for point in entry_points(group=group)]


def task(verb: str, name: str) -> Command:
    """What the entry point names."""
    (point,) = entry_points(group=GROUPS[verb], name=name)
    command: Command = point.load()
    return command


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = FAILED) -> str:
    """What a command says on stderr."""
    assert main(words) == code
    return capsys.readouterr().err.strip()


@pytest.mark.parametrize(("verb", "name"), TASKS)
def test_the_help_of_a_task_teaches(verb: str, name: str) -> None:
    """What it does in words, an example to copy, a word on every argument, and where the result goes."""
    command = task(verb, name)
    assert f"\n  affectloop {verb} {name}" in command.description, "an example"
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    assert all(action.help for action in parser._actions)
    assert "--output" in parser.format_help()


def test_listing_tasks_loads_neither_torch_nor_what_the_tasks_need() -> None:
    listed = "import sys; from affectloop.cli import parser; parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True).stdout.split()
    assert "affectloop_learning.training.fusion.task" in loaded
    assert not {"torch", "onnx", "neurokit2", "moderngl"} & set(loaded)


def test_only_the_command_that_is_asked_for_is_loaded() -> None:
    listed = "import sys; from affectloop.cli import main; main(['topics', 'list']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True).stdout.split()
    assert "affectloop.commands.topics" in loaded
    assert "affectloop.commands.learning" not in loaded


@pytest.mark.parametrize("words", [("--data", "somewhere"), ("--help",), ()])
def test_a_task_without_its_extra_says_which_one_to_install(
    words: Sequence[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "task_of_a_missing_library.py").write_text("import a_library_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    offer(monkeypatch, "task_of_a_missing_library:TASK")
    assert said(capsys, "evaluate", "offered", *words) == (
        "affectloop evaluate: needs a_library_that_is_not_there: pip install 'affectloop[learning]'"
    )


def test_a_library_that_is_missed_only_when_the_task_runs_is_named_with_its_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "task_that_imports_late.py").write_text(
        "from affectloop.cli import Command\n"
        "def run(chosen):\n    import another_library_that_is_not_there\n"
        "TASK = Command(summary='', description='', arguments=lambda parser: None, run=run)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    offer(monkeypatch, "task_that_imports_late:TASK")
    assert "needs another_library_that_is_not_there: pip install 'affectloop[learning]'" in said(capsys, "evaluate", "offered")


def offer(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Let this be the only evaluation."""

    def points(group: str) -> Sequence[EntryPoint]:
        return [EntryPoint("offered", value, group)] if group == GROUPS["evaluate"] else list(entry_points(group=group))

    monkeypatch.setattr(cli, "entry_points", points)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("evaluate", "physio", "--data", "nowhere"), "--data nowhere: there is no such folder"),
        (("evaluate", "physio", "--data", "."), "put records of the MIT-BIH Arrhythmia Database (PhysioNet) there"),
        (("evaluate", "audio", "--data", "."), "put the utterances of EmoDB there"),
        (("evaluate", "audio", "--write"), "--write needs --data DIR"),
        (("evaluate", "recommender", "--learners", "0"), "at least one is needed"),
        (("evaluate", "fusion", "--output", "missing/page.md"), "the folder missing is not there; make it first"),
        (("train", "fusion", "--passes", "0"), "--passes times --learners must be 1 to 10000"),
        (("train", "voice-arousal", "--speakers", "1"), "at least 8 speakers"),
        (("train", "expression", "missing.tgz", "--output", "out"), "missing.tgz is not there: npm pack"),
        (("render", "demo-learner", "--output", "out", "--keep-face"), "there is no face.webm in out to keep"),
    ],
)
def test_what_a_task_cannot_use_is_named_with_the_remedy(
    words: Sequence[str], sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (line,) = said(capsys, *words).splitlines()
    assert line.startswith(f"affectloop {words[0]}: ")
    assert sentence in line


def test_a_broken_recording_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("ecg_mitbih/100.dat", "ppg_troika/DATA_01_TYPE01.mat", "e4_stress_predict/Raw_data/S01/IBI.csv"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("nothing")
    assert "100.dat cannot be read as a record of MIT-BIH" in said(capsys, "evaluate", "physio", "--data", str(tmp_path))


def test_a_page_is_printed_and_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = tmp_path / "page.md"
    assert main(["evaluate", "recommender", "--learners", "1", "--seed", "3", "--output", str(kept)]) == 0
    assert capsys.readouterr().out.rstrip("\n") == kept.read_text().rstrip("\n")
    assert "affectloop evaluate recommender --learners 1 --seed 3 --write" in kept.read_text()
    assert kept.read_text().count("| ours, behaviour only |") == 2


def test_what_is_kept_in_a_checkout_is_refused_where_there_is_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("affectloop_learning.checkout.ROOT", tmp_path)
    assert "docs/results/recommender.md is kept in a checkout" in said(capsys, "evaluate", "recommender", "--write")
    assert "models/fusion-v1 is kept in a checkout of Affectloop, and this one is installed: give --output" in said(
        capsys, "train", "fusion"
    )
