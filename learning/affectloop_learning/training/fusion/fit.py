"""Fit the fusion net on synthetic sessions, calibrate it, export it."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from affectloop.events import EXPRESSIONS
from affectloop.nets.calibration import beta_nll, class_temperature, error_temperatures
from affectloop.nets.export import save, to_onnx
from affectloop.nets.fusion import VALUES, Fused, FusionNet, FusionShape, TokenShape, parameters
from affectloop_fusion.tokens import FACE, KINDS, VOICE, WRISTBAND, Kind
from affectloop_learning.progress import told
from affectloop_learning.synthetic.windows import CALIBRATION, TEST, Windows, token_spec, trained_learners, windows

BATCH = 256
RATE = 2e-3
CLASS_WEIGHT = 0.1  # expressions are the face service's matter; here they only ride along
DROP = 0.35  # chance that a modality is hidden in half of the windows
RECENT_GAP = 0.15  # chance that a modality's newest or oldest part is hidden


@dataclass(frozen=True, slots=True)
class Run:
    """One training: what was trained, and how far it is off on learners it never saw (root mean square, by value)."""

    net: FusionNet
    seed: int
    errors: list[float]
    finished: bool

    def to_json(self) -> dict[str, object]:
        """As config.json holds it."""
        return {"seed": self.seed, "guided": self.net.shape.guided, "rmse": dict(zip(VALUES, self.errors, strict=True))}


def shape(*, guided: bool) -> FusionShape:
    """The net's sizes for the service's tokens."""

    def of(kind: Kind) -> TokenShape:
        return TokenShape(kind.count, len(kind.features))

    return FusionShape(face=of(FACE), wristband=of(WRISTBAND), voice=of(VOICE), guided=guided)


def tensors(data: Windows) -> tuple[Tensor, ...]:
    """The net's inputs."""
    return tuple(torch.from_numpy(part) for part in data.ordered())


def hidden(inputs: list[Tensor], draw: torch.Generator) -> list[Tensor]:
    """The inputs with modalities, and parts of them, hidden at random; never all that a window has."""
    count = len(inputs[0])
    keep = (torch.rand(count, len(KINDS), generator=draw) >= DROP) | (torch.rand(count, 1, generator=draw) < 0.5)
    present = torch.stack([mask.amax(dim=(1, 2)) for mask in inputs[1::2]], dim=1) > 0
    keep |= ~(keep & present).any(dim=1, keepdim=True)
    for place in range(len(KINDS)):
        mask = inputs[2 * place + 1]
        inputs[2 * place + 1] = mask * keep[:, place, None, None] * _gap(mask, draw)
    return inputs


def _gap(mask: Tensor, draw: torch.Generator) -> Tensor:
    """1 where a token stays; a random part at one end goes in some of the windows. (count, tokens, 1)."""
    count, tokens = mask.shape[:2]
    cut = torch.rand(count, 1, generator=draw) * 0.8 * (torch.rand(count, 1, generator=draw) < RECENT_GAP)
    place = torch.arange(tokens) / tokens
    place = torch.where(torch.rand(count, 1, generator=draw) < 0.5, place, 1 - place - 1 / tokens)
    return (place >= cut).float().unsqueeze(-1)


def batches(data: Windows, draw: torch.Generator) -> Iterator[tuple[list[Tensor], Tensor, Tensor]]:
    """One pass over the windows in random order."""
    inputs, truth, labels = tensors(data), torch.from_numpy(data.truth), torch.from_numpy(data.labels)
    for places in torch.split(torch.randperm(len(data), generator=draw), BATCH):
        yield hidden([part[places] for part in inputs], draw), truth[places], labels[places]


def loss_of(fused: Fused, truth: Tensor, labels: Tensor, face_seen: Tensor) -> Tensor:
    """Values with their errors, and the expression where there is a face."""
    classes = functional.cross_entropy(fused.logits, labels, reduction="none") * face_seen
    return beta_nll(fused.values, fused.errors, truth) + CLASS_WEIGHT * classes.mean()


