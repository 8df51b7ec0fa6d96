"""The three nets of the face_landmarker task, run by LiteRT, or by OpenCV's DNN module where LiteRT is not installed."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, Protocol

import cv2
import numpy as np

from affectloop import models
from affectloop.events import FloatArray

Backend = Literal["auto", "litert", "opencv"]

MODEL, FILE = "face-landmarker-v1", "face_landmarker.task"


@dataclass(frozen=True, slots=True)
class Net:
    """One net: its file within the task and its outputs."""

    file: str
    outputs: tuple[str, ...]


DETECTOR = Net("face_detector.tflite", ("regressors", "classificators"))  # (1, 128, 128, 3), -1 to 1 -> (1, 896, 16), (1, 896, 1)
MESH = Net("face_landmarks_detector.tflite", ("Identity", "Identity_1"))  # (1, 256, 256, 3), 0 to 1 -> (1, 1, 1, 1434), (1, 1, 1, 1)
BLENDSHAPES = Net("face_blendshapes.tflite", ("StatefulPartitionedCall:0",))  # (1, 146, 2), pixels -> (52,)


class Nets(Protocol):
    """Runs the nets. Not safe to use from several threads at once."""

    def run(self, net: Net, values: FloatArray) -> list[FloatArray]:
        """The net's outputs, in the order of ``net.outputs``."""


class LiteRT:
    """The nets on LiteRT, one thread."""

    def __init__(self, contents: dict[Net, bytes]) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreters: dict[Net, Any] = {}
        self._tensors: dict[Net, tuple[int, list[int]]] = {}
        for net, content in contents.items():
            interpreter = Interpreter(model_content=content, num_threads=1)
            interpreter.allocate_tensors()
            by_name = {output["name"]: output["index"] for output in interpreter.get_output_details()}
            self._interpreters[net] = interpreter
            self._tensors[net] = interpreter.get_input_details()[0]["index"], [by_name[name] for name in net.outputs]

    def run(self, net: Net, values: FloatArray) -> list[FloatArray]:
        """The net's outputs."""
        interpreter, (given, wanted) = self._interpreters[net], self._tensors[net]
        interpreter.set_tensor(given, values)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in wanted]


class OpenCV:
    """The nets on OpenCV's DNN module: slower, no further package."""

    def __init__(self, contents: dict[Net, bytes]) -> None:
        self._nets = {net: cv2.dnn.readNetFromTFLite(np.frombuffer(content, np.uint8)) for net, content in contents.items()}

    def run(self, net: Net, values: FloatArray) -> list[FloatArray]:
        """The net's outputs."""
        if values.ndim == 4:
            values = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        self._nets[net].setInput(values)
        return [np.asarray(output, np.float32) for output in self._nets[net].forward(net.outputs)]


def load(backend: Backend) -> Nets:
    """The nets on the backend asked for; ``auto`` is LiteRT where it is installed."""
    with zipfile.ZipFile(models.checked(MODEL, FILE)) as task:
        contents = {net: task.read(net.file) for net in (DETECTOR, MESH, BLENDSHAPES)}
    if backend == "auto":
        backend = "litert" if find_spec("ai_edge_litert") else "opencv"
    return LiteRT(contents) if backend == "litert" else OpenCV(contents)
