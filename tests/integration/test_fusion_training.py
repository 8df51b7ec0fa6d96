"""The command that trains the fusion net, on little: it runs, and what it writes can be served."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from affectloop.nets.export import INPUTS, OUTPUTS, example_inputs, load, served
from affectloop.nets.fusion import FusionShape

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A net trained on a few learners, which is good for nothing else."""
    folder = tmp_path_factory.mktemp("models") / "fusion-quick"
    command = [sys.executable, "-m", "affectloop.cli", "train", "fusion", "--quick", "--seeds", "5", "--output", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_exported_graph_says_what_torch_says_at_any_batch(trained: Path) -> None:
    torch.manual_seed(0)
    net = load(FusionShape.from_json(json.loads((trained / "config.json").read_text())["shape"]), trained / "weights.safetensors")
    session = onnxruntime.InferenceSession(str(trained / "model.onnx"), providers=["CPUExecutionProvider"])
    for batch in (1, 2, 33):
        drawn = example_inputs(net.shape, batch)
        inputs = tuple(
            torch.randn_like(part) if place % 2 == 0 else (torch.rand_like(part) > 0.4).float() for place, part in enumerate(drawn)
        )
        said = session.run(list(OUTPUTS), dict(zip(INPUTS, (part.numpy() for part in inputs), strict=True)))
        for one, other in zip(said, served(net, inputs), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)


def test_nothing_of_the_machine_that_trained_is_in_the_files(trained: Path) -> None:
    for path in trained.iterdir():
        assert str(ROOT).encode() not in path.read_bytes()


def test_both_nets_are_scored_on_learners_they_never_met(trained: Path) -> None:
    runs = json.loads((trained / "config.json").read_text())["runs"]
    assert [(run["seed"], run["guided"]) for run in runs] == [(5, True), (5, False)]
    assert all(0 < error < 1 for run in runs for error in run["rmse"].values())