def fit(net: FusionNet, seed: int, passes: int, learners: int) -> bool:
    """Train in place; Ctrl-C ends it early, and then it says ``False``."""
    draw, began, losses = torch.Generator().manual_seed(seed), time.monotonic(), [0.0]
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-2)
    try:
        for turn in range(passes):
            data = windows(trained_learners(seed, turn, learners))
            for done, (inputs, truth, labels) in enumerate(batches(data, draw)):
                passed = turn + done * BATCH / len(data)
                optimizer.param_groups[0]["lr"] = rate_at(passed / passes)
                losses.append(learn(net, optimizer, inputs, truth, labels))
                if done % 20 == 0:
                    told(f"  {passed:.1f} of {passes} passes, loss {np.mean(losses[-50:]):+.3f}, {time.monotonic() - began:.0f} s")
        told(f"  {passes} passes, loss {np.mean(losses[-50:]):+.3f}, {time.monotonic() - began:.0f} s", final=True)
    except KeyboardInterrupt:
        told("  stopped early; what is trained is kept", final=True)
        return False
    return True


def rate_at(share: float) -> float:
    """The learning rate once this share of the training is done: up over a tenth, then down to nothing as a cosine."""
    return RATE * min(share / 0.1, 0.5 + 0.5 * math.cos(math.pi * share)) + 1e-6


def learn(net: FusionNet, optimizer: torch.optim.Optimizer, inputs: list[Tensor], truth: Tensor, labels: Tensor) -> float:
    """One step; gives the loss."""
    loss = loss_of(net(*inputs), truth, labels, inputs[1].amax(dim=(1, 2)))
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


@torch.no_grad()
def answers(net: FusionNet, inputs: tuple[Tensor, ...]) -> Fused:
    """What the net says, in parts that fit memory."""
    parts = [net(*part) for part in zip(*(torch.split(each, 1024) for each in inputs), strict=True)]
    return Fused(*(torch.cat([getattr(part, name) for part in parts]) for name in Fused.__slots__))


def calibrate(net: FusionNet, data: Windows) -> None:
    """Set the temperatures on learners that were not trained on, some modalities hidden as they will be."""
    inputs = hidden(list(tensors(data)), torch.Generator().manual_seed(0))
    fused, seen = answers(net, tuple(inputs)), inputs[1].amax(dim=(1, 2)) > 0
    net.temperatures.copy_(error_temperatures(fused.values, fused.errors, torch.from_numpy(data.truth)))
    net.class_temperature.copy_(class_temperature(fused.logits[seen], torch.from_numpy(data.labels)[seen]))


def train(seed: int, *, guided: bool, passes: int, learners: int, calibration: Windows, test: Windows) -> Run:
    """One net from nothing, seeded in its weights, its learners and the order it meets them."""
    told(f"seed {seed}, {'guided' if guided else 'without the guide'}", final=True)
    torch.manual_seed(seed)
    net = FusionNet(shape(guided=guided))
    finished = fit(net, seed, passes, learners)
    net.eval()
    calibrate(net, calibration)
    off = answers(net, tensors(test)).values - torch.from_numpy(test.truth)
    return Run(net, seed, [float(value) for value in (off**2).mean(dim=0).sqrt()], finished)


def write(best: Run, runs: list[Run], calibration: Windows, folder: Path) -> None:
    """Save weights, graph and config."""
    folder.mkdir(parents=True, exist_ok=True)
    save(best.net, folder / "weights.safetensors")
    told("exporting to ONNX", final=True)
    to_onnx(best.net, folder / "model.onnx")
    files = ("weights.safetensors", "model.onnx")
    config = {
        "name": folder.name,
        "trained_on": "synthetic sessions (affectloop_learning.synthetic.sessions); no person's data",
        "sha256": {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in files},
        "shape": best.net.shape.to_json(),
        "parameters": parameters(best.net),
        "values": list(VALUES),
        "expressions": list(EXPRESSIONS),
        "tokens": token_spec(),
        "temperatures": [round(float(value), 4) for value in best.net.temperatures],  # already within the graph
        "class_temperature": round(float(best.net.class_temperature), 4),
        # What the truth spreads by: the error of an estimate that knows nothing. Confidence is measured against it.
        "spread": [round(float(value), 4) for value in calibration.truth.std(axis=0)],
        "runs": [run.to_json() for run in runs],
        "made_with": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    told(f"wrote {folder}", final=True)


def run(seeds: Sequence[int], passes: int, learners: int, folder: Path) -> None:
    """Train with and without the guide for each seed; the first seed with the guide is written as the model."""
    torch.set_num_threads(1)  # the same sums in the same order on every machine with this torch
    calibration, test = windows(CALIBRATION), windows(TEST)
    runs: list[Run] = []
    for guided, seed in itertools.product((True, False), seeds):
        if all(run.finished for run in runs):
            runs.append(train(seed, guided=guided, passes=passes, learners=learners, calibration=calibration, test=test))
    write(runs[0], runs, calibration, folder)
