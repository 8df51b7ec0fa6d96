"""From face-api's package to ONNX: its weights, dequantised, in torch, and checked against its own JavaScript runtime."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from affectloop.errors import InvalidInput
from affectloop.events import EXPRESSIONS
from affectloop.nets.export import write_graph
from affectloop_learning.export.expression.golden import JAVASCRIPT_SAID, SIDE, pattern
from affectloop_learning.export.expression.net import ExpressionNet

PACKAGE_SHA256 = "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031"
WEIGHTS = "package/model/face_expression_model.bin"
MANIFEST = "package/model/face_expression_model-weights_manifest.json"
TOLERANCE = 1e-5  # in probability


def weights(package: Path) -> dict[str, NDArray[np.float32]]:
    """The package's weights by name, dequantised."""
    if not package.is_file():
        raise InvalidInput(f"{package} is not there: npm pack @vladmandic/face-api@1.7.15")
    if hashlib.sha256(package.read_bytes()).hexdigest() != PACKAGE_SHA256:
        raise InvalidInput(f"{package} is not @vladmandic/face-api 1.7.15: its SHA-256 differs")
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
        raise InvalidInput(f"{package}: the weights do not fill their file")
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


def run(package: Path, folder: Path) -> None:
    """Export, check, and note what was made."""
    net, path = built(package), folder / "model.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    free = {0: torch.export.Dim("n", min=1, max=256)}
    write_graph(net, (torch.zeros(2, 3, SIDE, SIDE),), ("pixels",), ("probabilities",), (free,), path)
    differences = largest_differences(net, path)
    if max(differences.values()) > TOLERANCE:
        raise InvalidInput(f"{path}: the exported net differs by more than {TOLERANCE}: {differences}")
    config: dict[str, Any] = {
        "name": "expression-v1",
        "input": {"name": "pixels", "shape": ["n", 3, SIDE, SIDE], "unit": "RGB, 0 to 255"},
        "output": {"name": "probabilities", "shape": ["n", len(EXPRESSIONS)], "classes": list(EXPRESSIONS)},
        "source": {"package": "npm @vladmandic/face-api 1.7.15", "file": WEIGHTS, "sha256": PACKAGE_SHA256, "licence": "MIT"},
        "largest_differences": differences,
        "sha256": {"model.onnx": hashlib.sha256(path.read_bytes()).hexdigest()},
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    print(f"{path}: {path.stat().st_size} bytes; largest differences {differences}")
