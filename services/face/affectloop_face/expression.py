"""Expression classes of a face: the face-api net on ONNX Runtime. Trained on adults, not validated against FACS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from affectloop import models
from affectloop.events import Event, FloatArray
from affectloop_face.detected_faces import CROP_SIDE, Unclassified
from affectloop_face.mesh import GRID_PX, GRID_RAD, affine, cut, on_grid
from affectloop_face.picture import Picture

MODEL, FILE = "expression-v1", "model.onnx"
RIGHT_EYE, LEFT_EYE = (33, 133, 159, 145), (263, 362, 386, 374)  # corners and lids
MOUTH = (61, 291, 0, 17, 13, 14)
# The crop that face-api trains and runs its nets on: the eyes and the mouth 0.45 of the side apart, their mean here.
# Source: @vladmandic/face-api 1.7.15, FaceLandmarks.ts, alignDlib; upright in addition.
EYES_TO_MOUTH, MEAN_AT = 0.45, (0.5, 0.43)


def expression_crop(picture: Picture, points: FloatArray) -> Picture:
    """The face as the net takes it: (112, 112, 3) RGB, from a mesh (478, 3)."""
    right, left, mouth = (points[list(numbers), :2].mean(axis=0).astype(np.float64) for numbers in (RIGHT_EYE, LEFT_EYE, MOUTH))
    side = on_grid(max(1.0, float(np.hypot(*(mouth - right)) + np.hypot(*(mouth - left))) / 2 / EYES_TO_MOUTH), GRID_PX)
    angle = on_grid(math.atan2(left[1] - right[1], left[0] - right[0]), GRID_RAD)
    dx, dy = (0.5 - MEAN_AT[0]) * side, (0.5 - MEAN_AT[1]) * side
    x, y = (on_grid(float(value), GRID_PX) for value in (right + left + mouth) / 3)
    centre = x + math.cos(angle) * dx - math.sin(angle) * dy, y + math.sin(angle) * dx + math.cos(angle) * dy
    return cut(picture, affine(centre, side, angle, CROP_SIDE), CROP_SIDE)


class Classify:
    """Classifies what the processor let pass, a batch at a time; safe to use from several threads."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # parallel over learners, not within a face
        path = models.checked(MODEL, FILE)
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events, those unclassified with their expression; all else as it was."""
        waiting = [event for event in events if isinstance(event, Unclassified)]
        if not waiting:
            return events
        classes = iter(self.probabilities(np.stack([event.crop for event in waiting])))
        return [replace(event.features, expression=next(classes)) if isinstance(event, Unclassified) else event for event in events]

    def probabilities(self, crops: NDArray[np.uint8]) -> FloatArray:
        """Probabilities (n, 7), by ``EXPRESSIONS``, of crops (n, 112, 112, 3) RGB."""
        pixels = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), dtype=np.float32)
        (classes,) = self._session.run(["probabilities"], {"pixels": pixels})
        return np.clip(np.asarray(classes, np.float32), 0, 1)
