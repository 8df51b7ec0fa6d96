"""Nets as files: the fusion net's weights, which torch reads, and the ONNX graphs that services run."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from affectloop.nets.fusion import FusionNet, FusionShape

INPUTS = ("face", "face_mask", "wristband", "wristband_mask", "voice", "voice_mask")
OUTPUTS = ("values", "errors", "expression", "shares")
OPSET = 18  # ONNX Runtime 1.14 and newer


class _Served(nn.Module):
    """The net with probabilities for logits, as services want them."""

    def __init__(self, net: FusionNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The four ``OUTPUTS``."""
        fused = self.net(*inputs)
        return fused.values, fused.errors, torch.softmax(fused.logits, dim=-1), fused.shares


def served(net: FusionNet, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """What the exported graph must give for these inputs, by torch."""
    with torch.no_grad():
        outputs: tuple[Tensor, ...] = _Served(net).eval()(*inputs)
    return outputs


def example_inputs(shape: FusionShape, batch: int) -> tuple[Tensor, ...]:
    """Windows with everything measured as it is at rest."""
    sizes = [(batch, kind.tokens, kind.features) for kind in (shape.face, shape.wristband, shape.voice)]
    return tuple(tensor for size in sizes for tensor in (torch.zeros(size), torch.ones(size)))


def to_onnx(net: FusionNet, path: Path) -> None:
    """Write the ONNX graph; its batch axis is free."""
    batch = {0: torch.export.Dim("batch", min=1, max=1 << 20)}
    write_graph(_Served(net).eval(), example_inputs(net.shape, 2), INPUTS, OUTPUTS, (tuple(batch for _ in INPUTS),), path)


def write_graph(
    net: nn.Module, example: tuple[Tensor, ...], inputs: Sequence[str], outputs: Sequence[str], axes: tuple[Any, ...], path: Path
) -> None:
    """Write any net as one ONNX file that tells nothing of the machine it was made on.

    Parameters
    ----------
    net
        In evaluation mode.
    example
        Its inputs, with two in each free axis.
    inputs, outputs
        Their names in the graph.
    axes
        For each argument of ``forward`` its free axes: ``{0: torch.export.Dim("n")}``; for ``*inputs`` a tuple of such.
    path
        The file.
    """
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns that torchvision is not there; nothing needs it
    with warnings.catch_warnings():
        # torch 2.13's exporter warns of its own use of deprecated trees, and that inputs share one axis name.
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=UserWarning, message="# The axis name")
        program = torch.onnx.export(
            net,
            example,
            input_names=inputs,
            output_names=outputs,
            opset_version=OPSET,
            dynamic_shapes=axes,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch gave no ONNX program")
    graph = program.model.graph
    values = (value for node in graph for value in node.outputs)
    for part in (program.model, graph, *graph, *graph.inputs, *graph.initializers.values(), *values):
        part.metadata_props.clear()  # the exporter's stack traces name files of the machine that trained
    program.save(str(path), external_data=False)


def save(net: FusionNet, path: Path) -> None:
    """Write weights and temperatures."""
    save_file({name: tensor.contiguous() for name, tensor in net.state_dict().items()}, str(path))


def load(shape: FusionShape, path: Path) -> FusionNet:
    """Read what ``save`` wrote."""
    net = FusionNet(shape)
    net.load_state_dict(load_file(str(path)))
    return net.eval()
