"""Export the face-api expression net to ONNX, once: ``python learning/export_expression.py PACKAGE.tgz``.

PACKAGE.tgz is the npm package ``@vladmandic/face-api`` 1.7.15 (``npm pack @vladmandic/face-api@1.7.15``; MIT). The net
is rebuilt in torch from its weights, exported to models/expression-v1/model.onnx and checked: ONNX Runtime must say
what torch says, and torch what the package's own JavaScript runtime said of the same pictures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tarfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from affectloop.events import EXPRESSIONS
from expression_golden import JAVASCRIPT_SAID, SIDE, pattern

PACKAGE_SHA256 = "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"
WEIGHTS = "package/model/face_expression_model.bin"
MANIFEST = "package/model/face_expression_model-weights_manifest.json"
DESTINATION = Path(__file__).parents[1] / "models" / "expression-v1"
MEAN_RGB = (122.782, 117.001, 104.298)
TOLERANCE = 1e-5  # in probability


class Separable(nn.Module):
    """A depthwise and a pointwise convolution; strides of 2 pad below and on the right, as TensorFlow's SAME does."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.pad = (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1)
        self.depthwise = nn.Conv2d(channels_in, channels_in, 3, stride, groups=channels_in, bias=False)
        self.pointwise = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels_in, h, w) to (n, channels_out, h / stride, w / stride)."""
        out: Tensor = self.pointwise(self.depthwise(functional.pad(x, self.pad)))
        return out


class First(nn.Module):
    """The first convolution of the net, a full one."""

    def __init__(self, channels_out: int) -> None:
        super().__init__()
        self.full = nn.Conv2d(3, channels_out, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) to (n, channels_out, h / 2, w / 2)."""
        out: Tensor = self.full(functional.pad(x, (0, 1, 0, 1)))
        return out


class Dense(nn.Module):
    """Four convolutions, each fed with the sum of those before."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv0: nn.Module = First(channels_out) if channels_in == 3 else Separable(channels_in, channels_out, 2)
        self.conv1 = Separable(channels_out, channels_out, 1)
        self.conv2 = Separable(channels_out, channels_out, 1)
        self.conv3 = Separable(channels_out, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels_in, h, w) to (n, channels_out, h / 2, w / 2)."""
        first = functional.relu(self.conv0(x))
        second = self.conv1(first)
        third = self.conv2(functional.relu(first + second))
        fourth = self.conv3(functional.relu(first + second + third))
        return functional.relu(first + second + third + fourth)


class ExpressionNet(nn.Module):
    """RGB crops (n, 3, 112, 112), 0 to 255, to probabilities (n, 7) by ``EXPRESSIONS``."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN_RGB).view(1, 3, 1, 1))
        widths = (3, 32, 64, 128, 256)
        self.blocks = nn.ModuleList(Dense(a, b) for a, b in pairwise(widths))
        self.fc = nn.Linear(256, len(EXPRESSIONS))

    def forward(self, pixels: Tensor) -> Tensor:
        """Probabilities of the expressions."""
        x = (pixels - self.mean) / 255
        for block in self.blocks:
            x = block(x)
        return functional.softmax(self.fc(functional.avg_pool2d(x, 7, 2).flatten(1)), dim=1)


def weights(package: Path) -> dict[str, NDArray[np.float32]]:
    """The package's weights by name, dequantised."""
    if hashlib.sha256(package.read_bytes()).hexdigest() != PACKAGE_SHA256:
        sys.exit(f"{package} is not @vladmandic/face-api 1.7.15: its SHA-256 differs")
    with tarfile.open(package) as archive:
        manifest = json.loads(_member(archive, MANIFEST))[0]["weights"]
        content = _member(archive, WEIGHTS)
    found, offset = {}, 0
    for entry in manifest:
        count, scale = int(np.prod(entry["shape"])), entry.get("quantization")
        raw = np.frombuffer(content, np.uint8 if scale else np.float32, count, offset)
        offset += raw.nbytes
        values = raw.astype(np.float32) * scale["scale"] + scale["min"] if scale else raw
        found[entry["name"]] = values.astype(np.float32).reshape(entry["shape"])
    if offset != len(content):
        sys.exit("the weights do not fill their file")
    return found


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    assert member is not None
    return member.read()


def torch_name(name: str) -> str:
    """``dense0/conv1/depthwise_filter`` as ``blocks.0.conv1.depthwise.weight``."""
    kinds = {"filters": "full.weight", "depthwise_filter": "depthwise.weight", "pointwise_filter": "pointwise.weight"}
    block, *rest = name.split("/")
    if block == "fc":
        return "fc." + {"weights": "weight", "bias": "bias"}[rest[0]]
    bias = "full.bias" if (block, rest[0]) == ("dense0", "conv0") else "pointwise.bias"
    return f"blocks.{block.removeprefix('dense')}.{rest[0]}.{kinds.get(rest[1], bias)}"


def torch_layout(name: str, values: NDArray[np.float32]) -> Tensor:
    """From TensorFlow's order of axes to torch's."""
    if name.endswith("depthwise_filter"):
        values = values.transpose(2, 3, 0, 1)
    elif values.ndim == 4:
        values = values.transpose(3, 2, 0, 1)
    elif values.ndim == 2:
        values = values.T
    return torch.from_numpy(values.copy())


def built(package: Path) -> ExpressionNet:
    """The net with the package's weights."""
    net = ExpressionNet().eval()
    state = {torch_name(name): torch_layout(name, values) for name, values in weights(package).items()}
    net.load_state_dict(state | {"mean": net.state_dict()["mean"]})
    return net


def export(net: ExpressionNet, path: Path) -> None:
    """Write the net as ONNX with any batch size."""
    example = torch.zeros(2, 3, SIDE, SIDE)
    torch.onnx.export(
        net, (example,), path, input_names=["pixels"], output_names=["probabilities"], opset_version=18,
        dynamic_shapes={"pixels": {0: torch.export.Dim("n", min=1, max=256)}}, dynamo=True, external_data=False, verbose=False,
    )  # fmt: skip
    model = onnx.load(path)
    graph = model.graph
    parts: list[Any] = [model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer]
    for part in parts:
        del part.metadata_props[:]  # the exporter notes source lines and paths of the machine it ran on
    onnx.save(model, path)


def largest_differences(net: ExpressionNet, path: Path) -> dict[str, float]:
    """How far ONNX Runtime is from torch, and torch from JavaScript, in probability."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0).uniform(0, 255, (8, 3, SIDE, SIDE)).astype(np.float32)
    patterns = np.stack([pattern(seed) for seed in range(8)]).transpose(0, 3, 1, 2).astype(np.float32)
    pictures = np.concatenate([patterns, noise])
    with torch.no_grad():
        ours = net(torch.from_numpy(pictures)).numpy()
    exported = session.run(["probabilities"], {"pixels": pictures})[0]
    theirs = max(float(np.abs(ours[seed] - said).max()) for seed, said in JAVASCRIPT_SAID.items())
    return {"onnx_from_torch": float(np.abs(exported - ours).max()), "torch_from_javascript": theirs}


def main() -> None:
    """Export, check, and note what was made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path, help="the npm package's archive, vladmandic-face-api-1.7.15.tgz")
    package = parser.parse_args().package
    net, path = built(package), DESTINATION / "model.onnx"
    export(net, path)
    differences = largest_differences(net, path)
    if max(differences.values()) > TOLERANCE:
        sys.exit(f"the exported net differs by more than {TOLERANCE}: {differences}")
    config: dict[str, Any] = {
        "name": "expression-v1",
        "input": {"name": "pixels", "shape": ["n", 3, SIDE, SIDE], "unit": "RGB, 0 to 255"},
        "output": {"name": "probabilities", "shape": ["n", len(EXPRESSIONS)], "classes": list(EXPRESSIONS)},
        "source": {"package": "npm @vladmandic/face-api 1.7.15", "file": WEIGHTS, "sha256": PACKAGE_SHA256, "licence": "MIT"},
        "largest_differences": differences,
        "sha256": {"model.onnx": hashlib.sha256(path.read_bytes()).hexdigest()},
    }
    (DESTINATION / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    print(f"{path}: {path.stat().st_size} bytes; largest differences {differences}")


if __name__ == "__main__":
    main()
